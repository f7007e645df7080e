"""What a reader drew and measured, as it leaves: numbers with where they are true, and outlines."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from afloc_desktop.core.export.codes import AREA, ONE, SCHEME, SQUARE_MM, Code
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.measuring import angle_deg, bounds, length, ratio, runs_down, statistics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.measuring import Length, Mark

_MM, _DEGREE = Code("mm", "UCUM", "millimeter"), Code("deg", "UCUM", "degree")
_PIXELS = Code("{pixels}", "UCUM", "pixels")
_LENGTH = Code("410668003", "SCT", "Length")
_ANGLE = Code("1483009", "SCT", "Angle")
_RATIO = Code("CTR", SCHEME, "Cardiothoracic ratio")
_HEART = Code("HEARTWIDTH", SCHEME, "Width of the heart")
_CHEST = Code("CHESTWIDTH", SCHEME, "Width of the chest")
_MEAN, _DEVIATION = Code("373098007", "SCT", "Mean"), Code("386136009", "SCT", "Standard Deviation")
_LEAST, _MOST = Code("255605001", "SCT", "Minimum"), Code("56851009", "SCT", "Maximum")
_SHOWN = {_MM: "mm", _PIXELS: "px", _DEGREE: "°", SQUARE_MM: "mm²", ONE: ""}


class Number(NamedTuple):
    """One thing that was measured."""

    concept: Code
    value: float
    unit: Code

    def __str__(self) -> str:
        """As a person reads it."""
        unit = "px²" if (self.concept, self.unit) == (AREA, _PIXELS) else _SHOWN[self.unit]
        digits = 2 if self.unit == ONE else 1
        return f"{self.concept.meaning} {self.value:.{digits}f} {unit}".rstrip()


class Figure(NamedTuple):
    """A graphic of DICOM (PS3.3 C.18.6.1.2): its type and its points, source pixels."""

    kind: str
    points: tuple[Point, ...]


class Measured(NamedTuple):
    """A mark with its numbers.

    Attributes:
        kind: As in `Mark`.
        text: The reader's own words; empty of a measurement.
        numbers: What was measured; none that has no value.
        basis: Where its lengths are true; empty where they are in pixels or there are none.
        figures: What was drawn.
    """

    kind: str
    text: str
    numbers: tuple[Number, ...]
    basis: str
    figures: tuple[Figure, ...]

    @property
    def label(self) -> str:
        """What it says, in one line."""
        if not self.numbers:
            return self.text or "Note"
        words = ", ".join(map(str, self.numbers))
        return f"{words} (scale: {self.basis})" if self.basis else words

    @property
    def is_region(self) -> bool:
        """Whether it encloses something."""
        return self.kind in ("rectangle", "ellipse")


def measured(mark: Mark, image: Image) -> Measured:
    """What a mark measures on its film, at the spacing of the film.

    Args:
        mark: Of any kind.
        image: The film, with the reader's own calibration where there is one.
    """
    found = [n for n in _numbers(mark, image) if math.isfinite(n.value)]
    is_long = any(n.unit in (_MM, SQUARE_MM) for n in found)
    basis = image.spacing.basis if is_long and image.spacing is not None else ""
    figures = _figures(mark, is_down=runs_down(image))
    return Measured(mark.kind, mark.text, tuple(found), basis, figures)


def _numbers(mark: Mark, image: Image) -> Iterator[Number]:
    points = mark.points
    if mark.kind == "length":
        yield _long(_LENGTH, length(points[0], points[1], image.spacing))
    elif mark.kind == "angle":
        size = image.spacing
        aspect = image.pixel_aspect if size is None else size.row_mm / size.column_mm
        yield Number(_ANGLE, angle_deg(points[0], points[1], points[2], aspect), _DEGREE)
    elif mark.kind == "ratio":
        found = ratio(mark, image.spacing, runs_down=runs_down(image))
        yield Number(_RATIO, found.value, ONE)
        yield _long(_HEART, found.heart)
        yield _long(_CHEST, found.chest)
    elif mark.kind in ("rectangle", "ellipse"):
        inside = statistics(image, mark, image.spacing)
        yield Number(AREA, inside.area.value, SQUARE_MM if inside.area.basis else _PIXELS)
        values = (inside.mean, inside.deviation, inside.least, inside.most)
        for concept, value in zip((_MEAN, _DEVIATION, _LEAST, _MOST), values, strict=True):
            yield Number(concept, value, ONE)


def _long(concept: Code, found: Length) -> Number:
    return Number(concept, found.value, _MM if found.basis else _PIXELS)


def _figures(mark: Mark, *, is_down: bool) -> tuple[Figure, ...]:
    points = mark.points
    if mark.kind == "text":
        return (Figure("POINT", points),)
    if mark.kind == "ratio":
        return tuple(_extent(*ends, is_down=is_down) for ends in (points[:2], points[2:]))
    if mark.kind not in ("rectangle", "ellipse"):
        return (Figure("POLYLINE", points),)
    box = bounds(mark)
    if mark.kind == "rectangle":
        corners = (Point(box.x0, box.y0), Point(box.x1, box.y0), Point(box.x1, box.y1))
        return (Figure("POLYLINE", (*corners, Point(box.x0, box.y1), corners[0])),)
    middle = box.centre
    across = (Point(box.x0, middle.y), Point(box.x1, middle.y))
    down = (Point(middle.x, box.y0), Point(middle.x, box.y1))
    is_wide = box.x1 - box.x0 >= box.y1 - box.y0
    # The ends of the longer axis come first.
    return (Figure("ELLIPSE", (*across, *down) if is_wide else (*down, *across)),)


def _extent(one: Point, other: Point, *, is_down: bool) -> Figure:
    """A width as it is measured: straight across the patient, at the height of its first point."""
    level = Point(one.x, other.y) if is_down else Point(other.x, one.y)
    return Figure("POLYLINE", (one, level))
