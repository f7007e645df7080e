from dataclasses import replace
from math import isnan, sqrt

import numpy as np
import pytest
from doubles import film

from afloc_desktop.core.domain import Spacing
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.measuring import (
    FilmKey,
    Length,
    Mark,
    angle_deg,
    calibrated,
    length,
    ratio,
    statistics,
)

TALL = Spacing(row_mm=0.5, column_mm=0.2, basis="detector")


def mark(kind, *points):
    return Mark(kind, tuple(Point(*p) for p in points))


def test_a_length_counts_rows_and_columns_by_their_own_spacing():
    # 30 columns of .2 mm across, 16 rows of .5 mm down: 6 and 8 mm.
    assert length(Point(10, 10), Point(40, 26), TALL) == Length(10.0, "detector")


def test_without_spacing_a_length_is_in_pixels_and_says_nothing_of_millimetres():
    assert length(Point(0, 0), Point(3, 4), None) == Length(5.0, None)


@pytest.mark.parametrize(
    ("one", "other", "aspect", "degrees"),
    [
        ((1, 0), (0, 1), 1.0, 90),
        ((1, 0), (1, 1), 1.0, 45),
        ((1, 0), (-1, 0), 1.0, 180),
        ((1, 0), (-1, 1), 1.0, 135),
        ((2, 0), (2, 1), 2.0, 45),  # a pixel twice as high as wide
        ((0, 0), (1, 1), 1.0, 0),
    ],
)
def test_an_angle_is_measured_in_the_shape_of_the_pixels(one, other, aspect, degrees):
    vertex = Point(7, -3)
    points = [Point(vertex.x + x, vertex.y + y) for x, y in (one, other)]
    assert angle_deg(points[0], vertex, points[1], aspect) == pytest.approx(degrees)


def test_the_ratio_counts_only_what_lies_across_the_patient():
    drawn = mark("ratio", (10, 5), (22, 9), (4, 30), (34, 0))
    found = ratio(drawn, TALL)
    assert (found.heart.value, found.chest.value) == pytest.approx((2.4, 6.0))
    assert found.value == pytest.approx(0.4)
    sideways = ratio(drawn, TALL, runs_down=True)
    assert (sideways.heart.value, sideways.chest.value) == pytest.approx((2.0, 15.0))
    assert isnan(ratio(mark("ratio", (0, 0), (1, 0), (5, 0), (5, 9)), None).value)


def test_a_rectangle_holds_the_pixels_whose_centres_lie_in_it():
    # Rows 1 and 2, columns 2 to 4 of 10 r + c: 12 13 14 22 23 24.
    found = statistics(film(), mark("rectangle", (5.4, 3.0), (1.6, 0.9)), None)
    assert (found.count, found.least, found.most, found.mean) == (6, 12, 24, 18)
    assert found.deviation == pytest.approx(sqrt((36 + 25 + 16) * 2 / 6))
    assert found.area == Length(pytest.approx(3.8 * 2.1), None)


def test_an_ellipse_leaves_the_corners_out():
    # Around (2, 2) with radii 1.5: centres (1.5, 1.5) to (2.5, 2.5), and no other within 1.5 ...
    # ... except none: the next are at distance sqrt(1.5**2 + .5**2) = 1.58.
    found = statistics(film(), mark("ellipse", (0.5, 0.5), (3.5, 3.5)), TALL)
    assert (found.count, found.least, found.most, found.mean) == (4, 11, 22, 16.5)
    assert found.area.value == pytest.approx(np.pi * 1.5 * 1.5 * 0.1)
    assert found.area.basis == "detector"


def test_values_are_in_the_files_own_polarity_and_padding_is_left_out():
    padding = np.zeros((60, 50), bool)
    padding[2] = True
    image = film(is_inverted=True, padding=padding)
    found = statistics(image, mark("rectangle", (1, 1), (3, 3)), None)
    assert (found.count, found.least, found.most) == (2, -12, -11)


def test_a_shape_beside_the_film_holds_nothing():
    for kind in ("rectangle", "ellipse"):
        found = statistics(film(), mark(kind, (-9, -9), (-2, -2)), None)
        assert found.count == 0
        assert isnan(found.mean)
    over_the_edge = statistics(film(), mark("rectangle", (-9, -9), (1, 1)), None)
    assert over_the_edge.count == 1


def test_a_line_of_known_length_calibrates_the_film():
    spacing = calibrated(Point(0, 0), Point(30, 16), 40.0, TALL, 2.5)
    assert spacing == Spacing(pytest.approx(2.0), pytest.approx(0.8), "reader")
    assert length(Point(0, 0), Point(30, 16), spacing).value == pytest.approx(40.0)
    unknown = calibrated(Point(0, 0), Point(0, 10), 10.0, None, 2.0)
    assert unknown == Spacing(pytest.approx(1.0), pytest.approx(0.5), "reader")


@pytest.mark.parametrize(("end", "known"), [((0, 0), 10.0), ((5, 0), 0.0), ((5, 0), -1.0)])
def test_an_impossible_calibration_is_none(end, known):
    assert calibrated(Point(0, 0), Point(*end), known, TALL, 1.0) is None


def test_marks_are_moved_as_a_whole_or_by_one_point():
    drawn = mark("angle", (0, 0), (1, 1), (2, 0))
    assert drawn.moved(1, 2).points == (Point(1, 2), Point(2, 3), Point(3, 2))
    assert drawn.with_point(1, Point(9, 9)).points == (Point(0, 0), Point(9, 9), Point(2, 0))


def test_the_same_name_with_other_pixels_is_another_film():
    assert FilmKey.of(film()) == FilmKey.of(film())
    assert FilmKey.of(film()) != FilmKey.of(replace(film(), pixel_sha256="other"))
