"""How similar the windows of a slide are to the words: a distribution, drawn by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui import strings, theme
from afloc_desktop.ui.qt import (
    QColor,
    QPainter,
    QPaintEvent,
    QRect,
    QRectF,
    QSize,
    QSizePolicy,
    Qt,
    QWidget,
)

if TYPE_CHECKING:
    from afloc_desktop.core.slides.answers import Evidence

_HEIGHT, _INSET = 62, 6  # screen points
_FLAG = Qt.AlignmentFlag


class Distribution(QWidget):
    """Bars of how many windows lie at which similarity; those from the threshold on stand out."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(strings.SLIDE_DISTRIBUTION)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._evidence: Evidence | None = None
        self._threshold = 0.0

    def sizeHint(self) -> QSize:
        return QSize(200, _HEIGHT + 2 + self.fontMetrics().height())

    def show_evidence(self, evidence: Evidence | None, threshold: float) -> None:
        """Show what the windows say; None where there is nothing yet."""
        self._evidence, self._threshold = evidence, threshold
        self.update()

    def bars(self) -> list[tuple[QRectF, bool]]:
        """Where each bar lies, and whether all of it is at or above the threshold."""
        if self._evidence is None or not self._evidence.looked:
            return []
        counts, edges = self._evidence.counts, self._evidence.edges
        most, wide = max(1, int(counts.max())), (self.width() - 2 * _INSET) / len(counts)
        made = []
        for number, count in enumerate(counts.tolist()):
            # One window among thousands is still seen.
            high = 0.0 if not count else max(2.0, (_HEIGHT - 6) * count / most)
            box = QRectF(_INSET + number * wide, _HEIGHT - high, max(1.0, wide - 1), high)
            made.append((box, float(edges[number]) >= self._threshold))
        return made

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(QRectF(_INSET, _HEIGHT, self.width() - 2 * _INSET, 1), QColor(theme.LINE))
        for box, is_above in self.bars():
            painter.fillRect(box, QColor(theme.FOUND if is_above else theme.QUIET))
        if self._evidence is None or not self._evidence.looked:
            return
        low, high = float(self._evidence.edges[0]), float(self._evidence.edges[-1])
        if low < self._threshold < high:
            share = (self._threshold - low) / (high - low)
            at = _INSET + share * (self.width() - 2 * _INSET)
            painter.fillRect(QRectF(at - 1, 0, 2, _HEIGHT), QColor(theme.TEXT))
        painter.setPen(QColor(theme.QUIET))
        below = QRect(_INSET, _HEIGHT + 2, self.width() - 2 * _INSET, self.fontMetrics().height())
        painter.drawText(below, int(_FLAG.AlignLeft), strings.number(low))
        painter.drawText(below, int(_FLAG.AlignRight), strings.number(high))
