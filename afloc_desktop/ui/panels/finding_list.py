"""The findings a model lists and the questions that were asked, as rows with their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.domain import Prompt
from afloc_desktop.ui import strings, theme
from afloc_desktop.ui.inks import ink_of, swatch
from afloc_desktop.ui.qt import (
    ModelIndex,
    QColor,
    QHeaderView,
    QPainter,
    QPointF,
    QRectF,
    QResizeEvent,
    QSize,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    Qt,
    QTreeWidgetItem,
    Signal,
    Tree,
    children,
    plain_tip,
)

if TYPE_CHECKING:
    from afloc_desktop.state.store import State

Row = tuple[Prompt, str, tuple[str, ...]]  # question, what is shown, what it is found by
_PROMPT = Qt.ItemDataRole.UserRole
_NAMES = Qt.ItemDataRole.UserRole + 1
_PRESENT = Qt.ItemDataRole.UserRole + 2
_NUMBER_WIDTH = 84


class FindingList(Tree):
    """One row a question: a tick keeps it on the film, a click chooses it."""

    chosen = Signal(object)  # a prompt
    kept = Signal(object, bool)  # a prompt, and whether it stays on the film

    def __init__(self) -> None:
        super().__init__(strings.FINDINGS)
        self.setColumnCount(2)
        self.setRootIsDecorated(False)
        self.setIndentation(8)
        self.setIconSize(QSize(14, 14))
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        self.header().resizeSection(1, _NUMBER_WIDTH)
        self.setItemDelegateForColumn(1, _Numbers(self))
        self.currentItemChanged.connect(self._choose)
        self.itemChanged.connect(self._keep)
        self._items: dict[Prompt, QTreeWidgetItem] = {}

    def fill(self, state: State) -> None:
        """Make the rows anew."""
        self.blockSignals(True)
        self.clear()
        self._items.clear()
        if state.asked:
            typed: list[Row] = [(Prompt(words, "typed"), words, (words,)) for words in state.asked]
            self._add_group(strings.YOUR_QUESTIONS, typed, state)
        groups: dict[str, list[Row]] = {}
        for f in () if state.model is None else state.model.findings:
            name = strings.finding(f.label)
            names = tuple(dict.fromkeys((name, f.label, *f.synonyms)))
            row = (Prompt(f.id, "preset"), name, names)
            groups.setdefault(f.group, []).append(row)
        for name, rows in groups.items():
            self._add_group(name, rows, state)
        self.expandAll()
        self.blockSignals(False)

    def _add_group(self, name: str, rows: list[Row], state: State) -> None:
        group = QTreeWidgetItem([strings.finding(name)])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        group.setForeground(0, QColor(theme.QUIET))
        self.addTopLevelItem(group)
        group.setFirstColumnSpanned(True)
        for prompt, text, names in rows:
            item = QTreeWidgetItem([text])
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(0, Qt.CheckState.Unchecked)
            item.setIcon(0, swatch(ink_of(state, prompt)))
            item.setData(0, _PROMPT, prompt)
            item.setData(0, _NAMES, " ".join(names).lower())
            item.setToolTip(0, plain_tip(f"{', '.join(names)}. {strings.KEEP_TIP}"))
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            group.addChild(item)
            self._items[prompt] = item

    def mark(self, prompt: Prompt | None) -> None:
        """Select a row without choosing it again."""
        self.blockSignals(True)
        item = None if prompt is None else self._items.get(prompt)
        self.setCurrentItem(item)  # type: ignore[arg-type]  # None clears it
        if item is not None:
            self.scrollToItem(item)
        self.blockSignals(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What is said above the list takes room from it: the chosen row stays in sight."""
        super().resizeEvent(event)
        chosen = self.currentItem()
        if chosen is not None:
            self.scrollToItem(chosen)

    def show_answers(self, state: State) -> None:
        """Put numbers, verdicts and ticks into the rows."""
        self.blockSignals(True)
        for prompt, item in self._items.items():
            is_kept = prompt in state.kept
            item.setCheckState(0, Qt.CheckState.Checked if is_kept else Qt.CheckState.Unchecked)
            answer = None if state.is_hidden else state.answers.get(prompt)
            if answer is None:
                item.setText(1, "")
                item.setData(1, _PRESENT, None)
                item.setToolTip(1, "")
                continue
            is_present = state.is_present(answer)
            judgement = state.judgement(answer)
            number = strings.number(answer.similarity)
            verdict = "" if judgement is None else judgement.status
            item.setText(1, f"{strings.VERDICT_MARKS[verdict]} {number}".lstrip())
            item.setData(1, _PRESENT, is_present)
            said = strings.PRESENT if is_present else strings.ABSENT
            item.setToolTip(1, plain_tip(f"{said}. {strings.VERDICTS[verdict]}".rstrip(". ")))
        self.blockSignals(False)

    def narrow(self, wanted: list[str]) -> bool:
        """Show only the rows that hold every word; whether there are any."""
        is_any = False
        for group in children(self.invisibleRootItem()):
            is_empty = True
            for item in children(group):
                is_match = all(word in item.data(0, _NAMES) for word in wanted)
                item.setHidden(not is_match)
                is_empty &= not is_match
            group.setHidden(is_empty)
            is_any |= not is_empty
        return is_any

    def _choose(self, item: QTreeWidgetItem | None, before: QTreeWidgetItem | None) -> None:
        prompt = None if item is None else item.data(0, _PROMPT)
        if prompt is not None:
            self.chosen.emit(prompt)

    def _keep(self, item: QTreeWidgetItem, column: int) -> None:
        prompt = item.data(0, _PROMPT)
        if column == 0 and prompt is not None:
            self.kept.emit(prompt, item.checkState(0) == Qt.CheckState.Checked)


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
