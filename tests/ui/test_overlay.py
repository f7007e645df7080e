from dataclasses import replace

import numpy as np
import pytest
from doubles import FakeLocalizer, film

from afloc_desktop.core.colours import heat
from afloc_desktop.core.dicom.orientation import Turn
from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.geometry import Point
from afloc_desktop.ui.overlay import Look, colour_range, paint
from afloc_desktop.ui.viewport import Viewport

LOOK = Look(threshold=0.5, low=0.5, high=1.0, line_px=0)


def a_map(values, rows, columns):
    heatmap = FakeLocalizer().localize(film(rows=rows, columns=columns), Prompt("nodule", "preset"))
    values = np.asarray(values, np.float32)
    scale = (columns / values.shape[1], rows / values.shape[0])
    return replace(heatmap, similarity=values, scale=scale)


def on_screen(layer, view):
    """The layer on an empty screen."""
    screen = np.zeros((view.height, view.width), np.uint32)
    rows, columns = layer.argb.shape
    screen[layer.top : layer.top + rows, layer.left : layer.left + columns] = layer.argb
    return screen


def dot(rows, columns, row, column):
    values = np.zeros((rows, columns), np.float32)
    values[row, column] = 1
    return values


@pytest.mark.parametrize(
    ("film_size", "map_size", "at", "zoom", "centre"),
    [
        ((301, 203), (301, 203), (100, 40), 1.0, (101, 150)),
        ((3000, 2500), (512, 427), (200, 333), 0.3, (1250, 1500)),
        ((400, 1600), (128, 512), (100, 9), 1.7, (60, 300)),
        ((60, 50), (60, 50), (3, 4), 9.0, (6, 5)),
    ],
)
def test_a_dot_is_painted_where_the_film_has_it(film_size, map_size, at, zoom, centre):
    heatmap = a_map(dot(*map_size, *at), *film_size)
    view = Viewport(640, 480, zoom, Point(*centre))
    screen = on_screen(paint(heatmap, view, replace(LOOK, threshold=0.05)), view)
    rows, columns = np.nonzero(screen)
    painted = view.to_source(Point(columns.mean() + 0.5, rows.mean() + 0.5))
    expected = Point((at[1] + 0.5) * heatmap.scale[0], (at[0] + 0.5) * heatmap.scale[1])
    # Half a source pixel, or half a screen pixel where that is larger.
    assert painted == pytest.approx(expected, abs=max(0.5, 0.5 / zoom))


TURNS = [Turn(quarters, is_mirrored) for quarters in range(4) for is_mirrored in (False, True)]


@pytest.mark.parametrize("turn", TURNS, ids=str)
@pytest.mark.parametrize("aspect", [1.0, 2.0, 0.6])
@pytest.mark.parametrize("size", [(301, 203), (60, 400)])
def test_a_dot_follows_a_film_that_is_turned(size, aspect, turn):
    row, column = size[0] // 3, size[1] // 4
    heatmap = a_map(dot(*size, row, column), *size)
    view = Viewport(641, 480, 1.3, Point(size[1] / 2, size[0] / 2), aspect, turn)
    screen = on_screen(paint(heatmap, view, replace(LOOK, threshold=0.05)), view)
    rows, columns = np.nonzero(screen)
    expected = view.to_screen(Point(column + 0.5, row + 0.5))
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx(expected, abs=0.5)


def test_the_layer_covers_exactly_the_film():
    view = Viewport(100, 100, 2.0, Point(15, 10))
    layer = paint(a_map(np.ones((4, 6)), 20, 30), view, LOOK)
    assert (layer.left, layer.top, layer.argb.shape) == (20, 30, (40, 60))


def test_nothing_is_painted_below_the_threshold_or_where_the_network_never_looked():
    values = [[0.49, 0.49, 0.49], [np.nan, np.nan, np.nan], [0.8, 0.8, 0.8]]
    view = Viewport(3, 3, 1.0, Point(1.5, 1.5))
    screen = on_screen(paint(a_map(values, 3, 3), view, LOOK), view)
    assert (screen[:2] == 0).all()
    assert (screen[2] >> 24 == 255).all()


def test_only_the_part_that_can_reach_the_threshold_is_coloured():
    view = Viewport(200, 200, 1.0, Point(100, 100))
    layer = paint(a_map(dot(100, 100, 50, 20), 200, 200), view, LOOK)
    assert (layer.left, layer.top, layer.argb.shape) == (38, 98, (6, 6))
    assert paint(a_map(dot(9, 9, 5, 2), 200, 200), view, replace(LOOK, threshold=1.1)) is None


def test_colours_run_from_low_to_high():
    layer = paint(a_map([[0.5, 1.0]], 1, 2), Viewport(2, 1, 1.0, Point(1, 0.5)), LOOK)
    red, green, blue = (int(v) for v in heat()[0])
    assert int(layer.argb[0, 0]) == 0xFF000000 | red << 16 | green << 8 | blue
    red, green, blue = (int(v) for v in heat()[255])
    assert int(layer.argb[0, 1]) == 0xFF000000 | red << 16 | green << 8 | blue


def test_moving_the_threshold_does_not_change_a_colour():
    heatmap, view = a_map([[0.6, 0.9]], 1, 2), Viewport(2, 1, 1.0, Point(1, 0.5))
    strict = on_screen(paint(heatmap, view, replace(LOOK, threshold=0.8)), view)
    assert strict[0, 0] == 0
    assert strict[0, 1] == paint(heatmap, view, LOOK).argb[0, 1]


def test_a_contour_is_a_ring_at_the_threshold():
    y, x = np.mgrid[:101, :101]
    cone = 1 - np.hypot(y - 50, x - 50) / 50  # 0.5 at radius 25
    view = Viewport(101, 101, 1.0, Point(50.5, 50.5))
    layer = paint(a_map(cone, 101, 101), view, replace(LOOK, line_px=2))
    screen = on_screen(layer, view)
    radius = np.hypot(*(np.argwhere(screen >> 24 > 127) - 50).T)
    assert radius.min() > 23.5
    assert radius.max() < 26.5
    assert screen[50, 50] == 0


def test_a_flat_map_has_no_contour():
    view = Viewport(9, 9, 1.0, Point(4.5, 4.5))
    look = replace(LOOK, line_px=2)
    assert not paint(a_map(np.full((9, 9), 0.5), 9, 9), view, look).argb.any()


def test_a_film_off_screen_paints_nothing():
    assert paint(a_map([[1.0]], 5, 5), Viewport(10, 10, 1.0, Point(900, 0)), LOOK) is None


def test_the_colour_scale_starts_where_painting_does():
    assert colour_range(0.3, 0.8) == (0.3, 0.8)


def test_a_map_just_above_its_threshold_does_not_reach_the_last_colour():
    assert colour_range(0.3, 0.31) == pytest.approx((0.3, 0.4))
    assert colour_range(0.3, float("nan")) == pytest.approx((0.3, 0.4))
