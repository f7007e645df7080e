"""From the pixels of a film to those of the screen: means where it shrinks, between where it grows.

One pass for each axis. It is done when the view changes; a window is then a table over what is on
the screen, however large the film.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from afloc_desktop.core.domain import FloatArray

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Taps:
    """Which samples make each screen pixel along one axis.

    Attributes:
        places: Of the samples, shape (taps, screen pixels).
        shares: float32, as many; they add up to 1 for each screen pixel.
    """

    places: npt.NDArray[np.intp]
    shares: FloatArray


def taps(near: float, far: float, screen: int, count: int) -> Taps:
    """The samples of one axis.

    Args:
        near, far: Middles of the first and last screen pixel, in samples from the outer edge of
            the first; far before near on a film that is shown mirrored.
        screen: Pixels of the screen, at least 1.
        count: Samples; beyond them their ends go on.
    """
    middles = np.linspace(near, far, screen)
    step = abs(far - near) / (screen - 1) if screen > 1 else 1.0
    if step <= 1:
        return _between(middles, count)
    return _means(middles, step, count)


def sampled(values: Array, down: Taps, across: Taps) -> Array:
    """Screen pixels of a film's samples, rows and columns first; of their own type."""
    low, high = int(across.places.min()), int(across.places.max()) + 1
    rows = _joined(values[:, low:high], down, 0)
    joined = _joined(rows, Taps(across.places - low, across.shares), 1)
    return joined.round().astype(np.uint8) if values.dtype == np.uint8 else joined


def _between(middles: npt.NDArray[np.float64], count: int) -> Taps:
    inside = np.clip(middles - 0.5, 0, count - 1)
    low = np.floor(inside).astype(np.intp)
    share = (inside - low).astype(np.float32)
    return Taps(np.stack([low, np.minimum(low + 1, count - 1)]), np.stack([1 - share, share]))


def _means(middles: npt.NDArray[np.float64], step: float, count: int) -> Taps:
    """Each screen pixel is the mean of the samples under it, cut ones by their share."""
    starts = np.clip(middles - step / 2, 0, count - 1e-6)
    ends = np.clip(middles + step / 2, starts + 1e-6, count)
    first = np.floor(starts).astype(np.intp)
    places = first + np.arange(ceil(step) + 1)[:, None]
    shares = np.minimum(ends, places + 1) - np.maximum(starts, places)
    shares = np.clip(shares, 0, None) / (ends - starts)
    return Taps(np.minimum(places, count - 1), shares.astype(np.float32))


def _joined(values: Array, axis_taps: Taps, axis: int) -> FloatArray:
    shape = [1] * values.ndim
    shape[axis] = axis_taps.shares.shape[1]
    made: FloatArray | None = None
    for places, shares in zip(axis_taps.places, axis_taps.shares, strict=True):
        part = values.take(places, axis=axis).astype(np.float32, copy=False)
        part *= shares.reshape(shape)
        made = part if made is None else np.add(made, part, out=made)
    assert made is not None
    return made
