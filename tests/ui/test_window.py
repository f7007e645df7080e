import random
import time
from dataclasses import replace

import pytest
from bars import in_time
from doubles import Desk, FakeLocalizer, film, listing, ref
from readings import MARKUP, STATES

from afloc_desktop.core.dicom.orientation import Turn
from afloc_desktop.core.domain import Prompt
from afloc_desktop.state.paths import Paths
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks
from afloc_desktop.state.workspace import Workspace, engine
from afloc_desktop.ui import strings
from afloc_desktop.ui.app import Station
from afloc_desktop.ui.qt import (
    QApplication,
    QEvent,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMainWindow,
    Qt,
    QUrl,
    QWidget,
)
from afloc_desktop.ui.scene import Scene
from afloc_desktop.ui.window import MainWindow


def press(qtbot, window, key):
    qtbot.keyClick(window.viewer.canvas, key)


@pytest.fixture
def reading(station):
    """A window with a film and every number."""
    made = station()
    made.settle()
    made.window.viewer.canvas.setFocus()
    return made


@pytest.mark.parametrize("name", STATES)
def test_every_state_can_be_shown(qtbot, name):
    store = Store(STATES[name])
    tasks = Tasks(lambda call: None, lambda keys: None)
    window = MainWindow(store, Workspace(store, tasks, Desk().engine(), lambda call: None))
    qtbot.addWidget(window)
    window.resize(1000, 700)
    assert not window.grab().isNull()
    tasks.close()


def test_research_use_only_is_always_visible(station):
    made = station(size=(900, 600))
    for state in (made.store.state, STATES["answered"], STATES["hidden"]):
        made.window.render_state(made.store.state, state)
        shown = [part.text() for part in made.window.findChildren(QLabel) if part.isVisible()]
        assert strings.RESEARCH_ONLY in shown


def test_opening_a_folder_ends_with_a_film_and_numbers(reading):
    assert reading.window.viewer.canvas.scene.film.image.ref == ref(1)
    assert len(reading.store.state.answers) == 5


def test_a_selected_finding_is_painted_within_a_second(reading, qtbot):
    canvas = reading.window.viewer.canvas
    with in_time("painting a chosen finding", 1):
        reading.workspace.select_finding("nodule")
        canvas.repaint()
    assert canvas.scene.answer_to_paint(reading.store.state) is not None


def test_the_film_shows_where_there_is_no_model(station):
    made = station(Desk(localizer=None))
    made.settle()
    assert made.window.viewer.canvas.scene is not None
    shown = [part.text() for part in made.window.findChildren(QLabel) if part.isVisible()]
    assert any("There is no model bundle installed. Install one." in text for text in shown)


def test_keys_do_what_the_menu_says(reading, qtbot):
    window, canvas = reading.window, reading.window.viewer.canvas
    reading.workspace.select_finding("nodule")
    press(qtbot, window, Qt.Key.Key_I)
    assert canvas.scene.is_inverted
    for key, quarters, is_mirrored in (
        (Qt.Key.Key_R, 1, False),
        (Qt.Key.Key_H, 3, True),
        (Qt.Key.Key_V, 3, False),
    ):
        press(qtbot, window, key)
        assert canvas.scene.view.turn == Turn(quarters, is_mirrored)
    press(qtbot, window, Qt.Key.Key_0)
    assert not canvas.scene.is_inverted
    assert canvas.scene.view.turn == Turn()
    press(qtbot, window, Qt.Key.Key_A)
    assert not reading.store.state.is_overlay_on
    press(qtbot, window, Qt.Key.Key_A)
    assert reading.store.state.is_overlay_on
    press(qtbot, window, Qt.Key.Key_C)
    assert reading.store.state.is_contour
    fitted = canvas.scene.view.zoom
    press(qtbot, window, Qt.Key.Key_Plus)
    assert canvas.scene.view.zoom > fitted
    press(qtbot, window, Qt.Key.Key_Equal)
    assert canvas.scene.view.zoom == fitted
    qtbot.keyClick(canvas, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert canvas.scene.view.zoom == 1
    press(qtbot, window, Qt.Key.Key_Escape)
    assert reading.store.state.prompt is None
    press(qtbot, window, Qt.Key.Key_PageDown)
    assert reading.store.state.image_ref == ref(2)
    press(qtbot, window, Qt.Key.Key_PageUp)
    assert reading.store.state.image_ref == ref(1)


def test_letters_in_the_question_box_are_words(reading, qtbot):
    box = reading.window.findings.box
    press(qtbot, reading.window, Qt.Key.Key_Slash)
    assert box.hasFocus()
    qtbot.keyClicks(box, "air 10-")
    assert box.text() == "air 10-"
    assert reading.store.state.is_overlay_on


def test_escape_leaves_the_box_before_it_leaves_the_finding(reading, qtbot):
    box = reading.window.findings.box
    reading.workspace.select_finding("nodule")
    box.setFocus()
    qtbot.keyClicks(box, "air")
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert (box.text(), box.hasFocus()) == ("", False)
    assert reading.store.state.prompt is not None
    press(qtbot, reading.window, Qt.Key.Key_Escape)
    assert reading.store.state.prompt is None


def test_after_a_question_keys_are_commands_again(reading, qtbot):
    box = reading.window.findings.box
    box.setFocus()
    qtbot.keyClicks(box, "right lung")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert not box.hasFocus()
    qtbot.keyPress(reading.window, Qt.Key.Key_Space)
    assert reading.store.state.is_hidden


def test_holding_space_hides_everything_ai(reading, qtbot):
    canvas = reading.window.viewer.canvas
    reading.workspace.select_finding("nodule")
    qtbot.keyPress(canvas, Qt.Key.Key_Space)
    assert reading.store.state.is_hidden
    assert canvas.scene.answer_to_paint(reading.store.state) is None
    qtbot.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.scene.answer_to_paint(reading.store.state) is not None


def test_space_hides_ai_wherever_a_click_left_the_keyboard(reading, qtbot):
    clickable = [
        part
        for part in reading.window.findChildren(QWidget)
        if part.focusPolicy() & Qt.FocusPolicy.ClickFocus and part.isVisible()
    ]
    assert len(clickable) > 4
    for part in clickable:
        if isinstance(part, QLineEdit):
            continue
        qtbot.keyPress(part, Qt.Key.Key_Space)
        assert reading.store.state.is_hidden, part
        qtbot.keyRelease(part, Qt.Key.Key_Space)
        assert not reading.store.state.is_hidden, part


def test_ai_comes_back_when_the_window_loses_the_keyboard(reading, qtbot, monkeypatch):
    qtbot.keyPress(reading.window.viewer.canvas, Qt.Key.Key_Space)
    monkeypatch.setattr(MainWindow, "isActiveWindow", lambda self: False)
    QApplication.sendEvent(reading.window, QEvent(QEvent.Type.ActivationChange))
    assert not reading.store.state.is_hidden


def test_names_with_markup_are_shown_literally(station):
    made = station(Desk(found=listing(1, patient=MARKUP), film_changes={"warnings": (MARKUP,)}))
    made.settle()
    texts = [part for part in made.window.findChildren(QLabel) if MARKUP in part.text()]
    assert texts
    assert all(part.textFormat() == Qt.TextFormat.PlainText for part in texts)


def test_files_and_folders_are_opened_where_the_last_ones_were(reading, monkeypatch, tmp_path):
    (tmp_path / "a.dcm").touch()
    asked_at = []

    def choose_files(parent, title, folder, names):
        asked_at.append(folder)
        return [str(tmp_path / "a.dcm")], ""

    def choose_folder(parent, title, folder):
        asked_at.append(folder)
        return ""

    monkeypatch.setattr(QFileDialog, "getOpenFileNames", choose_files)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", choose_folder)
    reading.window.open_files()
    assert "scan" in reading.store.state.busy
    reading.settle()
    reading.window.open_folder()
    assert asked_at == ["", str(tmp_path)]


def test_dropped_files_are_opened(reading, tmp_path):
    class Drop:
        """A drop event without a mouse."""

        is_accepted = False

        def mimeData(self):  # noqa: N802  -- Qt's name
            return self

        def urls(self):
            return [QUrl("https://example.org/a.dcm"), QUrl.fromLocalFile(str(tmp_path))]

        def acceptProposedAction(self):  # noqa: N802  -- Qt's name
            self.is_accepted = True

    drop = Drop()
    reading.window.dragEnterEvent(drop)
    assert drop.is_accepted
    reading.window.dropEvent(drop)
    assert "scan" in reading.store.state.busy
    assert reading.window.last_folder == str(tmp_path)
    reading.settle()


def test_small_windows_open_and_close(reading, qtbot):
    for name in ("about", "shortcuts"):
        reading.window._actions[name].trigger()
        dialog = QApplication.activeModalWidget()
        assert dialog is not None
        dialog.reject()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_controls_that_need_a_film_rest_without_one(qtbot):
    store = Store(State())
    tasks = Tasks(lambda call: None, lambda keys: None)
    window = MainWindow(store, Workspace(store, tasks, Desk().engine(), lambda call: None))
    qtbot.addWidget(window)
    assert isinstance(window, QMainWindow)
    for name in ("fit", "invert", "reset", "flip_across", "graphics", "overlay", "close_all"):
        assert not window._actions[name].isEnabled(), name
    tasks.close()


@pytest.mark.slow
def test_fast_switching_never_paints_another_films_answer(station, qtbot, monkeypatch):
    """Films and findings change at random while reads and answers finish in any order.

    The fake model writes the film's number into the first value of its map, and the film holds
    it in its first pixel: whose map is painted is told without asking the identity key.
    """
    painted, mismatches = [], []
    paint_overlay = Scene._paint_overlay

    def watch(self, painter, answer, state):
        number = round(float(answer.heatmap.similarity[0, 0]) * 1e6)
        is_right = number == self.film.image.pixels[0, 0] and answer.prompt == state.prompt
        (painted if is_right else mismatches).append(number)
        paint_overlay(self, painter, answer, state)

    monkeypatch.setattr(Scene, "_paint_overlay", watch)
    desk, dice = Desk(found=listing(*range(1, 7))), random.Random(4)
    desk.read = lambda wanted, **options: (
        time.sleep(dice.random() * 0.008) or film(wanted.instance_number)
    )
    answer_fast = FakeLocalizer.localize

    def answer_late(self, image, prompt, *, check=lambda: None):
        time.sleep(dice.random() * 0.003)
        return answer_fast(self, image, prompt, check=check)

    monkeypatch.setattr(FakeLocalizer, "localize", answer_late)
    made = station(desk)
    made.settle()
    names = [f.id for f in made.store.state.model.findings]
    for turn in range(300):
        made.workspace.select_image(ref(dice.randint(1, 6)))
        if dice.random() < 0.7:
            made.workspace.select_finding(dice.choice(names))
        else:
            made.workspace.ask(f"question {dice.randint(1, 4)}")
        if turn % 10 == 0:  # now and then the reader waits for the answer
            qtbot.waitUntil(lambda: made.store.state.answer is not None)
        made.window.viewer.canvas.repaint()
        qtbot.wait(dice.choice((0, 1, 5)))
    assert mismatches == []
    assert len(painted) >= 30


def test_a_wrong_answer_in_the_state_is_not_painted(reading):
    """The probe of the test above can fail: a foreign map in the state is dropped at paint time."""
    prompt = Prompt("nodule", "preset")
    foreign = FakeLocalizer().localize(film(2), prompt)
    reading.workspace.select_finding("nodule")
    answer = reading.store.state.answers[prompt]
    reading.store.update(answers={prompt: replace(answer, heatmap=foreign)})
    assert reading.window.viewer.canvas.scene.answer_to_paint(reading.store.state) is None


@pytest.mark.shared
def test_real_films_of_a_folder_are_shown_one_after_the_other(shared, qtbot):
    """Compressed, MONOCHROME1, 16-bit: whatever is listed ends as a picture or with a reason."""
    desk = Desk(localizer=None)
    real = replace(engine(Paths.default()), open_model=desk.open_model)
    made = Station(Paths.default(), real)
    made.show([shared / "data" / "dicom" / "cxr"], demo=False)
    qtbot.waitUntil(lambda: made.store.state.image_ref is not None)
    qtbot.waitUntil(lambda: "scan" not in made.store.state.busy)
    films = made.store.state.listing.images
    assert len(films) >= 3
    for wanted in films:
        made.workspace.select_image(wanted)
        qtbot.waitUntil(lambda: not made.store.state.busy)
        state = made.store.state
        assert state.image is not None or state.image_problem.remedy
        assert not made.window.viewer.canvas.grab().isNull()
    made.close()
    made.window.close()
    made.window.deleteLater()
