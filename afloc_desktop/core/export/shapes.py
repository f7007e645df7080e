"""Graphic types of SCOORD and GSPS as outlines of points (PS3.3 C.18.6.1.2, C.10.5.1.2)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from afloc_desktop.core.geometry import Point

if TYPE_CHECKING:
    from collections.abc import Sequence

_CORNERS = 72  # of a circle drawn as a polygon: 0.1 % of its radius


def outline_of(kind: str, numbers: Sequence[float]) -> tuple[tuple[Point, ...], bool] | None:
    """Points of a graphic, and whether they enclose something.

    Args:
        kind: `POINT`, `POLYLINE`, `INTERPOLATED`, `CIRCLE`, `ELLIPSE` or another.
        numbers: x and y in turn, source pixels.

    Returns:
        None where the graphic is of an unknown kind or its points do not make one.
    """
    if not all(math.isfinite(n) and abs(n) < 1e6 for n in numbers):
        return None
    points = [Point(float(x), float(y)) for x, y in zip(numbers[::2], numbers[1::2], strict=False)]
    if kind == "POINT" and len(points) == 1:
        return (points[0],), False
    if kind in ("POLYLINE", "INTERPOLATED") and len(points) > 1:
        is_closed = points[0] == points[-1] and len(points) > 3
        return (tuple(points[:-1]), True) if is_closed else (tuple(points), False)
    if kind == "CIRCLE" and len(points) == 2:
        radius = math.dist(points[0], points[1])
        return _round(points[0], (radius, 0.0), (0.0, radius)), True
    if kind == "ELLIPSE" and len(points) == 4:
        return _ellipse(points), True
    return None


def _ellipse(points: list[Point]) -> tuple[Point, ...]:
    """From the ends of the major axis, then those of the minor one."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = points
    centre = Point((ax + bx) / 2, (ay + by) / 2)
    return _round(centre, ((bx - ax) / 2, (by - ay) / 2), ((dx - cx) / 2, (dy - cy) / 2))


def _round(
    centre: Point, along: tuple[float, float], across: tuple[float, float]
) -> tuple[Point, ...]:
    turns = (2 * math.pi * n / _CORNERS for n in range(_CORNERS))
    return tuple(
        Point(
            centre.x + math.cos(turn) * along[0] + math.sin(turn) * across[0],
            centre.y + math.cos(turn) * along[1] + math.sin(turn) * across[1],
        )
        for turn in turns
    )
