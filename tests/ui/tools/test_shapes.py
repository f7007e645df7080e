import pytest

from afloc_desktop.core.dicom.orientation import Turn
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.measuring import Mark
from afloc_desktop.ui.tools.shapes import distance, lines
from afloc_desktop.ui.viewport import Viewport

VIEW = Viewport(200, 200, 2.0, Point(50, 50))  # device (0, 0) is source (0, 0)


def mark(kind, *points):
    return Mark(kind, tuple(Point(*p) for p in points))


def test_a_length_is_one_line():
    assert lines(mark("length", (1, 2), (3, 4)), VIEW) == ((Point(2, 4), Point(6, 8)),)


def test_a_rectangle_is_closed_and_an_ellipse_touches_its_sides():
    (around,) = lines(mark("rectangle", (30, 10), (10, 20)), VIEW)
    assert around[0] == around[-1] == Point(20, 20)
    assert set(around) == {Point(20, 20), Point(60, 20), Point(60, 40), Point(20, 40)}
    (curve,) = lines(mark("ellipse", (30, 10), (10, 20)), VIEW)
    across, down = [p.x for p in curve], [p.y for p in curve]
    assert (min(across), max(across), min(down), max(down)) == pytest.approx((20, 60, 20, 40))


def test_extents_run_straight_across_the_patient():
    drawn = mark("ratio", (10, 10), (40, 14), (5, 30), (45, 20))
    upright = lines(drawn, VIEW)
    assert upright[0] == (Point(20, 20), Point(80, 20))
    assert upright[3] == (Point(10, 60), Point(90, 60))
    sideways = lines(drawn, VIEW, runs_down=True)
    assert sideways[0] == (Point(20, 20), Point(20, 28))


def test_an_arrow_has_a_head_at_its_first_point():
    shaft, *head = lines(mark("arrow", (10, 10), (60, 10)), VIEW)
    assert shaft[0] == Point(20, 20)
    assert [side[0] for side in head] == [Point(20, 20)] * 2
    assert all(20 < side[1].x < 40 for side in head)
    assert lines(mark("arrow", (10, 10), (10, 10)), VIEW) == ((Point(20, 20),) * 2,)


@pytest.mark.parametrize("turn", [Turn(q, m) for q in range(4) for m in (False, True)], ids=str)
def test_marks_turn_with_the_film(turn):
    view = Viewport(200, 160, 1.5, Point(50, 50), 2.0, turn)
    drawn = mark("length", (20, 30), (70, 40))
    assert lines(drawn, view)[0] == tuple(view.to_screen(p) for p in drawn.points)
    assert distance(view.to_screen(Point(45, 35)), drawn, view) == pytest.approx(0, abs=1e-9)


def test_the_distance_is_to_the_line_not_to_its_continuation():
    drawn = mark("length", (10, 10), (40, 10))
    assert distance(Point(50, 24), drawn, VIEW) == pytest.approx(4)
    assert distance(Point(90, 20), drawn, VIEW) == pytest.approx(10)
    assert distance(Point(23, 24), mark("text", (10, 10)), VIEW) == pytest.approx(5)
