"""The map in the corner of a slide: all of it, and what of it is on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.ui import theme
from afloc_desktop.ui.qt import QColor, QPainter, QPen, QPointF, QRectF
from afloc_desktop.ui.slides.mosaic import colour_picture

if TYPE_CHECKING:
    from afloc_desktop.core.domain import ColourArray

_LONGEST = 170.0  # screen points
_SHARE = 0.3  # of the canvas, at most
_MARGIN = 12
_LEAST = 5.0  # of a rectangle that can still be seen
_EDGE = QColor(theme.DARK.quiet)
_SEEN = QColor(theme.DARK.accent)
_REGION = QColor(theme.DARK.warning)
_BLANK = QColor(theme.DARK.raised)


@dataclass(frozen=True, slots=True)
class Map:
    """Where the map lies on the canvas, screen points.

    Attributes:
        left, top, width, height: Of the map.
        columns, rows: Of the slide.
    """

    left: float
    top: float
    width: float
    height: float
    columns: int
    rows: int

    @classmethod
    def placed(cls, size: tuple[int, int], slide: tuple[int, int], top: int) -> Map:
        """In the upper right corner.

        Args:
            size: Width and height of the canvas, screen points.
            slide: Its columns and rows.
            top: Screen points that are taken above.
        """
        longest = min(_LONGEST, _SHARE * min(size))
        scale = longest / max(slide)
        wide, high = max(1.0, slide[0] * scale), max(1.0, slide[1] * scale)
        return cls(size[0] - _MARGIN - wide, top + _MARGIN, wide, high, *slide)

    def slide_point(self, at: QPointF) -> Point | None:
        """The place of the slide under a position of the canvas; None beside the map."""
        x, y = (at.x() - self.left) / self.width, (at.y() - self.top) / self.height
        is_inside = 0 <= x <= 1 and 0 <= y <= 1
        return Point(x * self.columns, y * self.rows) if is_inside else None

    def nearest(self, at: QPointF) -> Point:
        """The place of the slide nearest to a position, also beside the map."""
        x = min(max((at.x() - self.left) / self.width, 0.0), 1.0)
        y = min(max((at.y() - self.top) / self.height, 0.0), 1.0)
        return Point(x * self.columns, y * self.rows)

    def rectangle(self, box: Box) -> QRectF:
        """A part of the slide on the map, never too small to be seen."""
        across, down = self.width / self.columns, self.height / self.rows
        wide = max(_LEAST, (box.x1 - box.x0) * across)
        high = max(_LEAST, (box.y1 - box.y0) * down)
        x = self.left + box.centre.x * across - wide / 2
        y = self.top + box.centre.y * down - high / 2
        return QRectF(x, y, wide, high)


def paint(
    painter: QPainter, place: Map, small: ColourArray | None, seen: Box, region: Box | None
) -> None:
    """Draw the slide, what is on the screen, and the chosen part.

    Args:
        painter: In screen points.
        place: Of the map.
        small: The slide, small; None where it has no small copy.
        seen: On the screen, slide pixels.
        region: That was chosen.
    """
    frame = QRectF(place.left, place.top, place.width, place.height)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.fillRect(frame, _BLANK)
    if small is not None:
        painter.drawImage(frame, colour_picture(small))
    painter.setPen(QPen(_EDGE, 1))
    painter.drawRect(frame)
    painter.setClipRect(frame.adjusted(-2, -2, 2, 2))
    if region is not None:
        painter.setPen(QPen(_REGION, 1.5))
        painter.drawRect(place.rectangle(region))
    painter.setPen(QPen(_SEEN, 2))
    painter.drawRect(place.rectangle(seen))
    painter.restore()
