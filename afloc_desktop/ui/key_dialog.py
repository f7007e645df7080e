"""The list of keys, and giving a command another one; conflicts are said before they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui import actions, keymap, strings
from afloc_desktop.ui.qt import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QKeySequence,
    QKeySequenceEdit,
    QLineEdit,
    Qt,
    QTreeWidgetItem,
    QWidget,
    Signal,
    Tree,
    button,
    column,
    label,
    row,
)

if TYPE_CHECKING:
    from afloc_desktop.ui.keymap import Keys

_ID = Qt.ItemDataRole.UserRole


class KeyDialog(QDialog):
    """Every command with its keys; mouse gestures below."""

    changed = Signal(object)  # the reader's keys, when they were accepted

    def __init__(self, parent: QWidget, keys: Keys) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(strings.SHORTCUTS)
        self._keys = dict(keys)
        self._find = QLineEdit()
        self._find.setPlaceholderText(strings.KEY_SEARCH)
        self._find.setAccessibleName(strings.KEY_SEARCH)
        self._find.setClearButtonEnabled(True)
        self._find.textChanged.connect(self._narrow)
        self.list = Tree(strings.SHORTCUTS)
        self.list.setColumnCount(2)
        self.list.setRootIsDecorated(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setStretchLastSection(False)
        self.list.currentItemChanged.connect(self._show_keys)
        self.edit = QKeySequenceEdit()
        self.edit.setMaximumSequenceLength(1)
        self.edit.setAccessibleName(strings.KEY_NEW)
        self.edit.keySequenceChanged.connect(self._give)
        self._own = button(strings.KEY_DEFAULT)
        self._own.clicked.connect(self._take_back)
        self._conflict = label(role="warning", wraps=True)
        self._buttons = _buttons()
        self._buttons.accepted.connect(self._accept)
        self._buttons.rejected.connect(self.reject)
        self._lay_out()
        self._fill()

    def _lay_out(self) -> None:
        bar = row(label(strings.KEY_NEW), self.edit, self._own)
        layout = column(self._find, self.list, margins=(18, 16, 18, 14))
        layout.addLayout(bar)
        layout.addWidget(self._conflict)
        for keys, effect in strings.MOUSE_ROWS:
            layout.addLayout(row(label(keys, role="number"), None, label(effect, role="quiet")))
        layout.addWidget(self._buttons)
        layout.setSpacing(8)
        self.setLayout(layout)
        self.resize(560, 680)

    def _fill(self) -> None:
        used = keymap.in_use(self._keys, actions.COMMANDS)
        chosen = self._chosen()
        self.list.blockSignals(True)
        self.list.clear()
        for command in actions.COMMANDS:
            item = QTreeWidgetItem([command.text, _shown(used[command.id])])
            item.setData(0, _ID, command.id)
            self.list.addTopLevelItem(item)
            if command.id == chosen:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        self._narrow(self._find.text())
        self._say_conflicts()

    def _chosen(self) -> str:
        item = self.list.currentItem()
        return "" if item is None else str(item.data(0, _ID))

    def _show_keys(self, item: QTreeWidgetItem | None, before: QTreeWidgetItem | None) -> None:
        used = keymap.in_use(self._keys, actions.COMMANDS).get(self._chosen(), ())
        self.edit.blockSignals(True)
        self.edit.setKeySequence(QKeySequence(used[0] if used else ""))
        self.edit.blockSignals(False)

    def _give(self, sequence: QKeySequence) -> None:
        chosen = self._chosen()
        if chosen:
            text = sequence.toString()
            self._keys[chosen] = (text,) if text else ()
            self._fill()

    def _take_back(self) -> None:
        if self._keys.pop(self._chosen(), None) is not None:
            self._fill()
            self._show_keys(None, None)

    def _narrow(self, text: str) -> None:
        for number in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(number)
            if item is not None:
                words = f"{item.text(0)} {item.text(1)}".lower()
                item.setHidden(text.lower() not in words)

    def _say_conflicts(self) -> None:
        names = {command.id: command.text for command in actions.COMMANDS} | {"": strings.KEY_HELD}
        found = keymap.conflicts(self._keys, actions.COMMANDS)
        lines = [strings.key_conflict(key, [names[i] for i in ids]) for key, ids in found.items()]
        self._conflict.setText("\n".join(lines))
        self._conflict.setVisible(bool(lines))
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not lines)

    def _accept(self) -> None:
        own = {c.id: c.keys for c in actions.COMMANDS}
        self.changed.emit({name: keys for name, keys in self._keys.items() if own[name] != keys})
        self.accept()


def _shown(keys: tuple[str, ...]) -> str:
    return ", ".join(QKeySequence(key).toString(_NATIVE) for key in keys)


_NATIVE = QKeySequence.SequenceFormat.NativeText


def _buttons() -> QDialogButtonBox:
    kinds = QDialogButtonBox.StandardButton
    return QDialogButtonBox(kinds.Ok | kinds.Cancel)
