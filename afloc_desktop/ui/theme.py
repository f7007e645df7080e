"""How the window looks: dark and calm, so that the film is the brightest thing; or light.

`theme.TEXT` and the other names below are the colours of the look in use. On the film itself the
dark ones are used whatever the window wears.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from string import Template
from types import MappingProxyType
from typing import TYPE_CHECKING

from afloc_desktop.ui.qt import QApplication, QColor, QPalette, QPixmapCache

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of a window, as HTML writes them.

    Attributes:
        background, panel, raised: Paper, from the lowest to the highest.
        line, faint: Borders, and words that cannot be used now.
        text, quiet, accent, warning: Ink.
        accent_dark, chosen: Paper and ink of what is chosen.
        found: A mark.
        warning_paper, warning_line, note_paper: Around words that must be seen.
    """

    background: str
    panel: str
    raised: str
    line: str
    faint: str
    text: str
    quiet: str
    accent: str
    warning: str
    accent_dark: str
    chosen: str
    found: str
    warning_paper: str
    warning_line: str
    note_paper: str


DARK = Look(
    background="#16181b",
    panel="#1d2024",
    raised="#272b31",
    line="#33383f",
    faint="#5d636b",
    text="#d5d9de",
    quiet="#949ba4",
    accent="#5aa9e6",
    warning="#e0b15a",
    accent_dark="#274b68",
    chosen="#ffffff",
    found="#f0a04b",
    warning_paper="#2c281f",
    warning_line="#6b5a34",
    note_paper="#1f2a33",
)
LIGHT = Look(
    background="#e4e7eb",
    panel="#f4f5f7",
    raised="#ffffff",
    line="#c3c9d1",
    faint="#9aa2ac",
    text="#1d2126",
    quiet="#565e68",
    accent="#175f96",
    warning="#7d5200",
    accent_dark="#c9dff0",
    chosen="#10161c",
    found="#c05f00",
    warning_paper="#fbf1dc",
    warning_line="#c9a35a",
    note_paper="#e3eef7",
)
LOOKS: Mapping[str, Look] = MappingProxyType({"dark": DARK, "light": LIGHT})
_WORN = "afloc-look"
# Every window leaves 45 kB of small pictures in Qt's cache (tests/support/cycles.py); those of
# closed ones would stay until Qt's own limit of 10 MB is reached.
_DRAWN_KB = 1024
_STYLE = Template("""
QMainWindow, QWidget { background: $panel; color: $text; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 4px; }
QMenuBar { background: $background; color: $text; padding: 2px; }
QMenuBar::item { padding: 4px 10px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected { background: $raised; }
QMenu { background: $raised; border: 1px solid $line; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 20px; border-radius: 3px; }
QMenu::item:selected { background: $accent_dark; }
QMenu::item:disabled { color: $quiet; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }
QStatusBar { background: $background; color: $quiet; }
QStatusBar::item { border: none; }
QStatusBar QLabel { background: transparent; color: $quiet; padding: 0 8px; }
QStatusBar QToolButton { background: transparent; border-color: transparent; color: $quiet;
  padding: 1px 20px 1px 8px; }
QStatusBar QToolButton:hover, QStatusBar QToolButton:focus { border-color: $quiet; }
QToolBar { background: $panel; border: none; spacing: 5px; padding: 7px 8px; }
QToolBar QToolButton { padding: 5px 7px; }
QToolBar QToolButton#qt_toolbar_ext_button { padding: 2px; background: $accent_dark; }
QSplitter::handle { background: $background; }
QLabel { background: transparent; }
QLabel[role="title"] { font-weight: 600; color: $text; }
QLabel[role="quiet"] { color: $quiet; }
QFrame[role="calm"] QLabel { color: $quiet; }
QFrame[role="warning"] { background: $warning_paper; border-left: 3px solid $warning; }
QFrame[role="warning"] QLabel { color: $warning; border: none; }
QLabel[role="warning"] { color: $warning; background: $warning_paper; padding: 6px 8px;
    border-left: 3px solid $warning; }
QLabel[role="note"] { color: $text; background: $note_paper; border-left: 3px solid $accent;
    padding: 6px 8px; }
QLabel[role="research"] { color: $warning; font-weight: 600; border: 1px solid $warning_line;
    border-radius: 4px; padding: 3px 10px; }
QLabel[role="number"] { color: $text; font-weight: 600; }
QLineEdit { background: $background; border: 1px solid $line; border-radius: 5px;
    padding: 7px 9px; selection-background-color: $accent_dark; }
QLineEdit:focus, QAbstractSpinBox:focus { border-color: $accent; }
QAbstractSpinBox { background: $background; border: 1px solid $line; border-radius: 5px;
    padding: 5px 7px; selection-background-color: $accent_dark; }
QLineEdit:disabled { color: $faint; background: $panel; }
QPushButton, QToolButton { background: $raised; border: 1px solid $line; border-radius: 5px;
    padding: 5px 9px; }
QPushButton:hover, QToolButton:hover { border-color: $quiet; }
QPushButton:pressed, QToolButton:pressed { background: $background; }
QPushButton:focus, QToolButton:focus { border-color: $accent; }
QPushButton:disabled, QToolButton:disabled { color: $faint; background: $panel; }
QToolButton:checked { background: $accent_dark; border-color: $accent; }
QToolButton:checked:disabled { border-color: $line; }
QPushButton[role="link"] { background: transparent; border: none; color: $accent; padding: 2px; }
QPushButton[role="link"]:disabled { color: $faint; }
QComboBox { background: $raised; border: 1px solid $line; border-radius: 5px;
    padding: 5px 8px; }
QComboBox:disabled { color: $faint; background: $panel; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $line;
    selection-background-color: $accent_dark; }
QPlainTextEdit { background: $background; border: 1px solid $line; border-radius: 5px;
    padding: 4px; selection-background-color: $accent_dark; }
QListView { background: $raised; border: 1px solid $line; }
QTabWidget::pane { border: none; }
QTabBar { background: transparent; }
QTabBar::tab { background: transparent; color: $quiet; padding: 6px 14px; border: none;
    border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; }
QTabBar::tab:hover, QTabBar::tab:focus { color: $text; }
QListWidget { background: $panel; border: none; outline: none; }
QListWidget::item { border: 2px solid transparent; border-radius: 4px; color: $quiet; }
QListWidget::item:hover { background: $raised; }
QListWidget::item:selected { border-color: $accent; color: $text; background: $raised; }
QTreeWidget { background: $panel; border: none; outline: none; show-decoration-selected: 1; }
QTreeWidget::item { padding: 4px 2px; border: none; }
QTreeWidget::item:hover { background: $raised; }
QTreeWidget::item:selected { background: $accent_dark; color: $chosen; }
QTreeWidget::indicator, QCheckBox::indicator { width: 11px; height: 11px; border-radius: 3px;
    border: 1px solid $quiet; background: $background; }
QTreeWidget::indicator:checked, QCheckBox::indicator:checked { background: $accent;
    border-color: $accent; }
QFrame[role="sheet"] { border: 1px solid $line; border-radius: 5px; }
QCheckBox { background: transparent; spacing: 7px; }
QCheckBox::indicator:focus { border-color: $accent; }
QCheckBox:disabled { color: $faint; }
QCheckBox::indicator:disabled { border-color: $line; background: $panel; }
QCheckBox::indicator:checked:disabled { background: $faint; border-color: $faint; }
QSlider { background: transparent; min-height: 20px; }
QSlider::groove:horizontal { height: 4px; background: $line; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent_dark; border-radius: 2px; }
QSlider::handle:horizontal { background: $text; width: 12px; margin: -5px 0;
    border-radius: 6px; }
QSlider::handle:horizontal:focus { background: $accent; }
QSlider::handle:horizontal:disabled { background: $faint; }
QProgressBar { background: $line; border: none; max-height: 3px; }
QProgressBar::chunk { background: $accent; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $line; border-radius: 4px; min-height: 28px; min-width: 28px; }
QScrollBar::handle:hover { background: $quiet; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {
    background: none; border: none; width: 0; height: 0; }
""")


def __getattr__(name: str) -> str:
    """A colour of the look in use, in capitals: `theme.TEXT`."""
    application = QApplication.instance()
    worn = None if application is None else application.property(_WORN)
    value = getattr(LOOKS.get(str(worn), DARK), name.lower(), None)
    if value is None or not name.isupper():
        raise AttributeError(name)
    return str(value)


def style(look: Look) -> str:
    """The style sheet of a look."""
    return _STYLE.substitute(asdict(look))


def dress(application: QApplication, name: str = "dark") -> None:
    """Give every window of the application a look, `dark` or `light`."""
    look = LOOKS.get(name, DARK)
    application.setProperty(_WORN, name)
    application.setStyle("Fusion")
    QPixmapCache.setCacheLimit(_DRAWN_KB)
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, look.panel),
        (roles.Base, look.panel),
        (roles.AlternateBase, look.raised),
        (roles.Button, look.raised),
        (roles.Text, look.text),
        (roles.WindowText, look.text),
        (roles.ButtonText, look.text),
        (roles.ToolTipBase, look.raised),
        (roles.ToolTipText, look.text),
        (roles.PlaceholderText, look.quiet),
        (roles.Highlight, look.accent_dark),
        (roles.HighlightedText, look.chosen),
        (roles.Link, look.accent),
    ):
        palette.setColor(role, QColor(colour))
    font = application.font()
    font.setPointSizeF(max(font.pointSizeF(), 10))
    application.setFont(font)
    application.setPalette(palette)
    application.setStyleSheet(style(look))
