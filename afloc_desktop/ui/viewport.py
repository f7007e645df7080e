"""How a film lies on the screen: a zoom and a centre. Pure geometry, device pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

from afloc_desktop.core.geometry import Box, Point

SMALLEST, LARGEST = 0.02, 40.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """A view on a film.

    Attributes:
        width, height: Of the screen area, device pixels.
        zoom: Device pixels per source pixel.
        centre: Source point in the middle of the area.
    """

    width: int
    height: int
    zoom: float
    centre: Point

    @classmethod
    def fitted(cls, width: int, height: int, rows: int, columns: int, margin: int = 0) -> Viewport:
        """The whole film, as large as it goes inside `margin`."""
        zoom = min((width - 2 * margin) / columns, (height - 2 * margin) / rows)
        return cls(width, height, _clamped(zoom), Point(columns / 2, rows / 2))

    def to_screen(self, point: Point) -> Point:
        """Source to device pixels."""
        return Point(
            (point.x - self.centre.x) * self.zoom + self.width / 2,
            (point.y - self.centre.y) * self.zoom + self.height / 2,
        )

    def to_source(self, point: Point) -> Point:
        """Device to source pixels; the inverse of `to_screen`."""
        return Point(
            (point.x - self.width / 2) / self.zoom + self.centre.x,
            (point.y - self.height / 2) / self.zoom + self.centre.y,
        )

    def zoomed(self, factor: float, at: Point) -> Viewport:
        """Zoom so that the source point under `at` (device pixels) stays there."""
        zoom = _clamped(self.zoom * factor)
        fixed = self.to_source(at)
        centre = Point(
            fixed.x - (at.x - self.width / 2) / zoom, fixed.y - (at.y - self.height / 2) / zoom
        )
        return replace(self, zoom=zoom, centre=centre)

    def panned(self, dx: float, dy: float) -> Viewport:
        """Move the film by device pixels."""
        return replace(
            self, centre=Point(self.centre.x - dx / self.zoom, self.centre.y - dy / self.zoom)
        )

    def resized(self, width: int, height: int) -> Viewport:
        """The same zoom and centre in another area."""
        return replace(self, width=width, height=height)

    def visible(self, rows: int, columns: int) -> Box | None:
        """The part of a film inside the area, source pixels; None where nothing is."""
        near, far = self.to_source(Point(0, 0)), self.to_source(Point(self.width, self.height))
        box = Box(max(0, near.x), max(0, near.y), min(columns, far.x), min(rows, far.y))
        return box if box.x1 > box.x0 and box.y1 > box.y0 else None


def _clamped(zoom: float) -> float:
    return min(LARGEST, max(SMALLEST, zoom))
