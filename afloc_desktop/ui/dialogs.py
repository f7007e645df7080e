"""Small windows: about, the first notice, and what went wrong. All text is literal."""

from __future__ import annotations

from afloc_desktop import __version__
from afloc_desktop.ui import strings
from afloc_desktop.ui.qt import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QMessageBox,
    Qt,
    QWidget,
    column,
    label,
)

_TEXT_WIDTH = 480


def about(parent: QWidget, model: str) -> QDialog:
    """Version, what the application is for and not for, licences."""
    dialog = _dialog(parent, strings.ABOUT)
    layout = column(
        label(strings.about(__version__), role="title"),
        label(model, role="quiet"),
        label(strings.RESEARCH_ONLY, role="warning"),
        _paragraph(strings.RESEARCH_TEXT),
        _paragraph(strings.LICENCES, role="quiet"),
        _close_button(dialog),
        margins=(22, 20, 22, 16),
    )
    layout.setSpacing(12)
    dialog.setLayout(layout)
    return dialog


def welcome(parent: QWidget) -> QDialog:
    """What the application is for and not for, before it is used for the first time."""
    dialog = _dialog(parent, strings.WELCOME_TITLE)
    buttons = QDialogButtonBox()
    agree = buttons.addButton(strings.WELCOME_AGREE, QDialogButtonBox.ButtonRole.AcceptRole)
    agree.setDefault(True)
    buttons.accepted.connect(dialog.accept)
    layout = column(
        label(strings.RESEARCH_ONLY, role="warning"),
        _paragraph(strings.RESEARCH_TEXT),
        buttons,
        margins=(22, 20, 22, 16),
    )
    layout.setSpacing(14)
    dialog.setLayout(layout)
    return dialog


def restore(parent: QWidget) -> QMessageBox:
    """Whether to open again what a run that did not end properly had open."""
    box = tell(parent, strings.RESTORE_TITLE, strings.RESTORE_ASK)
    box.setIcon(QMessageBox.Icon.Question)
    box.addButton(strings.RESTORE_YES, QMessageBox.ButtonRole.AcceptRole)
    box.addButton(strings.RESTORE_NO, QMessageBox.ButtonRole.RejectRole)
    return box


def tell(parent: QWidget, what: str, more: str) -> QMessageBox:
    """Something to know before going on, and what to do about it."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Information)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(strings.APP)
    box.setText(what)
    box.setInformativeText(more)
    return box


def crash(parent: QWidget | None, details: str) -> QMessageBox:
    """An error of our own: say so, and give the details to whoever looks after the station."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Critical)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(strings.CRASH_TITLE)
    box.setText(strings.CRASH_TEXT)
    box.setDetailedText(details)
    return box


def _paragraph(text: str, role: str = "") -> QLabel:
    """Wrapped text as high as it needs: a wrapping label without a width is laid out too low."""
    made = label(text, role=role, wraps=True)
    made.setFixedWidth(_TEXT_WIDTH)
    made.setFixedHeight(made.heightForWidth(_TEXT_WIDTH))
    return made


def _dialog(parent: QWidget, title: str) -> QDialog:
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    return dialog


def _close_button(dialog: QDialog) -> QDialogButtonBox:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    return buttons
