"""Outlines to masks and back, both exact to the pixel centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.geometry import Point

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from afloc_desktop.core.domain import BoolArray, FloatArray


def fill(outline: Sequence[Point], rows: int, columns: int) -> BoolArray:
    """The pixels whose centre lies inside a closed outline (even-odd rule).

    Args:
        outline: At least three points in source pixels; may leave the film.
        rows, columns: Of the film.

    Returns:
        Shape (rows, columns).
    """
    xs, ys = (np.array([p[axis] for p in outline], np.float64) for axis in (0, 1))
    x2, y2 = np.roll(xs, -1), np.roll(ys, -1)
    # An edge crosses the centre lines of the rows first … last - 1.
    low, high = np.minimum(ys, y2), np.maximum(ys, y2)
    first = np.clip(np.ceil(low - 0.5), 0, rows).astype(np.intp)
    last = np.clip(np.ceil(high - 0.5), 0, rows).astype(np.intp)
    count = last - first
    edge = np.repeat(np.arange(len(xs)), count)
    row = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + first[edge]
    share = (row + 0.5 - ys[edge]) / (y2 - ys)[edge]
    x = xs[edge] + share * (x2 - xs)[edge]
    column = np.clip(np.ceil(x - 0.5), 0, columns).astype(np.intp)
    mask = np.zeros((rows, columns), np.bool_)
    if not row.size:
        return mask
    # Right of every crossing, inside and outside change places.
    top, bottom, right = row.min(), row.max() + 1, column.max() + 1
    crossings = np.zeros((bottom - top, right), np.uint8)
    np.add.at(crossings, (row - top, column), 1)
    inside = np.bitwise_xor.accumulate(crossings & 1, axis=1).astype(np.bool_)
    mask[top:bottom, :right] = inside[:, :columns]
    return mask


def outlines(mask: BoolArray) -> tuple[tuple[Point, ...], ...]:
    """The outer outlines of the connected parts of a mask, largest first, source pixels.

    Each follows the border between pixels to within half a pixel.
    """
    import contourpy

    if not mask.any():
        return ()
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    part = np.pad(mask[top : rows[-1] + 1, left : columns[-1] + 1].astype(np.float32), 1)
    lines: list[FloatArray] = contourpy.contour_generator(z=part).lines(0.5)  # type: ignore[assignment]
    # Field (0, 0) is the centre of the padding pixel above and left of the part.
    found = [
        tuple(Point(float(x) + left - 0.5, float(y) + top - 0.5) for x, y in line[:-1])
        for line in lines
        # Holes run the other way round.
        if _area(line) > 0
    ]
    return tuple(sorted(found, key=lambda outline: -_area(np.array(outline))))


def _area(line: npt.NDArray[np.floating]) -> float:
    """Signed area of a closed line, positive where it encloses what is higher."""
    x, y = line[:, 0], line[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)
