"""From film to grey or colour: the 8-bit image that is painted. The rest never sees it.

Windows and tables are on modality values (PS3.3 C.11.2.1); MONOCHROME1 is turned at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from afloc_desktop.core.domain import Voi, VoiLut, VoiWindow

if TYPE_CHECKING:
    from afloc_desktop.core.domain import ColourArray, FloatArray, Image

GreyArray = npt.NDArray[np.uint8]  # (rows, columns)
PaintedArray = npt.NDArray[np.uint8]  # (rows, columns), or (rows, columns, 3) in colour

AUTO = "auto"
_AUTO_PERCENTILES = (1, 99)
_AUTO_SAMPLE = 500_000  # pixels; the percentiles of 7.5 million take 100 ms and differ by < .1 %
_BLOCK = 64  # rows worked on at a time: fits the cache, 7 ms instead of 12 for 3000 x 2500
_MOST_LEVELS = 65_536
# Grey is cut to whole levels, not rounded, as DCMTK does. What is whole in exact arithmetic may
# lie a hair below in float32.
_HAIR = 1e-3


@dataclass(frozen=True, slots=True)
class MinMax:
    """Darkest value of all black, padding included; brightest white."""


@dataclass(frozen=True, slots=True)
class AsColour:
    """The colours of a colour image; windows do not apply to them."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One of the three channels of a colour image, as grey.

    Green is the red-free view of a retina: blood and what lies before it stand out most there.
    """

    name: Literal["red", "green", "blue"]


CHANNELS = (Channel("green"), Channel("red"), Channel("blue"))

Choice = Voi | MinMax | AsColour | Channel


def choices(image: Image) -> tuple[Choice, ...]:
    """What a reader may choose from: the file's own first, in its order, then ours."""
    if image.colour is not None:
        return (AsColour(), *CHANNELS)
    return (*image.voi, auto_window(image), MinMax())


def first_choice(image: Image) -> Choice:
    """How a film opens: in its colours or with the file's first table or window that it can use.

    Without any, `auto_window`.
    """
    if image.colour is not None:
        return AsColour()
    tables = [voi for voi in image.voi if isinstance(voi, VoiLut)]
    usable = [voi for voi in image.voi if not is_too_narrow(voi)]
    return [*tables, *usable][0] if usable else auto_window(image)


def is_too_narrow(voi: Voi) -> bool:
    """Whether a window is an illegal one that shows nothing but black and white.

    A LINEAR width below 1 (PS3.3 C.11.2.1.2.1), seen where modality values are fractions.
    """
    return isinstance(voi, VoiWindow) and voi.function == "LINEAR" and voi.width < 1


def auto_window(image: Image) -> VoiWindow:
    """A window over the 1st to the 99th percentile of what is not padding, named `AUTO`."""
    values = _seen(image)
    low, high = np.percentile(values[:: max(1, values.size // _AUTO_SAMPLE)], _AUTO_PERCENTILES)
    if image.is_inverted:
        low, high = -high, -low
    # A film of one value: any width shows it mid-grey.
    width = float(high - low) or 1.0
    return VoiWindow(float(low + high) / 2, width, "LINEAR_EXACT", AUTO)


def render(image: Image, choice: Choice | None = None) -> PaintedArray:
    """The film as it is painted, in its own matrix.

    Args:
        image: Any film.
        choice: None for `first_choice`; `AsColour` and `Channel` only of a colour image, whose
            luminance any other one shows.

    Returns:
        uint8, 255 is white: shape (rows, columns), or (rows, columns, 3) in colour.
    """
    return WindowTable(image).render(first_choice(image) if choice is None else choice)


def draw_overlays(image: Image, painted: PaintedArray) -> PaintedArray:
    """The file's own graphics in white over the rendered film; the same array where none."""
    if not image.overlays:
        return painted
    drawn = painted.copy()
    for overlay in image.overlays:
        drawn[overlay.mask] = 255
    return drawn


def in_colour(colour: ColourArray, choice: Choice) -> PaintedArray:
    """A colour image as it is, or one channel of it.

    Args:
        colour: uint8 RGB, shape (rows, columns, 3).
        choice: Windows do not apply to colours.

    Returns:
        uint8, C order: the same array, or shape (rows, columns).
    """
    if not isinstance(choice, Channel):
        return colour
    return np.ascontiguousarray(colour[..., ("red", "green", "blue").index(choice.name)])


def modality_value(image: Image, row: int, column: int) -> float:
    """What a probe shows: the modality value there, in the file's own polarity."""
    value = float(image.pixels[row, column])
    return -value if image.is_inverted else value


class WindowTable:
    """Renders one film again and again while a window is dragged.

    Linear windows are one subtraction and one multiplication per pixel. Curves and tables go
    through a table of all values where the film has integers, else through the formula.
    """

    def __init__(self, image: Image) -> None:
        self._image = image
        self._sign = -1.0 if image.is_inverted else 1.0

    @np.errstate(all="ignore")  # a window at the end of float32 overflows to black or white
    def render(self, choice: Choice) -> PaintedArray:
        """uint8, shape (rows, columns), or (rows, columns, 3) in colour."""
        if isinstance(choice, AsColour | Channel):
            if self._image.colour is None:
                raise ValueError("a grey image has no colours")
            return in_colour(self._image.colour, choice)
        if isinstance(choice, MinMax) or (
            isinstance(choice, VoiWindow) and choice.function != "SIGMOID"
        ):
            return self._render_linear(*_bounds(self._image, choice))
        if self._levels is None:
            return self._render_curve(self._image.pixels, choice)
        lowest, index = self._levels
        values = np.arange(int(index.max()) + 1, dtype=np.float64) + lowest
        return np.take(self._render_curve(values, choice), index)

    def _render_curve(self, pixels: npt.NDArray[np.floating], choice: Voi) -> GreyArray:
        """Pixels of any shape, in the polarity of the film, under a sigmoid or a table."""
        grey = _curve(pixels * self._sign, choice)
        shown = 1 - grey if self._image.is_inverted else grey
        return np.asarray(shown * 255 + _HAIR, np.uint8)

    def _render_linear(self, low: float, high: float) -> GreyArray:
        """Black at modality value `low`, white at `high`."""
        if not high > low:
            return self._render_step(low)
        pixels, out = self._image.pixels, np.empty(self._image.pixels.shape, np.uint8)
        # Inverted: 255 - (-p - low) * s = (p + high) * s. The film is already turned.
        scale = 255 / (high - low)
        black = (-high if self._image.is_inverted else low) - _HAIR / scale
        block = np.empty((_BLOCK, pixels.shape[1]), np.float32)
        for start in range(0, pixels.shape[0], _BLOCK):
            part = pixels[start : start + _BLOCK]
            grey = block[: part.shape[0]]
            np.subtract(part, np.float32(black), out=grey)
            np.multiply(grey, np.float32(scale), out=grey)
            np.clip(grey, 0, 255, out=grey)
            np.copyto(out[start : start + _BLOCK], grey, casting="unsafe")
        return out

    def _render_step(self, edge: float) -> GreyArray:
        """A window of no extent: black up to and including the edge, white above."""
        is_white = self._image.pixels * np.float32(self._sign) > edge
        grey: GreyArray = (is_white != self._image.is_inverted) * np.uint8(255)
        return grey

    @cached_property
    def _levels(self) -> tuple[int, npt.NDArray[np.uint16]] | None:
        """Lowest value and every pixel's distance from it, None where these are no integers."""
        pixels = self._image.pixels
        lowest, highest = float(pixels.min()), float(pixels.max())
        if highest - lowest >= _MOST_LEVELS or not lowest.is_integer():
            return None
        index = (pixels - np.float32(lowest)).astype(np.uint16)
        if not np.array_equal(index + np.float32(lowest), pixels):
            return None
        return int(lowest), index


def _bounds(image: Image, choice: MinMax | VoiWindow) -> tuple[float, float]:
    """Modality values of black and white, linear between."""
    if isinstance(choice, MinMax):
        low, high = float(image.pixels.min()), float(image.pixels.max())
        return (-high, -low) if image.is_inverted else (low, high)
    low, high = choice.centre - choice.width / 2, choice.centre + choice.width / 2
    # C.11.2.1.2.1: the window is w - 1 wide around c - 0.5.
    return low, high - 1 if choice.function == "LINEAR" else high


def _curve(values: npt.NDArray[np.floating], choice: Voi) -> npt.NDArray[np.floating]:
    """Grey in [0, 1] of modality values under a sigmoid or a table."""
    if isinstance(choice, VoiLut):
        last = len(choice.values) - 1
        index = np.clip(np.rint(values) - choice.first, 0, last).astype(np.intp)
        grey: npt.NDArray[np.floating] = choice.values[index] / np.float64((1 << choice.bits) - 1)
        return grey
    # C.11.2.1.3.1. Beyond 50 the exponential overflows float32 and the result is 0 anyway.
    exponent = np.clip(-4 * (values - choice.centre) / choice.width, -50, 50)
    curve: npt.NDArray[np.floating] = 1 / (1 + np.exp(exponent))
    return curve


def _seen(image: Image) -> FloatArray:
    """Pixels that are not padding; all of them where everything is."""
    if image.padding is None or image.padding.all():
        return image.pixels.ravel()
    return image.pixels[~image.padding]
