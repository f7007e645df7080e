from dataclasses import replace

import pytest
from doubles import recording_workspace, ref
from readings import EFFUSION, PROBLEM, STATES, reading

from afloc_desktop.core.domain import Provenance
from afloc_desktop.core.export.selection import Statement
from afloc_desktop.core.findings import propose
from afloc_desktop.core.judging import accepted, rejected
from afloc_desktop.state.judgements import Judgement
from afloc_desktop.state.store import State
from afloc_desktop.ui.panels.verdict import VerdictPanel
from afloc_desktop.ui.qt import QLabel, QPushButton


@pytest.fixture
def workspace():
    return recording_workspace()


@pytest.fixture
def panel(qtbot, workspace):
    made = VerdictPanel(workspace)
    qtbot.addWidget(made)
    made.resize(320, 120)
    made.show()
    return made


def named(panel, text):
    return next(b for b in panel.findChildren(QPushButton) if b.text() == text)


def said(panel):
    return [part.text() for part in panel.findChildren(QLabel) if part.isVisible()]


def judged(judge, reason="", name="Dr Reader"):
    state = reading(reader="Dr Reader")
    answer = state.answers[EFFUSION]
    provenance = Provenance("fake", "bundle", "f", "1", "CPU", "now")
    finding = propose(answer.heatmap, answer.question, spacing=None, provenance=provenance)
    statement = Statement("Effusion", judge(finding, name), answer.heatmap)
    key = answer.heatmap.key
    return replace(state, judged={key: Judgement(ref(1), key, statement, reason)})


@pytest.mark.parametrize("name", STATES)
def test_every_state_can_be_shown(panel, name):
    panel.render_state(State(), STATES[name])
    assert not panel.grab().isNull()


def test_nothing_can_be_judged_without_an_answer_in_sight(panel):
    for state in (State(), STATES["surveying"], STATES["hidden"]):
        panel.render_state(State(), state)
        assert not any(named(panel, t).isEnabled() for t in ("Accept", "Redraw…", "Reject"))


def test_each_button_gives_its_verdict(panel, workspace, qtbot):
    panel.render_state(State(), reading(reader="Dr Reader"))
    named(panel, "Accept").click()
    workspace.judging.judge.assert_called_once_with("accepted")
    panel.reasons.actions()[3].trigger()
    workspace.judging.judge.assert_called_with("rejected", "artefact")
    with qtbot.waitSignal(panel.redraw):
        named(panel, "Redraw…").click()


def test_who_reads_is_asked_before_the_first_verdict(panel, workspace, qtbot):
    panel.render_state(State(), reading())
    with qtbot.waitSignal(panel.nameless) as asked:
        named(panel, "Accept").click()
    workspace.judging.judge.assert_not_called()
    asked.args[0]()
    workspace.judging.judge.assert_called_once_with("accepted")


def test_a_verdict_is_said_literally_and_can_be_withdrawn(panel, workspace):
    panel.render_state(State(), judged(rejected, "known", "<b>Roe</b>"))
    assert "Rejected by <b>Roe</b>: known and not worth stating" in said(panel)
    named(panel, "Withdraw").click()
    workspace.judging.withdraw.assert_called_once_with()
    panel.render_state(State(), replace(judged(accepted), is_hidden=True))
    assert not named(panel, "Withdraw").isVisible()


def test_a_verdict_that_was_not_taken_says_why(panel):
    panel.render_state(State(), reading(judgement_problem=PROBLEM))
    assert any("Install one & restart." in text for text in said(panel))
