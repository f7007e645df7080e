import numpy as np
import PIL.ImageCms
import pytest
from pydicom.dataset import Dataset
from slides_made import colours, make_slide

from afloc_desktop.core.dicom.scan import find_frame
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.slides.source import SlideFile


@pytest.fixture
def source(tmp_path):
    """A file of a slide of four tiles, and its path."""
    files = []

    def make(**more):
        plan = {"tile": 64, "levels": 1, "syntax": "explicit"}
        (path,) = make_slide(tmp_path / "s", 128, 128, **plan | more)
        files.append(SlideFile(find_frame(path, 1)))
        return files[-1], path

    yield make
    for file in files:
        file.close()


def test_grey_of_twelve_bits_is_shown_in_three_equal_channels(source):
    grey = {"PhotometricInterpretation": "MONOCHROME2", "SamplesPerPixel": 1}
    bits = {"BitsAllocated": 16, "BitsStored": 12, "HighBit": 11}
    # As many bytes as colours have, of which 16-bit grey takes two thirds.
    file, path = source(tags={**grey, **bits, "PlanarConfiguration": None})
    values = np.full((64, 64), 0x0AB7, "<u2").tobytes()
    data = path.read_bytes()
    start = file.described.pixels.offset
    path.write_bytes(data[:start] + values + data[start + len(values) :])
    assert np.array_equal(file.frame(0), np.full((64, 64, 3), 0xAB, np.uint8))


def test_a_file_that_changes_under_the_reader_costs_a_tile(source):
    file, path = source()
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(UnreadableFile, match="missing"):
        file.frame(3)


def test_colours_of_the_optical_path_are_converted_to_srgb(source):
    profile = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
    path = Dataset()
    # A scanner whose red is what sRGB calls green, and the other way round.
    for name, other in ((b"rXYZ", b"tXYZ"), (b"gXYZ", b"rXYZ"), (b"tXYZ", b"gXYZ")):
        profile = profile.replace(name, other)
    path.ICCProfile = profile
    file, _ = source(tags={"OpticalPathSequence": [path]})
    wanted = colours(0, 0, 64, 64)[..., [1, 0, 2]].astype(int)
    assert abs(file.frame(0) - wanted).max() <= 1
    assert "converted from the profile" in file.described.notes[0]
