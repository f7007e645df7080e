import numpy as np
import pytest

from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.core.slides.recent import TileKey
from afloc_desktop.core.slides.slide import Level
from afloc_desktop.state.slide_tiles import pack
from afloc_desktop.ui.qt import QColor, QImage, QPainter, QPixmap, QRect
from afloc_desktop.ui.slides.mosaic import Mosaic, colour_picture, draw_part, placed, snapped
from afloc_desktop.ui.slides.plan import plan
from afloc_desktop.ui.viewport import Viewport

LEVELS = (Level(64, 48, 16, 16, 1.0, None), Level(32, 24, 16, 16, 2.0, None))
RNG = np.random.default_rng(5)
FINE = RNG.integers(0, 256, (48, 64, 3), np.uint8)
COARSE = RNG.integers(0, 256, (24, 32, 3), np.uint8)


class Hand:
    """Tiles at hand, and how often each was painted."""

    def __init__(self, *levels):
        self.asked, self.levels = [], list(levels)

    def has(self, key):
        return key.level in self.levels

    def at_hand(self, key):
        self.asked.append(key)
        if key.level not in self.levels:
            return None
        pixels = (FINE, COARSE)[key.level]
        top, left = key.row * 16, key.column * 16
        return pack(pixels[top : top + 16, left : left + 16])


def view(zoom=1.0, x=32.0, y=24.0, width=40, height=30):
    return snapped(Viewport(width, height, zoom, Point(x, y)))


def painted(mosaic, at):
    picture = mosaic.picture(at, plan(LEVELS, at)).toImage()
    picture = picture.convertToFormat(QImage.Format.Format_RGB32)
    packed = np.frombuffer(picture.constBits(), np.uint32).reshape(at.height, at.width)
    return np.stack([packed >> shift & 255 for shift in (16, 8, 0)], axis=-1)


@pytest.fixture
def hand(qapp):
    return Hand(0, 1)


def test_at_one_to_one_the_screen_shows_the_pixels_of_the_slide(hand):
    mosaic = Mosaic(LEVELS, hand, QColor(255, 255, 255))
    np.testing.assert_array_equal(painted(mosaic, view()), FINE[9:39, 12:52])


def test_at_half_the_size_it_shows_the_pixels_of_the_coarser_level(hand):
    mosaic = Mosaic(LEVELS, hand, QColor(255, 255, 255))
    shown = painted(mosaic, view(0.5, width=20, height=16))
    np.testing.assert_array_equal(shown, COARSE[4:20, 6:26])


def test_a_step_of_the_hand_paints_only_what_came_into_sight(hand):
    mosaic = Mosaic(LEVELS, hand, QColor(255, 255, 255))
    painted(mosaic, view())
    hand.asked.clear()
    np.testing.assert_array_equal(painted(mosaic, view(x=35, y=24)), FINE[9:39, 15:55])
    assert {key.column for key in hand.asked} == {3}  # the strip from 52 to 55


def test_steps_in_all_directions_end_where_one_paint_would(hand):
    mosaic, x, y = Mosaic(LEVELS, hand, QColor(255, 255, 255)), 32.0, 24.0
    for dx, dy in RNG.integers(-5, 6, (40, 2)):
        x, y = min(max(x + dx, 0), 64), min(max(y + dy, 0), 48)
        shown = painted(mosaic, view(x=x, y=y))
    again = painted(Mosaic(LEVELS, hand, QColor(255, 255, 255)), view(x=x, y=y))
    np.testing.assert_array_equal(shown, again)


def test_a_tile_that_came_takes_the_place_of_a_coarser_one(hand):
    hand.levels = [1]
    mosaic = Mosaic(LEVELS, hand, QColor(255, 255, 255))
    before = painted(mosaic, view())
    hand.levels = [0, 1]
    mosaic.spoil([TileKey(0, 1, 1)])
    after = painted(mosaic, view())
    # The tile covers columns 16 to 32 and rows 16 to 32 of the slide; the screen begins at 12, 9.
    np.testing.assert_array_equal(after[7:23, 4:20], FINE[16:32, 16:32])
    np.testing.assert_array_equal(after[:, 20:], before[:, 20:])


def test_paper_stands_where_nothing_was_read_and_black_beside_the_slide(hand):
    hand.levels = []
    shown = painted(Mosaic(LEVELS, hand, QColor(250, 240, 230)), view(x=0, y=0))
    assert shown[0, 0].tolist() == [0, 0, 0]
    assert shown[-1, -1].tolist() == [250, 240, 230]


def test_a_small_copy_stands_in_for_what_was_not_read(hand):
    hand.levels = []
    mosaic = Mosaic(LEVELS, hand, QColor(255, 255, 255))
    mosaic.lay_under(np.full((3, 4, 3), (10, 20, 30), np.uint8))
    assert painted(mosaic, view())[5, 5].tolist() == [10, 20, 30]


def test_a_zoom_is_rough_until_it_rests(hand):
    mosaic = Mosaic(LEVELS, hand, QColor(255, 255, 255))
    painted(mosaic, view())
    painted(mosaic, view(1.3))
    assert mosaic.is_rough
    painted(mosaic, view(1.3))
    assert not mosaic.is_rough


def test_neighbours_share_their_edges_at_any_zoom():
    for zoom in (0.337, 0.5, 1.0, 1.7, 3.01):
        at = view(zoom, x=31.7, y=22.2)
        left, right = placed(at, Box(0, 0, 16, 16)), placed(at, Box(16, 0, 32, 16))
        assert left.x() + left.width() == right.x()


def test_a_snapped_view_begins_at_a_whole_pixel():
    at = snapped(Viewport(41, 31, 1.0, Point(20.3, 10.9)))
    corner = at.to_screen(Point(0, 0))
    assert (corner.x % 1, corner.y % 1) == (0, 0)
    assert placed(at, Box(0, 0, 64, 48)) == QRect(0, 5, 64, 48)


def test_a_part_of_a_picture_is_drawn_where_it_belongs_at_any_zoom(qapp):
    # Four colours over 64 x 48 pixels of the slide; the screen shows the corner where they meet.
    picture = colour_picture(
        np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 0]]], np.uint8)
    )
    for zoom in (1.0, 40.0, 5000.0):
        screen = QPixmap(40, 30)
        screen.fill(QColor(0, 0, 0))
        with QPainter(screen) as painter:
            at = Viewport(40, 30, zoom, Point(32, 24))
            draw_part(painter, at, picture, Box(0, 0, 64, 48))
        shown = screen.toImage()
        corners = [shown.pixelColor(x, y).name() for y in (2, 27) for x in (2, 37)]
        assert corners == ["#ff0000", "#00ff00", "#0000ff", "#ffff00"]
