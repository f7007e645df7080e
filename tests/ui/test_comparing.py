from dataclasses import replace

import pytest
from doubles import FakeLocalizer, film, recording_workspace, ref
from readings import PROBLEM, reading

from afloc_desktop.core.findings import extent
from afloc_desktop.core.registration import Alignment, laid_over, map_laid_over
from afloc_desktop.state.comparison import Comparison
from afloc_desktop.state.store import Answer, State
from afloc_desktop.ui import strings
from afloc_desktop.ui.comparing import ComparisonWindow
from afloc_desktop.ui.qt import QCheckBox, QComboBox, QLabel, QMessageBox, QToolButton, QWidget

SAME = Alignment(((1.0, 0.0), (0.0, 1.0)), (0.0, 0.0), 0.9, 1.0, 0.0, 1.0)


def compared(laid_by=SAME, **changes):
    state = reading()
    earlier, model = film(2), FakeLocalizer()
    answers = {}
    for prompt in state.answers:
        heatmap = model.localize(earlier, prompt)
        question = model.understand(prompt.words)
        answers[prompt] = Answer(
            prompt, question, heatmap, float(heatmap.similarity.max()), extent(heatmap), 0.1
        )
    laid = {
        p: replace(a, heatmap=map_laid_over(a.heatmap, laid_by, state.image))
        for p, a in answers.items()
    }
    comparison = Comparison(
        present=state.image,
        ref=ref(2),
        earlier=earlier,
        laid=laid_over(earlier, laid_by, state.image),
        alignment=laid_by,
        answers=answers,
        laid_answers=laid,
    )
    return replace(state, comparison=replace(comparison, **changes))


@pytest.fixture
def workspace():
    return recording_workspace()


@pytest.fixture
def window(qtbot, workspace):
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(1000, 700)
    made = ComparisonWindow(parent, workspace)
    made.show()
    yield made
    parent.close()


def said(window):
    return [part.text() for part in window.findChildren(QLabel) if part.isVisible()]


def test_both_films_show_the_finding_that_belongs_to_each(window):
    state = compared()
    window.render_state(State(), state)
    for canvas, number in ((window.present, 1), (window.earlier, 2)):
        answer = canvas.scene.answer_to_paint(canvas.shown)
        assert answer.heatmap.key.pixel_sha256 == f"pixels {number}"
    assert any("Extent at the same similarity" in text for text in said(window))
    assert strings.EARLIER_LAID in said(window)


@pytest.mark.parametrize(
    "state",
    [
        compared(earlier=None, laid=None, alignment=None, answers={}, laid_answers={}),
        compared(problem=PROBLEM, earlier=None, laid=None, alignment=None),
        compared(answers={}, laid_answers={}),
        replace(compared(), is_hidden=True),
        replace(compared(), prompt=None),
        replace(compared(), model=None),
    ],
    ids=["reading", "unreadable", "unanswered", "hidden", "nothing chosen", "no model"],
)
def test_awkward_states_can_be_shown(window, state):
    window.render_state(State(), state)
    assert not window.grab().isNull()


def test_films_that_do_not_fit_are_shown_as_they_were_taken(window):
    state = compared(replace(SAME, quality=0.2))
    window.render_state(State(), state)
    assert window.earlier.scene.film.image is state.comparison.earlier
    assert not window.findChild(QCheckBox).isEnabled()
    assert any("too little" in text for text in said(window))


def test_zooming_one_film_zooms_the_other(window):
    window.render_state(State(), compared())
    for one, other in ((window.present, window.earlier), (window.earlier, window.present)):
        one.zoom_by(1.5)
        # Of two halves of an odd width one is a pixel wider, and shows its film as much larger.
        assert other.scene.view.zoom == pytest.approx(one.scene.view.zoom, rel=0.005)


def test_blinking_shows_one_film_after_the_other_in_one_place(window, qtbot):
    window.render_state(State(), compared())
    blink = window.findChild(QToolButton)
    blink.click()
    assert (window.present.isVisible(), window.earlier.isVisible()) == (True, False)
    qtbot.waitUntil(window.earlier.isVisible)
    assert not window.present.isVisible()
    blink.click()
    assert (window.present.isVisible(), window.earlier.isVisible()) == (True, True)


def test_the_reader_chooses_the_finding_and_the_alignment(window, workspace):
    window.render_state(State(), compared())
    box = window.findChild(QComboBox)
    assert box.currentText() == "Pleural effusion"
    box.activated.emit(3)
    workspace.select_finding.assert_called_once_with("nodule")
    window.findChild(QCheckBox).click()
    workspace.comparing.align.assert_called_once_with(False)


def test_closing_ends_the_comparison_and_the_end_closes(window, workspace):
    window.render_state(State(), compared())
    window.render_state(compared(), reading())
    assert not window.isVisible()
    workspace.comparing.close.assert_called_once_with()


def test_without_a_prior_the_reader_is_told(station):
    made = station()
    made.settle()
    made.window.comparing.start()
    box = made.window.findChild(QMessageBox)
    assert box.text() == strings.NO_PRIOR
    box.close()
