import io

import exported
import numpy as np
import pydicom
import pytest

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.export.page import draw_statements
from afloc_desktop.core.export.sc import secondary_capture


@pytest.mark.parametrize("is_compressed", [True, False])
def test_the_picture_is_read_back_as_it_was_drawn(page, tmp_path, is_compressed):
    data = secondary_capture(page, is_compressed=is_compressed)
    (tmp_path / "sc").mkdir()
    (tmp_path / "sc" / "a.dcm").write_bytes(data)
    (ref,) = scan([tmp_path / "sc"]).images
    assert np.array_equal(read(ref).colour, np.asarray(draw_statements(page.results)))
    dataset = pydicom.dcmread(io.BytesIO(data))
    assert dataset.file_meta.TransferSyntaxUID.is_compressed == is_compressed
    assert dataset.BurnedInAnnotation == "YES"
    assert dataset.ImageType == ["DERIVED", "SECONDARY"]
    assert dataset.ICCProfile[36:40] == b"acsp"
    source = dataset.SourceImageSequence[0]
    assert source.ReferencedSOPInstanceUID == page.source.sop_instance_uid


def test_what_was_lossy_stays_known_as_lossy(tmp_path):
    image = exported.film(
        tmp_path / "s",
        LossyImageCompression="01",
        LossyImageCompressionRatio=9.5,
        LossyImageCompressionMethod="ISO_10918_1",
    )
    page = exported.page_of(image, exported.statement(image))
    dataset = pydicom.dcmread(io.BytesIO(secondary_capture(page)))
    assert (dataset.LossyImageCompression, dataset.LossyImageCompressionRatio) == ("01", 9.5)


def test_where_nothing_is_stated_there_is_no_picture(image):
    assert secondary_capture(exported.page_of(image)) is None
