"""One film ready to be drawn at any zoom: averaged copies, and grey levels of what is visible.

Averaging keeps thin lines (catheters, a pleural edge) that picking every n-th pixel would lose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor, log2
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.dicom.display import MinMax, render
from afloc_desktop.core.geometry import Box
from afloc_desktop.ui.windowing import full_range

if TYPE_CHECKING:
    import numpy.typing as npt

    from afloc_desktop.core.dicom.display import Choice
    from afloc_desktop.core.domain import BoolArray, FloatArray, Image, VoiWindow


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Grey levels of a part of a film.

    Attributes:
        grey: uint8, shape (rows, columns), C order.
        area: What it covers, source pixels; may reach up to one averaged pixel beyond the film.
    """

    grey: npt.NDArray[np.uint8]
    area: Box


class Film:
    """An image and its averaged copies, each half the size of the one before, made when needed."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self._levels: list[tuple[FloatArray, BoolArray | None]] = [(image.pixels, image.padding)]
        self._full_range: VoiWindow | None = None

    def piece(self, visible: Box, zoom: float, choice: Choice) -> Piece:
        """Grey levels of the visible part, at least as fine as the screen.

        Args:
            visible: Source pixels, inside the film.
            zoom: Device pixels per source pixel.
            choice: How values become grey.
        """
        number = max(0, floor(log2(1 / zoom)))
        pixels, padding = self._level(number)
        factor = 2**number
        # One pixel more on each side, so that interpolation at the border sees its neighbour.
        top, left = max(0, floor(visible.y0 / factor) - 1), max(0, floor(visible.x0 / factor) - 1)
        bottom = min(pixels.shape[0], ceil(visible.y1 / factor) + 1)
        right = min(pixels.shape[1], ceil(visible.x1 / factor) + 1)
        part = np.s_[top:bottom, left:right]
        cut = replace(
            self.image,
            pixels=np.ascontiguousarray(pixels[part]),
            padding=None if padding is None else padding[part],
        )
        grey = render(cut, self._fixed(choice))
        return Piece(grey, Box(left * factor, top * factor, right * factor, bottom * factor))

    def _fixed(self, choice: Choice) -> Choice:
        """The full range is that of the film, not of the part of it on screen."""
        if not isinstance(choice, MinMax):
            return choice
        if self._full_range is None:
            self._full_range = full_range(self.image)
        return self._full_range

    def _level(self, number: int) -> tuple[FloatArray, BoolArray | None]:
        while len(self._levels) <= number:
            pixels, padding = self._levels[-1]
            self._levels.append((_halved(pixels), None if padding is None else _any2(padding)))
        return self._levels[number]


def _even(values: np.ndarray) -> np.ndarray:
    """Repeat the last row or column where the count is odd."""
    rows, columns = values.shape
    return np.pad(values, ((0, rows % 2), (0, columns % 2)), mode="edge")


def _halved(pixels: FloatArray) -> FloatArray:
    even = _even(pixels)
    half: FloatArray = (
        even[0::2, 0::2] + even[0::2, 1::2] + even[1::2, 0::2] + even[1::2, 1::2]
    ) * np.float32(0.25)
    return half


def _any2(mask: BoolArray) -> BoolArray:
    even = _even(mask)
    half: BoolArray = even[0::2, 0::2] | even[0::2, 1::2] | even[1::2, 0::2] | even[1::2, 1::2]
    return half
