"""What a reader can set once and for all: name, look, language, where the model runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from afloc_desktop.ui import strings
from afloc_desktop.ui.qt import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFontDatabase,
    QFormLayout,
    QLineEdit,
    Qt,
    QWidget,
    Signal,
    column,
    label,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from afloc_desktop.state.settings import Settings

_CHINESE = "zh"


class SettingsDialog(QDialog):
    """Changes nothing itself; `changed` carries the settings as they should be."""

    changed = Signal(object)

    def __init__(self, parent: QWidget, settings: Settings) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(strings.SETTINGS_TITLE)
        self._settings = settings
        self.reader = QLineEdit(settings.reader)
        self.reader.setMaxLength(64)
        self.look = _choice(strings.LOOKS, settings.look)
        self.language = _choice(strings.LANGUAGES, settings.language)
        self.provider = _choice(strings.PROVIDERS, settings.provider)
        self.resolution = _choice(strings.RESOLUTIONS, settings.resolution)
        self._no_font = label(strings.NO_CHINESE_FONT, role="warning", wraps=True)
        self.language.currentIndexChanged.connect(self._look_for_font)
        form = QFormLayout()
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(10)
        for name, field in (
            (strings.SETTING_READER, self.reader),
            (strings.SETTING_LOOK, self.look),
            (strings.SETTING_LANGUAGE, self.language),
            (strings.SETTING_PROVIDER, self.provider),
            (strings.SETTING_RESOLUTION, self.resolution),
        ):
            field.setAccessibleName(name)
            form.addRow(label(name), field)
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        layout = column(margins=(22, 20, 22, 16))
        layout.addLayout(form)
        layout.addWidget(self._no_font)
        layout.addWidget(label(strings.SETTINGS_LATER, role="quiet", wraps=True))
        layout.addWidget(buttons)
        layout.setSpacing(14)
        self.setLayout(layout)
        self.setMinimumWidth(430)
        self._look_for_font()

    def _look_for_font(self) -> None:
        """Say so where the language could not be read here."""
        chinese = QFontDatabase.WritingSystem.SimplifiedChinese
        is_chosen = self.language.currentData() == _CHINESE
        self._no_font.setVisible(is_chosen and not QFontDatabase.families(chinese))

    def _accept(self) -> None:
        settings = replace(
            self._settings,
            reader=" ".join(self.reader.text().split()),
            look=str(self.look.currentData()),
            language=str(self.language.currentData()),
            provider=str(self.provider.currentData()),
            resolution=str(self.resolution.currentData()),
        )
        self.changed.emit(settings)
        self.accept()


def _choice(names: Mapping[str, str], chosen: str) -> QComboBox:
    box = QComboBox()
    for value, name in names.items():
        box.addItem(name, value)
    if chosen not in names:  # set by hand, or by another version: it stays as it is
        box.addItem(chosen, chosen)
    box.setCurrentIndex(box.findData(chosen))
    return box
