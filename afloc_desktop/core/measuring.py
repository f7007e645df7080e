"""What a reader draws on a film and what it measures: pure functions on source points.

A length is given with where it is true; without any spacing it is in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import atan2, degrees, hypot
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from afloc_desktop.core.domain import Spacing
from afloc_desktop.core.geometry import Box, Point

if TYPE_CHECKING:
    from collections.abc import Mapping

    from afloc_desktop.core.domain import BoolArray, FloatArray, Image

Kind = Literal["length", "angle", "rectangle", "ellipse", "ratio", "arrow", "text"]
# Points of a mark: ends; end, vertex, end; two corners; heart and chest; tip and tail; place.
POINTS: Mapping[Kind, int] = MappingProxyType(
    {"length": 2, "angle": 3, "rectangle": 2, "ellipse": 2, "ratio": 4, "arrow": 2, "text": 1}
)


class FilmKey(NamedTuple):
    """What belongs to exactly one film: same name and other pixels is another film."""

    sop_instance_uid: str
    frame: int
    pixel_sha256: str

    @classmethod
    def of(cls, image: Image) -> FilmKey:
        """The key of a film."""
        return cls(image.ref.sop_instance_uid, image.ref.frame, image.pixel_sha256)


@dataclass(frozen=True, slots=True)
class Mark:
    """A measurement or note a reader drew.

    Attributes:
        kind: What it is.
        points: As many as `POINTS` says, source pixels.
        text: Of a text or arrow; empty of a measurement.
    """

    kind: Kind
    points: tuple[Point, ...]
    text: str = ""

    def moved(self, dx: float, dy: float) -> Mark:
        """The same mark elsewhere, source pixels."""
        return replace(self, points=tuple(Point(p.x + dx, p.y + dy) for p in self.points))

    def with_point(self, number: int, point: Point) -> Mark:
        """The same mark with one of its points elsewhere."""
        points = (*self.points[:number], point, *self.points[number + 1 :])
        return replace(self, points=points)


class Length(NamedTuple):
    """A distance and where it is true: `basis` is None where `value` is in pixels."""

    value: float
    basis: str | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """Modality values whose pixel centres lie in a shape, padding left out.

    Attributes:
        mean, deviation, least, most: NaN where no pixel lies in it; the deviation is that of
            all of these pixels (divided by their number).
        count: How many pixels.
        area: Of the shape itself: mm² on its basis, pixels where the basis is None.
    """

    mean: float
    deviation: float
    least: float
    most: float
    count: int
    area: Length


class Ratio(NamedTuple):
    """Width of the heart, width of the chest, and the first over the second; NaN where none."""

    heart: Length
    chest: Length
    value: float


def length(one: Point, other: Point, spacing: Spacing | None) -> Length:
    """The distance of two points."""
    if spacing is None:
        return Length(hypot(other.x - one.x, other.y - one.y), None)
    across, down = (other.x - one.x) * spacing.column_mm, (other.y - one.y) * spacing.row_mm
    return Length(hypot(across, down), spacing.basis)


def angle_deg(one: Point, vertex: Point, other: Point, pixel_aspect: float = 1.0) -> float:
    """The angle at `vertex`, 0 to 180 degrees; 0 where a leg has no length.

    `pixel_aspect` is the height of a pixel over its width.
    """
    ax, ay = one.x - vertex.x, (one.y - vertex.y) * pixel_aspect
    bx, by = other.x - vertex.x, (other.y - vertex.y) * pixel_aspect
    return abs(degrees(atan2(ax * by - ay * bx, ax * bx + ay * by)))


def runs_down(image: Image) -> bool:
    """Whether the patient's sides are at the top and bottom of the stored film."""
    return image.orientation is not None and image.orientation.column[:1] in ("L", "R")


def ratio(mark: Mark, spacing: Spacing | None, *, runs_down: bool = False) -> Ratio:
    """The cardiothoracic ratio of two extents across the patient.

    Args:
        mark: Its first two points bound the heart, its last two the chest.
        spacing: Of the film.
        runs_down: The patient's sides are at the top and bottom of the stored film.
    """
    flat = [Point(0, p.y) if runs_down else Point(p.x, 0) for p in mark.points]
    heart, chest = length(flat[0], flat[1], spacing), length(flat[2], flat[3], spacing)
    return Ratio(heart, chest, heart.value / chest.value if chest.value else float("nan"))


def statistics(image: Image, mark: Mark, spacing: Spacing | None) -> Statistics:
    """What lies in a rectangle or ellipse.

    Args:
        image: Any film.
        mark: Two opposite corners; of an ellipse, those of the rectangle around it.
        spacing: Of the film.
    """
    box = bounds(mark)
    values = _values(image, mark, box)
    area = (box.x1 - box.x0) * (box.y1 - box.y0) * (np.pi / 4 if mark.kind == "ellipse" else 1.0)
    measured = Length(area, None)
    if spacing is not None:
        measured = Length(area * spacing.row_mm * spacing.column_mm, spacing.basis)
    if not values.size:
        nothing = float("nan")
        return Statistics(nothing, nothing, nothing, nothing, 0, measured)
    exact = values.astype(np.float64)
    return Statistics(
        mean=float(exact.mean()),
        deviation=float(exact.std()),
        least=float(exact.min()),
        most=float(exact.max()),
        count=int(exact.size),
        area=measured,
    )


def bounds(mark: Mark) -> Box:
    """The upright rectangle around the points of a mark."""
    across, down = [p.x for p in mark.points], [p.y for p in mark.points]
    return Box(min(across), min(down), max(across), max(down))


def calibrated(
    one: Point, other: Point, known_mm: float, spacing: Spacing | None, pixel_aspect: float
) -> Spacing | None:
    """The spacing under which a drawn line is `known_mm` long; None where the line has no length.

    The shape of a pixel is kept: that of the file's spacing, else its aspect.
    """
    wide, high = (1.0, pixel_aspect) if spacing is None else (spacing.column_mm, spacing.row_mm)
    drawn = hypot((other.x - one.x) * wide, (other.y - one.y) * high)
    if not drawn or not known_mm > 0:
        return None
    factor = known_mm / drawn
    return Spacing(row_mm=high * factor, column_mm=wide * factor, basis="reader")


def _values(image: Image, mark: Mark, box: Box) -> FloatArray:
    """Modality values of the pixels whose centres the shape holds."""
    top, bottom = _centres(box.y0, box.y1, image.rows)
    left, right = _centres(box.x0, box.x1, image.columns)
    inside: BoolArray = np.ones((max(0, bottom - top), max(0, right - left)), np.bool_)
    if mark.kind == "ellipse" and inside.size:
        middle = box.centre
        y = (np.arange(top, bottom) + 0.5 - middle.y) / ((box.y1 - box.y0) / 2)
        x = (np.arange(left, right) + 0.5 - middle.x) / ((box.x1 - box.x0) / 2)
        inside = (y * y)[:, None] + x * x <= 1
    where = slice(top, top + inside.shape[0]), slice(left, left + inside.shape[1])
    if image.padding is not None:
        inside = inside & ~image.padding[where]
    values: FloatArray = image.pixels[where][inside]
    return -values if image.is_inverted else values


def _centres(low: float, high: float, count: int) -> tuple[int, int]:
    """First pixel whose centre is at or after `low`, and the one after the last up to `high`."""
    first = int(np.ceil(np.clip(low, 0, count) - 0.5))
    return max(0, first), min(count, int(np.floor(np.clip(high, 0, count) - 0.5)) + 1)
