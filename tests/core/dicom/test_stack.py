import dataclasses
import os

import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, JPEGLosslessSV1

from afloc_desktop.core.dicom import stack as stack_module
from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.stack import open_stack
from afloc_desktop.core.domain import ImageRef
from afloc_desktop.core.errors import Cancelled, UnreadableFile, UnsupportedImage

RNG = np.random.default_rng(3)
PIXELS = RNG.integers(-1000, 2000, (5, 40, 30)).astype(np.int16)
TAGS = {
    "RescaleSlope": 1,
    "RescaleIntercept": -1024,
    "WindowCenter": 40,
    "WindowWidth": 400,
    "PixelPaddingValue": -1000,
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "PixelSpacing": [0.7, 0.7],
}


def assert_same(one, other):
    for field in dataclasses.fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
            assert a.dtype == b.dtype
        elif field.name != "overlays":
            assert a == b, field.name
    assert len(one.overlays) == len(other.overlays)


@pytest.fixture
def series(write_film):
    """Write slices; returns their references."""

    def write(pixels=PIXELS, **tags) -> list[ImageRef]:
        refs = []
        for number, plane in enumerate(pixels):
            own = {
                "SOPInstanceUID": f"1.2.3.{number}",
                "InstanceNumber": number,
                "ImagePositionPatient": [0, 0, number * 2.5],
            }
            path = write_film(plane, f"{number}.dcm", **{**TAGS, **own, **tags})
            refs.append(ImageRef(path, 1, f"1.2.3.{number}", 40, 30, number))
        return refs

    return write


@pytest.fixture
def no_ordinary_path(monkeypatch):
    """Only the first slice may be read in the ordinary way."""
    calls = []
    ordinary = stack_module._Loader._load_any

    def counted(self, place):
        calls.append(place)
        return ordinary(self, place)

    monkeypatch.setattr(stack_module._Loader, "_load_any", counted)
    yield calls
    assert calls == [0]


def test_every_slice_is_the_image_that_reading_gives(series, no_ordinary_path):
    refs = series()
    stack = open_stack(refs)
    np.testing.assert_array_equal(stack.values, PIXELS)
    assert stack.values.dtype == np.int16
    assert not stack.values.flags.writeable
    for place, ref in enumerate(refs):
        assert_same(stack.image(place), read(ref))


@pytest.mark.parametrize(
    "tags",
    [
        {"PixelRepresentation": 0, "BitsStored": 12, "HighBit": 11},  # an old overlay above
        {"BitsStored": 12, "HighBit": 11},  # the sign is at bit 11
        {"PhotometricInterpretation": "MONOCHROME1"},
        {"syntax": ImplicitVRLittleEndian},
    ],
    ids=["masked", "signed 12", "inverted", "implicit"],
)
def test_other_layouts_are_the_images_that_reading_gives(series, no_ordinary_path, tags):
    if "PixelRepresentation" in tags:
        tags = tags | {"PixelPaddingValue": 5}
    refs = series(**tags)
    stack = open_stack(refs)
    for place, ref in enumerate(refs):
        assert_same(stack.image(place), read(ref))


def test_slices_that_are_written_in_another_way_take_the_ordinary_path(
    series, make_film, save_dataset
):
    refs = series()
    tags = TAGS | {"BitsStored": 16, "HighBit": 15}
    packed = make_film(PIXELS[1], **tags)
    packed.PixelData = encapsulate(
        [imagecodecs.jpeg8_encode(PIXELS[1].view(np.uint16), lossless=True, bitspersample=16)]
    )
    packed["PixelData"].VR = "OB"
    save_dataset(packed, "1.dcm", JPEGLosslessSV1)
    big = make_film(PIXELS[2], **tags)
    big.PixelData = PIXELS[2].astype(">i2").tobytes()
    save_dataset(big, "2.dcm", ExplicitVRBigEndian)
    graphic = make_film(PIXELS[3], **tags)
    graphic.add_new(0x60000010, "US", 40)
    graphic.add_new(0x60000011, "US", 30)
    graphic.add_new(0x60000040, "CS", "G")
    graphic.add_new(0x60000050, "SS", [1, 1])
    graphic.add_new(0x60000100, "US", 1)
    graphic.add_new(0x60000102, "US", 0)
    graphic.add_new(0x60003000, "OW", b"\xff" * 150)
    save_dataset(graphic, "3.dcm")
    stack = open_stack(refs)
    assert stack.missing == ()
    np.testing.assert_array_equal(stack.values, PIXELS)
    for place, ref in enumerate(refs):
        assert_same(stack.image(place), read(ref))


def test_a_slice_that_cannot_be_read_or_is_of_another_size_is_missing(series, write_film):
    refs = series()
    refs[1].path.write_bytes(refs[1].path.read_bytes()[:-200])
    write_film(PIXELS[2][:20], "2.dcm", **TAGS)
    refs[3].path.unlink()
    stack = open_stack(refs)
    assert stack.missing == (1, 2, 3)
    assert not stack.values[1].any()
    np.testing.assert_array_equal(stack.values[4], PIXELS[4])
    with pytest.raises(UnreadableFile, match="fewer pixels"):
        stack.image(1)
    assert stack.image(2).rows == 20
    with pytest.raises(UnreadableFile, match="does not exist"):
        stack.image(3)


def test_a_loaded_slice_needs_its_file_no_more(series):
    refs = series()
    before = read(refs[2])
    stack = open_stack(refs)
    refs[2].path.unlink()
    assert_same(stack.image(2), before)


def test_a_file_that_changed_is_read_again(series, write_film):
    refs = series()
    stack = open_stack(refs)
    write_film(PIXELS[2] + 1, "2.dcm", **TAGS)
    os.utime(refs[2].path, ns=(1, 1))
    np.testing.assert_array_equal(stack.image(2).pixels, read(refs[2]).pixels)


def test_each_slice_is_told_and_loading_can_be_given_up(series):
    refs, told = series(), []
    open_stack(refs, on_slice=told.append)
    assert told == [0, 1, 2, 3, 4]
    told.clear()
    with pytest.raises(Cancelled):
        open_stack(refs, on_slice=told.append, should_stop=lambda: len(told) == 2)
    assert told == [0, 1]


def test_a_series_without_a_grey_image_is_refused(tmp_path):
    with pytest.raises(UnsupportedImage, match="No slice"):
        open_stack([ImageRef(tmp_path / "gone.dcm", 1, "", 0, 0, None)])
