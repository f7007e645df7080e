"""From a grid of similarities to a map that covers the film."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from afloc_desktop.core.domain import FloatArray, read_only

if TYPE_CHECKING:
    from afloc_desktop.core.geometry import Frame

LONGEST_MAP = 512


def spread(
    grid: FloatArray, frame: Frame, sigma_cells: float, sharpness: float
) -> tuple[FloatArray, tuple[float, float]]:
    """Smooth a similarity grid and lay it over the film.

    Gaussian smoothing and bilinear interpolation are linear and separable, so both are one
    matrix per axis. Cells that hold padding alone take no part.

    A plain average lets a small lesion drown in its surroundings. With a sharpness s above 0 it is
    exp(s x similarity) that is averaged, and the logarithm taken back: strong places weigh more,
    and the result is still a similarity between the lowest and the highest of the grid.

    Args:
        grid: float32, shape (grid, grid), over the square input.
        frame: How the film lies in the input.
        sigma_cells: 0 leaves the grid as it is.
        sharpness: 0 to 20; 0 is the plain average.

    Returns:
        The map, float32, long side at most 512, and source pixels per map pixel (x, y).
    """
    longest = max(frame.rows, frame.columns)
    side = min(LONGEST_MAP, longest)
    rows = max(1, round(frame.rows * side / longest))
    columns = max(1, round(frame.columns * side / longest))
    cell = frame.side / len(grid)
    down = _axis_operator(rows, (frame.top / cell, frame.height / cell), len(grid), sigma_cells)
    across = _axis_operator(
        columns, (frame.left / cell, frame.width / cell), len(grid), sigma_cells
    )
    if sharpness > 0:
        odds = down @ np.exp(np.float32(sharpness) * grid) @ across.T
        similarity = np.log(odds) / np.float32(sharpness)
    else:
        similarity = down @ grid @ across.T
    similarity = np.ascontiguousarray(similarity.astype(np.float32))
    return read_only(similarity), (frame.columns / columns, frame.rows / rows)


def spread_input(
    grid: FloatArray, frame: Frame, sigma_cells: float
) -> tuple[FloatArray, tuple[float, float]]:
    """Smooth a grid and lay it over the whole input, padding too, then cut the film out.

    It is the map of AFLoc's authors (Yang et al., Nature Biomedical Engineering 2026): a Gaussian
    over all cells, bilinear to the pixels of the input. Computed in double precision, because raw
    products have any scale and offset.

    Args:
        grid: float32, shape (grid, grid), over the square input.
        frame: How the film lies in the input.
        sigma_cells: 0 leaves the grid as it is.

    Returns:
        The map, float32, one pixel for every pixel of the film in the input, and source pixels
        per map pixel (x, y).
    """
    cells = len(grid)
    operator = _operator(frame.side, (0, cells), cells, sigma_cells)
    down = operator[frame.top : frame.top + frame.height]
    across = operator[frame.left : frame.left + frame.width]
    values = (down @ grid.astype(np.float64)) @ np.ascontiguousarray(across.T)
    scale = (frame.columns / frame.width, frame.rows / frame.height)
    return read_only(values.astype(np.float32)), scale


def _axis_operator(
    size: int, extent: tuple[float, float], cells: int, sigma_cells: float
) -> FloatArray:
    return _operator(size, extent, cells, sigma_cells).astype(np.float32)


@lru_cache(maxsize=64)  # every finding on a film asks for the same two
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
    operator.flags.writeable = False
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
