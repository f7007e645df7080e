"""Lung fields by threshold, opening and component tests. Rejects rather than guesses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from afloc_desktop.core.preprocess import resize

if TYPE_CHECKING:
    from afloc_desktop.core.domain import BoolArray, FloatArray
    from afloc_training.painting import OneSide

_GRID = 128
# Below the middle of the grey values first; openings from gentle to rough. First hit wins.
_PERCENTILES = (45, 40, 50, 35, 55, 30, 60, 26)
_OPENINGS = (2, 3, 4)


@dataclass(frozen=True, slots=True, eq=False)
class Lungs:
    """Both lung fields of a frontal film, masks of the film's shape.

    Attributes:
        right: The patient's right lung, which lies on the left of the film.
        left: The patient's left lung.
    """

    right: BoolArray
    left: BoolArray

    def of(self, side: OneSide) -> BoolArray:
        """One of the two."""
        return self.right if side == "right" else self.left


@dataclass(frozen=True, slots=True)
class _Part:
    """A dark component on the coarse grid."""

    label: int
    area: float
    row: float
    column: float


def find_lungs(film: FloatArray) -> Lungs | None:
    """The lung fields of an upright frontal film, or None where they are not beyond doubt.

    Args:
        film: float32 in [0, 1], square, brighter is denser.
    """
    coarse = resize(ndimage.gaussian_filter(film, 2.0), _GRID, _GRID)
    window = coarse[10:116, 8:121]
    for opening in _OPENINGS:
        for percentile in _PERCENTILES:
            dark = coarse < np.percentile(window, percentile)
            pair = _lung_pair(ndimage.binary_opening(dark, iterations=opening))
            if pair is not None:
                return _finish(*pair, size=film.shape[0])
    return None


def _lung_pair(dark: BoolArray) -> tuple[BoolArray, BoolArray] | None:
    """The two components that look like a right and a left lung."""
    labels, count = ndimage.label(dark)
    border = np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1]))
    candidates = (k for k in range(1, count + 1) if k not in border)
    parts = [part for k in candidates if (part := _lung_like(labels == k, k)) is not None]
    film_left = [part for part in parts if part.column < 62]
    film_right = [part for part in parts if part.column > 66]
    if not film_left or not film_right:
        return None
    a = max(film_left, key=lambda part: part.area)
    b = max(film_right, key=lambda part: part.area)
    is_pair = abs(a.row - b.row) <= 14 and 0.45 < a.area / b.area < 2.2 and a.area + b.area >= 0.14
    return (labels == a.label, labels == b.label) if is_pair else None


def _lung_like(mask: BoolArray, label: int) -> _Part | None:
    area = float(mask.mean())
    if not 0.04 < area < 0.22:
        return None
    height, width = (np.ptp(np.flatnonzero(mask.any(axis))) for axis in (1, 0))
    if height < 42 or not 18 <= width <= 58:
        return None
    row, column = ndimage.center_of_mass(mask)
    return _Part(label, area, float(row), float(column))


def _finish(film_left: BoolArray, film_right: BoolArray, size: int) -> Lungs | None:
    """Close the gaps that ribs and vessels leave, test once more, and scale up."""
    closed = [_close(mask) for mask in (film_left, film_right)]
    if not all(map(_is_plausible, closed)):
        return None
    right, left = (
        resize(ndimage.gaussian_filter(mask.astype(np.float32), 1.5), size, size) > 0.5
        for mask in closed
    )
    return Lungs(right, left)


def _close(mask: BoolArray) -> BoolArray:
    padded = ndimage.binary_closing(np.pad(mask, 12), iterations=8)
    filled: BoolArray = ndimage.binary_fill_holes(padded[12:-12, 12:-12])
    return filled


def _is_plausible(mask: BoolArray) -> bool:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    height, width = int(np.ptp(rows)), int(np.ptp(columns))
    # White or black frames and collimator edges pass the first tests, but touch the margins.
    is_inside = rows[0] >= 4 and rows[-1] <= 120 and columns[0] >= 6 and columns[-1] <= 121
    is_compact = mask.sum() >= 0.5 * (height + 1) * (width + 1)
    return bool(is_inside and is_compact and height >= 45 and 20 <= width <= 58)
