from dataclasses import replace

import numpy as np
import pytest
from doubles import film

from afloc_desktop.core.dicom.display import AsColour, MinMax
from afloc_desktop.core.domain import VoiLut, VoiWindow
from afloc_desktop.ui.film import Film
from afloc_desktop.ui.prints import Print
from afloc_desktop.ui.qt import QImage

WHOLE = VoiWindow(300, 600, "LINEAR", "")
NARROW = VoiWindow(300, 3, "LINEAR_EXACT", "")
CURVE = VoiWindow(300, 200, "SIGMOID", "")
TABLE = VoiLut(0, np.arange(0, 4096, 4, dtype=np.uint16), 12, "")


def shown(made, given, choice, *, is_inverted=False) -> np.ndarray:
    """Blue, green, red and cover, uint8, shape (rows, columns, 4)."""
    printed = Print(made, given)
    drawn = printed.picture(choice, is_inverted=is_inverted)
    picture = drawn.convertToFormat(QImage.Format.Format_ARGB32)
    return np.array(picture.constBits()).reshape(picture.height(), picture.width(), 4)


def values(image, seed=4, shape=(90, 70)):
    """Whole values and some between them."""
    dice = np.random.default_rng(seed)
    found = dice.integers(0, 4000, shape).astype(np.float32)
    found[::2] += dice.random((shape[0] // 2, shape[1]), np.float32)
    return found


@pytest.mark.parametrize("choice", [WHOLE, NARROW, CURVE, TABLE, MinMax()], ids=repr)
@pytest.mark.parametrize("is_inverted", [False, True])
@pytest.mark.parametrize("mono1", [False, True])
def test_a_print_has_the_greys_of_the_display(choice, is_inverted, mono1):
    image = film(is_inverted=mono1)
    made, given = Film(image), values(image)
    expected = made.grey(given, choice).astype(int)
    expected = 255 - expected if is_inverted else expected
    pixels = shown(made, given, choice, is_inverted=is_inverted)
    assert (pixels[..., :3] == pixels[..., :1]).all()
    assert (pixels[..., 3] == 255).all()
    off = np.abs(pixels[..., 0].astype(int) - expected)
    assert off[1::2].max() == 0  # whole values are exact
    assert off.max() <= 1


def test_each_window_is_made_and_none_twice():
    one = Print(Film(film()), values(film()))
    first = one.picture(WHOLE, is_inverted=False)
    assert one.picture(WHOLE, is_inverted=False) is first
    bright = first.pixel(3, 1)
    assert one.picture(replace(WHOLE, centre=9000), is_inverted=False).pixel(3, 1) < bright
    assert one.picture(WHOLE, is_inverted=False).pixel(3, 1) == bright


@pytest.mark.parametrize("value", [0.0, -1e30, 7.25])
def test_a_film_of_one_value_is_of_one_grey(value):
    flat = np.full((8, 9), value, np.float32)
    pixels = shown(Film(film()), flat, WHOLE)
    assert len(np.unique(pixels[..., 0])) == 1


def test_colours_stay_colours():
    colours = np.random.default_rng(3).integers(0, 256, (50, 60, 3)).astype(np.uint8)
    image = film(rows=50, columns=60, colour=colours)
    pixels = shown(Film(image), colours, AsColour())
    assert np.array_equal(pixels[..., 2::-1], colours)
    turned = shown(Film(image), colours, AsColour(), is_inverted=True)
    assert np.array_equal(turned[..., 2::-1], 255 - colours)
