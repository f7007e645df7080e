"""Whether a frontal chest film looks like its own negative.

The MONOCHROME tag is always followed; this only warns where the picture contradicts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from afloc_desktop.core.domain import FloatArray

_SMALLEST = 64  # pixels; below, the regions are a few pixels each
_SAMPLED = 256  # rows or columns looked at, whichever is fewer
# Top, bottom, left and right as fractions of the film.
_LUNGS = ((0.25, 0.60, 0.15, 0.38), (0.25, 0.60, 0.62, 0.85))
_MEDIASTINUM = (0.25, 0.75, 0.44, 0.58)
_CENTRE = (0.25, 0.75, 0.25, 0.75)
_CORNERS = ((0.0, 0.1, 0.0, 0.1), (0.0, 0.1, 0.9, 1.0))


def looks_inverted(pixels: FloatArray) -> bool:
    """Whether the mediastinum is darker than the lungs and the upper corners outshine the centre.

    On 1,815 frontal films of NIH ChestX-ray14 and 981 of children both hold for none, and for
    97 and 98 % of their negatives.

    Args:
        pixels: Brighter is larger; shape (rows, columns).
    """
    if min(pixels.shape) < _SMALLEST:
        return False
    step = min(pixels.shape) // _SAMPLED or 1
    film = pixels[::step, ::step]
    film = np.clip(film, *np.percentile(film, [1, 99]))
    lungs = np.mean([np.median(_part(film, place)) for place in _LUNGS])
    corners = np.mean([_part(film, place).mean() for place in _CORNERS])
    is_dark_between = np.median(_part(film, _MEDIASTINUM)) < lungs
    return bool(is_dark_between and corners > _part(film, _CENTRE).mean())


def _part(film: FloatArray, place: tuple[float, float, float, float]) -> FloatArray:
    rows, columns = film.shape
    top, bottom, left, right = place
    return film[int(top * rows) : int(bottom * rows), int(left * columns) : int(right * columns)]
