import pytest

from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.ui.viewport import LARGEST, SMALLEST, Viewport


def test_a_fitted_film_touches_the_margin_on_its_long_side():
    view = Viewport.fitted(220, 400, rows=100, columns=100, margin=10)
    assert view.zoom == 2.0
    assert view.to_screen(Point(0, 0)) == (10, 100)
    assert view.to_screen(Point(100, 100)) == (210, 300)


@pytest.mark.parametrize("point", [Point(0, 0), Point(17.5, 3.25), Point(-40, 900)])
def test_points_survive_the_round_trip(point):
    view = Viewport(301, 200, 0.37, Point(50, 21))
    back = view.to_source(view.to_screen(point))
    assert back == pytest.approx(point)


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
