import io
from dataclasses import replace

import exported
import highdicom
import numpy as np
import pydicom
import pytest

from afloc_desktop.core.export.raster import fill
from afloc_desktop.core.export.seg import binary_seg, fractional_seg
from afloc_desktop.core.preprocess import resize


def read(data):
    return pydicom.dcmread(io.BytesIO(data))


def test_each_region_is_a_segment_with_the_pixels_its_outline_holds(page):
    dataset = read(binary_seg(page))
    first, second = dataset.pixel_array
    expected = np.zeros((120, 100), bool)
    expected[30:40, 20:40] = True
    assert (first == expected).all()
    assert (second == fill(exported.KITE, 120, 100)).all()
    assert [s.SegmentLabel for s in dataset.SegmentSequence] == ["Pleural effusion 1", "odd kite 1"]
    code = dataset.SegmentSequence[0].SegmentedPropertyTypeCodeSequence[0]
    assert (code.CodeValue, code.CodingSchemeDesignator) == ("60046008", "SCT")


def test_a_second_reader_of_the_standard_sees_the_same_masks(page):
    seg = highdicom.seg.segread(io.BytesIO(binary_seg(page)))
    pixels = seg.get_pixels_by_source_instance([page.source.sop_instance_uid])
    assert (pixels[0, ..., 1] > 0).sum() == fill(exported.KITE, 120, 100).sum()
    assert seg.get_segment_description(1).tracking_id == "Pleural effusion 1"


@pytest.mark.parametrize("count", [1, 3, 8, 9])
def test_frames_follow_each_other_without_a_gap_whatever_their_size(tmp_path, count):
    from phantom_files import dot_film

    image = exported.film(
        tmp_path / "s",
        Rows=37,
        Columns=41,
        PixelData=dot_film(37 * 41, 25).tobytes()[: 37 * 41 * 2],
    )
    boxes = [((n, 2), (n + 5, 2), (n + 5, 9), (n, 9)) for n in range(count)]
    outlines = [tuple(map(exported.Point._make, box)) for box in boxes]
    data = binary_seg(exported.page_of(image, exported.statement(image, regions=outlines)))
    pixels = read(data).pixel_array.reshape(count, 37, 41)
    for n in range(count):
        expected = np.zeros((37, 41), bool)
        expected[2:9, n : n + 5] = True
        assert (pixels[n] == expected).all()


def test_a_slice_keeps_its_place_in_the_patient(tmp_path):
    image = exported.film(tmp_path / "s", **exported.SLICE)
    dataset = read(binary_seg(exported.page_of(image, exported.statement(image))))
    shared = dataset.SharedFunctionalGroupsSequence[0]
    frame = dataset.PerFrameFunctionalGroupsSequence[0]
    assert dataset.FrameOfReferenceUID == "1.2.3.4"
    assert shared.PixelMeasuresSequence[0].PixelSpacing == [0.7, 0.7]
    assert shared.PlaneOrientationSequence[0].ImageOrientationPatient == [1, 0, 0, 0, 1, 0]
    assert frame.PlanePositionSequence[0].ImagePositionPatient == [-100, -100, 40]


def test_a_projection_claims_no_place_and_keeps_the_shape_of_its_pixels(tmp_path):
    image = exported.film(tmp_path / "s", PixelSpacing=[0.4, 0.2])
    dataset = read(binary_seg(exported.page_of(image, exported.statement(image))))
    assert "FrameOfReferenceUID" not in dataset
    assert "PixelMeasuresSequence" not in dataset.SharedFunctionalGroupsSequence[0]
    assert dataset.PixelAspectRatio == [2, 1]


@pytest.mark.parametrize("is_compressed", [True, False])
def test_a_similarity_map_survives_in_steps_of_its_range(page, is_compressed):
    dataset = read(fractional_seg(page, is_compressed=is_compressed))
    assert dataset.file_meta.TransferSyntaxUID.is_compressed == is_compressed
    heatmap = page.results.statements[0].heatmap
    step = 0.8125 / 255
    back = dataset.pixel_array[0] * step
    # Half a step and a rounding away at most.
    assert np.abs(back - resize(heatmap.similarity, 120, 100)).max() <= step / 2 + 1e-6
    assert f"* {step:.8f}" in dataset.SegmentSequence[0].SegmentDescription
    assert dataset.SegmentationFractionalType == "OCCUPANCY"


def test_where_nothing_is_stated_there_is_no_object(image):
    absent = exported.statement(image, regions=())
    assert binary_seg(exported.page_of(image, absent)) is None
    assert fractional_seg(exported.page_of(image)) is None


def test_a_map_that_saw_nothing_is_left_out(image):
    one = exported.statement(image)
    unseen = replace(one.heatmap, similarity=np.full((60, 50), np.nan, np.float32))
    assert fractional_seg(exported.page_of(image, replace(one, heatmap=unseen))) is None
    flat = replace(one.heatmap, similarity=np.full((60, 50), 0.5, np.float32))
    dataset = read(fractional_seg(exported.page_of(image, replace(one, heatmap=flat))))
    assert not dataset.pixel_array.any()
