import numpy as np
from slides_made import colours

from afloc_desktop.core.slides.overview import choose_level, overview, stride
from afloc_desktop.core.slides.slide import Level


def level(columns, downsample, tile=512):
    return Level(columns, columns, tile, tile, downsample, None)


def test_a_thumbnail_shows_the_whole_slide_from_the_coarsest_level_that_suffices(small_slide):
    slide = small_slide()
    picture = slide.thumbnail(150)
    assert np.array_equal(picture, colours(0, 0, 150, 100, 2))
    assert slide.thumbnail(75).shape == (50, 75, 3)
    assert slide.thumbnail(30).shape == (20, 30, 3)


def test_a_small_slide_is_not_blown_up(small_slide):
    assert small_slide().thumbnail(1000).shape == (200, 300, 3)


def test_a_coarse_level_goes_before_thousands_of_tiles():
    levels = [level(100_000, 1), level(6_250, 16), level(781, 128)]
    assert choose_level(levels, 700) == 2
    assert choose_level(levels, 1000) == 1
    assert choose_level(levels, 10_000) == 1
    assert choose_level(levels[:1], 700) == 0


def test_of_a_slide_without_coarse_levels_a_share_of_the_tiles_is_decoded():
    assert [stride(level(columns, 1)) for columns in (16_384, 16_385, 100_000)] == [1, 2, 7]


class Pale:
    """A slide of one level; each tile has one colour, and counts how often it was decoded."""

    background = (255, 255, 255)

    def __init__(self, columns):
        self.levels = (level(columns, 1, tile=64),)
        self.decoded = []

    def tile(self, number, column, row, *, should_stop):
        self.decoded.append((column, row))
        return np.full((64, 64, 3), column, np.uint8)


def test_every_part_of_a_sampled_overview_is_covered_by_a_tile_of_its_own_place():
    slide = Pale(64 * 200)
    picture = overview(slide, 200)
    assert len(slide.decoded) == 29 * 29  # every 7th of 200, in both directions
    assert not (picture == 255).any()
    assert abs(picture[0, :, 0].astype(int) - np.arange(200)).max() <= 3
