"""The one door to the Qt binding, and the few things every widget of ours must share."""

from __future__ import annotations

import html

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QEvent,
    QIODevice,
    QLockFile,
    QMarginsF,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    QSizeF,
    QStringListModel,
    Qt,
    QTimer,
    QUrl,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QColor,
    QCursor,
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QFont,
    QFontDatabase,
    QFontMetrics,
    QGuiApplication,
    QIcon,
    QImage,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPageSize,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPdfWriter,
    QPen,
    QPixmap,
    QPixmapCache,
    QPolygonF,
    QRegion,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextLength,
    QTextTableFormat,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QCompleter,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMainWindow,
    QMenu,
    QMessageBox,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSplitter,
    QStatusBar,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTabWidget,
    QTextBrowser,
    QTextEdit,
    QToolBar,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

ModelIndex = QModelIndex | QPersistentModelIndex

__all__ = [
    "ModelIndex",
    "QAction",
    "QActionGroup",
    "QApplication",
    "QBuffer",
    "QByteArray",
    "QCheckBox",
    "QCloseEvent",
    "QColor",
    "QComboBox",
    "QCompleter",
    "QCursor",
    "QDesktopServices",
    "QDialog",
    "QDialogButtonBox",
    "QDoubleSpinBox",
    "QDragEnterEvent",
    "QDropEvent",
    "QEvent",
    "QFileDialog",
    "QFont",
    "QFontDatabase",
    "QFontMetrics",
    "QFormLayout",
    "QFrame",
    "QGridLayout",
    "QGuiApplication",
    "QHBoxLayout",
    "QHeaderView",
    "QIODevice",
    "QIcon",
    "QImage",
    "QInputDialog",
    "QKeyEvent",
    "QKeySequence",
    "QKeySequenceEdit",
    "QLabel",
    "QLineEdit",
    "QListWidget",
    "QListWidgetItem",
    "QLockFile",
    "QMainWindow",
    "QMarginsF",
    "QMenu",
    "QMessageBox",
    "QMimeData",
    "QMouseEvent",
    "QObject",
    "QPageSize",
    "QPaintEvent",
    "QPainter",
    "QPainterPath",
    "QPalette",
    "QPdfWriter",
    "QPen",
    "QPixmap",
    "QPixmapCache",
    "QPlainTextEdit",
    "QPoint",
    "QPointF",
    "QPolygonF",
    "QProgressBar",
    "QPushButton",
    "QRect",
    "QRectF",
    "QRegion",
    "QResizeEvent",
    "QSize",
    "QSizeF",
    "QSizePolicy",
    "QSlider",
    "QSplitter",
    "QStatusBar",
    "QStringListModel",
    "QStyle",
    "QStyleOptionViewItem",
    "QStyledItemDelegate",
    "QTabWidget",
    "QTextBlockFormat",
    "QTextBrowser",
    "QTextCharFormat",
    "QTextCursor",
    "QTextDocument",
    "QTextEdit",
    "QTextLength",
    "QTextTableFormat",
    "QTimer",
    "QToolBar",
    "QToolButton",
    "QTreeWidget",
    "QTreeWidgetItem",
    "QUrl",
    "QVBoxLayout",
    "QWheelEvent",
    "QWidget",
    "Qt",
    "Signal",
    "Slot",
    "Tree",
    "button",
    "children",
    "column",
    "label",
    "lay_as_pictures",
    "plain_tip",
    "row",
]


def label(text: str = "", *, role: str = "", wraps: bool = False) -> QLabel:
    """A label that shows its text literally, whatever a file put into it.

    `role` is matched by the style sheet.
    """
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setText(text)
    made.setWordWrap(wraps)
    made.setProperty("role", role)
    return made


class Tree(QTreeWidget):
    """A tree that leaves the space bar to the window, which hides everything AI with it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            event.ignore()
        else:
            super().keyPressEvent(event)


def button(text: str, *, role: str = "") -> QPushButton:
    """A button that a click does not give the keyboard to: the space bar hides everything AI."""
    made = QPushButton(text)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setProperty("role", role)
    return made


def plain_tip(text: str) -> str:
    """A tool tip that shows `text` literally and wraps; Qt guesses the format of tool tips."""
    return f"<span>{html.escape(text)}</span>" if text else ""


def column(*parts: QWidget, margins: tuple[int, int, int, int] = (0, 0, 0, 0)) -> QVBoxLayout:
    """Widgets below one another."""
    layout = QVBoxLayout()
    layout.setContentsMargins(*margins)
    for part in parts:
        layout.addWidget(part)
    return layout


def row(*parts: QWidget | None) -> QHBoxLayout:
    """Widgets beside one another; None is a stretch."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        else:
            layout.addWidget(part)
    return layout


def lay_as_pictures(pictures: QListWidget, name: str, side: int, cell: QSize) -> None:
    """Lay out a list as small pictures in rows, which nobody can move.

    Args:
        pictures: The list.
        name: Said to whoever cannot see it.
        side: Of a picture, screen points.
        cell: Of a picture and what is written under it.
    """
    pictures.setAccessibleName(name)
    pictures.setViewMode(QListWidget.ViewMode.IconMode)
    pictures.setMovement(QListWidget.Movement.Static)
    pictures.setResizeMode(QListWidget.ResizeMode.Adjust)
    pictures.setIconSize(QSize(side, side))
    pictures.setGridSize(cell)
    pictures.setFocusPolicy(Qt.FocusPolicy.TabFocus)


def children(item: QTreeWidgetItem) -> list[QTreeWidgetItem]:
    """The rows below a row, in order."""
    found = [item.child(i) for i in range(item.childCount())]
    return [child for child in found if child is not None]
