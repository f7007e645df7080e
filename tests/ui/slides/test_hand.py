import pytest

from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.ui.qt import QPoint, QPointF, Qt, QWheelEvent

BUTTON, NO_KEY, SHIFT = (
    Qt.MouseButton,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


def drag(qtbot, canvas, start, end, button=BUTTON.LeftButton, keys=NO_KEY):
    qtbot.mousePress(canvas, button, keys, QPoint(*start))
    qtbot.mouseMove(canvas, QPoint(*end))
    qtbot.mouseRelease(canvas, button, keys, QPoint(*end))


def wheel(canvas, at, notches):
    position = QPointF(*at)
    canvas.wheelEvent(
        QWheelEvent(position, position, QPoint(), QPoint(0, 120 * notches), BUTTON.NoButton,
                    NO_KEY, Qt.ScrollPhase.NoScrollPhase, False)
    )  # fmt: skip


@pytest.mark.parametrize("button", [BUTTON.LeftButton, BUTTON.MiddleButton])
def test_a_drag_moves_the_slide(qtbot, canvas, button):
    canvas.one_to_one()
    under = canvas.scene.view.to_source(Point(100, 200))
    drag(qtbot, canvas, (100, 200), (130, 180), button)
    assert canvas.scene.view.to_source(Point(130, 180)) == pytest.approx(under)


def test_the_wheel_zooms_at_the_pointer(canvas):
    under, zoom = canvas.scene.view.to_source(Point(90, 210)), canvas.scene.view.zoom
    wheel(canvas, (90, 210), 3)
    after = canvas.scene.view
    assert after.zoom == pytest.approx(zoom * 1.2**3)
    # Within half a device pixel: the slide lies at whole ones.
    assert after.to_source(Point(90, 210)) == pytest.approx(under, abs=0.51 / after.zoom)


def test_arrow_keys_move_by_a_fifth_of_the_screen(qtbot, canvas):
    canvas.one_to_one()
    x, y = canvas.scene.view.centre
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    qtbot.keyClick(canvas, Qt.Key.Key_Up)
    assert canvas.scene.view.centre == pytest.approx((x + 80, y - 60))


def test_the_slide_cannot_be_lost(qtbot, canvas):
    canvas.one_to_one()
    for _ in range(30):
        qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.scene.view.centre.x == pytest.approx(1000, abs=1)


def test_a_double_click_fits_the_slide(qtbot, canvas):
    canvas.one_to_one()
    qtbot.mouseDClick(canvas, BUTTON.LeftButton, NO_KEY, QPoint(100, 200))
    assert canvas.scene.visible == Box(0, 0, 1000, 700)


def test_a_click_on_the_map_goes_there(qtbot, canvas):
    canvas.one_to_one()
    canvas.grab()
    # 90 points long: 0.3 of the shorter side, 12 from the right edge, 12 from the top.
    qtbot.mouseClick(canvas, BUTTON.LeftButton, NO_KEY, QPoint(298 + 45, 12 + 31))
    assert canvas.scene.view.centre == pytest.approx((500, 344), abs=12)
    drag(qtbot, canvas, (300, 14), (298 + 81, 12 + 60))
    assert canvas.scene.view.centre == pytest.approx((900, 667), abs=12)


@pytest.mark.parametrize("keys", [NO_KEY, SHIFT])
def test_a_rectangle_chooses_a_region_of_the_slide(qtbot, canvas, keys):
    chosen = []
    canvas.chosen.connect(chosen.append)
    canvas.choose_region(keys == NO_KEY)
    canvas.one_to_one()
    corner = canvas.scene.view.to_source(Point(50, 120))
    drag(qtbot, canvas, (50, 120), (150, 220), keys=keys)
    x, y = round(corner.x), round(corner.y)
    assert chosen == [Box(x, y, x + 100, y + 100)]
    assert not canvas.is_choosing


def test_a_region_ends_where_the_slide_ends(qtbot, canvas):
    chosen = []
    canvas.chosen.connect(chosen.append)
    canvas.choose_region(True)
    drag(qtbot, canvas, (1, 1), (399, 299))
    assert chosen == [Box(0, 0, 1000, 700)]


def test_a_click_chooses_no_region(qtbot, canvas):
    chosen = []
    canvas.chosen.connect(chosen.append)
    canvas.choose_region(True)
    drag(qtbot, canvas, (50, 120), (52, 125))
    assert chosen == []


def test_what_was_taken_up_is_put_down_once(canvas):
    canvas.choose_region(True)
    assert canvas.put_down()
    assert not canvas.put_down()


def test_the_place_under_the_pointer_is_told_in_pixels_and_millimetres(qtbot, canvas):
    told = []
    canvas.probed.connect(told.append)
    canvas.one_to_one()
    canvas.scene.centre_on(Point(400, 300))
    qtbot.mouseMove(canvas, QPoint(200, 150))
    assert told[-1] == "x 400  y 300   0.100 × 0.075 mm"
    canvas.fit()
    qtbot.mouseMove(canvas, QPoint(1, 1))
    assert told[-1] == ""
