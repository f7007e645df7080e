"""The lines a mark consists of, on the screen. Pure geometry, device pixels."""

from __future__ import annotations

from itertools import pairwise
from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING

from afloc_desktop.core.geometry import Point
from afloc_desktop.core.measuring import bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.measuring import Mark
    from afloc_desktop.ui.viewport import Viewport

Line = tuple[Point, ...]
_STEPS = 64  # corners of an ellipse
_HEAD = 0.45  # radians between an arrow and each side of its head
_TICK = 7.0  # half a tick of an extent


def lines(mark: Mark, view: Viewport, *, runs_down: bool = False) -> tuple[Line, ...]:
    """What is drawn of a mark, without its words.

    Args:
        mark: In source points.
        view: Of the film; shapes turn with it.
        runs_down: As in `core.measuring.ratio`.
    """
    if mark.kind in ("rectangle", "ellipse"):
        return (_around(mark, view),)
    if mark.kind == "ratio":
        return _extents(mark, view, runs_down=runs_down)
    seen = tuple(view.to_screen(point) for point in mark.points)
    if mark.kind == "arrow" and len(seen) == 2:
        return (seen, *_head(seen[0], seen[1]))
    return (seen,) if len(seen) > 1 else ()


def distance(at: Point, mark: Mark, view: Viewport) -> float:
    """From a position to the nearest line of a mark; to its place where it has no line."""
    segments = [(one, other) for line in lines(mark, view) for one, other in pairwise(line)]
    if not segments:
        segments = [(view.to_screen(mark.points[0]), view.to_screen(mark.points[0]))]
    return min(_to_segment(at, one, other) for one, other in segments)


def _around(mark: Mark, view: Viewport) -> Line:
    box = bounds(mark)
    corners: Line = (
        Point(box.x0, box.y0),
        Point(box.x1, box.y0),
        Point(box.x1, box.y1),
        Point(box.x0, box.y1),
        Point(box.x0, box.y0),
    )
    if mark.kind == "ellipse":
        middle, wide, high = box.centre, (box.x1 - box.x0) / 2, (box.y1 - box.y0) / 2
        angles = [2 * pi * step / _STEPS for step in range(_STEPS + 1)]
        corners = tuple(Point(middle.x + wide * cos(a), middle.y + high * sin(a)) for a in angles)
    return tuple(view.to_screen(corner) for corner in corners)


def _extents(mark: Mark, view: Viewport, *, runs_down: bool) -> tuple[Line, ...]:
    """Each extent straight across at the height of its first point, with ticks at its ends."""
    found: list[Line] = []
    points: Sequence[Point] = mark.points
    for first in range(0, len(points) - 1, 2):
        one, other = points[first], points[first + 1]
        level = Point(one.x, other.y) if runs_down else Point(other.x, one.y)
        start, end = view.to_screen(one), view.to_screen(level)
        long = hypot(end.x - start.x, end.y - start.y) or 1.0
        across = (-(end.y - start.y) / long * _TICK, (end.x - start.x) / long * _TICK)
        found.append((start, end))
        found += [
            (Point(p.x - across[0], p.y - across[1]), Point(p.x + across[0], p.y + across[1]))
            for p in (start, end)
        ]
    return tuple(found)


def _head(tip: Point, tail: Point) -> tuple[Line, ...]:
    long = hypot(tail.x - tip.x, tail.y - tip.y)
    if not long:
        return ()
    x, y = (tail.x - tip.x) / long, (tail.y - tip.y) / long
    size = min(14.0, long / 2)
    sides = []
    for turn in (_HEAD, -_HEAD):
        across = x * cos(turn) - y * sin(turn), x * sin(turn) + y * cos(turn)
        sides.append((tip, Point(tip.x + size * across[0], tip.y + size * across[1])))
    return tuple(sides)


def _to_segment(at: Point, one: Point, other: Point) -> float:
    x, y = other.x - one.x, other.y - one.y
    long = x * x + y * y
    share = 0.0 if not long else ((at.x - one.x) * x + (at.y - one.y) * y) / long
    share = min(1.0, max(0.0, share))
    return hypot(at.x - one.x - share * x, at.y - one.y - share * y)
