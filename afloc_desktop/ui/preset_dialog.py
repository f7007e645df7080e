"""Edits the windows of CT on the number keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.state.presets import DEFAULT, MOST, Preset, cleaned
from afloc_desktop.ui import strings
from afloc_desktop.ui.qt import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QGridLayout,
    QLineEdit,
    Qt,
    QWidget,
    Signal,
    column,
    label,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOWEST, _HIGHEST, _WIDEST = -2000.0, 10_000.0, 20_000.0
_BUTTONS = QDialogButtonBox.StandardButton


class PresetDialog(QDialog):
    """A row for each number key."""

    chosen = Signal(object)  # the presets, once they are accepted

    def __init__(self, parent: QWidget, presets: Sequence[Preset]) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(strings.EDIT_PRESETS)
        hint = label(strings.PRESETS_HINT, role="quiet", wraps=True)
        grid = QGridLayout()
        titles = (strings.PRESET_NAME, strings.PRESET_CENTRE, strings.PRESET_WIDTH)
        for place, title in enumerate(titles, start=1):
            grid.addWidget(label(title, role="quiet"), 0, place)
        self._rows = [_row(grid, number) for number in range(1, MOST + 1)]
        self._fill(presets)
        buttons = QDialogButtonBox(_BUTTONS.Ok | _BUTTONS.Cancel | _BUTTONS.RestoreDefaults)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        buttons.button(_BUTTONS.RestoreDefaults).clicked.connect(self._restore)
        layout = column(hint, margins=(22, 20, 22, 16))
        layout.addLayout(grid)
        layout.addWidget(buttons)
        layout.setSpacing(14)
        self.setLayout(layout)

    def presets(self) -> tuple[Preset, ...]:
        """What stands in the rows; those without a name are left out."""
        named = [(cleaned(name.text()), c.value(), w.value()) for name, c, w in self._rows]
        return tuple(Preset(name, centre, width) for name, centre, width in named if name)

    def accept(self) -> None:
        """Hand on what stands in the rows."""
        self.chosen.emit(self.presets())
        super().accept()

    def _restore(self) -> None:
        self._fill(DEFAULT)

    def _fill(self, presets: Sequence[Preset]) -> None:
        for number, (name, centre, width) in enumerate(self._rows):
            preset = presets[number] if number < len(presets) else Preset("", 0, 400)
            name.setText(preset.name)
            centre.setValue(preset.centre)
            width.setValue(preset.width)


def _row(grid: QGridLayout, number: int) -> tuple[QLineEdit, QDoubleSpinBox, QDoubleSpinBox]:
    name, centre, width = QLineEdit(), QDoubleSpinBox(), QDoubleSpinBox()
    centre.setRange(_LOWEST, _HIGHEST)
    width.setRange(1.0, _WIDEST)
    titles = (strings.PRESET_NAME, strings.PRESET_CENTRE, strings.PRESET_WIDTH)
    grid.addWidget(label(str(number), role="number"), number, 0)
    for place, (part, title) in enumerate(zip((name, centre, width), titles, strict=True), start=1):
        part.setAccessibleName(f"{title} {number}")
        grid.addWidget(part, number, place)
    for part in (centre, width):
        part.setDecimals(0)
        part.setSingleStep(10)
    return name, centre, width
