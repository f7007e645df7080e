"""What a reader makes of a machine's proposal: accepts it, rejects it, or draws it anew."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from afloc_desktop.core.domain import Finding, Region
from afloc_desktop.core.export.raster import fill
from afloc_desktop.core.geometry import Box, Point

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import FloatArray, Heatmap, Spacing

Outline = tuple[Point, ...]
Verdict = Literal["accepted", "edited", "rejected"]
# Chosen from a list: free words may name a patient, and these go into the audit trail.
Reason = Literal["", "absent", "elsewhere", "other_finding", "artefact", "known", "other"]

_FEWEST = 3  # points of an outline
_REACH = 0.12  # of the outline's length that follows a pull, on either side


def accepted(finding: Finding, author: str) -> Finding:
    """The proposal as a reader's statement."""
    return replace(finding, status="accepted", author=author)


def rejected(finding: Finding, author: str) -> Finding:
    """The proposal with a reader's no; what was proposed stays on record."""
    return replace(finding, status="rejected", author=author)


def edited(
    finding: Finding,
    outlines: Sequence[Outline],
    heatmap: Heatmap,
    *,
    spacing: Spacing | None,
    author: str,
) -> Finding:
    """The finding where a reader says it is.

    Args:
        finding: The proposal.
        outlines: Closed polygons of at least three points, source pixels.
        heatmap: Of the same film; gives the similarity inside.
        spacing: Of the film, for areas.
        author: Who says so.
    """
    drawn = [_region(outline, heatmap, spacing) for outline in outlines if len(outline) >= _FEWEST]
    regions = tuple(sorted(drawn, key=lambda region: -region.similarity))
    return replace(
        finding,
        is_present=bool(regions),
        regions=regions,
        peak=regions[0].peak if regions else finding.peak,
        status="edited",
        author=author,
    )


def enclosed(outline: Outline) -> float:
    """Area inside a closed polygon, square source pixels."""
    following = (*outline[1:], *outline[:1])
    return abs(sum(a.x * b.y - b.x * a.y for a, b in zip(outline, following, strict=True))) / 2


def pulled(outline: Outline, grabbed: int, dx: float, dy: float) -> Outline:
    """An outline after one of its points was dragged; its neighbours follow, less the farther.

    Args:
        outline: Closed, source pixels.
        grabbed: Number of the point that was dragged.
        dx, dy: How far, source pixels.
    """
    along = [0.0]
    for one, other in zip(outline, (*outline[1:], outline[0]), strict=True):
        along.append(along[-1] + math.dist(one, other))
    whole = along[-1]
    reach = max(_REACH * whole, 1e-9)
    moved = []
    for number, point in enumerate(outline):
        apart = abs(along[number] - along[grabbed])
        away = min(apart, whole - apart) / reach
        share = (1 + math.cos(math.pi * away)) / 2 if away < 1 else 0.0
        moved.append(Point(point.x + dx * share, point.y + dy * share))
    return tuple(moved)


def dense(outline: Outline, step: float) -> Outline:
    """The same outline with a point at least every `step` source pixels, so that it bends."""
    points = []
    for one, other in zip(outline, (*outline[1:], outline[0]), strict=True):
        count = max(1, math.ceil(math.dist(one, other) / step))
        for n in range(count):
            share = n / count
            points.append(
                Point(one.x + (other.x - one.x) * share, one.y + (other.y - one.y) * share)
            )
    return tuple(points)


def kept_inside(outline: Outline, rows: int, columns: int) -> Outline:
    """The outline with no point beyond the film."""
    return tuple(Point(min(max(p.x, 0), columns), min(max(p.y, 0), rows)) for p in outline)


def _region(outline: Outline, heatmap: Heatmap, spacing: Spacing | None) -> Region:
    xs, ys = [p.x for p in outline], [p.y for p in outline]
    peak, similarity = _strongest(outline, heatmap)
    area = None
    if spacing is not None:
        area = enclosed(outline) * spacing.row_mm * spacing.column_mm
    return Region(outline, Box(min(xs), min(ys), max(xs), max(ys)), peak, similarity, area)


def _strongest(outline: Outline, heatmap: Heatmap) -> tuple[Point, float]:
    """The most similar place inside; the middle where the outline holds no map pixel's centre."""
    scale_x, scale_y = heatmap.scale
    values = heatmap.similarity
    on_map = tuple(Point(p.x / scale_x, p.y / scale_y) for p in outline)
    inside = fill(on_map, *values.shape) & np.isfinite(values)
    if not inside.any():
        middle = Point(
            sum(p.x for p in outline) / len(outline), sum(p.y for p in outline) / len(outline)
        )
        row = min(max(int(middle.y / scale_y), 0), values.shape[0] - 1)
        column = min(max(int(middle.x / scale_x), 0), values.shape[1] - 1)
        return middle, float(values[row, column])
    row, column = np.unravel_index(int(np.where(inside, values, -np.inf).argmax()), values.shape)
    peak = Point((float(column) + 0.5) * scale_x, (float(row) + 0.5) * scale_y)
    return peak, float(values[row, column])


def outlines(heatmap: Heatmap, level: float) -> tuple[Outline, ...]:
    """Closed lines around the parts of a map at or above a level, source pixels, largest first.

    Holes and specks of less than a map pixel are left out.
    """
    import contourpy

    values = np.nan_to_num(heatmap.similarity.astype(np.float64), nan=-np.inf)
    if not (values >= level).any():
        return ()
    # Beyond the film, and where nothing was seen, the map ends below the level.
    below = level - max(1e-6, float(values.max()) - level)
    field = np.pad(np.maximum(values, below), 1, constant_values=below)
    lines: list[FloatArray] = contourpy.contour_generator(z=field).lines(level)  # type: ignore[assignment]
    scale_x, scale_y = heatmap.scale
    rows, columns = values.shape
    found = []
    for line in lines:
        x, y = (np.clip(line[:-1, axis] - 0.5, 0, end) for axis, end in ((0, columns), (1, rows)))
        # A hole runs the other way round.
        if float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2 >= 1:
            found.append(tuple(Point(float(a), float(b)) for a, b in zip(x, y, strict=True)))
    found.sort(key=enclosed, reverse=True)
    return tuple(tuple(Point(p.x * scale_x, p.y * scale_y) for p in line) for line in found)
