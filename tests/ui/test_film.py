from dataclasses import replace

import numpy as np
from doubles import film

from afloc_desktop.core.dicom.display import MinMax, render
from afloc_desktop.core.domain import VoiWindow
from afloc_desktop.core.geometry import Box
from afloc_desktop.ui.film import Film

ALL = Box(0, 0, 50, 60)


def shown(image, visible, zoom, choice):
    """Grey levels of the visible part, and what they cover."""
    made = Film(image)
    part = made.part(visible, zoom)
    return made.grey(part, choice), part.area


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
    made = Film(replace(film(rows=4, columns=4), padding=padding))
    _, half = made._level(1)
    assert half.tolist() == [[True, False], [False, False]]
