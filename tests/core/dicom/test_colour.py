from types import SimpleNamespace

import numpy as np
import pytest

from afloc_desktop.core.dicom.colour import (
    find_profile,
    is_colour,
    luminance,
    palette_of,
    to_rgb,
)
from afloc_desktop.core.dicom.decode import Decoded
from afloc_desktop.core.errors import UnreadableFile, UnsupportedImage


def header(photometric="RGB", bits_stored=8, *, is_signed=False):
    return SimpleNamespace(
        photometric=photometric,
        bits_stored=bits_stored,
        is_signed=is_signed,
        syntax=SimpleNamespace(is_little_endian=True),
    )


def rgb(samples, photometric="RGB", dtype=np.uint8, **more):
    """Colours of one row of pixels."""
    values = np.array([samples], dtype)
    decoded = Decoded(values, photometric)
    found = to_rgb(header(photometric, **more), decoded, None)
    assert found.dtype == np.uint8
    return found[0].tolist()


def test_grey_is_no_colour():
    assert not is_colour(header("MONOCHROME1"))
    assert not is_colour(header("MONOCHROME2"))
    assert is_colour(header("PALETTE COLOR"))


def test_eight_bits_are_taken_as_they_are():
    assert rgb([[1, 2, 3], [255, 0, 9]]) == [[1, 2, 3], [255, 0, 9]]


def test_of_more_bits_the_highest_eight_are_shown_and_fewer_are_spread():
    assert rgb([[0xFFFF, 0x12FF, 0]], dtype=np.uint16, bits_stored=16) == [[255, 0x12, 0]]
    assert rgb([[0xFFF, 0x12F, 0]], dtype=np.uint16, bits_stored=12) == [[255, 0x12, 0]]
    assert rgb([[15, 7, 0]], bits_stored=4) == [[255, 119, 0]]  # 7 x 17
    assert rgb([[-128, 0, 127]], dtype=np.int8, is_signed=True) == [[0, 128, 255]]


def test_full_range_ybr_has_its_corners():
    # C.7.6.3.1.2: white, black and grey have CB = CR = 128; pure red has Y 76, CB 85, CR 255.
    found = rgb([[255, 128, 128], [0, 128, 128], [76, 85, 255]], "YBR_FULL")
    expected = [[255, 255, 255], [0, 0, 0], [254, 0, 0]]
    assert np.abs(np.array(found) - expected).max() <= 2


def test_partial_range_ybr_goes_from_16_to_235():
    found = rgb([[16, 128, 128], [235, 128, 128], [81, 90, 240]], "YBR_PARTIAL_422")
    assert found[:2] == [[0, 0, 0], [255, 255, 255]]
    assert np.abs(np.array(found[2]) - [255, 0, 0]).max() <= 2  # BT.601's own red


def test_transforms_of_a_codestream_are_already_undone():
    assert rgb([[1, 2, 3]], "YBR_RCT") == [[1, 2, 3]]


def test_retired_colours_are_converted():
    assert rgb([[0, 255, 0, 0], [0, 0, 0, 255]], "CMYK") == [[255, 0, 255], [0, 0, 0]]
    # Hue 0 is red, a third of the way round green; no saturation is grey.
    assert rgb([[0, 255, 200], [0, 0, 99]], "HSV") == [[200, 0, 0], [99, 99, 99]]
    red, green, blue = rgb([[85, 255, 255]], "HSV")[0]
    assert (green, blue) == (255, 0)
    assert red <= 3


def test_a_tall_image_is_converted_in_every_row():
    samples = np.full((600, 2, 3), 128, np.uint8)
    found = to_rgb(header("YBR_FULL"), Decoded(samples, "YBR_FULL"), None)
    assert (np.abs(found.astype(int) - 128) <= 1).all()


def test_luminance_weighs_green_most():
    found = luminance(np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8))
    np.testing.assert_allclose(found, [[76.245, 149.685, 29.07]], rtol=1e-5)
    assert found.dtype == np.float32


def test_a_palette_is_needed_where_it_is_named(make_tags):
    assert palette_of(header("RGB"), make_tags()) is None
    with pytest.raises(UnreadableFile, match="palette"):
        palette_of(header("PALETTE COLOR"), make_tags())
    with pytest.raises(UnsupportedImage, match="ARGB"):
        palette_of(header("ARGB"), make_tags())


def test_only_a_profile_that_is_not_srgb_is_told(make_tags):
    assert find_profile(make_tags(), header("RGB")) == (None, ())
    named = make_tags(ICCProfile=b"....sRGB IEC61966-2.1")
    assert find_profile(named, header("RGB")) == (None, ())
    other = make_tags(ICCProfile=b"....Wide Gamut")
    assert "not applied" in find_profile(other, header("RGB"))[1][0]
    assert find_profile(other, header("MONOCHROME2")) == (None, ())
