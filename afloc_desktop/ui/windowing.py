"""Window and level by hand: pure functions on modality values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.dicom.display import choices, first_choice
from afloc_desktop.core.domain import VoiLut, VoiWindow

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.display import Choice
    from afloc_desktop.core.domain import Image

_PIXELS_TO_DOUBLE = 250.0  # a hand's width of drag doubles or halves the contrast


def as_window(image: Image, choice: Choice) -> VoiWindow:
    """The window nearest to a choice: where a drag starts from; the full range of colours."""
    if isinstance(choice, VoiWindow):
        return own_window(choice.centre, choice.width)
    if isinstance(choice, VoiLut):
        width = float(len(choice.values))
        return own_window(choice.first + width / 2, width)
    return full_range(image)


def carried(choice: Choice, one: Image, other: Image) -> Choice | None:
    """What a choice on one film is on another; None where it has none like it.

    A window of the reader's own keeps its place and width relative to each film's first window:
    films of two machines look alike, whatever their units. One of a film's own list becomes the
    one at the same place in the list of the other.
    """
    if other.colour is not None and one.colour is not None:
        return choice
    if other.colour is not None or one.colour is not None:
        return None
    offered = choices(one)
    if choice in offered:
        place, others = offered.index(choice), choices(other)
        if choice == offered[-1] or len(offered) == len(others):
            return others[place - len(offered)]
        return first_choice(other)
    if not isinstance(choice, VoiWindow):
        return None
    start, target = as_window(one, first_choice(one)), as_window(other, first_choice(other))
    factor = target.width / start.width
    return own_window(
        target.centre + (choice.centre - start.centre) * factor, choice.width * factor
    )


def full_range(image: Image) -> VoiWindow:
    """From the lowest to the highest modality value of the film, padding left out."""
    values = image.pixels if image.padding is None else image.pixels[~image.padding]
    if not values.size:
        return own_window(0.0, 1.0)
    low, high = float(np.min(values)), float(np.max(values))
    if image.is_inverted:
        low, high = -high, -low
    return own_window((low + high) / 2, high - low)


def own_window(centre: float, width: float) -> VoiWindow:
    """A reader's window. Exact, because the other kind has no width below one."""
    return VoiWindow(centre, max(width, 1e-6), "LINEAR_EXACT", "")


def dragged(start: VoiWindow, dx: float, dy: float, *, is_inverted: bool) -> VoiWindow:
    """The window after a drag of `dx` to the right and `dy` down, screen points.

    Rightwards widens, upwards brightens, in steps that fit the window itself: films of 8 and of
    16 bits feel the same.
    """
    width = start.width * 2 ** (dx / _PIXELS_TO_DOUBLE)
    step = start.width * dy / (2 * _PIXELS_TO_DOUBLE)
    return own_window(start.centre + (-step if is_inverted else step), width)
