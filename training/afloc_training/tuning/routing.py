"""Targets from reports: the base model's own map, kept only where the report says it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from afloc_training.network import GRID
from afloc_training.vocabulary import OPACITIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from afloc_desktop.core.domain import BoolArray, FloatArray
    from afloc_training.tuning.said import Place

    Frame = tuple[float, float, float, float]

ROUTED = frozenset(
    ("consolidation", "infiltration", "pneumonia", "lung_opacity", "pleural_effusion")
)
"""Findings whose maps the base draws well enough to teach with."""
TAUGHT = ROUTED & OPACITIES
"""Of these, whose maps a bundle smooths less; effusions are too few in the reports tried so far."""
_SIGMA_CELLS = GRID / 20
_LOWEST = 0.4  # of the highest value; below it the target is empty
# Shares of the film from its top or its left. Halves overlap in the middle and zones with their
# neighbours: words are not exact, and the heart is not in the middle.
_RIGHT_ENDS, _LEFT_BEGINS = 0.54, 0.46
_UPPER_ENDS, _LOWER_BEGINS = 0.58, 0.33


def routed_target(
    logits: FloatArray,
    film: Frame,
    where: Iterable[Place],
    share: float,
    sigma_cells: float = _SIGMA_CELLS,
) -> FloatArray:
    """What the tuned model should draw for a claim that is true.

    Args:
        logits: The base's map, square.
        film: top, left, height, width of the film in the map, as shares of its side.
        where: Places the report names; one without side and zone allows the whole film.
        share: How much of the film the target covers, about.
        sigma_cells: Smoothing before that.

    Returns:
        float32 in [0, 1], same shape.
    """
    smooth = ndimage.gaussian_filter(logits.astype(np.float64), sigma_cells)
    grid = len(logits)
    inside = _film_cells(film, grid)
    allowed = inside & np.logical_or.reduce([place_cells(film, place, grid) for place in where])
    if not allowed.any():
        return np.zeros((grid, grid), np.float32)
    values = np.where(allowed, smooth, smooth[inside].min())
    level = np.percentile(values[inside], 100 * (1 - share))
    probability = 1 / (1 + np.exp(level - values))
    probability /= probability[allowed].max()
    is_kept = allowed & (probability > _LOWEST)
    target: FloatArray = np.where(is_kept, probability, 0).astype(np.float32)
    return target


def _film_cells(film: Frame, grid: int) -> BoolArray:
    down, right = _positions(film, grid)
    rows, columns = (down >= 0) & (down < 1), (right >= 0) & (right < 1)
    cells: BoolArray = rows[:, None] & columns[None, :]
    return cells


def place_cells(film: Frame, place: Place, grid: int = GRID) -> BoolArray:
    """The cells of a place, (grid, grid); without side and zone all of them.

    Args:
        film: top, left, height, width of the film in the map, as shares of its side.
        place: Side of the patient, and zone.
        grid: Cells of the map on each side.
    """
    side, zone = place
    down, right = _positions(film, grid)
    rows, columns = np.ones(grid, bool), np.ones(grid, bool)
    # The patient's right is on the left of the film.
    if side == "right":
        columns = right < _RIGHT_ENDS
    elif side == "left":
        columns = right >= _LEFT_BEGINS
    if zone == "upper":
        rows = down < _UPPER_ENDS
    elif zone == "lower":
        rows = down >= _LOWER_BEGINS
    cells: BoolArray = rows[:, None] & columns[None, :]
    return cells


def _positions(film: Frame, grid: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the cells' centres lie: share of the film from its top, and from its left."""
    top, left, height, width = film
    centres = (np.arange(grid) + 0.5) / grid
    return (centres - top) / height, (centres - left) / width
