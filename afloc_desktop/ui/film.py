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
    from afloc_desktop.core.dicom.display import Choice, GreyArray
    from afloc_desktop.core.domain import BoolArray, FloatArray, Image, VoiWindow


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of one of a film's copies.

    Attributes:
        level: 0 is the film, each further one is half the size.
        top, left, bottom, right: Pixels of that copy.
    """

    level: int
    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> Box:
        """What it covers, source pixels; up to one averaged pixel beyond an odd film."""
        side = 2**self.level
        return Box(self.left * side, self.top * side, self.right * side, self.bottom * side)


class Film:
    """An image and its averaged copies, each half the size of the one before, made when needed."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self._levels: list[tuple[FloatArray, BoolArray | None]] = [(image.pixels, image.padding)]
        self._full_range: VoiWindow | None = None

    def part(self, visible: Box, zoom: float) -> Part:
        """What to draw so that the screen gets at least its own resolution.

        Args:
            visible: Source pixels, inside the film.
            zoom: Device pixels per source pixel.
        """
        level = max(0, floor(log2(1 / zoom)))
        rows, columns = self._level(level)[0].shape
        side = 2**level
        # One pixel more on each side, so that interpolation at the border sees its neighbour.
        return Part(
            level,
            max(0, floor(visible.y0 / side) - 1),
            max(0, floor(visible.x0 / side) - 1),
            min(rows, ceil(visible.y1 / side) + 1),
            min(columns, ceil(visible.x1 / side) + 1),
        )

    def grey(self, part: Part, choice: Choice) -> GreyArray:
        """Grey levels of a part through a window or table: uint8, C order."""
        pixels, padding = self._level(part.level)
        where = np.s_[part.top : part.bottom, part.left : part.right]
        cut = replace(
            self.image,
            pixels=np.ascontiguousarray(pixels[where]),
            padding=None if padding is None else padding[where],
        )
        return render(cut, self.fixed(choice))

    def fixed(self, choice: Choice) -> Choice:
        """The full range as that of the film, not of a part of it; anything else as it is."""
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
