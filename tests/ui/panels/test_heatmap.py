from dataclasses import replace

import numpy as np
import pytest
from doubles import recording_workspace
from readings import EFFUSION, STATES, answer, reading

from afloc_desktop.state.store import State
from afloc_desktop.ui.panels.heatmap import HeatmapPanel, scale_ends
from afloc_desktop.ui.qt import QLabel, QPushButton, QToolButton


@pytest.fixture
def workspace():
    return recording_workspace()


@pytest.fixture
def panel(qtbot, workspace):
    made = HeatmapPanel(workspace)
    qtbot.addWidget(made)
    made.resize(320, 160)
    made.show()
    return made


def said(panel):
    return [part.text() for part in panel.findChildren(QLabel) if part.isVisible()]


@pytest.mark.parametrize("name", STATES)
def test_every_state_can_be_shown(panel, name):
    panel.render_state(State(), STATES[name])
    assert not panel.grab().isNull()


def test_the_threshold_starts_at_the_findings_own(panel, workspace):
    panel.render_state(State(), reading())
    assert panel.threshold.value() * 0.005 == pytest.approx(0.3)
    assert "0.30" in said(panel)
    workspace.drawn.set_threshold.assert_not_called()


def test_moving_the_threshold_says_so_in_similarity(panel, workspace):
    panel.render_state(State(), reading())
    panel.threshold.setValue(panel.threshold.value() + 2)
    workspace.drawn.set_threshold.assert_called_once_with(pytest.approx(0.31))


def test_a_readers_threshold_can_be_reset(panel, workspace):
    panel.render_state(State(), reading())
    reset = panel.findChild(QPushButton)
    assert not reset.isVisible()
    panel.render_state(reading(), reading(thresholds={EFFUSION: 0.31}))
    reset.click()
    workspace.drawn.reset_threshold.assert_called_once_with()


def test_opacity_is_a_share(panel, workspace):
    panel.render_state(State(), reading(opacity=0.6))
    assert "60 %" in said(panel)
    panel.opacity.setValue(70)
    workspace.drawn.set_opacity.assert_called_once_with(0.7)


def test_without_an_answer_the_threshold_rests(panel):
    panel.render_state(State(), reading(answers={}))
    assert not panel.threshold.isEnabled()
    assert panel.opacity.isEnabled()


def test_a_contour_has_no_opacity(panel):
    panel.render_state(State(), reading(is_contour=True))
    assert not panel.opacity.isEnabled()


def test_the_scale_holds_the_whole_map_and_the_colours():
    made = answer()
    values = np.array([[-0.12, 0.2], [np.nan, 0.43]], np.float32)
    made = replace(made, heatmap=replace(made.heatmap, similarity=values))
    made = replace(made, similarity=0.43)
    assert scale_ends(made) == pytest.approx((-0.15, 0.45))


def test_a_map_that_saw_nothing_still_has_a_scale():
    made = answer()
    values = np.full((2, 2), np.nan, np.float32)
    made = replace(made, heatmap=replace(made.heatmap, similarity=values))
    made = replace(made, similarity=float("nan"))
    low, high = scale_ends(made)
    assert low < high


def test_a_finding_is_shown_as_colours_outline_or_boxes(panel, workspace):
    panel.render_state(State(), reading(has_boxes=True))
    forms = {b.text(): b for b in panel.findChildren(QToolButton)}
    assert [text for text, b in forms.items() if b.isChecked()] == ["Boxes"]
    forms["Outline"].click()
    forms["Colours"].click()
    forms["Boxes"].click()
    assert [c.args for c in workspace.drawn.set_contour.call_args_list] == [(True,), (False,)]
    workspace.drawn.draw_boxes.assert_called_once_with(True)
