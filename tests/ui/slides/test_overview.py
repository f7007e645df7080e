import pytest

from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.ui.qt import QPointF, QRectF
from afloc_desktop.ui.slides.overview import Map

# A slide of 2,000 x 1,000 pixels on a canvas of 1,000 x 800: 170 points long, 12 from the edge.
PLACE = Map.placed((1000, 800), (2000, 1000), 40)


def test_it_lies_in_the_upper_right_corner_under_the_text():
    assert (PLACE.left, PLACE.top, PLACE.width, PLACE.height) == (818, 52, 170, 85)


def test_it_never_fills_a_small_canvas():
    assert Map.placed((200, 300), (1000, 500), 0).width == 60


def test_a_place_on_it_is_a_place_of_the_slide():
    assert PLACE.slide_point(QPointF(818 + 85, 52 + 42.5)) == Point(1000, 500)
    assert PLACE.slide_point(QPointF(817, 60)) is None


def test_a_drag_that_leaves_it_stays_on_the_slide():
    assert PLACE.nearest(QPointF(2000, -5)) == Point(2000, 0)


@pytest.mark.parametrize(
    ("box", "shown"),
    [
        (Box(0, 0, 1000, 1000), QRectF(818, 52, 85, 85)),
        (Box(1000, 500, 1001, 501), QRectF(900.54, 92.04, 5, 5)),  # still seen
    ],
)
def test_what_is_on_the_screen_is_a_rectangle_that_is_never_too_small(box, shown):
    found = PLACE.rectangle(box)
    for one, other in zip(found.getRect(), shown.getRect(), strict=True):
        assert one == pytest.approx(other, abs=0.01)
