import pytest
from doubles import Desk

from afloc_desktop.ui.qt import QInputDialog, QLineEdit, Qt


@pytest.fixture
def desk(station):
    """A window with effusion chosen, nobody named."""
    made = station(Desk())
    made.settle()
    made.workspace.select_finding("effusion")
    return made


def verdict(station):
    state = station.store.state
    found = state.judgement(state.answer)
    return None if found is None else found.statement.finding


def name(station, words):
    dialog = station.window.findChild(QInputDialog)
    dialog.setTextValue(words)
    assert dialog.findChild(QLineEdit) is not None
    dialog.accept()


def test_the_reader_is_asked_once(desk, qtbot):
    qtbot.keyClick(desk.window.viewer.canvas, Qt.Key.Key_Y)
    name(desk, "Dr Reader")
    qtbot.waitUntil(lambda: verdict(desk) is not None)
    assert (verdict(desk).status, verdict(desk).author) == ("accepted", "Dr Reader")
    desk.workspace.select_finding("nodule")
    desk.window.verdict.accept()
    qtbot.waitUntil(lambda: verdict(desk) is not None)


def test_without_a_name_nothing_is_judged(desk, qtbot):
    desk.window.verdict.accept()
    name(desk, "  ")
    desk.settle()
    assert verdict(desk) is None


def test_a_redrawn_finding_is_stated_and_redrawn_from_there(desk, qtbot):
    desk.workspace.judging.set_reader("R")
    qtbot.keyClick(desk.window.viewer.canvas, Qt.Key.Key_E)
    desk.window.judging.sheet.keep()
    qtbot.waitUntil(lambda: verdict(desk) is not None)
    first = verdict(desk)
    assert (first.status, len(first.regions) > 0) == ("edited", True)
    desk.window.judging.draw()
    assert desk.window.judging.sheet is not None
    desk.window.judging.sheet.leave()


def test_a_finding_that_is_not_there_is_redrawn_from_a_circle(desk, qtbot):
    desk.workspace.judging.set_reader("R")
    desk.workspace.drawn.set_threshold(2.0)
    desk.window.judging.draw()
    desk.window.judging.sheet.keep()
    qtbot.waitUntil(lambda: verdict(desk) is not None)
    assert verdict(desk).is_present


def test_the_sheet_goes_with_what_it_is_about(desk):
    desk.workspace.judging.set_reader("R")
    for leave in (
        lambda: desk.workspace.drawn.hide_ai(True),
        lambda: desk.workspace.select_finding("nodule"),
        desk.workspace.select_next,
    ):
        desk.workspace.drawn.hide_ai(False)
        desk.window.judging.draw()
        assert desk.window.judging.sheet is not None
        leave()
        assert desk.window.judging.sheet is None


def test_undo_and_redo_are_in_the_menu_while_there_is_something(desk, qtbot):
    desk.workspace.judging.set_reader("R")
    canvas = desk.window.viewer.canvas
    qtbot.keyClick(canvas, Qt.Key.Key_Y)
    qtbot.waitUntil(lambda: verdict(desk) is not None)
    qtbot.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert verdict(desk) is None
    qtbot.keyClick(canvas, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert verdict(desk) is not None


def test_keys_keep_findings_and_show_them_all(desk, qtbot):
    canvas = desk.window.viewer.canvas
    qtbot.keyClick(canvas, Qt.Key.Key_K)
    assert [p.words for p in desk.store.state.kept] == ["effusion"]
    qtbot.keyClick(canvas, Qt.Key.Key_K)
    assert desk.store.state.kept == ()
    qtbot.keyClick(canvas, Qt.Key.Key_A, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(canvas, Qt.Key.Key_B)
    assert (desk.store.state.draws_all, desk.store.state.has_boxes) == (True, True)
