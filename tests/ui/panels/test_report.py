from dataclasses import replace

import pytest
from doubles import FakeLocalizer, recording_workspace
from readings import EFFUSION, MARKUP, STATES, reading

from afloc_desktop.core.domain import Prompt
from afloc_desktop.state.reports import Report
from afloc_desktop.state.store import State
from afloc_desktop.ui import strings
from afloc_desktop.ui.panels.report import ReportPanel, ReportText
from afloc_desktop.ui.qt import QComboBox, QGuiApplication, QLabel, QPushButton, Qt

TEXT = "Small pleural effusion.\r\nNo pneumothorax. Bold letters 𝐁 before. Nodule or mass."


def understood(text=TEXT, **more):
    report = Report.of("text", "film1.txt", text)
    model = FakeLocalizer()
    read = tuple(replace(s, question=model.understand(s.text)) for s in report.sentences)
    return replace(report, sentences=read, **more)


@pytest.fixture
def workspace():
    return recording_workspace()


@pytest.fixture
def panel(qtbot, workspace):
    made = ReportPanel(workspace)
    qtbot.addWidget(made)
    made.resize(320, 500)
    made.show()
    return made


def said(panel):
    return [part.text() for part in panel.findChildren(QLabel) if part.isVisible()]


def marked(panel):
    """What is crossed out, and what is on colour."""
    marks = panel.findChild(ReportText).extraSelections()
    out = [m.cursor.selectedText() for m in marks if m.format.fontStrikeOut()]
    lit = [m for m in marks if m.format.background().style() != Qt.BrushStyle.NoBrush]
    return out, [m.cursor.selectedText() for m in lit]


@pytest.mark.parametrize("name", STATES)
def test_every_state_can_be_shown(panel, name):
    panel.render_state(State(), STATES[name])
    assert not panel.grab().isNull()
    assert strings.NO_REPORT in said(panel)


def test_a_finding_leads_to_the_sentences_that_speak_of_it(panel):
    panel.render_state(State(), reading(reports=(understood(),), prompt=EFFUSION))
    assert marked(panel) == (["No pneumothorax."], ["Small pleural effusion."])
    panel.render_state(State(), reading(reports=(understood(),), prompt=Prompt("nodule", "preset")))
    assert marked(panel)[1] == ["Nodule or mass."]


def test_a_click_chooses_the_sentence_under_it(panel, workspace, qtbot):
    panel.render_state(State(), reading(reports=(understood(),), prompt=None))
    text = panel.findChild(ReportText)
    cursor = text.textCursor()
    cursor.setPosition(TEXT.index("Nodule") + 3)
    place = text.cursorRect(cursor).center()
    qtbot.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=place)
    workspace.reports.choose.assert_called_once_with(3)


def test_what_was_understood_of_the_chosen_sentence_is_said(panel):
    report = understood("The right lung is small. No pneumothorax.")
    panel.render_state(State(), reading(reports=(report,), sentence=0))
    assert "Understood – side: right" in said(panel)
    panel.render_state(State(), reading(reports=(report,), sentence=1, prompt=None))
    assert strings.DENIED in said(panel)


def test_a_report_is_text_whatever_it_holds(panel):
    panel.render_state(State(), reading(reports=(understood(f"{MARKUP} effusion.", name=MARKUP),)))
    assert MARKUP in panel.findChild(ReportText).toPlainText()
    assert "<b>" in panel.findChild(QComboBox).currentText()


def test_a_document_without_words_says_so(panel):
    document = Report.of("document", "Report", "")
    panel.render_state(State(), reading(reports=(document,)))
    assert strings.DOCUMENT in said(panel)
    assert not panel.findChild(ReportText).isVisible()
    panel.render_state(State(), reading(reports=(Report.of("document", "Report", "Nodule."),)))
    assert strings.DOCUMENT not in said(panel)
    assert panel.findChild(ReportText).toPlainText() == "Nodule."


def test_the_clipboard_and_other_reports_are_a_click_away(panel, workspace):
    state = reading(reports=(understood(), Report.of("pasted", "", "Nodule.")), report=1)
    panel.render_state(State(), state)
    box = panel.findChild(QComboBox)
    assert [box.itemText(n) for n in range(box.count())] == ["film1.txt", "Pasted"]
    box.activated.emit(0)
    workspace.reports.show.assert_called_once_with(0)
    QGuiApplication.clipboard().setText("Effusion.")
    panel.findChild(QPushButton).click()
    workspace.reports.paste.assert_called_once_with("Effusion.")
