from dataclasses import replace

import pytest
from doubles import FakeLocalizer, film, listing, recording_workspace
from readings import EFFUSION, MODEL, STATES, asked, reading

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.measuring import FilmKey
from afloc_desktop.state.reports import Report
from afloc_desktop.state.store import State
from afloc_desktop.ui.panels.findings import FindingsPanel
from afloc_desktop.ui.qt import (
    QLabel,
    QProgressBar,
    QPushButton,
    Qt,
    QToolButton,
    QTreeWidget,
    children,
)


@pytest.fixture
def workspace():
    return recording_workspace()


@pytest.fixture
def panel(qtbot, workspace):
    made = FindingsPanel(workspace)
    qtbot.addWidget(made)
    made.resize(320, 600)
    made.show()
    return made


def shown(panel):
    """(group, label, number) of each row in sight."""
    root = panel.findChild(QTreeWidget).invisibleRootItem()
    return [
        (group.text(0), item.text(0), item.text(1))
        for group in children(root)
        for item in children(group)
        if not item.isHidden()
    ]


def said(panel):
    return [part.text() for part in panel.findChildren(QLabel) if part.isVisible()]


@pytest.mark.parametrize("name", STATES)
def test_every_state_can_be_shown(panel, name):
    panel.render_state(State(), STATES[name])
    assert not panel.grab().isNull()


@pytest.mark.parametrize(
    ("label", "hint"),
    [("Glaucoma", "Type a finding, e.g. glaucoma"), ("AMD, wet", "Type a finding, e.g. AMD, wet")],
)
def test_the_example_in_the_box_is_a_finding_of_the_model(panel, label, hint):
    model = replace(MODEL, findings=(replace(MODEL.findings[0], label=label),))
    panel.render_state(State(), reading(model=model))
    assert panel.box.placeholderText() == hint
    panel.render_state(reading(model=model), State())
    assert panel.box.placeholderText() == "Type a finding"


def test_findings_stand_under_their_groups_with_their_numbers(panel):
    panel.render_state(State(), reading())
    rows = shown(panel)
    assert [row[:2] for row in rows] == [
        ("Pleura", "Pleural effusion"),
        ("Pleura", "Pneumothorax"),
        ("Lung", "Consolidation"),
        ("Lung", "Nodule or mass"),
        ("Heart", "Enlarged heart"),
    ]
    expected = reading().answers[EFFUSION].similarity
    assert rows[0][2] == f"{expected:.2f}"


def test_no_number_before_it_is_known_and_none_while_hidden(panel):
    panel.render_state(State(), reading(answers={}))
    assert {row[2] for row in shown(panel)} == {""}
    panel.render_state(reading(answers={}), reading())
    panel.render_state(reading(), reading(is_hidden=True))
    assert {row[2] for row in shown(panel)} == {""}


def test_choosing_a_row_asks_for_it(panel, workspace):
    panel.render_state(State(), reading(prompt=None))
    tree = panel.findChild(QTreeWidget)
    tree.setCurrentItem(tree.topLevelItem(1).child(1))
    workspace.select_finding.assert_called_once_with("nodule")


def test_the_chosen_row_is_marked_without_asking_again(panel, workspace):
    panel.render_state(State(), reading())
    assert panel.findChild(QTreeWidget).currentItem().text(0) == "Pleural effusion"
    workspace.select_finding.assert_not_called()


def test_the_chosen_row_stays_in_sight_when_the_list_shrinks(panel, qtbot):
    last = Prompt("cardiomegaly", "preset")
    panel.render_state(State(), reading(prompt=last))
    panel.show()
    panel.resize(320, 900)
    tree = panel.findChild(QTreeWidget)
    qtbot.waitUntil(lambda: tree.height() > 300)
    panel.resize(320, 260)
    qtbot.waitUntil(lambda: tree.height() < 200)
    assert tree.viewport().rect().contains(tree.visualItemRect(tree.currentItem()).center())


def test_typing_narrows_by_label_and_synonym(panel, qtbot):
    panel.render_state(State(), reading())
    qtbot.keyClicks(panel.box, "pneumo")
    assert [row[1] for row in shown(panel)] == ["Pneumothorax", "Consolidation"]
    panel.box.clear()
    assert len(shown(panel)) == 5


def test_words_outside_the_list_are_offered_as_a_question(panel, qtbot):
    panel.render_state(State(), reading())
    qtbot.keyClicks(panel.box, "swallowed coin")
    assert "Not in the list. Press Enter to ask for these words." in said(panel)


def test_what_was_asked_before_is_offered_wherever_the_letters_stand(panel, qtbot):
    remembered = ("left lower zone opacity", "coin")
    panel.render_state(State(), reading(asked=("right lung",), remembered=remembered))
    completer = panel.box.completer()

    def offered(typed):
        completer.setCompletionPrefix(typed)
        found = completer.completionModel()
        return [found.index(row, 0).data() for row in range(found.rowCount())]

    assert offered("") == ["right lung", *remembered]
    assert offered("LOWER") == ["left lower zone opacity"]


def test_enter_asks_and_clears_the_box(panel, qtbot, workspace):
    panel.render_state(State(), reading())
    qtbot.keyClicks(panel.box, "right lung")
    qtbot.keyClick(panel.box, Qt.Key.Key_Return)
    workspace.ask.assert_called_once_with("right lung")
    assert panel.box.text() == ""


def test_down_leads_from_the_box_to_the_list(panel, qtbot):
    panel.render_state(State(), reading(prompt=None))
    panel.box.setFocus()
    qtbot.keyClick(panel.box, Qt.Key.Key_Down)
    assert panel.findChild(QTreeWidget).hasFocus()


def test_nothing_of_the_answer_is_said_while_hidden(panel):
    panel.render_state(State(), replace(asked("right lung"), is_hidden=True))
    assert not any("right" in text for text in said(panel))


def test_typed_questions_stand_first_and_can_be_chosen_again(panel, workspace):
    panel.render_state(State(), replace(asked("right lung"), prompt=None))
    assert shown(panel)[0][:2] == ("Your questions", "right lung")
    tree = panel.findChild(QTreeWidget)
    tree.setCurrentItem(tree.topLevelItem(0).child(0))
    workspace.ask.assert_called_once_with("right lung")


def test_what_was_understood_of_the_words_is_said(panel):
    panel.render_state(State(), asked("right lung"))
    assert "Understood – side: right" in said(panel)


def test_a_negation_is_warned_of(panel):
    panel.render_state(State(), asked("no effusion"))
    assert "Negations are not understood." in said(panel)


def test_without_a_model_reason_and_remedy_are_said_literally(panel):
    panel.render_state(State(), STATES["no model"])
    (text,) = [t for t in said(panel) if "model" in t]
    assert "There is no <b>model</b> installed. Install one & restart." in text


def test_a_failure_is_said(panel):
    panel.render_state(State(), STATES["failed"])
    assert any("Install one & restart." in text for text in said(panel))


@pytest.mark.parametrize("key", ["model", "survey", "answer"])
def test_the_model_at_work_is_seen_and_nothing_jumps(panel, key):
    state = reading(prompt=None)
    panel.render_state(State(), state)
    tree = panel.findChild(QTreeWidget)
    before = tree.geometry()
    panel.render_state(state, replace(state, busy=frozenset({key})))
    assert panel.findChild(QProgressBar).isVisible()
    assert tree.geometry() == before


def test_the_panel_never_speaks_of_probability(panel):
    for name, state in STATES.items():
        panel.render_state(State(), state)
        assert not any("probab" in text.lower() for text in said(panel)), name


def test_space_is_left_to_the_window(panel, qtbot, workspace):
    panel.render_state(State(), reading(model=MODEL))
    tree = panel.findChild(QTreeWidget)
    tree.setFocus()
    workspace.reset_mock()
    qtbot.keyClick(tree, Qt.Key.Key_Space)
    assert workspace.mock_calls == []


def test_a_tick_keeps_a_finding_on_the_film(panel, workspace):
    panel.render_state(State(), reading())
    tree = panel.findChild(QTreeWidget)
    nodule = tree.topLevelItem(1).child(1)
    nodule.setCheckState(0, Qt.CheckState.Checked)
    workspace.drawn.keep.assert_called_once_with(Prompt("nodule", "preset"), True)
    workspace.select_finding.assert_not_called()


def test_ticks_and_verdicts_follow_the_state_without_calling_back(panel, workspace):
    panel.render_state(State(), reading(kept=(EFFUSION,)))
    first = panel.findChild(QTreeWidget).topLevelItem(0).child(0)
    assert first.checkState(0) == Qt.CheckState.Checked
    workspace.drawn.keep.assert_not_called()


def test_all_found_can_be_shown_at_once(panel, workspace):
    panel.render_state(State(), reading())
    switch = panel.findChild(QToolButton)
    switch.click()
    workspace.drawn.draw_all.assert_called_once_with(True)
    panel.render_state(reading(), reading(draws_all=False))
    assert not switch.isChecked()


LATERAL = replace(
    listing(1),
    studies=(
        replace(
            listing(1).studies[0],
            series=(replace(listing(1).studies[0].series[0], view_position="LL"),),
        ),
    ),
)


def test_a_refused_film_says_why_and_can_be_asked_anyway(panel, workspace):
    state = reading(listing=LATERAL, answers={})
    panel.render_state(State(), state)
    assert any("lateral view" in text and "not asked" in text for text in said(panel))
    (overrule,) = (b for b in panel.findChildren(QPushButton) if b.isVisible())
    overrule.click()
    workspace.judging.overrule.assert_called_once_with()
    panel.render_state(state, replace(state, overruled=frozenset({FilmKey.of(film())})))
    assert any("lateral view" in text and "not asked" not in text for text in said(panel))
    assert not overrule.isVisible()


def test_a_calibrated_answer_shows_its_probability_and_others_none(panel):
    state = reading()
    answer = state.answers[EFFUSION]
    question = replace(answer.question, gain=2.0, bias=-2 * answer.similarity)
    calibrated = {**state.answers, EFFUSION: replace(answer, question=question)}
    panel.render_state(State(), replace(state, answers=calibrated))
    assert "Calibrated probability 50 %" in said(panel)
    nodule = Prompt("nodule", "preset")
    panel.render_state(State(), replace(state, answers=calibrated, prompt=nodule))
    assert not any("robability" in text for text in said(panel))


def test_words_that_cannot_be_a_finding_are_never_marked_as_found(panel):
    state = reading(thresholds={EFFUSION: -1.0})
    answer = state.answers[EFFUSION]
    unrelated = replace(answer, question=replace(answer.question, is_related=False))
    assert state.is_present(answer)
    assert not state.is_present(unrelated)


def test_what_the_report_says_of_the_chosen_finding_stands_beside_it(panel):
    report = Report.of("pasted", "", "No pleural effusion. Nodule or mass. Heart normal.")
    model = FakeLocalizer()
    read = tuple(replace(s, question=model.understand(s.text)) for s in report.sentences)
    state = reading(reports=(replace(report, sentences=read),))
    panel.render_state(State(), state)
    assert "Report: “No pleural effusion.”" in said(panel)
    panel.render_state(state, replace(state, prompt=Prompt("pneumothorax", "preset")))
    assert not any("Report" in text for text in said(panel))
