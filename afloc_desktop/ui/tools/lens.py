"""A magnifying glass over the film, with all that is painted on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui.qt import QColor, QPainter, QPainterPath, QPen, QPointF, Qt

if TYPE_CHECKING:
    from afloc_desktop.core.geometry import Point
    from afloc_desktop.state.store import State
    from afloc_desktop.ui.scene import Scene

_RADIUS = 130  # screen points
_FACTOR = 2.5
_RIM = QColor(148, 155, 164)


class Lens:
    """Paints itself where the pointer is.

    Attributes:
        at: Its middle, device pixels; None while it is put away.
    """

    def __init__(self) -> None:
        self.at: Point | None = None

    def paint(self, painter: QPainter, scene: Scene, state: State) -> None:
        """Draw it over everything else; `painter` is in screen points."""
        if self.at is None:
            return
        ratio = painter.device().devicePixelRatio()
        side = round(2 * _RADIUS * ratio)
        enlarged = scene.enlarged(self.at, side, _FACTOR)
        middle = QPointF(self.at.x / ratio, self.at.y / ratio)
        rim = QPainterPath()
        rim.addEllipse(middle, _RADIUS, _RADIUS)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipPath(rim)
        painter.fillPath(rim, Qt.GlobalColor.black)
        painter.translate(middle.x() - _RADIUS, middle.y() - _RADIUS)
        painter.scale(1 / ratio, 1 / ratio)
        enlarged.paint(painter, state)
        painter.restore()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.strokePath(rim, QPen(_RIM, 2))
        painter.restore()
