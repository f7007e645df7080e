"""Films of 256 grey levels, resized exactly as the code of AFLoc's authors resizes them.

They use OpenCV's `INTER_AREA` on 8-bit pictures, which answers in whole levels again. One level
more or less in a few pixels is already a larger difference than all others between their code
and ours, so its arithmetic is kept: single precision where it uses that, its order of sums, its
fixed-point interpolation where a film is enlarged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from afloc_desktop.core.domain import BoolArray, ColourArray, FloatArray

LEVELS = 255
_SLIVER = 1e-3  # shares of a pixel below this are not counted
_ONE = 2048  # weights of the interpolation have eleven bits
_BAND_PIXELS = 1 << 16
# BT.601 weights of red, green and blue in fourteen bits.
_LUMA = (4899, 9617, 1868)


def grey_levels(
    pixels: FloatArray, padding: BoolArray | None, bounds: tuple[float, float]
) -> npt.NDArray[np.uint8]:
    """A film in 256 levels: as it is where it has no others, else stretched, fractions dropped.

    Args:
        pixels: Finite values, brighter is larger, shape (rows, columns).
        padding: True where there is no image; takes no part in the stretch; None for nowhere.
        bounds: Percentiles that become 0 and 255.

    Returns:
        uint8, same shape. A film of one value, unless it is one of the levels, is all zeros.
    """
    levels = _as_they_are(pixels)
    if levels is not None:
        return levels
    low, high = _bounds(pixels if padding is None or padding.all() else pixels[~padding], bounds)
    levels = np.zeros(pixels.shape, np.uint8)
    if high > low:
        for band in _bands(pixels):
            stretched = pixels[band].astype(np.float64)
            stretched -= low
            stretched /= high - low
            stretched *= LEVELS
            levels[band] = np.clip(stretched, 0, LEVELS, out=stretched)
    return levels


def _as_they_are(pixels: FloatArray) -> npt.NDArray[np.uint8] | None:
    """The pixels, where all of them are levels."""
    levels = np.empty(pixels.shape, np.uint8)
    with np.errstate(invalid="ignore"):  # whatever becomes of other values, it is not what they are
        for band in _bands(pixels):
            levels[band] = pixels[band]
            if not np.array_equal(levels[band], pixels[band]):
                return None
    return levels


def _bands(pixels: FloatArray) -> Iterator[slice]:
    """Rows that a core's own memory holds while they are worked on: twice as fast as a film."""
    rows, columns = pixels.shape
    step = max(1, _BAND_PIXELS // columns)
    return (slice(row, row + step) for row in range(0, rows, step))


def _bounds(sample: FloatArray, percentiles: tuple[float, float]) -> tuple[float, float]:
    """The values at two percentiles; the extremes need no sorting."""
    if percentiles == (0, 100):
        return float(sample.min()), float(sample.max())
    low, high = np.percentile(sample, percentiles)
    return float(low), float(high)


def luminance(colour: ColourArray) -> npt.NDArray[np.uint8]:
    """Grey levels of a picture, uint8 RGB of shape (rows, columns, 3)."""
    total = colour.astype(np.int32) @ np.array(_LUMA, np.int32)
    levels: npt.NDArray[np.uint8] = ((total + (1 << 13)) >> 14).astype(np.uint8)
    return levels


def resize_levels(values: npt.NDArray[np.uint8], rows: int, columns: int) -> npt.NDArray[np.uint8]:
    """Area average where both axes shrink, else interpolation between area shares.

    Args:
        values: uint8, shape (any, any).
        rows, columns: Wanted size, at least 1.

    Returns:
        uint8, shape (rows, columns).
    """
    if values.shape == (rows, columns):
        return values
    down, across = (1 / (new / old) for new, old in zip((rows, columns), values.shape, strict=True))
    if min(down, across) < 1:
        return _interpolated(values, rows, columns)
    blocks = round(down), round(across)
    if max(abs(down - blocks[0]), abs(across - blocks[1])) < np.finfo(float).eps:
        return _block_means(values, *blocks)
    wide = _share_rows(np.ascontiguousarray(values.T), columns, across)
    small = _share_rows(np.ascontiguousarray(wide.T), rows, down)
    return np.clip(np.rint(small), 0, LEVELS).astype(np.uint8)


def _block_means(values: npt.NDArray[np.uint8], down: int, across: int) -> npt.NDArray[np.uint8]:
    rows, columns = values.shape[0] // down, values.shape[1] // across
    sums = values.reshape(rows, down, columns, across).sum((1, 3), dtype=np.int64)
    means = (sums + 2) >> 2
    if (down, across) != (2, 2):
        means = np.rint(sums.astype(np.float32) * np.float32(1 / (down * across)))
    levels: npt.NDArray[np.uint8] = means.astype(np.uint8)
    return levels


def _share_rows(values: FloatArray | npt.NDArray[np.uint8], size: int, scale: float) -> FloatArray:
    """Each of `size` rows is the mean of `scale` rows, those at its ends by their share."""
    start = np.arange(size) * scale
    end = start + scale
    width = np.minimum(scale, len(values) - start)
    last = np.minimum(np.floor(end).astype(np.intp), len(values) - 1)
    first = np.minimum(np.ceil(start).astype(np.intp), last)
    before, after = first - start, end - last

    def weighed(rows: npt.NDArray[np.intp], share: npt.NDArray[np.float64]) -> FloatArray:
        weights: FloatArray = (share / width).astype(np.float32)[:, None]
        return values[rows] * weights

    total = weighed(np.maximum(first - 1, 0), np.where(before > _SLIVER, before, 0))
    for step in range(int((last - first).max())):
        row = first + step
        total += weighed(np.minimum(row, len(values) - 1), np.where(row < last, 1.0, 0.0))
    share = np.minimum(np.minimum(after, 1), width)
    total += weighed(last, np.where(after > _SLIVER, share, 0))
    return total


def _interpolated(values: npt.NDArray[np.uint8], rows: int, columns: int) -> npt.NDArray[np.uint8]:
    x, right, left_weight, right_weight = _neighbours(values.shape[1], columns)
    y, below, above_weight, below_weight = _neighbours(values.shape[0], rows)
    numbers = values.astype(np.int64)
    across = numbers[:, x] * left_weight + numbers[:, right] * right_weight
    upper, lower = (across[r] >> 4 for r in (y, below))
    mixed = ((above_weight[:, None] * upper) >> 16) + ((below_weight[:, None] * lower) >> 16)
    return ((mixed + 2) >> 2).astype(np.uint8)


def _neighbours(count: int, size: int) -> tuple[npt.NDArray[np.intp], ...]:
    """Both neighbours of every new pixel, and their weights out of 2048."""
    at = np.arange(size)
    low = np.floor(at * (1 / (size / count))).astype(np.intp)
    part = ((at + 1) - (low + 1) * (size / count)).astype(np.float32)
    part = np.where(part <= 0, np.float32(0), part - np.floor(part))
    part = np.where(low >= count - 1, np.float32(0), part)
    low = np.minimum(low, count - 1)
    weights = (np.rint(w * np.float32(_ONE)).astype(np.intp) for w in (1 - part, part))
    return (low, np.minimum(low + 1, count - 1), *weights)
