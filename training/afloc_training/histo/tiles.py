"""Tiles of stained tissue: their table, the structures a program finds on them, variations.

Masks drawn by people are never read here: they are the evaluation's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.picture import read_picture
from afloc_desktop.core.preprocess import prepare
from afloc_desktop.core.regions import RegionCase, read_table
from afloc_training.fundus.eyes import Eye
from afloc_training.fundus.network import GRID
from afloc_training.histo.vocabulary import FINDINGS, IDS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from afloc_desktop.core.domain import BoolArray, FloatArray
    from afloc_desktop.core.preprocess import PreprocessSpec
    from afloc_training.painting import Rng

TABLE = "histo.csv"
_COLUMNS = ("image", "mask", "patient_id", "split", "text")
# Optical density of hematoxylin, eosin and what is left: Ruifrok and Johnston, 2001.
_STAINS = np.array([[0.650, 0.704, 0.286], [0.072, 0.990, 0.105], [0.268, 0.570, 0.776]])
_BRIGHT = 0.86  # of white: glass
_LOWEST_DENSITY = 0.04  # of hematoxylin; a tile of glass has none
_SMOOTH_CELLS = 6.0
_CROWDED = 1.25  # times the share of nuclei of the tile
_COVERED = 0.25  # share of a cell from which it counts


@dataclass(frozen=True, slots=True)
class TileRow:
    """One tile of a table, with the sentence that goes with it."""

    path: Path
    name: str
    mask: Path
    patient: str
    split: str
    text: str


def read_tiles(folder: Path) -> tuple[TileRow, ...]:
    """All tiles in table order.

    Raises:
        DatasetError: No table, a missing column, or no tile to train on.
    """
    rows = tuple(
        TileRow(folder / r["image"], r["image"], folder / r["mask"], r["patient_id"], r["split"],
                r["text"])
        for r in read_table(folder / TABLE, _COLUMNS)
    )  # fmt: skip
    if not any(row.split == "train" for row in rows):
        raise DatasetError(
            f"The table {TABLE} has no tile of the split train.",
            remedy="Use the table as it comes with the tiles.",
        )
    return rows


def read_nuclei(rows: Iterable[TileRow]) -> list[RegionCase]:
    """What people outlined, for evaluation: the nuclei of every tile."""
    return [RegionCase(row.name, row.patient, FINDINGS[0].label, (), (row.mask,)) for row in rows]


def render(row: TileRow, seed: int, spec: PreprocessSpec) -> Eye:
    """A tile turned, mirrored and tinted, and what a program finds on it.

    Equal arguments give equal tiles.

    Raises:
        UnreadableFile: The picture is absent or damaged.
    """
    rng = np.random.default_rng(seed)
    image = read_picture(row.path)
    planes = prepare(image.pixels, spec, padding=None, colour=image.colour).tensor[0]
    tile = _varied(rng, planes.transpose(1, 2, 0))
    masks = cells_of(tile)
    truth = np.where(masks.any(axis=(1, 2)), 1, 0).astype(np.int8)
    return Eye(np.ascontiguousarray(tile.transpose(2, 0, 1)), truth, masks.astype(np.float16))


def cells_of(tile: FloatArray) -> FloatArray:
    """Share of each cell of the grid that a structure covers, (findings, GRID, GRID).

    Args:
        tile: In [0, 1], shape (side, side, 3).
    """
    nuclei = _share(nuclei_of(tile))
    smooth = ndimage.gaussian_filter(nuclei, _SMOOTH_CELLS)
    crowded = (smooth > _CROWDED * nuclei.mean()) & (nuclei.mean() > 0)
    empty = _share(tile.min(axis=2) > _BRIGHT)
    found = {"nuclei": nuclei, "dense_nuclei": crowded, "empty_space": empty}
    shares: FloatArray = np.stack([found[name] for name in IDS]).astype(np.float32)
    return np.where(shares >= _COVERED, shares, 0)


def nuclei_of(tile: FloatArray) -> BoolArray:
    """Where hematoxylin is dense, by Otsu's threshold; (side, side)."""
    density = -np.log10(np.clip(tile, 1 / 255, 1))
    # Unlike plain inversion, what lies beyond the colours of the stains counts for none of them.
    hematoxylin = np.clip(density @ np.linalg.inv(_unit(_STAINS)), 0, None)[..., 0]
    smooth = ndimage.gaussian_filter(hematoxylin, 1.0)
    limit = max(_otsu(smooth), _LOWEST_DENSITY)
    dense: BoolArray = ndimage.binary_opening(smooth > limit, iterations=2)
    return dense


def _unit(stains: np.ndarray) -> np.ndarray:
    unit: np.ndarray = stains / np.linalg.norm(stains, axis=1, keepdims=True)
    return unit


def _otsu(values: np.ndarray) -> float:
    """The value that parts two groups with the least spread within them."""
    counts, edges = np.histogram(values, 128)
    middles = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(middles[int(np.nanargmax(apart))]) if np.isfinite(apart).any() else 0.0


def _share(mask: BoolArray) -> FloatArray:
    size = len(mask) // GRID
    share: FloatArray = mask.reshape(GRID, size, GRID, size).mean(axis=(1, 3)).astype(np.float32)
    return share


def _varied(rng: Rng, tile: FloatArray) -> FloatArray:
    """Tissue has no up: any quarter turn, mirrored or not; and stains differ."""
    turned = np.rot90(tile, int(rng.integers(4)))
    turned = turned[:, ::-1] if rng.integers(2) else turned
    tint = rng.uniform(0.92, 1.08, 3) * rng.uniform(0.9, 1.1)
    lit: FloatArray = np.clip(turned ** rng.uniform(0.85, 1.2) * tint, 0, 1).astype(np.float32)
    return lit
