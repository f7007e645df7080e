import pytest

from afloc_desktop.state.paths import Paths
from afloc_desktop.state.session import read
from afloc_desktop.ui import app, strings
from afloc_desktop.ui.qt import QMessageBox


@pytest.fixture
def crash(station, qtbot, tmp_path):
    """A run that judged a finding and went without closing its window."""

    def make():
        made = station(paths=(tmp_path,))
        made.settle()
        made.workspace.judging.set_reader("R")
        made.workspace.select_finding("effusion")
        made.window.verdict.accept()
        qtbot.waitUntil(lambda: bool(made.store.state.judged))
        app._crashed(made, Paths.default().log, ValueError, ValueError("x"), None)
        made.window.findChild(QMessageBox).close()
        made.autosave._lock.unlock()  # as the end of its process would
        return made

    return make


def answer(station, text):
    (box,) = (b for b in station.window.findChildren(QMessageBox) if b.isVisible())
    next(b for b in box.buttons() if b.text() == text).click()


def test_after_a_crash_everything_comes_back(crash, station):
    crash()
    again = station(paths=())
    again.settle()
    again.autosave.offer()
    answer(again, strings.RESTORE_YES)
    again.settle()
    state = again.store.state
    assert [j.status for j in state.judged.values()] == ["accepted"]
    assert state.image is not None
    again.window.close()
    assert read(Paths.default().session) is None


def test_a_reader_may_begin_anew(crash, station):
    crash()
    again = station(paths=())
    again.autosave.offer()
    answer(again, strings.RESTORE_NO)
    assert again.store.state.judged == {}
    assert read(Paths.default().session) is None


def test_changes_are_on_disk_a_moment_later(station, qtbot, tmp_path):
    made = station(paths=(tmp_path,))
    qtbot.waitUntil(
        lambda: (kept := read(Paths.default().session)) is not None and kept.opened == (tmp_path,)
    )
    made.settle()
    made.window.close()
    assert read(Paths.default().session) is None


def test_a_second_window_leaves_the_session_of_the_first_alone(station, tmp_path):
    first = station(paths=(tmp_path,))
    first.settle()
    first.autosave.crashed()
    second = station(paths=())
    assert not second.autosave.is_first
    second.autosave.offer()
    second.autosave.crashed()
    second.window.close()
    assert read(Paths.default().session).opened == (tmp_path,)


def test_a_home_that_cannot_be_written_opens_a_window_all_the_same(station, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AFLOC_HOME", str(tmp_path / "file" / "home"))
    made = station(paths=())
    made.settle()
    assert not made.autosave.is_first
