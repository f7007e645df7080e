"""Smaller copies of an array, each half as high or wide as another, made when they are needed."""

from __future__ import annotations

from math import ceil, floor, log2
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable

Array = npt.NDArray[Any]


def mean(one: Array, other: Array) -> Array:
    """Values half way between; whole numbers to the nearest, ties to the even one."""
    half: Array
    if one.dtype == np.uint8:
        half = ((one.astype(np.float32) + other) / 2).round().astype(np.uint8)
    else:
        half = (one + other) * one.dtype.type(0.5)
    return half


class Pyramid:
    """An array and its smaller copies.

    Rows and columns shrink on their own: pixels need not be square.
    """

    def __init__(self, base: Array, join: Callable[[Array, Array], Array]) -> None:
        """Make no copy yet.

        Args:
            base: Rows and columns first.
            join: What becomes of two neighbours.
        """
        self._copies = {(0, 0): base}
        self._join = join

    def copy(self, down: int, across: int) -> Array:
        """The array with rows halved `down` times and columns `across` times."""
        found = self._copies.get((down, across))
        if found is None:
            if down > across:
                found = self._halved(self.copy(down - 1, across), 0)
            elif across > down:
                found = self._halved(self.copy(down, across - 1), 1)
            else:
                found = self._halved(self._halved(self.copy(down - 1, across - 1), 0), 1)
            self._copies[down, across] = found
        return found

    def _halved(self, values: Array, axis: int) -> Array:
        """Neighbours joined; the last row or column alone where the count is odd."""
        if values.shape[axis] % 2:
            last = np.take(values, [-1], axis=axis)
            values = np.concatenate([values, last], axis=axis)
        even, odd = [slice(None)] * 2, [slice(None)] * 2
        even[axis], odd[axis] = slice(0, None, 2), slice(1, None, 2)
        return self._join(values[tuple(even)], values[tuple(odd)])


def finer(scale: float) -> int:
    """Halvings after which the screen still gets at least its own resolution.

    `scale` is in device pixels per source pixel.
    """
    return max(0, floor(log2(1 / scale)))


def coarser(scale: float) -> int:
    """Halvings after which a pixel is at least as large as one of the screen."""
    return max(0, ceil(log2(1 / scale)))
