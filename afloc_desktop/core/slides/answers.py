"""What a slide answers: one map over its pyramid, its distribution and its strongest windows.

A part of a map is the mean similarity over that part of a window, and a window's similarity that
of its highest part: means of vectors are kept, and the mean of products is the product of means,
so that other words need no other look at the slide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from afloc_desktop.core.domain import FloatArray, SlideHeatmap, Spacing, read_only
from afloc_desktop.core.export.selection import Statement
from afloc_desktop.core.findings import moved, propose
from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.core.heatmap import LONGEST_MAP
from afloc_desktop.core.slides.kept import CELLS
from afloc_desktop.core.slides.regions import MARGIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from afloc_desktop.core.domain import Finding, IdentityKey, Provenance
    from afloc_desktop.core.slides.regions import Plan
    from afloc_desktop.core.slides.slide import Slide
    from afloc_desktop.core.understanding import Question

TOP_WINDOWS = 11  # with their distribution they fill a page of twelve
_BINS = 32


@dataclass(frozen=True, slots=True, eq=False)
class SlideMap:
    """How well each place of a slide answers one prompt. Not a probability.

    Attributes:
        similarity: float32, shape (map rows, map columns); NaN where there is no tissue, where
            nobody looked yet, and beyond the slide.
        origin: Outer corner of the first map pixel, slide pixels.
        scale: Slide pixels per map pixel, (x, y).
        key: What this map belongs to; painted over no other slide.
    """

    similarity: FloatArray
    origin: Point
    scale: tuple[float, float]
    key: IdentityKey


@dataclass(frozen=True, slots=True)
class TopWindow:
    """A window to be looked at.

    Attributes:
        box: Where it lies, slide pixels.
        similarity: Of its highest part.
    """

    box: Box
    similarity: float


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What the windows of a region say together. No verdict.

    Attributes:
        looked: Windows that the model was shown.
        edges: Of the distribution of their similarities, float32, shape (bins + 1,).
        counts: Windows in each bin, shape (bins,).
        top: The strongest ones, strongest first.
    """

    looked: int
    edges: FloatArray
    counts: npt.NDArray[np.int64]
    top: tuple[TopWindow, ...]


@dataclass(frozen=True, slots=True, eq=False)
class SlideAnswer:
    """One prompt on one slide.

    Attributes:
        question: What was understood of the words.
        map: Where.
        finding: Outlines, boxes and peak in slide pixels.
        evidence: Distribution and strongest windows.
    """

    question: Question
    map: SlideMap
    finding: Finding
    evidence: Evidence

    @property
    def heatmap(self) -> SlideHeatmap:
        """The map as one of a film."""
        return _heatmap(self.map, self.question, self.finding.provenance)

    @property
    def statement(self) -> Statement:
        """The finding as exporters take it, in slide pixels."""
        return Statement(self.question.label, self.finding, self.heatmap)


def stitched(
    plan: Plan,
    slide: Slide,
    windows: Iterable[tuple[npt.NDArray[np.int32], FloatArray]],
    vectors: FloatArray,
    check: Callable[[], None] = lambda: None,
) -> list[FloatArray]:
    """Lay the similarities of all windows of a plan side by side.

    Args:
        plan: Says which windows belong to the region.
        slide: Theirs.
        windows: As `Kept.read` gives them.
        vectors: Of the prompts, shape (prompts, D).
        check: Called now and then; may raise `Cancelled`.

    Returns:
        For each prompt a map as in `SlideMap`, over all windows that the region touches.
    """
    shape = (len(vectors), plan.rows, CELLS, plan.columns, CELLS)
    maps = np.full(shape, np.nan, np.float32)
    is_planned = np.zeros((plan.rows, plan.columns), bool)
    for column, row in plan.windows:
        is_planned[row - plan.top, column - plan.left] = True
    for places, cells in windows:
        check()
        x, y = places[:, 0] - plan.left, places[:, 1] - plan.top
        is_inside = (x >= 0) & (y >= 0) & (x < plan.columns) & (y < plan.rows)
        is_inside[is_inside] = is_planned[y[is_inside], x[is_inside]]
        values = cells[is_inside] @ vectors.T
        for index, target in enumerate(maps):
            parts = values[..., index].reshape(-1, CELLS, CELLS)
            target[y[is_inside], :, x[is_inside], :] = parts
    rows, columns = plan.rows * CELLS, plan.columns * CELLS
    whole = [target.reshape(rows, columns) for target in maps]
    for values in whole:
        _clear_beyond(values, plan, slide)
    return [read_only(values) for values in whole]


def answer(
    plan: Plan,
    slide: Slide,
    laid: SlideMap,
    question: Question,
    provenance: Provenance,
    looked: int,
) -> SlideAnswer:
    """What one map comes to.

    Args:
        plan, slide: As for `stitched`.
        laid: Over all windows that the region touches.
        question: What was asked.
        provenance: What computed it.
        looked: Windows that the map is made from.
    """
    heatmap, whole = _heatmap(laid, question, provenance), slide.levels[0]
    found = propose(heatmap, question, spacing=spacing_of(slide), provenance=provenance)
    evidence = _evidence(plan, laid.similarity, looked)
    return SlideAnswer(question, laid, on_slide(found, whole.columns, whole.rows), evidence)


def on_slide(finding: Finding, columns: int, rows: int) -> Finding:
    """A finding nowhere beyond the slide, whose last windows reach over its edge.

    Args:
        finding: In slide pixels.
        columns, rows: Of the slide.
    """
    return moved(finding, lambda p: Point(min(p.x, columns), min(p.y, rows)))


def over_slide(laid: SlideMap, slide: Slide) -> tuple[FloatArray, tuple[float, float]]:
    """A map over all of a slide, long side at most 512.

    Args:
        laid: Over a part of it.
        slide: Its own.

    Returns:
        float32, NaN where nothing was seen; slide pixels per map pixel, (x, y).
    """
    width, height = slide.levels[0].columns, slide.levels[0].rows
    part = laid.scale[0]
    longest = max(width, height)
    # Never finer than the parts, so that each has the middle of one in it.
    pixel = max(longest / LONGEST_MAP, part)
    rows, columns = max(1, int(height / pixel)), max(1, int(width / pixel))
    y, x = np.nonzero(np.isfinite(laid.similarity))
    down = ((y + 0.5) * part + laid.origin.y) * rows / height
    across = ((x + 0.5) * part + laid.origin.x) * columns / width
    at = down.astype(np.intp) * columns + across.astype(np.intp)
    counts = np.bincount(at, minlength=rows * columns)
    sums = np.bincount(at, laid.similarity[y, x], minlength=rows * columns)
    means = np.full(rows * columns, np.nan, np.float32)
    np.divide(sums, counts, out=means, where=counts > 0, casting="same_kind")
    return read_only(means.reshape(rows, columns)), (width / columns, height / rows)


def spacing_of(slide: Slide) -> Spacing | None:
    """Millimetres between the slide's pixels; None where it does not say."""
    if slide.um_per_pixel is None:
        return None
    x, y = slide.um_per_pixel
    return Spacing(y / 1000, x / 1000, "patient")


def pooled(patches: npt.NDArray[np.float64]) -> FloatArray:
    """Mean vectors of the parts of a window, row by row.

    Args:
        patches: Vectors of its places and those in its margin, shape (D, grid, grid).

    Returns:
        float32, shape (16, D).
    """
    grid = patches.shape[1]
    share = _shares(grid)
    means = np.einsum("ai,dij,bj->abd", share, patches, share, optimize=True)
    cells: FloatArray = means.reshape(CELLS * CELLS, len(patches)).astype(np.float32)
    return cells


def _shares(grid: int) -> npt.NDArray[np.float64]:
    """How much each row of a grid counts in the mean of each part, shape (CELLS, grid)."""
    part = grid * (1 - 2 * MARGIN) / CELLS
    edges = grid * MARGIN + np.arange(CELLS + 1) * part
    at = np.arange(grid)
    overlap = np.minimum(edges[1:, None], at + 1) - np.maximum(edges[:-1, None], at)
    shares: npt.NDArray[np.float64] = np.maximum(overlap, 0) / part
    return shares


def _clear_beyond(values: FloatArray, plan: Plan, slide: Slide) -> None:
    """Nothing is said of what lies beyond the slide's last pixel."""
    side = plan.tiling.side / CELLS
    rows = (np.arange(len(values)) + 0.5) * side + plan.box.y0 < slide.levels[0].rows
    columns = (np.arange(values.shape[1]) + 0.5) * side + plan.box.x0 < slide.levels[0].columns
    values[~rows] = np.nan
    values[:, ~columns] = np.nan


def _heatmap(laid: SlideMap, question: Question, provenance: Provenance) -> SlideHeatmap:
    return SlideHeatmap(
        similarity=laid.similarity,
        scale=laid.scale,
        prompt=question.prompt,
        bundle_id=provenance.bundle_id,
        key=laid.key,
        notes=question.notes,
        origin=(laid.origin.x, laid.origin.y),
    )


def _evidence(plan: Plan, similarity: FloatArray, looked: int) -> Evidence:
    parts = similarity.reshape(plan.rows, CELLS, plan.columns, CELLS)
    highest = np.nan_to_num(parts, nan=-np.inf).max(axis=(1, 3))
    is_seen = np.isfinite(highest)
    seen = highest[is_seen].astype(np.float64)
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 0.0)
    counts, edges = np.histogram(
        seen, bins=_BINS, range=(low, max(high, low + 1e-3 * max(1.0, abs(low))))
    )
    places = np.argwhere(is_seen)
    order = np.argsort(-seen, kind="stable")[:TOP_WINDOWS]
    side = plan.tiling.side
    top = []
    for index in order:
        row, column = places[index]
        left, up = plan.box.x0 + int(column) * side, plan.box.y0 + int(row) * side
        top.append(TopWindow(Box(left, up, left + side, up + side), float(seen[index])))
    return Evidence(
        looked=looked,
        edges=read_only(edges.astype(np.float32)),
        counts=read_only(counts.astype(np.int64)),
        top=tuple(top),
    )
