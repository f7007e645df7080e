import io

import pydicom
import pytest

from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.errors import InvalidObject
from afloc_desktop.core.export.seg import binary_seg
from afloc_desktop.core.export.sr import report
from afloc_desktop.core.export.validate import check_object, check_written


def changed(data, change):
    with quiet_pydicom():
        dataset = pydicom.dcmread(io.BytesIO(data))
        change(dataset)
        stream = io.BytesIO()
        pydicom.dcmwrite(stream, dataset)
        return stream.getvalue()


def test_a_sound_object_passes_and_is_given_back(page):
    data = binary_seg(page)
    assert check_object(data).SOPInstanceUID in str(pydicom.dcmread(io.BytesIO(data)))


def drop_segment(dataset):
    del dataset.SegmentSequence[1]


def exchange_frames(dataset):
    dataset.PerFrameFunctionalGroupsSequence.reverse()


def drop_pixels(dataset):
    dataset.PixelData = dataset.PixelData[:-2]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (drop_segment, "segments do not match"),
        (exchange_frames, "segments do not match"),
        (drop_pixels, "pixels"),
        (lambda ds: ds.remove_private_tags(), "record"),
        (lambda ds: setattr(ds, "StudyInstanceUID", ""), "StudyInstanceUID"),
        (lambda ds: setattr(ds.file_meta, "MediaStorageSOPInstanceUID", "1.2"), "differ"),
        (lambda ds: setattr(ds, "SeriesInstanceUID", "1.02"), "not valid"),
    ],
)
def test_an_object_that_contradicts_itself_does_not(page, change, what):
    with pytest.raises(InvalidObject, match=what):
        check_object(changed(binary_seg(page), change))


def test_bytes_that_are_no_object_do_not():
    with pytest.raises(InvalidObject):
        check_object(b"nothing" * 99)


def test_the_disk_must_hold_what_was_written(page, tmp_path):
    data = report(page)
    path = tmp_path / "a"
    path.write_bytes(data)
    check_written(path, data)
    path.write_bytes(data[:-1] + b"\1")
    with pytest.raises(InvalidObject, match="other bytes"):
        check_written(path, data)
    with pytest.raises(InvalidObject, match="read back"):
        check_written(tmp_path / "none", data)
