import math

import pytest

from afloc_desktop.core.export.shapes import outline_of


def test_a_polyline_that_ends_where_it_began_is_an_outline():
    assert outline_of("POLYLINE", [0, 0, 4, 0, 4, 3, 0, 0]) == (((0, 0), (4, 0), (4, 3)), True)
    assert outline_of("POLYLINE", [0, 0, 4, 0]) == (((0, 0), (4, 0)), False)
    assert outline_of("POINT", [3, 4]) == (((3, 4),), False)


def test_a_circle_keeps_its_radius():
    points, is_closed = outline_of("CIRCLE", [10, 20, 13, 24])
    assert is_closed
    assert {round(math.dist(p, (10, 20)), 9) for p in points} == {5}


def test_an_ellipse_reaches_the_ends_of_its_axes():
    points, _ = outline_of("ELLIPSE", [0, 5, 20, 5, 10, 2, 10, 8])
    assert (min(p.x for p in points), max(p.x for p in points)) == pytest.approx((0, 20))
    assert (min(p.y for p in points), max(p.y for p in points)) == pytest.approx((2, 8))


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        ("POLYLINE", []),
        ("POLYLINE", [1, 2]),
        ("CIRCLE", [1, 2]),
        ("ELLIPSE", [1, 2, 3, 4]),
        ("POINT", [1, 2, 3, 4]),
        ("SPIRAL", [1, 2, 3, 4]),
        ("POLYLINE", [1, 2, float("nan"), 4]),
        ("POLYLINE", [1, 2, 1e30, 4]),
    ],
)
def test_what_makes_no_graphic_is_none(kind, numbers):
    assert outline_of(kind, numbers) is None
