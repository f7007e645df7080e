"""From a heatmap to statements: where it exceeds a threshold, and how much."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from afloc_desktop.core.domain import BoolArray, Finding, FloatArray, Region
from afloc_desktop.core.geometry import Box, Point

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.domain import Heatmap, Provenance, Spacing
    from afloc_desktop.core.understanding import Question

LabelArray = npt.NDArray[np.uint8]

_MOST_REGIONS = 20
# AFLoc's evaluation stretches a map to [-1, 1] and cuts it at 0.1 to 0.5; 0.4 is 0.7 of the way.
_EXTENT_SHARE = 0.7


def peak(heatmap: Heatmap) -> tuple[Point, float] | None:
    """Centre of the map pixel with the highest similarity, source pixels, and its value.

    Returns:
        None where the network saw nothing of the film.
    """
    values = heatmap.similarity
    if not np.isfinite(values).any():
        return None
    row, column = np.unravel_index(int(np.nanargmax(values)), values.shape)
    return _centre(int(row), int(column), heatmap.scale), float(values[row, column])


def extent(heatmap: Heatmap) -> float:
    """Similarity down to which the strongest place of a map extends.

    Whether a finding is there and how far it reaches are two questions: a large heart just above
    its threshold is still large.

    Returns:
        0.7 of the way from the lowest to the highest similarity; NaN where nothing was seen.
    """
    seen = heatmap.similarity[np.isfinite(heatmap.similarity)]
    if not seen.size:
        return float("nan")
    low, high = float(seen.min()), float(seen.max())
    return low + _EXTENT_SHARE * (high - low)


def propose(
    heatmap: Heatmap,
    question: Question,
    *,
    spacing: Spacing | None,
    provenance: Provenance,
    threshold: float | None = None,
) -> Finding:
    """What the machine says about one finding on one film.

    Args:
        heatmap: The answer.
        question: What was asked; its threshold decides unless `threshold` is given. What is
            denied, was not taught or has nothing to do with a film is never present.
        spacing: Of the film, for areas; None gives none.
        provenance: What computed the answer.
        threshold: The reader's own, similarity.
    """
    needed = question.threshold if threshold is None else threshold
    highest = peak(heatmap)
    similarity = highest[1] if highest else float("nan")
    is_present = question.can_be_present and bool(similarity >= needed)
    level = min(needed, extent(heatmap)) if is_present else needed
    found = Finding(
        id=question.finding_id,
        prompt=question.prompt,
        similarity=similarity,
        threshold=needed,
        level=level,
        is_present=is_present,
        probability=_probability(similarity, question),
        peak=highest[0] if highest else None,
        regions=regions(heatmap, needed, level, spacing) if is_present else (),
        status="proposed",
        author="",
        provenance=provenance,
    )
    x, y = heatmap.origin
    return moved(found, lambda p: Point(p.x + x, p.y + y)) if x or y else found


def _probability(similarity: float, question: Question) -> float | None:
    if question.gain is None or question.bias is None or not np.isfinite(similarity):
        return None
    return 1 / (1 + math.exp(-(question.gain * similarity + question.bias)))


def regions(
    heatmap: Heatmap, threshold: float, level: float, spacing: Spacing | None
) -> tuple[Region, ...]:
    """Connected parts at or above `level` that reach `threshold`, strongest first, at most twenty.

    Pixels that touch along an edge belong together; corners do not join.
    """
    values = heatmap.similarity
    labels = _connected(values, level)
    # SimpleITK measures every part there is: seconds for the thousands on the map of a slide.
    highest = np.full(int(labels.max()) + 1, -np.inf, values.dtype)
    np.maximum.at(highest, labels, values)
    highest[0] = -np.inf
    found = []
    for label in np.argsort(-highest, kind="stable")[:_MOST_REGIONS]:
        if float(highest[label]) >= threshold:
            is_here = labels == label
            down, across = (np.flatnonzero(is_here.any(axis=axis)) for axis in (1, 0))
            # One pixel more on every side, where there is one, so that the outline follows the map.
            rows = slice(max(0, int(down[0]) - 1), int(down[-1]) + 2)
            columns = slice(max(0, int(across[0]) - 1), int(across[-1]) + 2)
            is_inside = is_here[rows, columns]
            found.append(_Part(values[rows, columns], is_inside, rows.start, columns.start))
    return tuple(_region(part, level, heatmap.scale, spacing) for part in found)


def region_labels(heatmap: Heatmap, finding: Finding) -> LabelArray:
    """Which map pixels each region of a finding holds.

    Args:
        heatmap: The one that `finding` was proposed from.
        finding: Its regions are numbered in their order, from 1.

    Returns:
        uint8, shape of the map; 0 where no region is.
    """
    labels: LabelArray = np.zeros(heatmap.similarity.shape, np.uint8)
    if not finding.regions:
        return labels
    joined = _connected(heatmap.similarity, finding.level)
    for number, region in enumerate(finding.regions, start=1):
        # A region's peak is the centre of one of its own pixels.
        row = (region.peak.y - heatmap.origin[1]) / heatmap.scale[1]
        column = (region.peak.x - heatmap.origin[0]) / heatmap.scale[0]
        labels[joined == joined[int(row), int(column)]] = number
    return labels


def moved(finding: Finding, move: Callable[[Point], Point]) -> Finding:
    """A finding in other coordinates, to which `move` takes each of its points."""
    regions = tuple(
        replace(
            region,
            outline=tuple(map(move, region.outline)),
            box=Box(*move(Point(*region.box[:2])), *move(Point(*region.box[2:]))),
            peak=move(region.peak),
        )
        for region in finding.regions
    )
    peak = None if finding.peak is None else move(finding.peak)
    return replace(finding, regions=regions, peak=peak)


def _connected(values: FloatArray, level: float) -> npt.NDArray[np.uint32]:
    """Which connected part of a map at or above `level` each pixel is in, from 1; 0 for none."""
    # Loaded here: 0.2 s that no start-up should pay.
    import SimpleITK as sitk  # noqa: N813  -- the name its users know

    above = np.asarray(np.nan_to_num(values, nan=-np.inf) >= level)
    joined: Any = sitk.ConnectedComponent(sitk.GetImageFromArray(above.astype(np.uint8)))  # type: ignore[no-untyped-call]
    labels: npt.NDArray[np.uint32] = sitk.GetArrayFromImage(joined)
    return labels


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A piece of a map around one region.

    Attributes:
        values: Similarity, shape (rows, columns).
        is_inside: True in the region, same shape.
        top, left: Of the piece in the map.
    """

    values: FloatArray
    is_inside: BoolArray
    top: int
    left: int


def _region(
    part: _Part, level: float, scale: tuple[float, float], spacing: Spacing | None
) -> Region:
    values = np.where(part.is_inside, part.values, -np.inf)
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    outline = _outline(part, level, scale)
    xs, ys = [p.x for p in outline], [p.y for p in outline]
    area = None
    if spacing is not None:
        pixel_mm2 = scale[0] * scale[1] * spacing.row_mm * spacing.column_mm
        area = float(part.is_inside.sum()) * pixel_mm2
    return Region(
        outline=outline,
        box=Box(min(xs), min(ys), max(xs), max(ys)),
        peak=_centre(part.top + int(row), part.left + int(column), scale),
        similarity=float(values[row, column]),
        area_mm2=area,
    )


def _outline(part: _Part, level: float, scale: tuple[float, float]) -> tuple[Point, ...]:
    """The outer contour at `level`, source pixels."""
    import contourpy

    # In double precision: raw products may be so large that single has no number just above one.
    # The line follows the map itself; other regions, what was not seen and what lies beyond the
    # film fall below the level, so that it always closes.
    similarity, inside = part.values.astype(np.float64), part.is_inside
    below = level - max(1e-6, float(similarity[inside].max()) - level)
    is_own = inside | (similarity < level)
    field = np.pad(np.where(is_own, similarity, below), 1, constant_values=below)
    field[1:-1, 1:-1][inside] = np.maximum(similarity[inside], level + 1e-6)
    lines: list[FloatArray] = contourpy.contour_generator(z=field).lines(level)  # type: ignore[assignment]
    longest = max(lines, key=_extent)
    # Contour coordinates are pixel centres of the padded field, so half a pixel outside it at
    # most; the film ends at the pixels' outer corners.
    xs = (np.clip(longest[:, 0] - 0.5, 0, similarity.shape[1]) + part.left) * scale[0]
    ys = (np.clip(longest[:, 1] - 0.5, 0, similarity.shape[0]) + part.top) * scale[1]
    return tuple(Point(float(x), float(y)) for x, y in zip(xs[:-1], ys[:-1], strict=True))


def _extent(line: np.ndarray) -> float:
    return float(np.ptp(line[:, 0]) * np.ptp(line[:, 1]))


def _centre(row: int, column: int, scale: tuple[float, float]) -> Point:
    return Point((column + 0.5) * scale[0], (row + 0.5) * scale[1])
