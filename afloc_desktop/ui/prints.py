"""The values of a film on the screen as a picture, made anew for each window in the same memory.

A window is a table over at most 16,384 levels, looked up for each pixel of the screen: one pass,
whatever the window, straight to pixels that Qt only copies.
"""

from __future__ import annotations

from functools import cached_property
from math import ceil, floor, log2
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.domain import VoiWindow
from afloc_desktop.ui.qt import QImage

if TYPE_CHECKING:
    import numpy.typing as npt

    from afloc_desktop.core.dicom.display import Choice, PaintedArray
    from afloc_desktop.core.domain import FloatArray
    from afloc_desktop.ui.film import Film
    from afloc_desktop.ui.sampling import Array

_MOST = 16_384  # levels: their table stays in the cache, and is soon made
_FINEST_STEP = 2.0**-8
_ROW = 256  # levels are given to the display as the rows of an image
_LEAST_LEVELS = 1024  # in a window; four for each grey
_GREYS = np.arange(256, dtype=np.uint32) * 0x010101 | 0xFF000000
_TURNED = np.ascontiguousarray(_GREYS[::-1])


class Print:
    """What is on the screen of one film, for one view of it."""

    def __init__(self, film: Film, values: Array) -> None:
        """Take the values; nothing is made yet.

        Args:
            film: Theirs.
            values: float32 of grey, shape (rows, columns); uint8 of colour, (rows, columns, 3).
        """
        self._film = film
        self._values = np.ascontiguousarray(values)
        self._made: tuple[object, Array, QImage] | None = None

    def picture(self, choice: Choice, *, is_inverted: bool) -> QImage:
        """As it is to be drawn; valid until another is asked for."""
        seen = (choice, is_inverted)
        if self._made is None or self._made[0] != seen:
            pixels: Array
            if self._is_fine_enough(choice):
                pixels = self._looked_up(choice, is_inverted)
            else:
                grey = self._film.grey(self._values, choice)
                pixels = 255 - grey if is_inverted else grey
            self._made = (seen, pixels, picture_of(pixels))
        return self._made[2]

    def _is_fine_enough(self, choice: Choice) -> bool:
        """Whether no grey is lost between two levels."""
        if self._film.image.colour is not None:
            return False
        return not isinstance(choice, VoiWindow) or choice.width >= _LEAST_LEVELS * self._levels[1]

    def _looked_up(self, choice: Choice, is_inverted: bool) -> npt.NDArray[np.uint32]:
        levels, _, places, pixels = self._levels
        grey = self._film.grey(levels, choice).ravel()
        table = (_TURNED if is_inverted else _GREYS).take(grey)
        # "clip" is the mode that neither checks places nor takes another copy; all are inside.
        np.take(table, places, out=pixels, mode="clip")
        return pixels

    @cached_property
    def _levels(self) -> tuple[FloatArray, float, npt.NDArray[np.intp], npt.NDArray[np.uint32]]:
        """Levels in rows, their step, the level of each pixel, and memory for a picture.

        The step is a power of two, so that whole values stay exact.
        """
        least, most = float(self._values.min()), float(self._values.max())
        fitting = 2.0 ** ceil(log2(max(most - least, 1e-30) / (_MOST - 2 * _ROW)))
        step = max(fitting, _FINEST_STEP) if most - least > 1 else fitting
        lowest = floor(least / step) * step
        places = np.rint((self._values - np.float64(lowest)) / step).astype(np.intp)
        count = ceil((int(places.max()) + 1) / _ROW) * _ROW
        levels = (np.arange(count, dtype=np.float64) * step + lowest).astype(np.float32)
        return levels.reshape(-1, _ROW), step, places, np.empty(self._values.shape, np.uint32)


def picture_of(pixels: PaintedArray | npt.NDArray[np.uint32]) -> QImage:
    """A picture that looks into `pixels`, in C order, which must outlive it.

    Args:
        pixels: uint8 of grey, shape (rows, columns), or of red, green and blue, (rows, columns,
            3); or uint32, opaque, (rows, columns).
    """
    rows, columns = pixels.shape[:2]
    kinds = QImage.Format
    if pixels.dtype == np.uint32:
        kind = kinds.Format_RGB32
    else:
        kind = kinds.Format_Grayscale8 if pixels.ndim == 2 else kinds.Format_RGB888
    return QImage(pixels.data, columns, rows, pixels.strides[0], kind)
