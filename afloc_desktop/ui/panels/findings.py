"""What may be asked: a box for free words and the findings the model lists, with their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.domain import Prompt
from afloc_desktop.ui import strings, theme
from afloc_desktop.ui.qt import (
    ModelIndex,
    QColor,
    QHeaderView,
    QKeyEvent,
    QLabel,
    QLineEdit,
    QPainter,
    QPointF,
    QProgressBar,
    QRectF,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    Qt,
    QTreeWidgetItem,
    QWidget,
    Tree,
    children,
    column,
    label,
    plain_tip,
)

if TYPE_CHECKING:
    from afloc_desktop.state.store import Answer, State
    from afloc_desktop.state.workspace import Workspace

Row = tuple[Prompt, str, tuple[str, ...]]  # question, what is shown, what it is found by
_PROMPT = Qt.ItemDataRole.UserRole
_NAMES = Qt.ItemDataRole.UserRole + 1
_PRESENT = Qt.ItemDataRole.UserRole + 2
_NUMBER_WIDTH = 76


class FindingsPanel(QWidget):
    """The question box and the list; choosing or asking shows the heatmap."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.box = QLineEdit()
        self.box.setPlaceholderText(strings.ASK_HINT)
        self.box.setToolTip(plain_tip(strings.ASK_TIP))
        self.box.setAccessibleName(strings.ASK_HINT)
        self.box.setClearButtonEnabled(True)
        self.box.setMaxLength(300)
        self.box.textChanged.connect(self._narrow)
        self.box.returnPressed.connect(self._ask)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        policy = self._busy.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing jumps when the model starts or ends
        self._busy.setSizePolicy(policy)
        self._note = label(role="note", wraps=True)
        self._warning = label(role="warning", wraps=True)
        self._state_line = label(role="quiet", wraps=True)
        self._no_match = label(strings.NO_MATCH, role="quiet", wraps=True)
        self._no_match.hide()
        self._list = _list()
        self._list.currentItemChanged.connect(self._choose)
        self._items: dict[Prompt, QTreeWidgetItem] = {}
        layout = column(
            label(strings.FINDINGS, role="title"),
            self.box,
            self._busy,
            self._note,
            self._warning,
            self._state_line,
            self._no_match,
            self._list,
            margins=(8, 8, 10, 4),
        )
        layout.addStretch()
        layout.setStretchFactor(self._list, 1)
        layout.setSpacing(7)
        self.setLayout(layout)

    def render_state(self, old: State, new: State) -> None:
        """Show the findings, their numbers, and what was understood of the chosen question."""
        is_rebuilt = old.model is not new.model or old.asked != new.asked
        if is_rebuilt:
            self._fill(new)
        if is_rebuilt or old.prompt != new.prompt:
            self._mark(new.prompt)
        if (
            is_rebuilt
            or old.answers is not new.answers
            or old.thresholds is not new.thresholds
            or old.is_hidden != new.is_hidden
        ):
            self._number(new)
        self._busy.setVisible(bool(new.busy & {"model", "survey", "answer"}))
        self._explain(new)

    def _fill(self, state: State) -> None:
        self._list.blockSignals(True)
        self._list.clear()
        self._items.clear()
        if state.asked:
            typed: list[Row] = [(Prompt(words, "typed"), words, (words,)) for words in state.asked]
            self._add_group(strings.YOUR_QUESTIONS, typed)
        groups: dict[str, list[Row]] = {}
        for f in () if state.model is None else state.model.findings:
            row = (Prompt(f.id, "preset"), f.label, (f.label, *f.synonyms))
            groups.setdefault(f.group, []).append(row)
        for name, rows in groups.items():
            self._add_group(name, rows)
        self._list.expandAll()
        self._list.blockSignals(False)
        self._narrow(self.box.text())

    def _add_group(self, name: str, rows: list[Row]) -> None:
        group = QTreeWidgetItem([name])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        group.setForeground(0, QColor(theme.QUIET))
        self._list.addTopLevelItem(group)
        group.setFirstColumnSpanned(True)
        for prompt, text, names in rows:
            item = QTreeWidgetItem([text])
            item.setData(0, _PROMPT, prompt)
            item.setData(0, _NAMES, " ".join(names).lower())
            item.setToolTip(0, plain_tip(", ".join(names)))
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            group.addChild(item)
            self._items[prompt] = item

    def _mark(self, prompt: Prompt | None) -> None:
        self._list.blockSignals(True)
        item = None if prompt is None else self._items.get(prompt)
        self._list.setCurrentItem(item)  # type: ignore[arg-type]  # None clears it
        self._list.blockSignals(False)

    def _number(self, state: State) -> None:
        for prompt, item in self._items.items():
            answer: Answer | None = None if state.is_hidden else state.answers.get(prompt)
            if answer is None:
                item.setText(1, "")
                item.setData(1, _PRESENT, None)
                item.setToolTip(1, "")
                continue
            is_present = state.is_present(answer)
            item.setText(1, strings.number(answer.similarity))
            item.setData(1, _PRESENT, is_present)
            item.setToolTip(1, strings.PRESENT if is_present else strings.ABSENT)

    def _explain(self, state: State) -> None:
        answer = None if state.is_hidden else state.answer
        question = None if answer is None else answer.question
        notes = strings.understood(question.notes) if question and question.notes else ""
        problem = state.answer_problem
        warnings = list(question.warnings) if question else []
        warnings += [f"{problem.reason} {problem.remedy}"] if problem else []
        _say(self._note, notes)
        _say(self._warning, "\n".join(warnings))
        _say(self._state_line, _state_line(state))

    def _narrow(self, text: str) -> None:
        """Show only the rows that hold every typed word."""
        wanted = text.lower().split()
        is_any = False
        for group in children(self._list.invisibleRootItem()):
            is_empty = True
            for item in children(group):
                is_match = all(word in item.data(0, _NAMES) for word in wanted)
                item.setHidden(not is_match)
                is_empty &= not is_match
            group.setHidden(is_empty)
            is_any |= not is_empty
        is_none = bool(wanted) and not is_any
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

    def _choose(self, item: QTreeWidgetItem | None, before: QTreeWidgetItem | None) -> None:
        prompt = None if item is None else item.data(0, _PROMPT)
        if prompt is None:
            return
        if prompt.origin == "preset":
            self._workspace.select_finding(prompt.words)
        else:
            self._workspace.ask(prompt.words)


class _Numbers(QStyledItemDelegate):
    """Draws a mark and a number at the right of a row."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: ModelIndex) -> None:
        super().paint(painter, option, index)
        is_present = index.data(_PRESENT)
        if is_present is None:
            return
        centre = QPointF(option.rect.left() + 10, option.rect.center().y() + 0.5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme.FOUND if is_present else theme.QUIET))
        painter.setBrush(QColor(theme.FOUND) if is_present else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QRectF(centre.x() - 4, centre.y() - 4, 8, 8))
        painter.restore()


def _list() -> Tree:
    tree = Tree(strings.FINDINGS)
    tree.setColumnCount(2)
    tree.setRootIsDecorated(False)
    tree.setIndentation(10)
    tree.header().setStretchLastSection(False)
    tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
    tree.header().resizeSection(1, _NUMBER_WIDTH)
    tree.setItemDelegateForColumn(1, _Numbers(tree))
    return tree


def _say(where: QLabel, text: str) -> None:
    where.setText(text)
    where.setVisible(bool(text))


def _state_line(state: State) -> str:
    if state.model_problem is not None:
        problem = state.model_problem
        return f"{strings.NO_MODEL}. {problem.reason} {problem.remedy}"
    if state.model is None:
        return strings.LOADING_MODEL if "model" in state.busy else strings.NO_MODEL
    return strings.LEGEND if state.answers and not state.is_hidden else ""
