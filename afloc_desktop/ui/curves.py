"""Lines that grow while a model learns; drawn by hand, a plotting library is slow to start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui import theme
from afloc_desktop.ui.qt import (
    QColor,
    QPainter,
    QPaintEvent,
    QPen,
    QPointF,
    QPolygonF,
    QRectF,
    Qt,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_INKS = ("#5aa9e6", "#e0b15a", "#7fc48a", "#d98bb0", "#b7a3e3", "#8fb8b5")
_MARGIN_PX, _LEGEND_PX = 10, 20
_LEAST_HEIGHT_PX = 150


class Curves(QWidget):
    """One line a name, all over the same steps and each stretched to its own range."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setMinimumHeight(_LEAST_HEIGHT_PX)
        self._name = name
        self._lines: dict[str, list[tuple[float, float]]] = {}
        self._steps = 1

    def clear(self) -> None:
        """Forget everything."""
        self._lines = {}
        self.update()

    def add(self, step: int, steps: int, values: Mapping[str, float]) -> None:
        """Values after `step` of `steps`."""
        self._steps = max(1, steps)
        for name, value in values.items():
            self._lines.setdefault(name, []).append((float(step), float(value)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inner = QRectF(self.rect()).adjusted(
            _MARGIN_PX, _MARGIN_PX, -_MARGIN_PX, -_MARGIN_PX - _LEGEND_PX
        )
        painter.setPen(QPen(QColor(theme.LINE), 1))
        painter.drawRect(inner)
        if not self._lines:
            painter.setPen(QColor(theme.QUIET))
            painter.drawText(inner, Qt.AlignmentFlag.AlignCenter, self._name)
        across = inner.left()
        for number, (name, points) in enumerate(self._lines.items()):
            ink = QColor(_INKS[number % len(_INKS)])
            painter.setPen(QPen(ink, 2))
            painter.drawPolyline(self._polygon(points, inner))
            words = f"{name} {points[-1][1]:.3f}"
            place = QPointF(across, self.height() - _MARGIN_PX)
            painter.drawText(place, words)
            across += painter.fontMetrics().horizontalAdvance(words) + 2 * _MARGIN_PX
        painter.end()

    def _polygon(self, points: list[tuple[float, float]], inner: QRectF) -> QPolygonF:
        values = [value for _, value in points]
        low, span = min(values), max(max(values) - min(values), 1e-9)
        return QPolygonF(
            [
                QPointF(
                    inner.left() + inner.width() * step / self._steps,
                    inner.bottom() - inner.height() * (value - low) / span,
                )
                for step, value in points
            ]
        )
