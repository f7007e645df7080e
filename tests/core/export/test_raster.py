import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afloc_desktop.core.export.raster import fill, outlines
from afloc_desktop.core.geometry import Point


def square(x0, y0, x1, y1):
    return (Point(x0, y0), Point(x1, y0), Point(x1, y1), Point(x0, y1))


def test_a_box_on_pixel_corners_holds_its_pixels_and_no_others():
    expected = np.zeros((6, 7), bool)
    expected[1:3, 2:5] = True
    assert (fill(square(2, 1, 5, 3), 6, 7) == expected).all()


def test_a_pixel_belongs_to_the_outline_that_holds_its_centre():
    assert fill(square(0.4, 0.4, 0.6, 0.6), 1, 1).all()
    assert not fill(square(0.6, 0.6, 0.9, 0.9), 1, 1).any()


def test_an_outline_may_leave_the_film():
    assert fill(square(-9, -9, 99, 99), 4, 5).all()
    assert not fill(square(50, 0, 60, 4), 4, 5).any()
    assert not fill(square(0, -9, 5, -1), 4, 5).any()


def test_the_direction_of_an_outline_does_not_matter():
    outline = square(1, 1, 4, 3)
    assert (fill(outline, 6, 6) == fill(outline[::-1], 6, 6)).all()


def test_a_triangle_covers_half_its_box():
    mask = fill((Point(0, 0), Point(99.9, 0), Point(0, 99.9)), 100, 100)
    # Centres (c + .5, r + .5) with c + r + 1 < 99.9: 99 in the first row, none in the last.
    assert mask.sum() == sum(range(100))


@pytest.mark.parametrize("centre", [(50.0, 50.0), (31.3, 60.9)])
def test_outline_and_mask_agree_to_half_a_pixel(centre):
    turns = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    circle = [Point(centre[0] + 20 * np.cos(t), centre[1] + 20 * np.sin(t)) for t in turns]
    (back,) = outlines(fill(circle, 100, 100))
    distances = [np.hypot(p.x - centre[0], p.y - centre[1]) for p in back]
    assert max(abs(d - 20) for d in distances) <= 0.75  # half a pixel across, 0.71 on a diagonal
    assert np.mean([abs(d - 20) for d in distances]) < 0.25


def test_outlines_come_largest_first_and_without_holes():
    mask = np.zeros((20, 30), bool)
    mask[1:4, 1:4] = True
    mask[5:18, 5:25] = True
    mask[9:12, 9:12] = False
    large, small = outlines(mask)
    assert (min(p.x for p in large), max(p.x for p in large)) == (5, 25)
    assert (min(p.y for p in small), max(p.y for p in small)) == (1, 4)
    assert outlines(np.zeros((3, 3), bool)) == ()


def test_a_mask_up_to_the_edge_of_the_film_is_closed():
    (outline,) = outlines(np.ones((4, 6), bool))
    assert (min(p.x for p in outline), max(p.y for p in outline)) == (0, 4)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(-5, 25), st.floats(-5, 25)), min_size=3, max_size=9))
def test_any_polygon_is_filled_by_the_even_odd_rule(corners):
    outline = [Point(x, y) for x, y in corners]
    mask = fill(outline, 20, 20)
    for row, column in ((3, 4), (10, 10), (17, 2)):
        x, y, inside = column + 0.5, row + 0.5, False
        for a, b in zip(outline, outline[1:] + outline[:1], strict=True):
            if (a.y > y) != (b.y > y):
                crossing = a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x)
                inside ^= crossing <= x
                if abs(crossing - x) < 1e-9:
                    return  # on the line: either answer is right
        assert mask[row, column] == inside
