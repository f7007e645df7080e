"""What may be asked: a box for free words and the findings the model lists; what speaks against it.

The list itself is `finding_list`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.state.gate import gate, is_refused
from afloc_desktop.ui import strings
from afloc_desktop.ui.panels.finding_list import FindingList
from afloc_desktop.ui.qt import (
    QCompleter,
    QKeyEvent,
    QLabel,
    QLineEdit,
    QProgressBar,
    QStringListModel,
    Qt,
    QToolButton,
    QWidget,
    button,
    column,
    label,
    plain_tip,
    row,
)

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Prompt
    from afloc_desktop.state.store import Answer, State
    from afloc_desktop.state.workspace import Workspace

_MOST_OFFERED = 6  # questions of before, at once
_MOST_SENTENCES = 2  # of the report; the report itself is a click away


class FindingsPanel(QWidget):
    """The question box and the list; choosing or asking shows the heatmap."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.box = _box()
        self._before = QStringListModel(self)
        self.box.setCompleter(_completer(self._before))
        self.box.textChanged.connect(self._narrow)
        self.box.returnPressed.connect(self._ask)
        self._all = QToolButton()
        self._all.setText(strings.DRAW_ALL)
        self._all.setToolTip(plain_tip(strings.DRAW_ALL_TIP))
        self._all.setCheckable(True)
        self._all.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._all.toggled.connect(workspace.drawn.draw_all)
        self._busy = _busy_line()
        self._gate = label(role="warning", wraps=True)
        self._overrule = button(strings.OVERRULE)
        self._overrule.setToolTip(plain_tip(strings.OVERRULE_TIP))
        self._overrule.clicked.connect(workspace.judging.overrule)
        self._note = label(role="note", wraps=True)
        self._warning = label(role="warning", wraps=True)
        self._state_line = label(role="quiet", wraps=True)
        self._no_match = label(strings.NO_MATCH, role="quiet", wraps=True)
        self._no_match.hide()
        self._list = FindingList()
        self._list.chosen.connect(self._choose)
        self._list.kept.connect(workspace.drawn.keep)
        self._lay_out()

    def _lay_out(self) -> None:
        layout = column(
            self.box,
            self._busy,
            self._gate,
            self._overrule,
            self._note,
            self._warning,
            self._no_match,
            self._list,
            margins=(8, 8, 10, 4),
        )
        above = row(self._state_line, self._all)
        above.setStretch(0, 1)
        above.setAlignment(self._all, Qt.AlignmentFlag.AlignRight)
        layout.insertLayout(layout.indexOf(self._no_match), above)
        layout.addStretch()
        layout.setStretchFactor(self._list, 1)
        layout.setSpacing(7)
        self.setLayout(layout)

    def render_state(self, old: State, new: State) -> None:
        """Show the findings, their numbers, and what was understood of the chosen question."""
        is_rebuilt = old.model is not new.model or old.asked != new.asked
        if self._before.stringList() != list(new.questions):
            self._before.setStringList(list(new.questions))
        if is_rebuilt:
            self.box.setPlaceholderText(_hint(new))
            self._list.fill(new)
            self._narrow(self.box.text())
        self._show_or_hide(old, new)
        if is_rebuilt or old.prompt != new.prompt:
            self._list.mark(new.prompt)
        if (
            is_rebuilt
            or old.answers is not new.answers
            or old.thresholds is not new.thresholds
            or old.judged is not new.judged
            or old.kept != new.kept
            or old.is_hidden != new.is_hidden
        ):
            self._list.show_answers(new)
        self._all.blockSignals(True)
        self._all.setChecked(new.draws_all)
        self._all.blockSignals(False)
        self._busy.setVisible(bool(new.busy & {"model", "survey", "answer"}))
        self._explain(new)

    def _show_or_hide(self, old: State, new: State) -> None:
        """Nothing is offered on a slide by a model that was made for something else."""
        cannot_ask = has_no_model_for_slides(new)
        if cannot_ask or has_no_model_for_slides(old):
            for part in (self.box, self._list):
                part.setVisible(not cannot_ask)
        self._all.setVisible(new.model is not None and not cannot_ask)

    def _explain(self, state: State) -> None:
        if has_no_model_for_slides(state):
            _say(self._gate, strings.SLIDE_NO_MODEL if state.model else _state_line(state))
            for part in (self._overrule, self._note, self._warning, self._state_line):
                part.hide()
            return
        found, is_shut = gate(state), is_refused(state)
        reasons = [strings.REFUSALS[r] for r in found.refusals]
        doubts = [] if found.refusals else [strings.DOUBTS[d] for d in found.doubts]
        _say(self._gate, "\n".join([*reasons, *([strings.NOT_ASKED] if is_shut else []), *doubts]))
        self._overrule.setVisible(is_shut)
        answer = None if state.is_hidden else state.answer
        question = None if answer is None else answer.question
        understood = [strings.told(n) for n in question.notes] if question else []
        notes = [strings.understood(understood)] if understood else []
        probability = None if answer is None else state.probability(answer)
        notes += [] if probability is None else [strings.probability(probability)]
        notes += [strings.report_says(text) for text in _in_report(state)]
        problem = state.answer_problem
        told = (strings.told(text) for text in (_warnings(answer) if answer else ()))
        warnings = [text[:1].upper() + text[1:] for text in told]
        warnings += [strings.problem(problem)] if problem else []
        _say(self._note, "\n".join(notes))
        _say(self._warning, "\n".join(warnings))
        _say(self._state_line, "" if is_shut else _state_line(state))

    def _narrow(self, text: str) -> None:
        """Show only the rows that hold every typed word."""
        wanted = text.lower().split()
        is_none = not self._list.narrow(wanted) and bool(wanted)
        self._no_match.setVisible(is_none)
        self._list.setVisible(not is_none)

    def _ask(self) -> None:
        words = self.box.text()
        self.box.clear()
        self.box.clearFocus()  # the next key is a command again
        self._workspace.ask(words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Down leads from the box to the list."""
        if event.key() == Qt.Key.Key_Down and self.box.hasFocus():
            self._list.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            super().keyPressEvent(event)

    def _choose(self, prompt: Prompt) -> None:
        if prompt.origin == "preset":
            self._workspace.select_finding(prompt.words)
        else:
            self._workspace.ask(prompt.words)


def has_no_model_for_slides(state: State) -> bool:
    """Whether a slide is on screen, and no model, or one that was made for something else."""
    if state.slide is None or state.model is None:
        return state.slide is not None and state.model_problem is not None
    return state.model.modality != "histo"


def _warnings(answer: Answer) -> tuple[str, ...]:
    """What the model cannot do with the words, and what had to be assumed on this film."""
    question = answer.question
    assumed = (note for note in answer.heatmap.notes if note not in question.notes)
    return (*question.warnings, *assumed)


def _in_report(state: State) -> list[str]:
    """What the report says of the chosen finding, denied or not; the first sentences of it."""
    report, prompt = state.shown_report, state.prompt
    if report is None or prompt is None or prompt.origin != "preset":
        return []
    said = (s.text for s in report.sentences if s.speaks_of(prompt.words))
    return list(dict.fromkeys(said))[:_MOST_SENTENCES]


def _hint(state: State) -> str:
    """What to type, with the first finding of the model in use as it stands in a sentence."""
    findings = () if state.model is None else state.model.findings
    if not findings:
        return strings.ASK_HINT
    name = findings[0].label
    is_word = name[1:2].islower()  # and no abbreviation
    return strings.ASK_EXAMPLE.format(finding=name[:1].lower() + name[1:] if is_word else name)


def _box() -> QLineEdit:
    box = QLineEdit()
    box.setToolTip(plain_tip(strings.ASK_TIP))
    box.setAccessibleName(strings.ASK_HINT)
    box.setClearButtonEnabled(True)
    box.setMaxLength(300)
    return box


def _completer(before: QStringListModel) -> QCompleter:
    """Offers what was asked before, wherever in it the typed letters stand."""
    completer = QCompleter(before)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    completer.setMaxVisibleItems(_MOST_OFFERED)
    return completer


def _busy_line() -> QProgressBar:
    busy = QProgressBar()
    busy.setRange(0, 0)
    busy.setTextVisible(False)
    policy = busy.sizePolicy()
    policy.setRetainSizeWhenHidden(True)  # nothing jumps when the model starts or ends
    busy.setSizePolicy(policy)
    return busy


def _say(where: QLabel, text: str) -> None:
    where.setText(text)
    where.setVisible(bool(text))


def _state_line(state: State) -> str:
    if state.model_problem is not None:
        problem = state.model_problem
        return f"{strings.NO_MODEL}. {strings.problem(problem)}"
    if state.model is None:
        return strings.LOADING_MODEL if "model" in state.busy else strings.NO_MODEL
    return strings.LEGEND if state.answers and not state.is_hidden else ""
