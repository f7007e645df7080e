import zlib

import numpy as np
import pytest

from afloc_desktop.core.eight_bit import grey_levels, luminance, resize_levels

WHOLE = (0.0, 100.0)


# Films of default_rng(rows).integers(0, 256), resized by cv2.resize(..., INTER_AREA) of OpenCV
# 4.10 and 5.0, which agree; CRC-32 of what came out.
@pytest.mark.parametrize(
    ("shape", "size", "crc"),
    [
        ((448, 448), (224, 224), 0xDB630CB0),
        ((672, 448), (224, 149), 0xA2E9A6CC),
        ((900, 600), (60, 40), 0x393CF963),
        ((301, 257), (224, 191), 0xC45BFEF0),
        ((1000, 800), (224, 179), 0x7E178BFC),
        ((2991, 1003), (224, 75), 0x87AA761E),
        ((100, 80), (224, 179), 0x925BC17B),
        ((50, 224), (50, 224), 0x1E49A21A),
        ((223, 111), (224, 111), 0xFB491510),
        ((7, 3), (224, 96), 0xC9B1ECBC),
        ((300, 5), (200, 9), 0xD0B7E9FA),
    ],
)
def test_films_come_out_as_from_the_authors_library(shape, size, crc):
    film = np.random.default_rng(shape[0]).integers(0, 256, shape).astype(np.uint8)
    out = resize_levels(film, *size)
    assert out.shape == size
    assert out.dtype == np.uint8
    assert zlib.crc32(np.ascontiguousarray(out).tobytes()) == crc


def test_a_block_of_two_by_two_rounds_halves_up():
    film = np.array([[0, 1, 3, 3], [0, 1, 3, 1]], np.uint8)  # means 0.5 and 2.5
    assert resize_levels(film, 1, 2).tolist() == [[1, 3]]


def test_larger_blocks_round_halves_to_even():
    film = np.array([[0, 0, 0, 2], [5, 5, 5, 3]], np.uint8)  # means 0.5 and 4.5
    assert resize_levels(film, 2, 1).tolist() == [[0], [4]]


def test_a_fraction_of_a_pixel_is_shared():
    film = np.array([[0, 30, 60]], np.uint8)  # each of two takes one and a half
    assert resize_levels(np.repeat(film, 2, 0), 1, 2).tolist() == [[10, 50]]


@pytest.mark.parametrize("shape", [(3, 3), (224, 100), (999, 1001), (20, 700)])
def test_a_constant_film_stays_constant(shape):
    assert (resize_levels(np.full(shape, 201, np.uint8), 50, 60) == 201).all()


def test_a_film_of_256_levels_stays_as_it_is():
    film = np.array([[3, 7], [200, 9]], np.float32)
    assert grey_levels(film, None, WHOLE).tolist() == [[3, 7], [200, 9]]


@pytest.mark.parametrize("film", [[[-1, 0, 4]], [[0, 128, 512]], [[0.0, 0.25, 1.0]]])
def test_other_films_are_stretched_between_their_extremes_and_fractions_dropped(film):
    values = np.array(film, np.float32)
    low, high = values.min(), values.max()
    wanted = [[int((float(v) - low) / (high - low) * 255) for v in values[0]]]
    levels = grey_levels(values, None, WHOLE).tolist()
    assert levels == wanted
    assert levels[0][0] == 0
    assert levels[0][2] == 255


def test_padding_does_not_stretch():
    film = np.array([[-3000, 0, 1000]], np.float32)
    padding = np.array([[True, False, False]])
    assert grey_levels(film, padding, WHOLE).tolist() == [[0, 0, 255]]


@pytest.mark.parametrize("padding", [None, np.ones((2, 2), bool)])
def test_a_film_of_one_value_beyond_the_levels_is_dark(padding):
    assert not grey_levels(np.full((2, 2), 900.0, np.float32), padding, WHOLE).any()


def test_colour_becomes_grey_by_the_weights_of_television():
    colour = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [7, 7, 7]]], np.uint8)
    assert luminance(colour).tolist() == [[76, 150, 29, 7]]
