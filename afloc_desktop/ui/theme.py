"""Dark and calm: the film is the brightest thing in the room."""

from __future__ import annotations

from afloc_desktop.ui.qt import QApplication, QColor, QPalette

BACKGROUND = "#16181b"
PANEL = "#1d2024"
RAISED = "#272b31"
LINE = "#33383f"
TEXT = "#d5d9de"
QUIET = "#949ba4"
ACCENT = "#5aa9e6"
ACCENT_DARK = "#274b68"
WARNING = "#e0b15a"
FOUND = "#f0a04b"

STYLE = f"""
QMainWindow, QWidget {{ background: {PANEL}; color: {TEXT}; }}
QToolTip {{ background: {RAISED}; color: {TEXT}; border: 1px solid {LINE}; padding: 4px; }}
QMenuBar {{ background: {BACKGROUND}; color: {TEXT}; padding: 2px; }}
QMenuBar::item {{ padding: 4px 10px; background: transparent; border-radius: 4px; }}
QMenuBar::item:selected {{ background: {RAISED}; }}
QMenu {{ background: {RAISED}; border: 1px solid {LINE}; padding: 4px; }}
QMenu::item {{ padding: 5px 24px 5px 20px; border-radius: 3px; }}
QMenu::item:selected {{ background: {ACCENT_DARK}; }}
QMenu::item:disabled {{ color: {QUIET}; }}
QMenu::separator {{ height: 1px; background: {LINE}; margin: 4px 8px; }}
QStatusBar {{ background: {BACKGROUND}; color: {QUIET}; }}
QStatusBar::item {{ border: none; }}
QStatusBar QLabel {{ background: transparent; color: {QUIET}; padding: 0 8px; }}
QToolBar {{ background: {PANEL}; border: none; spacing: 5px; padding: 7px 8px; }}
QToolBar QToolButton#qt_toolbar_ext_button {{ padding: 2px; }}
QSplitter::handle {{ background: {BACKGROUND}; }}
QLabel {{ background: transparent; }}
QLabel[role="title"] {{ font-weight: 600; color: {TEXT}; }}
QLabel[role="quiet"] {{ color: {QUIET}; }}
QFrame[role="calm"] QLabel {{ color: {QUIET}; }}
QFrame[role="warning"] {{ background: #2c281f; border-left: 3px solid {WARNING}; }}
QFrame[role="warning"] QLabel {{ color: {WARNING}; border: none; }}
QLabel[role="warning"] {{ color: {WARNING}; background: #2c281f; border-left: 3px solid {WARNING};
    padding: 6px 8px; }}
QLabel[role="note"] {{ color: {TEXT}; background: #1f2a33; border-left: 3px solid {ACCENT};
    padding: 6px 8px; }}
QLabel[role="research"] {{ color: {WARNING}; font-weight: 600; border: 1px solid #6b5a34;
    border-radius: 4px; padding: 3px 10px; }}
QLabel[role="number"] {{ color: {TEXT}; font-weight: 600; }}
QLineEdit {{ background: {BACKGROUND}; border: 1px solid {LINE}; border-radius: 5px;
    padding: 7px 9px; selection-background-color: {ACCENT_DARK}; }}
QLineEdit:focus {{ border-color: {ACCENT}; }}
QPushButton, QToolButton {{ background: {RAISED}; border: 1px solid {LINE}; border-radius: 5px;
    padding: 5px 9px; }}
QPushButton:hover, QToolButton:hover {{ border-color: {QUIET}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {BACKGROUND}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {ACCENT}; }}
QPushButton:disabled, QToolButton:disabled {{ color: #5d636b; background: {PANEL}; }}
QToolButton:checked {{ background: {ACCENT_DARK}; border-color: {ACCENT}; }}
QToolButton:checked:disabled {{ border-color: {LINE}; }}
QPushButton[role="link"] {{ background: transparent; border: none; color: {ACCENT}; padding: 2px; }}
QPushButton[role="link"]:disabled {{ color: #5d636b; }}
QComboBox {{ background: {RAISED}; border: 1px solid {LINE}; border-radius: 5px;
    padding: 5px 8px; }}
QComboBox:disabled {{ color: #5d636b; background: {PANEL}; }}
QComboBox QAbstractItemView {{ background: {RAISED}; border: 1px solid {LINE};
    selection-background-color: {ACCENT_DARK}; }}
QPlainTextEdit {{ background: {BACKGROUND}; border: 1px solid {LINE}; border-radius: 5px;
    padding: 4px; selection-background-color: {ACCENT_DARK}; }}
QTabWidget::pane {{ border: none; }}
QTabBar {{ background: transparent; }}
QTabBar::tab {{ background: transparent; color: {QUIET}; padding: 6px 14px; border: none;
    border-bottom: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {TEXT}; border-bottom-color: {ACCENT}; }}
QTabBar::tab:hover, QTabBar::tab:focus {{ color: {TEXT}; }}
QTreeWidget {{ background: {PANEL}; border: none; outline: none; show-decoration-selected: 1; }}
QTreeWidget::item {{ padding: 4px 2px; border: none; }}
QTreeWidget::item:hover {{ background: {RAISED}; }}
QTreeWidget::item:selected {{ background: {ACCENT_DARK}; color: #ffffff; }}
QTreeWidget::indicator, QCheckBox::indicator {{ width: 11px; height: 11px; border-radius: 3px;
    border: 1px solid {QUIET}; background: {BACKGROUND}; }}
QTreeWidget::indicator:checked, QCheckBox::indicator:checked {{ background: {ACCENT};
    border-color: {ACCENT}; }}
QFrame[role="sheet"] {{ border: 1px solid {LINE}; border-radius: 5px; }}
QCheckBox {{ background: transparent; spacing: 7px; }}
QSlider {{ background: transparent; min-height: 20px; }}
QSlider::groove:horizontal {{ height: 4px; background: {LINE}; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {ACCENT_DARK}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {TEXT}; width: 12px; margin: -5px 0;
    border-radius: 6px; }}
QSlider::handle:horizontal:focus {{ background: {ACCENT}; }}
QSlider::handle:horizontal:disabled {{ background: #5d636b; }}
QProgressBar {{ background: {LINE}; border: none; max-height: 3px; }}
QProgressBar::chunk {{ background: {ACCENT}; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {LINE}; border-radius: 4px; min-height: 28px; min-width: 28px; }}
QScrollBar::handle:hover {{ background: #464d56; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
    background: none; border: none; width: 0; height: 0; }}
"""


def dress(application: QApplication) -> None:
    """Give every window of the application the dark look."""
    application.setStyle("Fusion")
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, PANEL),
        (roles.Base, PANEL),
        (roles.AlternateBase, RAISED),
        (roles.Button, RAISED),
        (roles.Text, TEXT),
        (roles.WindowText, TEXT),
        (roles.ButtonText, TEXT),
        (roles.ToolTipBase, RAISED),
        (roles.ToolTipText, TEXT),
        (roles.PlaceholderText, QUIET),
        (roles.Highlight, ACCENT_DARK),
        (roles.HighlightedText, "#ffffff"),
        (roles.Link, ACCENT),
    ):
        palette.setColor(role, QColor(colour))
    font = application.font()
    font.setPointSizeF(max(font.pointSizeF(), 10))
    application.setFont(font)
    application.setPalette(palette)
    application.setStyleSheet(STYLE)
