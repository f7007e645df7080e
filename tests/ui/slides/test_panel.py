from dataclasses import replace

import numpy as np
import pytest
from doubles import recording_workspace
from readings import MODEL

from afloc_desktop.core.geometry import Box
from afloc_desktop.state.store import Problem, State
from afloc_desktop.ui.slides.panel import SlidePanel


@pytest.fixture
def workspace():
    return recording_workspace()


@pytest.fixture
def panel(qtbot, workspace):
    made = SlidePanel(workspace)
    qtbot.addWidget(made)
    made.resize(330, 420)
    return made


def run_of(state, **changes):
    ((sha256, run),) = state.slide_runs.items()
    return replace(state, slide_runs={sha256: replace(run, **changes)})


def test_it_is_there_only_for_a_model_of_slides(panel, answered):
    panel.render_state(State(), replace(answered, model=MODEL))
    assert not panel.isVisibleTo(None)
    panel.render_state(State(), answered)
    assert not panel.isHidden()


def test_a_region_must_be_chosen_before_it_is_localized(panel, workspace, answered):
    panel.render_state(State(), answered)
    assert not panel.region.isEnabled()
    panel.render_state(answered, replace(answered, region=Box(1, 2, 30, 40)))
    panel.region.click()
    workspace.slide_runs.start.assert_called_once_with(Box(1, 2, 30, 40))


def test_the_whole_slide_needs_no_region(panel, workspace, answered):
    panel.render_state(State(), answered)
    panel.whole.click()
    workspace.slide_runs.start.assert_called_once_with(None)


def test_a_run_shows_how_far_it_is_and_can_be_stopped(panel, workspace, answered):
    panel.render_state(State(), run_of(answered, is_running=True))
    assert (panel.progress.value(), panel.progress.maximum()) == (15, 20)
    assert panel.told.text().splitlines() == [
        "15 of 20 windows looked at; 1 without tissue left out",
        "The slide has no scale",
    ]
    assert not panel.stop.isHidden()
    assert panel.go_on.isHidden()
    assert not panel.whole.isEnabled()
    panel.stop.click()
    workspace.slide_runs.cancel.assert_called_once()


def test_a_stopped_run_goes_on_and_a_finished_one_does_not(panel, workspace, answered):
    panel.render_state(State(), answered)
    assert not panel.go_on.isHidden()
    panel.go_on.click()
    workspace.slide_runs.resume.assert_called_once()
    panel.render_state(answered, run_of(answered, done=20))
    assert panel.go_on.isHidden()


def test_a_run_that_fails_says_why_literally(panel, answered):
    panel.render_state(State(), run_of(answered, problem=Problem("No <b>room</b>.", "Make some.")))
    assert panel.problem.text() == "No <b>room</b>. Make some."
    assert not panel.problem.isHidden()


def test_before_a_run_it_says_what_to_do(panel, answered):
    panel.render_state(State(), run_of(answered, done=0, answers={}))
    assert panel.told.text().startswith("Choose a finding")
    assert panel.top.isHidden()
    assert panel.distribution.isHidden()


def test_the_strongest_windows_are_pictures_that_lead_there(qtbot, panel, workspace, answered):
    shown = []
    panel.shown.connect(shown.append)
    panel.render_state(State(), answered)
    assert [panel.top.item(n).text() for n in range(2)] == ["0.80", "0.10"]
    boxes = (Box(400, 500, 500, 600), Box(200, 200, 300, 300))
    qtbot.waitUntil(lambda: workspace.slides.picture.called)
    workspace.slides.picture.assert_called_once_with(boxes)
    pictures = {boxes[0]: np.full((9, 9, 3), 50, np.uint8)}
    panel.render_state(answered, replace(answered, windows=pictures))
    assert [panel.top.item(n).icon().isNull() for n in range(2)] == [False, True]
    panel.top.itemClicked.emit(panel.top.item(1))
    assert shown == [boxes[1]]


def test_what_the_windows_say_is_hidden_with_everything_ai(panel, answered):
    panel.render_state(State(), answered)
    assert not panel.top.isHidden()
    panel.render_state(answered, replace(answered, is_hidden=True))
    assert panel.top.isHidden()
    assert panel.top.count() == 0


def test_the_tool_is_taken_up_and_shown(panel):
    taken = []
    panel.choosing.connect(taken.append)
    panel.choose.click()
    panel.show_tool(False)
    assert taken == [True]
    assert not panel.choose.isChecked()
