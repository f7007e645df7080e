"""From film to network input. Training and desktop call this same function; numpy only."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from afloc_desktop.core.domain import BoolArray, ColourArray, FloatArray, read_only
from afloc_desktop.core.eight_bit import LEVELS, grey_levels, luminance, resize_levels
from afloc_desktop.core.geometry import Frame


@dataclass(frozen=True, slots=True)
class PreprocessSpec:
    """Everything that shapes a network input. No field has a default: a bundle says it all.

    Attributes:
        version: Of the algorithm below; another number means other pixels.
        side: Edge of the square input, pixels.
        fit: `letterbox` scales the long side to `side` and pads around; `letterbox-truncated`
            drops the fraction of a pixel on the short side instead of rounding; `as-is` leaves
            the film its own size and the squeezing to the network.
        resize: `area-linear` averages where it shrinks and interpolates where it enlarges;
            `area-8bit` does so in whole grey levels, as AFLoc's authors.
        low_percentile, high_percentile: Become 0 and 1, of the resized film; with `area-8bit` of
            the film itself, and only where it is not one of 256 levels already. 0 and 100 are
            the extremes.
        planes: `grey` repeats one plane; `rgb` and `bgr` are those of a colour film in that
            order, or the grey one three times. Colour goes with `area-8bit` only.
        channels: Planes of the input.
        mean, std: Subtracted and divided after the stretch, same for every channel.
        pad: Input value around a film that is not square, before `mean` and `std`.
    """

    version: Literal[1]
    side: int
    fit: Literal["letterbox", "letterbox-truncated", "as-is"]
    resize: Literal["area-linear", "area-8bit"]
    low_percentile: float
    high_percentile: float
    planes: Literal["grey", "rgb", "bgr"]
    channels: int
    mean: float
    std: float
    pad: float

    @property
    def fingerprint(self) -> str:
        """Hex digest: equal exactly where the specs are equal."""
        text = json.dumps(asdict(self), sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def is_consistent(self) -> bool:
        """Whether its choices go together."""
        if self.resize == "area-linear":
            return self.fit == "letterbox" and self.planes == "grey"
        return self.planes == "grey" or self.channels == 3

    def frame(self, rows: int, columns: int, pixel_aspect: float = 1.0) -> Frame:
        """How a film of this size lies in the input."""
        if self.fit == "as-is":
            return Frame.whole(rows, columns, self.side)
        lay = Frame.letterbox if self.fit == "letterbox" else Frame.truncated
        return lay(rows, columns, self.side, pixel_aspect)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A network input and how the film lies in it.

    Attributes:
        tensor: float32, shape (1, channels, side, side), or the film's own size where it is taken
            as it is; read-only.
        frame: Takes points there and back.
    """

    tensor: FloatArray
    frame: Frame


def prepare(
    pixels: FloatArray,
    spec: PreprocessSpec,
    *,
    padding: BoolArray | None,
    pixel_aspect: float = 1.0,
    colour: ColourArray | None = None,
) -> Prepared:
    """Resize, stretch and pad a film as `spec` says.

    Args:
        pixels: Any real values, brighter is larger, shape (rows, columns), finite.
        spec: What the bundle was trained with.
        padding: True where there is no image: left out of the stretch and shown as the darkest
            value; same shape, or None.
        pixel_aspect: Height of a pixel over its width: what is round in the patient is round in
            the input.
        colour: uint8 RGB, shape (rows, columns, 3), of a film in colour.

    Returns:
        The input and its frame. A film of one value, or of padding alone, gives all zeros
        inside the film, which is what a blank exposure should look like to the network.
    """
    rows, columns = pixels.shape
    frame = spec.frame(rows, columns, pixel_aspect)
    if spec.resize == "area-8bit":
        planes = _levels(pixels, spec, padding, colour)
        return Prepared(read_only(_normalised(_placed(planes, spec, frame), spec)), frame)
    values = np.asarray(pixels, np.float32)
    seen: BoolArray | None = None
    if padding is not None and padding.any():
        dark = values[~padding].min(initial=np.inf)
        values = np.where(padding, dark if np.isfinite(dark) else 0, values).astype(np.float32)
        seen = resize(padding.astype(np.float32), frame.height, frame.width) < 0.5
    film = resize(values, frame.height, frame.width)
    sample = film if seen is None or not seen.any() else film[seen]
    low, high = np.percentile(sample, [spec.low_percentile, spec.high_percentile])
    plane = np.full((spec.side, spec.side), spec.pad, np.float32)
    bottom, right = frame.top + frame.height, frame.left + frame.width
    plane[frame.top : bottom, frame.left : right] = stretch(film, float(low), float(high))
    return Prepared(read_only(_normalised(plane[None], spec)), frame)


def _normalised(planes: FloatArray, spec: PreprocessSpec) -> FloatArray:
    """The input from one plane, or as many as it has channels, of shape (n, rows, columns)."""
    scaled = (planes - np.float32(spec.mean)) / np.float32(spec.std)
    return np.ascontiguousarray(np.repeat(scaled[None], spec.channels // len(planes), axis=1))


def _levels(
    pixels: FloatArray,
    spec: PreprocessSpec,
    padding: BoolArray | None,
    colour: ColourArray | None,
) -> list[npt.NDArray[np.uint8]]:
    """The planes of a film in 256 levels, one or three."""
    if colour is None:
        levels = grey_levels(pixels, padding, (spec.low_percentile, spec.high_percentile))
    elif spec.planes == "grey":
        levels = luminance(colour)
    else:
        order = (0, 1, 2) if spec.planes == "rgb" else (2, 1, 0)
        return [colour[..., i] for i in order]
    if padding is not None and padding.any():
        levels = np.where(padding, levels[~padding].min(initial=LEVELS), levels)
    return [levels]


def _placed(planes: list[npt.NDArray[np.uint8]], spec: PreprocessSpec, frame: Frame) -> FloatArray:
    """Planes in [0, 1], shape (planes, rows, columns) of the input."""
    if spec.fit == "as-is":
        return np.stack(planes).astype(np.float32) / np.float32(LEVELS)
    placed = np.full((len(planes), frame.side, frame.side), spec.pad, np.float32)
    bottom, right = frame.top + frame.height, frame.left + frame.width
    for place, plane in zip(placed, planes, strict=True):
        film = resize_levels(plane, frame.height, frame.width).astype(np.float32)
        place[frame.top : bottom, frame.left : right] = film / np.float32(LEVELS)
    return placed


def stretch(values: FloatArray, low: float, high: float) -> FloatArray:
    """Scale so that `low` becomes 0 and `high` becomes 1, clipping beyond.

    Args:
        values: float32, any shape.
        low, high: In the unit of `values`. Equal bounds give an all-zero result.

    Returns:
        float32 in [0, 1], same shape.
    """
    if not high > low:
        return np.zeros_like(values)
    scaled = (values - np.float32(low)) / np.float32(high - low)
    clipped: FloatArray = np.clip(scaled, 0, 1)
    return clipped


def resize(values: FloatArray, rows: int, columns: int) -> FloatArray:
    """Resize to `rows` × `columns`: area average where an axis shrinks, linear where it grows.

    Args:
        values: float32, shape (any, any).
        rows, columns: Wanted size, at least 1.

    Returns:
        float32, shape (rows, columns). Pixel corners stay where they were: (0, 0) is (0, 0).
    """
    return _resize_rows(_resize_rows(values, rows).T, columns).T


def _resize_rows(values: FloatArray, size: int) -> FloatArray:
    count = values.shape[0]
    if size == count:
        return values
    if size > count:
        return _interpolate_rows(values, size)
    # Every output row is an interval of input rows: whole rows summed, its two partial ends
    # corrected. Six times as fast as `reduceat` on a 3000 x 2500 film, and that six times as fast
    # as a weight matrix.
    edges = np.linspace(0, count, size + 1)
    whole = np.floor(edges).astype(np.intp)
    part = (edges - whole).astype(np.float32)[:, None]
    sums = np.empty((size, values.shape[1]), np.float32)
    for row, first, last in zip(sums, whole[:-1], whole[1:], strict=True):
        np.add.reduce(values[first:last], axis=0, out=row)
    ends = values[np.minimum(whole, count - 1)]
    sums += part[1:] * ends[1:] - part[:-1] * ends[:-1]
    return sums * np.float32(size / count)


def _interpolate_rows(values: FloatArray, size: int) -> FloatArray:
    count = values.shape[0]
    centre = np.clip((np.arange(size) + 0.5) * count / size - 0.5, 0, count - 1)
    low = np.floor(centre).astype(np.intp)
    weight = (centre - low).astype(np.float32)[:, None]
    below, above = values[low], values[np.minimum(low + 1, count - 1)]
    mixed: FloatArray = below * (1 - weight) + above * weight
    return mixed
