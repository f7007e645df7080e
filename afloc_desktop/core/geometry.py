"""Coordinates, in one place.

Points are (x, y): x to the right, y down, (0, 0) the outer corner of the top-left pixel, in
source pixels. Arrays are indexed [row, column]. It is the rule of DICOM SCOORD
(PS3.3 C.10.5.1.2) and of pyqtgraph with `axisOrder="row-major"`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Point(NamedTuple):
    """A place on the film, source pixels."""

    x: float
    y: float


class Box(NamedTuple):
    """An upright rectangle, source pixels; (x1, y1) is its outer lower-right corner."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def centre(self) -> Point:
        """Where the diagonals cross."""
        return Point((self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2)


@dataclass(frozen=True, slots=True)
class Frame:
    """How a film lies in a square network input: scaled to fit, centred, padded.

    Attributes:
        rows, columns: Size of the source film, pixels.
        side: Edge of the square input, pixels.
        top, left: First input row and column that hold film.
        height, width: Input rows and columns that hold film.
    """

    rows: int
    columns: int
    side: int
    top: int
    left: int
    height: int
    width: int

    @classmethod
    def letterbox(cls, rows: int, columns: int, side: int, pixel_aspect: float = 1.0) -> Frame:
        """Fit a film of `rows` × `columns` into a square of `side`, long side touching.

        Args:
            rows, columns, side: In pixels.
            pixel_aspect: Height of a source pixel over its width: the film keeps its true shape.

        Raises:
            ValueError: A size below one, or no positive aspect.
        """
        if min(rows, columns, side) < 1 or not pixel_aspect > 0:
            raise ValueError(
                f"impossible sizes: {rows} x {columns} of aspect {pixel_aspect} into {side}"
            )
        tall = rows * pixel_aspect
        longest = max(tall, columns)
        height = max(1, round(tall * side / longest))
        width = max(1, round(columns * side / longest))
        return cls(rows, columns, side, (side - height) // 2, (side - width) // 2, height, width)

    @classmethod
    def truncated(cls, rows: int, columns: int, side: int, pixel_aspect: float = 1.0) -> Frame:
        """As `letterbox`, but what is left of a pixel on the short side is dropped.

        It is the rule of AFLoc's authors, product before truncation: a square film may lose its
        last column to the rounding of a float, there and here.

        Args:
            rows, columns, side: In pixels, at least 1.
            pixel_aspect: Height of a source pixel over its width.
        """
        tall = rows * pixel_aspect
        scale = side / max(tall, columns)
        height = side if tall >= columns else max(1, int(tall * scale))
        width = max(1, int(columns * scale)) if tall >= columns else side
        return cls(rows, columns, side, (side - height) // 2, (side - width) // 2, height, width)

    @classmethod
    def whole(cls, rows: int, columns: int, side: int) -> Frame:
        """A film that fills the input whatever its shape: the network squeezes it."""
        return cls(rows, columns, side, 0, 0, side, side)

    def to_input(self, point: Point) -> Point:
        """Source pixels to input pixels."""
        return Point(
            point.x * self.width / self.columns + self.left,
            point.y * self.height / self.rows + self.top,
        )

    def to_source(self, point: Point) -> Point:
        """Input pixels to source pixels; the inverse of `to_input`."""
        return Point(
            (point.x - self.left) * self.columns / self.width,
            (point.y - self.top) * self.rows / self.height,
        )
