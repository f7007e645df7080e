"""The first thing on the screen, before anything else is loaded: that the application has begun.

The window itself needs several times as long. Not even `ui.qt` is loaded here: each of its hundred
names costs half a millisecond, and these nine are enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

_NAME = "AFLoc"  # the same in every language; which one is spoken is not yet known
_SIZE = (320, 120)
_PAPER, _INK, _EDGE = QColor("#16181b"), QColor("#d5d9de"), QColor("#5aa9e6")
_LATEST_MS = 1000  # where no screen shows it, nothing waits for it


class Opening(QWidget):
    """A small sheet with a name, until the window is there."""

    painted = Signal()

    def __init__(self) -> None:
        flags = Qt.WindowType.SplashScreen | Qt.WindowType.FramelessWindowHint
        super().__init__(None, flags)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, on=False)
        self.setAccessibleName(_NAME)
        self.setFixedSize(*_SIZE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it, and say that it is on the screen."""
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), _PAPER)
            painter.fillRect(0, self.height() - 3, self.width(), 3, _EDGE)
            font = QFont(painter.font())
            font.setPointSizeF(26)
            painter.setFont(font)
            painter.setPen(_INK)
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), _NAME)
        self.painted.emit()


def show_opening() -> Opening:
    """Put the sheet on the screen and wait until it is painted; there is an application then."""
    if QApplication.instance() is None:
        QApplication([_NAME])
    sheet, wait = Opening(), QEventLoop()
    # Queued: where it is painted while it is being shown, the loop has not begun and cannot end.
    sheet.painted.connect(wait.quit, Qt.ConnectionType.QueuedConnection)
    late = QTimer()
    late.setSingleShot(True)
    late.timeout.connect(wait.quit)
    late.start(_LATEST_MS)
    sheet.show()
    wait.exec()
    sheet.painted.disconnect(wait.quit)
    return sheet
