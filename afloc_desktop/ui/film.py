"""One film ready to be drawn at any zoom: averaged copies, and grey levels of what is visible.

Averaging keeps thin lines (catheters, a pleural edge) that picking every n-th pixel would lose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.dicom.display import MinMax, in_colour, render
from afloc_desktop.core.geometry import Box
from afloc_desktop.ui.pyramid import Array, Pyramid, coarser, finer, mean
from afloc_desktop.ui.windowing import full_range

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.display import Choice, PaintedArray
    from afloc_desktop.core.domain import BoolArray, Image, VoiWindow

Scale = tuple[float, float]  # device pixels per source pixel along x and y


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of one of a film's copies.

    Attributes:
        down, across: How often rows and columns were halved.
        top, left, bottom, right: Pixels of that copy.
    """

    down: int
    across: int
    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> Box:
        """What it covers, source pixels; up to one averaged pixel beyond an odd film."""
        high, wide = 2**self.down, 2**self.across
        return Box(self.left * wide, self.top * high, self.right * wide, self.bottom * high)

    @property
    def where(self) -> tuple[slice, slice]:
        """Rows and columns of the copy."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


class Film:
    """An image and its averaged copies."""

    def __init__(self, image: Image) -> None:
        self.image = image
        colours = image.pixels if image.colour is None else image.colour
        self._pixels = Pyramid(colours, mean)
        self._graphics: Pyramid | None = None
        self._full_range: VoiWindow | None = None

    def part(self, visible: Box, scale: Scale) -> Part:
        """What to draw so that the screen gets at least its own resolution.

        Args:
            visible: Source pixels, inside the film.
            scale: Of the view.
        """
        return self._part(visible, finer(scale[1]), finer(scale[0]))

    def values(self, part: Part) -> Array:
        """The pixels of a part: float32 of grey, uint8 of colour; a view, nothing is copied."""
        return self._pixels.copy(part.down, part.across)[part.where]

    def grey(self, values: Array, choice: Choice) -> PaintedArray:
        """Grey levels of values of this film through a window or table; colours, or one channel.

        uint8, C order.
        """
        pixels = np.ascontiguousarray(values)
        if self.image.colour is not None:
            return in_colour(pixels, choice)
        return render(replace(self.image, pixels=pixels, padding=None), self.fixed(choice))

    def graphics(self, visible: Box, scale: Scale) -> tuple[Part, BoolArray] | None:
        """Where the file's own graphics are drawn, at most as fine as the screen; None if none.

        Thin lines grow with the pixels: none is lost when the film is small. A region of interest
        is drawn as its outline: filled, it would hide what it is about.
        """
        if not self.image.overlays:
            return None
        if self._graphics is None:
            masks = [_outline(o.mask) if o.kind == "R" else o.mask for o in self.image.overlays]
            self._graphics = Pyramid(np.logical_or.reduce(masks), np.logical_or)
        part = self._part(visible, coarser(scale[1]), coarser(scale[0]))
        return part, self._graphics.copy(part.down, part.across)[part.where]

    def fixed(self, choice: Choice) -> Choice:
        """The full range as that of the film, not of a part of it; anything else as it is."""
        if not isinstance(choice, MinMax):
            return choice
        if self._full_range is None:
            self._full_range = full_range(self.image)
        return self._full_range

    def _part(self, visible: Box, down: int, across: int) -> Part:
        high, wide = 2**down, 2**across
        # One pixel more on each side, so that interpolation at the border sees its neighbour.
        return Part(
            down,
            across,
            max(0, floor(visible.y0 / high) - 1),
            max(0, floor(visible.x0 / wide) - 1),
            min(ceil(self.image.rows / high), ceil(visible.y1 / high) + 1),
            min(ceil(self.image.columns / wide), ceil(visible.x1 / wide) + 1),
        )


def _outline(region: BoolArray) -> BoolArray:
    """Pixels of a region that have a neighbour outside it, or lie on the edge of the film."""
    padded = np.pad(region, 1)
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    edge: BoolArray = region & ~inside
    return edge
