import math

import pytest
from readings import reading

from afloc_desktop.core.geometry import Point
from afloc_desktop.core.judging import enclosed
from afloc_desktop.state.store import State
from afloc_desktop.ui.canvas import FilmCanvas
from afloc_desktop.ui.outlining import OutlineSheet, first_outline
from afloc_desktop.ui.qt import QPoint, Qt

SQUARE = (Point(10, 10), Point(40, 10), Point(40, 40), Point(10, 40))


@pytest.fixture
def canvas(qtbot):
    made = FilmCanvas()
    qtbot.addWidget(made)
    made.resize(500, 600)
    made.render_state(State(), reading())
    made.show()
    return made


def on_screen(canvas, x, y):
    at = canvas.scene.view.to_screen(Point(x, y))
    return QPoint(round(at.x), round(at.y))


def drag(qtbot, sheet, start, end):
    qtbot.mousePress(sheet, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(sheet, pos=end)
    qtbot.mouseRelease(sheet, Qt.MouseButton.LeftButton, pos=end)


def test_a_pull_moves_the_line_as_far_on_the_film_as_the_pointer(canvas, qtbot):
    sheet = OutlineSheet(canvas, [SQUARE])
    with qtbot.waitSignal(sheet.kept) as kept:
        drag(qtbot, sheet, on_screen(canvas, 25, 10), on_screen(canvas, 25, 4))
        sheet.keep()
    (line,) = kept.args[0]
    top = min(line, key=lambda point: point.y)
    assert top == pytest.approx((25, 4), abs=0.2)
    assert enclosed(line) > 930
    assert min(math.dist(p, (40, 40)) for p in line) < 1e-9


def test_a_pull_ends_at_the_edge_of_the_film(canvas, qtbot):
    sheet = OutlineSheet(canvas, [SQUARE])
    with qtbot.waitSignal(sheet.kept) as kept:
        drag(qtbot, sheet, on_screen(canvas, 25, 10), QPoint(250, -300))
        sheet.keep()
    assert min(p.y for p in kept.args[0][0]) == 0


def test_away_from_the_line_the_mouse_moves_the_film(canvas, qtbot):
    sheet = OutlineSheet(canvas, [SQUARE])
    before = canvas.scene.view.centre
    drag(qtbot, sheet, QPoint(250, 300), QPoint(280, 300))
    assert canvas.scene.view.centre.x < before.x
    sheet.leave()


@pytest.mark.parametrize(
    ("key", "signal"), [(Qt.Key.Key_Return, "kept"), (Qt.Key.Key_Escape, "left")]
)
def test_enter_keeps_and_escape_leaves(canvas, qtbot, key, signal):
    sheet = OutlineSheet(canvas, [SQUARE])
    with qtbot.waitSignal(getattr(sheet, signal)):
        qtbot.keyClick(sheet, key)
    assert not sheet.isVisible()


def test_the_sheet_follows_the_canvas(canvas):
    sheet = OutlineSheet(canvas, [SQUARE])
    canvas.resize(420, 380)
    assert sheet.size() == canvas.size()
    assert not sheet.grab().isNull()
    sheet.leave()


def test_a_first_outline_is_a_circle_on_the_film():
    circle = first_outline(Point(50, 2), 200, 100)
    assert min(p.y for p in circle) == 0
    assert max(p.y for p in circle) == pytest.approx(10)
