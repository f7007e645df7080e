from dataclasses import replace

import numpy as np
from doubles import film

from afloc_desktop.core.dicom.display import AsColour, Channel, MinMax, auto_window, render
from afloc_desktop.core.domain import Overlay, VoiWindow
from afloc_desktop.core.geometry import Box
from afloc_desktop.ui.film import Film

ALL = Box(0, 0, 50, 60)


def shown(image, visible, zoom, choice):
    """Grey levels of the visible part, and what they cover."""
    made = Film(image)
    part = made.part(visible, (zoom, zoom))
    return made.grey(made.values(part), choice), part.area


WINDOW = VoiWindow(300, 600, "LINEAR", "")


def test_at_one_to_one_the_film_is_what_the_display_gives():
    image = film()
    grey, area = shown(image, ALL, 1.0, WINDOW)
    assert np.array_equal(grey, render(image, WINDOW))
    assert area == ALL


def test_a_part_is_cut_out_with_its_neighbours():
    image = film()
    grey, area = shown(image, Box(10.5, 20.5, 12, 23), 3.0, WINDOW)
    assert area == Box(9, 19, 13, 24)
    assert np.array_equal(grey, render(image, WINDOW)[19:24, 9:13])


def test_a_thin_bright_line_survives_zooming_out():
    pixels = np.zeros((64, 64), np.float32)
    pixels[:, 31] = 4000
    grey, _ = shown(
        film(rows=64, columns=64, pixels=pixels),
        Box(0, 0, 64, 64),
        0.125,
        VoiWindow(375, 750, "LINEAR_EXACT", ""),
    )
    assert grey.shape == (8, 8)
    # Eight columns averaged: one of them 4000, so 500, two thirds of the window.
    assert grey.max(axis=1).tolist() == [170] * 8


def test_an_odd_film_keeps_its_last_row_and_column():
    pixels = np.zeros((5, 7), np.float32)
    pixels[4, 6] = 100
    grey, area = shown(
        film(rows=5, columns=7, pixels=pixels),
        Box(0, 0, 7, 5),
        0.5,
        VoiWindow(50, 100, "LINEAR_EXACT", ""),
    )
    assert (grey.shape, area) == ((3, 4), Box(0, 0, 8, 6))
    assert grey[2, 3] == 255


def test_a_film_of_one_row_can_be_shown_small():
    pixels = np.arange(4000, dtype=np.float32)[None]
    grey, _ = shown(film(rows=1, columns=4000, pixels=pixels), Box(0, 0, 4000, 1), 0.02, MinMax())
    assert grey.shape == (1, 125)


def test_the_full_range_is_the_films_not_the_parts():
    image = film()
    grey, _ = shown(image, Box(20, 20, 30, 30), 4.0, MinMax())
    assert np.array_equal(grey, render(image, MinMax())[19:31, 19:31])


def test_an_averaged_pixel_with_padding_is_padding():
    padding = np.zeros((4, 4), bool)
    padding[0, 0] = True
    pixels = np.zeros((4, 4), np.float32)
    pixels[2:, 2:] = [[8, 0], [0, 0]]
    image = replace(film(rows=4, columns=4, pixels=pixels), padding=padding)
    grey, _ = shown(image, Box(0, 0, 4, 4), 0.5, auto_window(image))
    # The automatic window knows the padding: values from 0 to 8, averaged to 2.
    assert grey[1, 1] > grey[0, 1]


def test_pixels_that_are_not_square_shrink_on_their_longer_side_alone():
    pixels = np.zeros((8, 8), np.float32)
    pixels[3] = 400
    made = Film(film(rows=8, columns=8, pixels=pixels))
    part = made.part(Box(0, 0, 8, 8), (0.25, 1.0))
    grey = made.grey(made.values(part), VoiWindow(200, 400, "LINEAR_EXACT", ""))
    assert (grey.shape, part.area) == ((8, 2), Box(0, 0, 8, 8))
    assert grey[3].tolist() == [255, 255]


def test_colours_are_averaged_as_colours():
    colour = np.zeros((2, 2, 3), np.uint8)
    colour[0] = [200, 100, 0]
    image = replace(film(rows=2, columns=2), colour=colour)
    painted, _ = shown(image, Box(0, 0, 2, 2), 0.5, AsColour())
    assert painted.tolist() == [[[100, 50, 0]]]
    whole, _ = shown(image, Box(0, 0, 2, 2), 3.0, AsColour())
    assert np.array_equal(whole, colour)
    green, _ = shown(image, Box(0, 0, 2, 2), 3.0, Channel("green"))
    assert green.tolist() == [[100, 100], [0, 0]]


def test_graphics_of_the_file_never_vanish_when_the_film_is_small():
    mask = np.zeros((64, 64), bool)
    mask[:, 31] = True
    image = replace(film(rows=64, columns=64), overlays=(Overlay(mask, "G", ""),))
    made = Film(image)
    for scale in (1.0, 0.6, 0.3, 0.1):
        part, drawn = made.graphics(Box(0, 0, 64, 64), (scale, scale))
        assert drawn.any(axis=1).all()
        assert 2**part.down >= 1 / scale  # not finer than the screen
    assert Film(film()).graphics(ALL, (1.0, 1.0)) is None


def test_all_graphics_of_a_file_are_drawn_together():
    one, other = np.eye(4, dtype=bool), np.fliplr(np.eye(4, dtype=bool))
    overlays = (Overlay(one, "G", ""), Overlay(other, "G", ""))
    image = replace(film(rows=4, columns=4), overlays=overlays)
    _, drawn = Film(image).graphics(Box(0, 0, 4, 4), (2.0, 2.0))
    assert np.array_equal(drawn, one | other)


def test_a_region_of_interest_is_an_outline_and_hides_nothing():
    region = np.zeros((6, 6), bool)
    region[1:5, 2:6] = True
    image = replace(film(rows=6, columns=6), overlays=(Overlay(region, "R", ""),))
    _, drawn = Film(image).graphics(Box(0, 0, 6, 6), (2.0, 2.0))
    region[2:4, 3:5] = False
    assert np.array_equal(drawn, region)
