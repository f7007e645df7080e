"""Literal text with a dark outline, readable on black and on white."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui.qt import QColor, QPainter, QPainterPath, QPen, Qt

if TYPE_CHECKING:
    from collections.abc import Sequence

INK = QColor(222, 226, 231)
_OUTLINE = QPen(QColor(0, 0, 0, 215), 3.4, j=Qt.PenJoinStyle.RoundJoin)


def write(painter: QPainter, places: Sequence[tuple[float, float, str]], ink: QColor = INK) -> None:
    """Draw pieces of text whose upper left corners are at (x, y), screen points."""
    if not places:
        return  # even an empty outline takes a millisecond
    path, ascent = QPainterPath(), painter.fontMetrics().ascent()
    for left, top, text in places:
        path.addText(left, top + ascent, painter.font(), text)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.strokePath(path, _OUTLINE)
    painter.fillPath(path, ink)
    painter.restore()
