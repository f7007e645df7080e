import os
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
import tiny_bundle
from bars import LATEST_S, hold_within, in_time
from doubles import Desk, FakeLocalizer

from afloc_desktop.state.models import open_default
from afloc_desktop.state.paths import Paths
from afloc_desktop.state.settings import load_settings
from afloc_desktop.state.workspace import engine
from afloc_desktop.ui import app, strings
from afloc_desktop.ui.app import Camera, Station
from afloc_desktop.ui.qt import QApplication, QMessageBox, QPixmap


def test_closing_remembers_the_window_and_the_look(station):
    made = station()
    made.settle()
    made.workspace.drawn.set_opacity(0.3)
    made.workspace.drawn.set_contour(True)
    made.window.last_folder = "/films"
    made.window.close()
    saved = load_settings(Paths.default().settings_file)
    assert (saved.opacity, saved.is_contour, saved.last_folder) == (0.3, True, "/films")
    assert saved.window[2:] == (1100, 700)
    assert len(saved.columns) == 3
    again = station(paths=())
    assert (again.store.state.opacity, again.window.last_folder) == (0.3, "/films")


def test_questions_are_remembered_from_run_to_run(station):
    made = station()
    made.settle()
    for words in ("first words", "second words"):
        made.workspace.ask(words)
    made.settle()
    made.window.close()
    again = station(paths=())
    assert again.store.state.asked == ()
    assert again.store.state.questions == ("second words", "first words")
    again.workspace.ask("first words")
    again.window.close()
    assert load_settings(Paths.default().settings_file).questions == "first words\nsecond words"


def test_unusable_settings_are_said_and_kept(station):
    file = Paths.default().settings_file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("schema = 99")
    made = station(paths=())
    assert (
        made.store.state.settings_problem.reason
        == "The settings file was written by a newer version of the application."
    )
    assert file.with_suffix(".unusable.toml").read_text() == "schema = 99"


def test_the_first_window_fits_its_screen(qtbot):
    made = Station(Paths.default(), Desk().engine())
    free = QApplication.primaryScreen().availableGeometry()
    assert made.window.width() <= max(free.width(), made.window.minimumSizeHint().width())
    made.close()
    made.window.close()
    made.window.deleteLater()


def test_a_window_closed_before_it_was_painted_begins_nothing(station, qtbot):
    made = station()
    made.window.close()
    qtbot.wait(300)
    assert not made.has_begun
    assert made.store.state.opened == ()


def test_the_sample_opens_with_its_strongest_finding(station):
    made = station(paths=(), demo=True)
    made.settle()
    assert made.store.state.answer is not None


def test_the_picture_is_taken_when_everything_has_come_to_rest(station, qtbot, tmp_path):
    made = station(Desk(localizer=FakeLocalizer(delay_s=0.05)), paths=(), demo=True)
    camera = Camera(made, tmp_path / "window.png")
    qtbot.waitUntil(lambda: camera.is_saved)
    assert made.store.state.answer is not None
    assert QPixmap(str(tmp_path / "window.png")).width() == 1100
    assert not made.window.isVisible()


def test_closing_during_inference_takes_less_than_a_second(station, qtbot):
    is_asked, may_answer = threading.Event(), threading.Event()

    class Stuck(FakeLocalizer):
        def localize(self, image, prompt, *, check=lambda: None):
            is_asked.set()
            may_answer.wait(LATEST_S)
            return super().localize(image, prompt)

    made = station(Desk(localizer=Stuck()))
    qtbot.waitUntil(is_asked.is_set)
    with in_time("closing during inference", 1):
        made.window.close()
        made.close()
    may_answer.set()


@pytest.mark.bench
def test_nothing_freezes_while_the_model_runs(station, qtbot):
    """The longest silence of the event loop while a slow model answers five findings."""

    def longest_silence():
        made = station(Desk(localizer=FakeLocalizer(delay_s=0.1)))
        qtbot.waitUntil(lambda: made.store.state.image is not None)
        longest, last = 0.0, time.monotonic()
        while len(made.store.state.answers) < 5:
            qtbot.wait(2)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
        return longest

    hold_within("longest silence, s", longest_silence, 0.1)


def test_a_defect_reaches_the_reader(station, capsys):
    made = station(paths=())
    try:
        raise ValueError("ours")
    except ValueError as error:
        app._crashed(made, Paths.default().log, ValueError, error, error.__traceback__)
    box = made.window.findChild(QMessageBox)
    assert box.text() == strings.CRASH_TEXT
    assert "ValueError: ours" in box.detailedText()
    assert "ValueError: ours" in capsys.readouterr().err
    app._crashed(made, Paths.default().log, ValueError, ValueError("again"), None)
    assert made.window.findChildren(QMessageBox) == [box]
    box.reject()


STUCK = """
import time
from dataclasses import replace
from afloc_desktop.ui import app

class Stuck:
    def __call__(self, paths):
        real = make(paths)
        return replace(real, open_model=lambda *_: time.sleep(200))

make, app.engine = app.engine, Stuck()
app.run([], quit_after_s=0.3)
"""


@pytest.mark.slow
def test_a_process_with_a_stuck_worker_ends_at_once():
    # Start 1.1 s, open for 0.3 s, half a second of patience; the worker would take minutes.
    with in_time("ending with a stuck worker", 10, patience=12):
        child = subprocess.run([sys.executable, "-c", STUCK], capture_output=True, timeout=250)
    assert child.returncode == 0, child.stderr.decode()


@pytest.mark.slow
def test_the_window_starts_and_ends_as_a_process(tmp_path):
    code = (
        "from pathlib import Path; import sys; from afloc_desktop.ui.app import run;"
        f"code = run([], screenshot=Path({str(tmp_path / 'w.png')!r}), quit_after_s=200);"
        "assert 'torch' not in sys.modules; sys.exit(code)"
    )
    home = os.environ | {"AFLOC_HOME": str(tmp_path / "home")}
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=250, env=home)
    assert child.returncode == 0, child.stderr.decode()
    assert (tmp_path / "w.png").stat().st_size > 1000


def test_the_real_calls_go_from_a_folder_to_a_painted_answer(qtbot):
    """A real bundle in the reader's own folder, the sample study, no double in between."""
    tiny_bundle.make(Paths.default().bundles / "tiny")
    made = Station(Paths.default(), replace(engine(Paths.default()), open_model=open_tiny))
    made.show((), demo=True)
    qtbot.waitUntil(lambda: made.store.state.answer is not None)
    canvas, state = made.window.viewer.canvas, made.store.state
    canvas.repaint()
    assert canvas.scene.answer_to_paint(state) is state.answer
    assert state.model.provider == "CPUExecutionProvider"
    assert {p.words for p in state.answers} == {"bright_spot", "dark_spot"}
    made.workspace.ask("right bright spot")
    qtbot.waitUntil(lambda: made.store.state.answer is not None)
    assert made.store.state.answer.question.notes == ("finding: Bright spot", "side: right")
    assert canvas.scene.answer_to_paint(made.store.state) is not None
    made.close()
    made.window.close()
    made.window.deleteLater()


def open_tiny(*_):
    """Not the shipped model: the answers of the tiny one are known."""
    return open_default(Paths.default(), bundle_id="tiny")
