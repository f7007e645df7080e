"""How a film lies on the screen: zoom, centre, shape of its pixels, turn. Pure geometry."""

from __future__ import annotations

from dataclasses import dataclass, replace

from afloc_desktop.core.dicom.orientation import Turn
from afloc_desktop.core.geometry import Box, Point

_AS_STORED = Turn()
SMALLEST, LARGEST = 0.005, 40.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """A view on a film.

    Attributes:
        width, height: Of the screen area, device pixels.
        zoom: Device pixels per source pixel, along the shorter side of a pixel.
        centre: Source point in the middle of the area.
        aspect: Height of a source pixel over its width.
        turn: How the film was turned.
        smallest: Zoom, beyond which it does not shrink.
    """

    width: int
    height: int
    zoom: float
    centre: Point
    aspect: float = 1.0
    turn: Turn = _AS_STORED
    smallest: float = SMALLEST

    @property
    def scale(self) -> tuple[float, float]:
        """Device pixels per source pixel along the film's x and y."""
        return self.zoom * max(1.0, 1 / self.aspect), self.zoom * max(1.0, self.aspect)

    def fitted(self, rows: int, columns: int, margin: int = 0) -> Viewport:
        """The whole film, as large as it goes inside `margin`."""
        across, down = (scale / self.zoom for scale in self.scale)
        wide, high = columns * across, rows * down
        if self.turn.is_sideways:
            wide, high = high, wide
        zoom = min((self.width - 2 * margin) / wide, (self.height - 2 * margin) / high)
        return replace(self, zoom=self._clamped(zoom), centre=Point(columns / 2, rows / 2))

    def to_screen(self, point: Point) -> Point:
        """Source to device pixels."""
        a, b, c, d = self.turn.matrix
        scale_x, scale_y = self.scale
        x, y = (point.x - self.centre.x) * scale_x, (point.y - self.centre.y) * scale_y
        return Point(a * x + b * y + self.width / 2, c * x + d * y + self.height / 2)

    def to_source(self, point: Point) -> Point:
        """Device to source pixels; the inverse of `to_screen`."""
        x, y = self._unturned(point.x - self.width / 2, point.y - self.height / 2)
        return Point(self.centre.x + x, self.centre.y + y)

    def box_on_screen(self, box: Box) -> Box:
        """What a source rectangle covers, device pixels."""
        one, other = self.to_screen(Point(box.x0, box.y0)), self.to_screen(Point(box.x1, box.y1))
        return spanned(one, other)

    def zoomed(self, factor: float, at: Point) -> Viewport:
        """Zoom so that the source point under `at` (device pixels) stays there."""
        nearer = replace(self, zoom=self._clamped(self.zoom * factor))
        fixed, moved = self.to_source(at), nearer.to_source(at)
        centre = Point(self.centre.x + fixed.x - moved.x, self.centre.y + fixed.y - moved.y)
        return replace(nearer, centre=centre)

    def panned(self, dx: float, dy: float) -> Viewport:
        """Move the film by device pixels."""
        x, y = self._unturned(dx, dy)
        return replace(self, centre=Point(self.centre.x - x, self.centre.y - y))

    def resized(self, width: int, height: int) -> Viewport:
        """The same zoom and centre in another area."""
        return replace(self, width=width, height=height)

    def visible(self, rows: int, columns: int) -> Box | None:
        """The part of a film inside the area, source pixels; None where nothing is."""
        seen = spanned(self.to_source(Point(0, 0)), self.to_source(Point(self.width, self.height)))
        box = Box(max(0, seen.x0), max(0, seen.y0), min(columns, seen.x1), min(rows, seen.y1))
        return box if box.x1 > box.x0 and box.y1 > box.y0 else None

    def _clamped(self, zoom: float) -> float:
        return min(LARGEST, max(self.smallest, zoom))

    def _unturned(self, dx: float, dy: float) -> tuple[float, float]:
        """A step on the screen as a step on the film."""
        a, b, c, d = self.turn.matrix
        scale_x, scale_y = self.scale
        return (a * dx + c * dy) / scale_x, (b * dx + d * dy) / scale_y


def spanned(one: Point, other: Point) -> Box:
    """The upright rectangle between two corners."""
    return Box(min(one.x, other.x), min(one.y, other.y), max(one.x, other.x), max(one.y, other.y))
