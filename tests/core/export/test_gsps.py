import io
from dataclasses import replace

import exported
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from afloc_desktop.core.export.gsps import presentation_state


def written(tmp_path, **attributes):
    image = exported.film(tmp_path / "s", **attributes)
    data = presentation_state(exported.page_of(image, exported.statement(image)))
    return pydicom.dcmread(io.BytesIO(data))


def test_outlines_are_drawn_closed_with_their_label(page):
    dataset = pydicom.dcmread(io.BytesIO(presentation_state(page)))
    first, second = dataset.GraphicAnnotationSequence
    graphic = first.GraphicObjectSequence[0]
    assert (graphic.GraphicType, graphic.GraphicAnnotationUnits) == ("POLYLINE", "PIXEL")
    assert graphic.GraphicData == [20, 30, 40, 30, 40, 40, 20, 40, 20, 30]
    assert graphic.NumberOfGraphicPoints == 5
    assert "Pleural effusion (proposed)" in first.TextObjectSequence[0].UnformattedTextValue
    assert second.TextObjectSequence[0].AnchorPoint == [33.25, 60.25]
    reference = first.ReferencedImageSequence[0]
    assert reference.ReferencedSOPInstanceUID == page.source.sop_instance_uid


def test_the_film_is_shown_as_it_opens_here(tmp_path):
    dataset = written(
        tmp_path, WindowCenter=300, WindowWidth=800, RescaleSlope=2, RescaleIntercept=-5
    )
    voi = dataset.SoftcopyVOILUTSequence[0]
    assert (voi.WindowCenter, voi.WindowWidth, voi.VOILUTFunction) == (300, 800, "LINEAR")
    assert (dataset.RescaleSlope, dataset.RescaleIntercept) == (2, -5)
    assert dataset.PresentationLUTShape == "IDENTITY"


def test_a_modality_table_is_repeated_too(tmp_path):
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4096, 0, 16])
    table.ModalityLUTType = "US"
    table.add_new("LUTData", "OW", np.arange(4096, dtype="<u2")[::-1].tobytes())
    dataset = written(tmp_path, ModalityLUTSequence=[table])
    assert dataset.ModalityLUTSequence[0].LUTData == table.LUTData
    assert "RescaleSlope" not in dataset


def test_a_scale_the_film_was_shown_without_is_left_out(tmp_path):
    image = exported.film(tmp_path / "s", RescaleSlope=2, RescaleIntercept=-5)
    raw = replace(image, is_as_stored=True)
    data = presentation_state(exported.page_of(raw, exported.statement(raw)))
    assert "RescaleSlope" not in pydicom.dcmread(io.BytesIO(data))


def test_the_window_of_a_monochrome1_film_is_in_its_own_values(tmp_path):
    dataset = written(
        tmp_path, PhotometricInterpretation="MONOCHROME1", WindowCenter=300, WindowWidth=800
    )
    assert dataset.PresentationLUTShape == "INVERSE"
    assert dataset.SoftcopyVOILUTSequence[0].WindowCenter == 300


@pytest.mark.parametrize("first", [0, -100])
def test_a_table_of_the_film_goes_with_it(tmp_path, first):
    table = Dataset()
    table.add_new("LUTDescriptor", "SS" if first < 0 else "US", [4096, first, 8])
    table.add_new("LUTData", "OW", (np.arange(4096) // 16).astype("<u2").tobytes())
    signed = {"PixelRepresentation": 1} if first < 0 else {}
    dataset = written(tmp_path, VOILUTSequence=[table], **signed)
    item = dataset.SoftcopyVOILUTSequence[0].VOILUTSequence[0]
    assert list(item.LUTDescriptor) == [4096, first, 16]
    # 8 bits in 16: every step is 257.
    expected = (np.arange(4096) // 16 * 257).astype("<u2")
    assert item.LUTData == expected.tobytes()


@pytest.mark.parametrize(
    ("attributes", "name", "value"),
    [
        ({"PixelSpacing": [0.4, 0.2]}, "PresentationPixelSpacing", [0.4, 0.2]),
        ({"PixelSpacing": [0, 0]}, "PresentationPixelAspectRatio", [1, 1]),
        ({"PixelAspectRatio": [2, 1]}, "PresentationPixelAspectRatio", [2, 1]),
        ({}, "PresentationPixelAspectRatio", [1, 1]),
    ],
)
def test_the_shape_of_pixels_is_said_once(tmp_path, attributes, name, value):
    area = written(tmp_path, **attributes).DisplayedAreaSelectionSequence[0]
    assert area[name].value == value
    both = {"PresentationPixelSpacing", "PresentationPixelAspectRatio"}
    assert len(both & set(area.dir())) == 1
    assert area.DisplayedAreaBottomRightHandCorner == [100, 120]


def test_one_reader_is_its_creator_and_two_are_nobody(image):
    def creator(*authors):
        stated = [exported.statement(image, author=a, status="accepted") for a in authors]
        data = presentation_state(exported.page_of(image, *stated))
        return str(pydicom.dcmread(io.BytesIO(data)).ContentCreatorName)

    assert creator("Reader^Ann") == "Reader^Ann"
    assert creator("Reader^Ann", "Other^Bo") == ""


def test_where_nothing_has_a_region_there_is_no_state(image):
    page = exported.page_of(image, exported.statement(image, regions=()))
    assert presentation_state(page) is None
