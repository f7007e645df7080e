"""From a grid of similarities to a map that covers the film."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from afloc_desktop.core.domain import FloatArray, Heatmap, read_only

if TYPE_CHECKING:
    from afloc_desktop.core.domain import IdentityKey, Prompt
    from afloc_desktop.core.geometry import Frame

LONGEST_MAP = 512


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """A similarity grid and how it is laid over its film: some kilobytes for a map of hundreds.

    Gaussian smoothing and bilinear interpolation are linear and separable, so both are one
    matrix per axis.

    Attributes:
        grid: float32, shape (grid, grid); less `offset`.
        offset: Added to the map. Raw products are many times larger than they differ from place
            to place, which single precision would not carry through the sums.
        down, across: float32, shapes (map rows, grid) and (map columns, grid); shared by all
            answers on a film that are smoothed alike.
        sharpness: 0 averages the similarities themselves.
        scale: Source pixels per map pixel, (x, y).
    """

    grid: FloatArray
    offset: float
    down: FloatArray
    across: FloatArray
    sharpness: float
    scale: tuple[float, float]

    def similarity(self) -> FloatArray:
        """The map, float32, shape (map rows, map columns)."""
        if self.sharpness > 0:
            sharpness = np.float32(self.sharpness)
            values = np.log(self.down @ np.exp(sharpness * self.grid) @ self.across.T)
            values /= sharpness
        else:
            values = self.down @ (self.grid @ self.across.T)
        values += np.float32(self.offset)
        return read_only(values)


class GridHeatmap(Heatmap):
    """A heatmap that stays a grid until somebody looks; the one looked at last is kept as a map.

    All findings of a film are 34 maps of up to a megabyte, of which a screen shows one or two.
    """

    __slots__ = ("_surface",)
    _surface: Surface | FloatArray

    def __init__(
        self,
        similarity: Surface | FloatArray,
        scale: tuple[float, float],
        prompt: Prompt,
        bundle_id: str,
        key: IdentityKey,
        notes: tuple[str, ...],
    ) -> None:
        """As `Heatmap`, of which `dataclasses.replace` may make another with a map of its own."""
        given = {"_surface": similarity, "scale": scale, "prompt": prompt, "bundle_id": bundle_id}
        for name, value in {**given, "key": key, "notes": notes}.items():
            object.__setattr__(self, name, value)

    @property
    def similarity(self) -> FloatArray:
        """See `Heatmap`."""
        return _map(self._surface) if isinstance(self._surface, Surface) else self._surface

    def __reduce__(self) -> tuple[type[Heatmap], tuple[object, ...]]:
        """Between processes it is a map like any other."""
        return Heatmap, tuple(getattr(self, field.name) for field in fields(Heatmap))


@lru_cache(maxsize=1)
def _map(surface: Surface) -> FloatArray:
    return surface.similarity()


def over_film(
    grid: npt.NDArray[np.floating], frame: Frame, sigma_cells: float, sharpness: float
) -> Surface:
    """Lay a similarity grid over the film; cells that hold padding alone take no part.

    A plain average lets a small lesion drown in its surroundings. With a sharpness s above 0 it is
    exp(s x similarity) that is averaged, and the logarithm taken back: strong places weigh more,
    and the result is still a similarity between the lowest and the highest of the grid.

    Args:
        grid: Any float, shape (grid, grid), over the square input.
        frame: How the film lies in the input.
        sigma_cells: 0 leaves the grid as it is.
        sharpness: 0 to 20; 0 is the plain average.

    Returns:
        A map with a long side of at most 512.
    """
    down, across = _film_operators(frame, len(grid), sigma_cells)
    scale = (frame.columns / len(across), frame.rows / len(down))
    return Surface(np.asarray(grid, np.float32), 0.0, down, across, sharpness, scale)


def over_input(grid: npt.NDArray[np.floating], frame: Frame, sigma_cells: float) -> Surface:
    """Smooth a grid and lay it over the whole input, padding too, then cut the film out.

    It is the map of AFLoc's authors (Yang et al., Nature Biomedical Engineering 2026): a Gaussian
    over all cells, bilinear to the pixels of the input.

    Args:
        grid: In double precision, shape (grid, grid), over the square input.
        frame: How the film lies in the input.
        sigma_cells: 0 leaves the grid as it is.

    Returns:
        A map of one pixel for every pixel of the film in the input.
    """
    # A number of single precision, so that taking it off and adding it are exact.
    offset = float(np.float32(grid[0, 0]))
    down, across = _input_operators(frame, len(grid), sigma_cells)
    scale = (frame.columns / frame.width, frame.rows / frame.height)
    return Surface((grid - offset).astype(np.float32), offset, down, across, 0.0, scale)


@lru_cache(maxsize=64)  # every finding on a film asks for the same two
def _film_operators(frame: Frame, cells: int, sigma_cells: float) -> tuple[FloatArray, FloatArray]:
    longest = max(frame.rows, frame.columns)
    side = min(LONGEST_MAP, longest)
    rows = max(1, round(frame.rows * side / longest))
    columns = max(1, round(frame.columns * side / longest))
    cell = frame.side / cells
    return (
        _single(_operator(rows, (frame.top / cell, frame.height / cell), cells, sigma_cells)),
        _single(_operator(columns, (frame.left / cell, frame.width / cell), cells, sigma_cells)),
    )


@lru_cache(maxsize=64)
def _input_operators(frame: Frame, cells: int, sigma_cells: float) -> tuple[FloatArray, FloatArray]:
    whole = _single(_operator(frame.side, (0, cells), cells, sigma_cells))
    return (
        whole[frame.top : frame.top + frame.height],
        whole[frame.left : frame.left + frame.width],
    )


def _single(operator: npt.NDArray[np.float64]) -> FloatArray:
    return read_only(operator.astype(np.float32))


def _operator(
    size: int, extent: tuple[float, float], cells: int, sigma_cells: float
) -> npt.NDArray[np.float64]:
    """Matrix (size, cells): smooth the cells that hold film, then sample `size` map pixels.

    Args:
        size: Map pixels along the axis.
        extent: Start and length of the film, in cells.
        cells: Of the grid along the axis.
        sigma_cells: Of the Gaussian.
    """
    start, length = extent
    first, last = int(start), min(cells, int(np.ceil(start + length)))
    count = last - first
    centre = start + (np.arange(size) + 0.5) * length / size - 0.5 - first
    centre = np.clip(centre, 0, count - 1)
    low = np.floor(centre).astype(np.intp)
    weight = centre - low
    sample = np.zeros((size, count))
    sample[np.arange(size), low] = 1 - weight
    sample[np.arange(size), np.minimum(low + 1, count - 1)] += weight
    operator = np.zeros((size, cells))
    operator[:, first:last] = sample @ gaussian_matrix(count, sigma_cells)
    return operator


def gaussian_matrix(count: int, sigma: float) -> np.ndarray:
    """Gaussian smoothing of `count` samples as a matrix, mirrored at the ends.

    Equal to `scipy.ndimage.gaussian_filter1d(mode="reflect", truncate=4)`.
    """
    if sigma <= 0:
        return np.eye(count)
    radius = int(4 * sigma + 0.5)
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offsets / sigma) ** 2)
    kernel /= kernel.sum()
    index = (np.arange(count)[:, None] + offsets) % (2 * count)
    index = np.where(index < count, index, 2 * count - 1 - index)
    matrix = np.zeros((count, count))
    np.add.at(matrix, (np.arange(count)[:, None], index), kernel[None, :])
    return matrix
