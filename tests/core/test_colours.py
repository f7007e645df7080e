import numpy as np
import pytest

from afloc_desktop.core.colours import has_hues, heat, is_tissue, wrong_kind


def lightness() -> np.ndarray:
    """CIE L* of the map, from sRGB."""
    srgb = heat() / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    y = linear @ np.array([0.2126, 0.7152, 0.0722])
    return np.where(y > 0.008856, 116 * np.cbrt(y) - 16, 903.3 * y)


def test_there_are_256_colours():
    assert (heat().shape, heat().dtype) == ((256, 3), np.uint8)


def test_higher_is_always_lighter():
    smoothed = np.convolve(lightness(), np.ones(5) / 5, "valid")  # 8-bit rounding
    assert (np.diff(smoothed) > 0).all()


def test_equal_steps_look_equally_large():
    steps = np.diff(lightness()[::17])
    assert steps.max() / steps.min() < 2


def test_no_stop_lies_outside_what_a_screen_can_show():
    ends = heat()[[0, 255]].astype(int)
    assert (ends.max(axis=1) < 255).all()


@pytest.mark.parametrize(
    ("shade", "expected"),
    [
        ((200, 110, 40), True),  # an eye
        ((150, 90, 155), True),  # stained tissue: as red as blue
        ((118, 120, 124), False),  # a screenshot of a film
        ((128, 128, 128), False),
    ],
)
def test_an_image_has_hues_where_its_channels_differ(shade, expected):
    colour = np.tile(np.array(shade, np.uint8), (64, 64, 1))
    assert has_hues(colour) is expected
    assert wrong_kind(colour, "histo") == (None if expected else "grey")
    assert wrong_kind(colour, "cxr") == ("colour" if expected else None)


def test_an_image_of_one_plane_has_no_hues():
    assert not has_hues(None)


def test_tissue_is_told_from_a_retina_by_its_blue():
    pink, red = (np.full((32, 32, 3), rgb, np.uint8) for rgb in ((220, 150, 190), (180, 90, 40)))
    assert is_tissue(pink)
    assert not is_tissue(red)
