import numpy as np
import pytest
from pydicom.uid import ExplicitVRBigEndian

from afloc_desktop.core.dicom.decode import decode
from afloc_desktop.core.dicom.files import open_regular
from afloc_desktop.core.dicom.frames import frame_bytes
from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.header import parse
from afloc_desktop.core.errors import UnreadableFile


def frame(path, number):
    with open_regular(path) as (file, size), quiet_pydicom():
        parsed = parse(file, size)
        return decode(parsed.header, frame_bytes(parsed, number)).values


def test_only_the_wanted_frame_is_read(write_film):
    film = np.arange(24, dtype=np.uint16).reshape(4, 2, 3)
    path = write_film(film)
    for number in range(4):
        np.testing.assert_array_equal(frame(path, number + 1), film[number])


@pytest.mark.parametrize("number", [0, 3, -1])
def test_a_frame_that_is_not_there_is_refused(write_film, number):
    with pytest.raises(UnreadableFile, match="no frame"):
        frame(write_film(np.zeros((2, 2, 2), np.uint8)), number)


def test_one_bit_frames_follow_each_other_without_a_gap(write_film):
    # Two frames of 1 x 5: 10110 01101, least significant bit first: 0b11001101, 0b10.
    path = write_film(
        np.zeros((2, 1, 5), np.uint8),
        PixelData=b"\xcd\x02",
        BitsAllocated=1,
        BitsStored=1,
        HighBit=0,
    )
    assert frame(path, 1).tolist() == [[1, 0, 1, 1, 0]]
    assert frame(path, 2).tolist() == [[0, 1, 1, 0, 1]]


def test_bytes_in_big_endian_words_are_put_back_in_order(make_film, save_dataset):
    film = np.arange(1, 7, dtype=np.uint8).reshape(2, 1, 3)
    data = make_film(film)
    data.PixelData = b"\x02\x01\x04\x03\x06\x05"
    data["PixelData"].VR = "OW"
    path = save_dataset(data, syntax=ExplicitVRBigEndian)
    assert frame(path, 1).tolist() == [[1, 2, 3]]
    assert frame(path, 2).tolist() == [[4, 5, 6]]
