import threading

import pytest
from bars import LATEST_S
from leaving import Leaving

from afloc_desktop.core.errors import ExportError
from afloc_desktop.ui import strings
from afloc_desktop.ui.exporting import ExportDialog, make_exporters
from afloc_desktop.ui.loop import Loop
from afloc_desktop.ui.qt import QMainWindow, QPushButton, Qt


@pytest.fixture
def desk(tmp_path, qapp):
    made = Leaving(tmp_path, Loop())
    yield made
    made.tasks.close()


@pytest.fixture
def dialog(desk, qtbot):
    parent = QMainWindow()
    qtbot.addWidget(parent)

    def make():
        made = ExportDialog(parent, desk.store, desk, str(desk.out))
        made.open()
        return made

    return make


def lines(tree):
    items = [tree.topLevelItem(n) for n in range(tree.topLevelItemCount())]
    return [[item.text(n) for n in range(tree.columnCount())] for item in items]


def choose(dialog, *ids):
    for id_, box in dialog.kinds.items():
        box.setChecked(id_ in ids)


def test_what_will_be_written_is_shown_before(dialog):
    made = dialog()
    choose(made, "sr", "csv", "pdf")
    series = "AFLoc: Pleural effusion, image-text similarity, research use"
    assert lines(made.preview) == [
        ["Structured report", "3", "AFLoc_sr_*.dcm", series],
        ["PDF, one page a study", "2", "summary*.pdf", ""],
        ["CSV table", "1", "findings*.csv", ""],
    ]
    assert made.go.isEnabled()
    made.folder.setText(" ")
    assert not made.go.isEnabled()
    made.close()


def test_nothing_accepted_is_nothing_to_export(desk, dialog):
    desk.accepted = {}
    made = dialog()
    assert not made.go.isEnabled()
    made.close()


def test_an_export_by_keyboard_lists_every_file(desk, dialog, qtbot):
    made = dialog()
    choose(made, "seg", "pdf", "csv")
    made.folder.setFocus()
    qtbot.keyClick(made.folder, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.export is not None and desk.export.is_done)
    shown = lines(made.preview)
    assert [(kind, film, said) for _, kind, film, said in shown] == [
        ("Segmentation: regions", "1", strings.EXPORT_OK),
        ("Segmentation: regions", "2", strings.EXPORT_OK),
        ("PDF, one page a study", "1, 2", strings.EXPORT_OK),
        ("Segmentation: regions", "3", strings.EXPORT_OK),
        ("PDF, one page a study", "3", strings.EXPORT_OK),
        ("CSV table", "1, 2, 3", strings.EXPORT_OK),
    ]
    assert sorted(line[0] for line in shown) == sorted(p.name for p in desk.out.iterdir())
    assert len(desk.notes) == 9
    made.close()
    assert desk.export is None


def test_what_fails_says_why_beside_what_was_written(desk, dialog, qtbot):
    desk.note_error = ExportError("<b>The trail</b> is full.", remedy="Ask.")
    made = dialog()
    choose(made, "csv")
    made.go.click()
    qtbot.waitUntil(lambda: desk.export is not None and desk.export.is_done)
    assert [line[3] for line in lines(made.preview)] == [
        strings.EXPORT_OK,
        "<b>The trail</b> is full. Ask.",
    ]
    made.close()


def test_stop_keeps_the_window_and_a_second_press_closes_it(desk, dialog, qtbot, monkeypatch):
    is_reading, may_go_on = threading.Event(), threading.Event()

    def slow(ref, *, should_stop):
        is_reading.set()
        may_go_on.wait(LATEST_S)
        return desk.read(ref, should_stop=should_stop)

    monkeypatch.setattr(desk.exports, "_read", slow)
    made = dialog()
    choose(made, "sr")
    made.go.click()
    assert is_reading.wait(LATEST_S)
    (stop,) = (b for b in made.findChildren(QPushButton) if b.text() == strings.STOP)
    stop.click()
    may_go_on.set()
    assert (made.isVisible(), desk.export.is_stopped, stop.text()) == (True, True, strings.CLOSE)
    stop.click()
    assert desk.export is None
    assert not desk.out.exists()


def test_the_exporters_of_the_window_are_all_that_are_offered():
    assert make_exporters(["pdf", "seg"])["pdf"].media == "application/pdf"


def test_the_window_offers_the_export_of_an_open_study(station):
    made = station()
    made.settle()
    action = made.window._actions["export"]
    assert action.isEnabled()
    action.trigger()
    (dialog,) = made.window.findChildren(ExportDialog)
    assert lines(dialog.preview)[0][1] == "0"
    dialog.close()
