from dataclasses import replace

import pytest

from afloc_desktop.core.dicom.orientation import Turn
from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.ui.viewport import LARGEST, SMALLEST, Viewport


def test_a_fitted_film_touches_the_margin_on_its_long_side():
    view = Viewport(220, 400, 1.0, Point(0, 0)).fitted(rows=100, columns=100, margin=10)
    assert view.zoom == 2.0
    assert view.to_screen(Point(0, 0)) == (10, 100)
    assert view.to_screen(Point(100, 100)) == (210, 300)


TURNS = [Turn(quarters, is_mirrored) for quarters in range(4) for is_mirrored in (False, True)]


@pytest.mark.parametrize("turn", TURNS, ids=str)
@pytest.mark.parametrize("aspect", [1.0, 2.5, 0.4])
@pytest.mark.parametrize("point", [Point(0, 0), Point(17.5, 3.25), Point(-40, 900)])
def test_points_survive_the_round_trip(point, aspect, turn):
    view = Viewport(301, 200, 0.37, Point(50, 21), aspect, turn)
    back = view.to_source(view.to_screen(point))
    assert back == pytest.approx(point)


def test_pixels_keep_their_shape_and_none_is_lost_at_one_to_one():
    # Twice as high as wide: a square of 10 mm is 10 columns and 5 rows.
    tall = Viewport(300, 300, 1.0, Point(0, 0), aspect=2.0)
    assert tall.scale == (1.0, 2.0)
    assert tall.box_on_screen(Box(0, 0, 10, 5)) == (150, 150, 160, 160)
    wide = Viewport(300, 300, 1.0, Point(0, 0), aspect=0.5)
    assert wide.scale == (2.0, 1.0)


def test_a_turned_film_is_fitted_by_what_is_seen():
    # 100 rows x 50 columns of pixels twice as high as wide: 200 x 50, lying on its side.
    view = Viewport(400, 200, 1.0, Point(0, 0), 2.0, Turn(1)).fitted(rows=100, columns=50)
    assert view.zoom == 2.0
    assert view.box_on_screen(Box(0, 0, 50, 100)) == (0, 50, 400, 150)


def test_a_turn_goes_clockwise_and_a_mirror_exchanges_sides():
    corner = Point(100, 100)  # of the lower right, from the middle
    base = Viewport(0, 0, 1.0, Point(0, 0))
    assert base.to_screen(corner) == (100, 100)
    assert replace(base, turn=Turn(1)).to_screen(Point(100, 0)) == (0, 100)
    assert replace(base, turn=Turn(0, True)).to_screen(corner) == (-100, 100)


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_a_turned_film_moves_and_zooms_under_the_pointer(turn):
    view, at = Viewport(300, 200, 0.5, Point(80, 90), 1.5, turn), Point(40, 170)
    before = view.to_source(at)
    assert view.zoomed(3.7, at).to_source(at) == pytest.approx(before)
    assert view.panned(13, -9).to_source(Point(53, 161)) == pytest.approx(before)


def test_zooming_keeps_the_point_under_the_pointer():
    view, at = Viewport(300, 200, 0.5, Point(80, 90)), Point(40, 170)
    before = view.to_source(at)
    assert view.zoomed(3.7, at).to_source(at) == pytest.approx(before)


def test_the_zoom_has_ends():
    view = Viewport(300, 200, 1, Point(0, 0))
    assert view.zoomed(1e9, Point(0, 0)).zoom == LARGEST
    assert view.zoomed(1e-9, Point(0, 0)).zoom == SMALLEST


def test_panning_moves_the_film_with_the_pointer():
    view = Viewport(300, 200, 2, Point(50, 50))
    moved = view.panned(30, -10)
    assert moved.to_screen(Point(50, 50)) == (150 + 30, 100 - 10)


def test_the_visible_part_ends_at_the_film_and_at_the_screen():
    view = Viewport(100, 100, 2, Point(10, 60))
    assert view.visible(rows=80, columns=30) == Box(0, 35, 30, 80)
    assert Viewport(100, 100, 2, Point(500, 0)).visible(80, 30) is None


def test_another_size_keeps_zoom_and_centre():
    view = Viewport(300, 200, 2, Point(50, 50)).resized(100, 80)
    assert view.to_screen(Point(50, 50)) == (50, 40)
