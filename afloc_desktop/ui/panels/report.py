"""The report on the study, linked with the film: a sentence leads to its place, a finding to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui import strings, theme
from afloc_desktop.ui.inks import ink_of
from afloc_desktop.ui.labels import one_line
from afloc_desktop.ui.qt import (
    QColor,
    QComboBox,
    QGuiApplication,
    QMouseEvent,
    QPlainTextEdit,
    Qt,
    QTextCharFormat,
    QTextCursor,
    QTextEdit,
    QWidget,
    Signal,
    button,
    column,
    label,
    plain_tip,
    row,
)

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Prompt
    from afloc_desktop.state.reports import Report, Sentence
    from afloc_desktop.state.store import State
    from afloc_desktop.state.workspace import Workspace


class ReportPanel(QWidget):
    """Text to read and to click."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._which = QComboBox()
        self._which.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._which.setAccessibleName(strings.REPORT)
        self._which.activated.connect(workspace.reports.show)
        self._paste = button(strings.PASTE)
        self._paste.setToolTip(plain_tip(strings.PASTE_TIP))
        self._paste.clicked.connect(self._take_clipboard)
        self._text = ReportText()
        self._text.clicked.connect(self._choose)
        self._hint = label(strings.NO_REPORT, role="quiet", wraps=True)
        self._note = label(role="note", wraps=True)
        top = row(self._which, self._paste)
        top.setStretch(0, 1)
        layout = column(self._hint, self._text, self._note, margins=(8, 8, 10, 4))
        layout.insertLayout(0, top)
        layout.addStretch()
        layout.setStretchFactor(self._text, 1)
        layout.setSpacing(7)
        self.setLayout(layout)

    def render_state(self, old: State, new: State) -> None:
        """Show the report, what is chosen in it, and what was understood of that."""
        if old.reports is not new.reports or old.report != new.report or old is new:
            self._which.clear()
            self._which.addItems([_name(report) for report in new.reports])
            self._which.setCurrentIndex(new.report if new.reports else -1)
            self._which.setEnabled(len(new.reports) > 1)
        report = new.shown_report
        self._paste.setEnabled(new.image is not None)
        has_words = report is not None and bool(report.text)
        self._hint.setText(strings.NO_REPORT if report is None else strings.DOCUMENT)
        self._hint.setVisible(not has_words)
        self._text.setVisible(has_words)
        self._text.show_report(report, new)
        note = _note(report, new)
        self._note.setText(note)
        self._note.setVisible(bool(note))

    def _choose(self, place: int) -> None:
        report = self._text.report
        for number, sentence in enumerate(() if report is None else report.sentences):
            if sentence.start <= place < sentence.end:
                self._workspace.reports.choose(number)

    def _take_clipboard(self) -> None:
        self._workspace.reports.paste(QGuiApplication.clipboard().text())


class ReportText(QPlainTextEdit):
    """Shows a report literally and tells where it was clicked.

    Attributes:
        report: The one that is shown.
    """

    clicked = Signal(int)  # place in the report's text

    def __init__(self) -> None:
        super().__init__()
        self.report: Report | None = None
        self.setReadOnly(True)
        self.setAccessibleName(strings.REPORT)
        self.setToolTip(plain_tip(strings.REPORT_TIP))
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)

    def show_report(self, report: Report | None, state: State) -> None:
        """Show a report and how its sentences bear on the state."""
        if report is None or self.report is None or report.text != self.report.text:
            self.setPlainText("" if report is None else _same_length(report.text))
        self.report = report
        shown = [] if report is None else list(enumerate(report.sentences))
        made = [_marked(self, sentence, number, state) for number, sentence in shown]
        self.setExtraSelections([mark for mark in made if mark is not None])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            self.clicked.emit(self.cursorForPosition(event.position().toPoint()).position())


def _marked(
    text: QPlainTextEdit, sentence: Sentence, number: int, state: State
) -> QTextEdit.ExtraSelection | None:
    """How a sentence looks: denied ones crossed out, those of the chosen finding on its colour."""
    form = QTextCharFormat()
    prompt = state.prompt
    is_chosen = state.sentence == number
    is_about = prompt is not None and (
        sentence.speaks_of(prompt.words)
        if prompt.origin == "preset"
        else sentence.text == prompt.words
    )
    if sentence.is_denial:
        form.setFontStrikeOut(True)
        form.setForeground(QColor(theme.QUIET))
    elif sentence.question is not None and sentence.question.mentions:
        form.setFontUnderline(True)
        form.setUnderlineColor(QColor(theme.QUIET))
    if is_chosen or is_about:
        form.setBackground(QColor(theme.ACCENT_DARK))
        if prompt is not None and not sentence.is_denial:
            form.setUnderlineColor(QColor(ink_of(state, prompt).colour))
    if form.isEmpty():
        return None
    mark = QTextEdit.ExtraSelection()
    mark.format = form
    cursor = QTextCursor(text.document())
    cursor.setPosition(sentence.start)
    cursor.setPosition(sentence.end, QTextCursor.MoveMode.KeepAnchor)
    mark.cursor = cursor
    return mark


def _is_about(sentence: Sentence, prompt: Prompt) -> bool:
    if prompt.origin == "preset":
        return sentence.speaks_of(prompt.words)
    return sentence.text == prompt.words


def _note(report: Report | None, state: State) -> str:
    if report is None or state.sentence is None or state.sentence >= len(report.sentences):
        return ""
    sentence = report.sentences[state.sentence]
    if sentence.is_denial:
        return strings.DENIED
    notes = () if sentence.question is None else sentence.question.notes
    return strings.understood([strings.told(n) for n in notes]) if notes else ""


def _name(report: Report) -> str:
    return one_line(report.name) or strings.PASTED


def _same_length(text: str) -> str:
    """The text as the widget keeps it: one sign for each of ours, so that places agree.

    Qt counts signs beyond the first 65,536 twice and makes lines of the separators of Unicode.
    """
    spaced = text.translate({ord(c): " " for c in "\r\u2028\u2029\x00"})
    return "".join("\ufffd" if ord(c) > 0xFFFF else c for c in spaced)
