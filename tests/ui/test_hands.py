import pytest
from doubles import Desk, film, listing, ref

from afloc_desktop.core.domain import Spacing
from afloc_desktop.core.geometry import Point
from afloc_desktop.state.drawings import marks_of
from afloc_desktop.state.store import Grid
from afloc_desktop.ui.qt import QInputDialog, QPoint, QPointF, Qt

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def desk(station):
    """A window with film 1."""
    made = station(Desk(found=listing(1, 2)))
    made.settle()
    made.canvas = made.window.viewer.canvas
    made.canvas.setFocus()
    return made


def draw(qtbot, canvas, start, end):
    """Drag between two source points."""
    ends = [canvas.scene.view.to_screen(Point(*p)) for p in (start, end)]
    first, last = (QPoint(round(p.x), round(p.y)) for p in ends)
    qtbot.mousePress(canvas, LEFT, pos=first)
    qtbot.mouseMove(canvas, last)
    qtbot.mouseRelease(canvas, LEFT, pos=last)


def trigger(desk, name):
    desk.window._actions[name].trigger()


def test_a_length_is_drawn_moved_taken_back_and_deleted(desk, qtbot):
    trigger(desk, "tool_length")
    draw(qtbot, desk.canvas, (10, 10), (40, 10))
    (drawn,) = marks_of(desk.store.state)
    assert drawn.points[1].x == pytest.approx(40, abs=0.2)
    trigger(desk, "tool_hand")
    draw(qtbot, desk.canvas, (25, 10), (25, 30))
    (moved,) = marks_of(desk.store.state)
    assert moved.points[0].y == pytest.approx(30, abs=0.3)
    trigger(desk, "undo")
    assert marks_of(desk.store.state) == (drawn,)
    desk.canvas.pencil.selected = 0
    trigger(desk, "delete_mark")
    assert marks_of(desk.store.state) == ()


def test_only_one_tool_is_in_the_hand_and_escape_puts_it_down(desk, qtbot):
    for name in ("tool_angle", "tool_ellipse"):
        trigger(desk, name)
    actions = desk.window._actions
    assert not actions["tool_angle"].isChecked()
    assert actions["tool_ellipse"].isChecked()
    qtbot.keyClick(desk.canvas, Qt.Key.Key_Escape)
    assert desk.canvas.pencil.tool == "hand"
    assert actions["tool_hand"].isChecked()


def test_a_known_length_calibrates_the_film(desk, qtbot, monkeypatch):
    monkeypatch.setattr(QInputDialog, "getDouble", lambda *arguments: (60.0, True))
    trigger(desk, "tool_calibrate")
    draw(qtbot, desk.canvas, (10, 10), (40, 10))
    spacing = desk.store.state.spacing(desk.store.state.image)
    assert spacing == Spacing(pytest.approx(2, abs=0.02), pytest.approx(2, abs=0.02), "reader")
    assert marks_of(desk.store.state) == ()
    trigger(desk, "forget_calibration")
    assert desk.store.state.spacing(desk.store.state.image) is None


@pytest.mark.parametrize(
    ("answer", "texts"), [(("  a <b>note</b> ", True), ["a <b>note</b>"]), (("", True), []),
                          (("x", False), [])]
)  # fmt: skip
def test_a_text_is_asked_for_and_empty_ones_are_dropped(desk, qtbot, monkeypatch, answer, texts):
    monkeypatch.setattr(QInputDialog, "getText", lambda *arguments: answer)
    trigger(desk, "tool_text")
    draw(qtbot, desk.canvas, (20, 20), (20, 20))
    assert [mark.text for mark in marks_of(desk.store.state)] == texts
    assert not desk.canvas.grab().isNull()


def test_layouts_and_links_are_commands(desk):
    trigger(desk, "pair")
    assert desk.store.state.grid == Grid(1, 2)
    desk.workspace.wall.place(1, ref(2))
    desk.settle()
    trigger(desk, "link")
    trigger(desk, "zoom_in")
    left, right = desk.window.viewer.wall.canvases
    assert right is desk.window.viewer.canvas
    assert left.scene.view.zoom == pytest.approx(right.scene.view.zoom)
    trigger(desk, "single")
    assert len(desk.window.viewer.wall.canvases) == 1
    assert desk.window.viewer.canvas.scene.film.image.ref == ref(2)


def test_number_keys_choose_a_window_and_the_menu_names_it(desk, qtbot):
    qtbot.keyClick(desk.canvas, Qt.Key.Key_3)
    assert desk.window._actions["window_3"].text() == "Full range"
    assert desk.window.viewer._windows.currentText() == "Full range"
    assert not desk.window._actions["window_4"].isVisible()


def test_the_lens_is_there_while_its_key_is_held(desk, qtbot, monkeypatch):
    monkeypatch.setattr(type(desk.canvas), "underMouse", lambda self: True)
    qtbot.keyPress(desk.canvas, Qt.Key.Key_M)
    assert desk.canvas.lens.at is not None
    assert not desk.canvas.grab().isNull()
    qtbot.keyRelease(desk.canvas, Qt.Key.Key_M)
    assert desk.canvas.lens.at is None


def test_text_in_the_corners_can_be_hidden_but_not_that_a_film_is_flipped(desk):
    trigger(desk, "corner_text")
    assert not desk.canvas.has_text
    bare = desk.canvas.grab().toImage()
    trigger(desk, "flip_across")
    trigger(desk, "flip_across")
    assert desk.canvas.grab().toImage() == bare
    trigger(desk, "flip_across")
    assert desk.canvas.grab().toImage() != bare


def test_a_film_dropped_on_a_cell_is_shown_there(desk):
    from afloc_desktop.ui.panels.studies import _written

    trigger(desk, "pair")
    desk.window.viewer.wall.dropped.emit(1, _written(ref(2)))
    desk.settle()
    assert (desk.store.state.active, desk.store.state.image.ref) == (1, ref(2))
    desk.window.viewer.wall.dropped.emit(0, b"of another process")
    assert desk.store.state.active == 1
    assert film(2).ref == desk.store.state.image.ref


def test_a_double_click_on_a_mark_does_not_fit(desk, qtbot):
    trigger(desk, "tool_length")
    draw(qtbot, desk.canvas, (10, 10), (40, 10))
    trigger(desk, "tool_hand")
    desk.canvas.zoom_by(1.5, Point(0, 0))
    view = desk.canvas.scene.view
    seen = view.to_screen(Point(25, 10))
    at = QPointF(seen.x, seen.y).toPoint()
    qtbot.mouseDClick(desk.canvas, LEFT, pos=at)
    assert desk.canvas.scene.view == view
