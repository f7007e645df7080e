from dataclasses import replace

import pytest

from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.core.slides.recent import TileKey
from afloc_desktop.core.slides.slide import Level
from afloc_desktop.ui.slides.plan import area, level_for, plan
from afloc_desktop.ui.viewport import Viewport

# 4,096 x 2,048 pixels and three times its quarter; tiles of 256.
LEVELS = tuple(Level(4096 // d, 2048 // d, 256, 256, float(d), None) for d in (1, 4, 16))


def view(zoom, x=1024, y=1024, width=512, height=256):
    return Viewport(width, height, zoom, Point(x, y))


@pytest.mark.parametrize(
    ("zoom", "level"),
    [(40, 0), (1, 0), (0.4, 0), (0.35, 1), (0.25, 1), (0.1, 1), (0.08, 2), (0.001, 2)],
)
def test_the_coarsest_level_that_is_sharp_enough_is_shown(zoom, level):
    assert level_for(LEVELS, view(zoom)) == level


def test_the_tiles_on_the_screen_come_first_from_the_middle_outwards():
    found = plan(LEVELS, view(1.0, 1100, 1024))
    # x from 844 to 1356, y from 896 to 1152: columns 3 to 5, rows 3 and 4.
    assert set(found.shown) == {TileKey(0, c, r) for c in (3, 4, 5) for r in (3, 4)}
    assert {key.column for key in found.shown[:2]} == {4}
    assert {key.column for key in found.around} == {2, 3, 4, 5, 6}
    assert not set(found.around) & set(found.shown)


def test_coarser_tiles_of_the_same_place_are_read_before():
    found = plan(LEVELS, view(1.0, 1100, 1024))
    assert found.before == (TileKey(2, 0, 0), TileKey(1, 0, 0), TileKey(1, 1, 0),
                            TileKey(1, 0, 1), TileKey(1, 1, 1))  # fmt: skip
    assert found.wanted == (*found.before, *found.shown, *found.around)


def test_the_coarsest_level_needs_nothing_before():
    found = plan(LEVELS, view(1 / 16, 2048, 1024))
    assert (found.level, found.before) == (2, ())
    assert found.shown == (TileKey(2, 0, 0),)


def test_nothing_is_wanted_beside_the_slide():
    assert plan(LEVELS, view(1.0, 9000, 9000)).wanted == ()


def test_a_slide_without_small_copies_is_not_read_whole():
    alone = (Level(100_000, 100_000, 256, 256, 1.0, None),)
    found = plan(alone, view(0.005, 50_000, 50_000))
    assert (found.is_too_far, found.wanted) == (True, ())
    assert not plan(alone, view(0.5, 50_000, 50_000)).is_too_far


def test_a_coarser_level_is_taken_where_the_right_one_would_fill_the_memory():
    # One step of 16: at 1/10 the finest would be 5,120 x 2,560 tiles of a pixel's share each.
    gap = (
        Level(200_000, 200_000, 256, 256, 1.0, None),
        Level(12_500, 12_500, 256, 256, 16.0, None),
    )
    large = replace(view(0.1), width=3840, height=2160, centre=Point(100_000, 100_000))
    assert (plan(gap, large).level, plan(gap, large).is_too_far) == (1, False)


def test_a_tile_ends_where_its_level_ends():
    odd = (Level(1000, 700, 256, 256, 1.0, None), Level(500, 350, 256, 256, 2.0, None))
    assert area(odd, TileKey(0, 3, 2)) == Box(768, 512, 1000, 700)
    assert area(odd, TileKey(1, 1, 1)) == Box(512, 512, 1000, 700)
