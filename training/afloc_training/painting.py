"""The brushes of the synthesiser: soft noise, blending, places inside a lung.

A film here is the plane that `core.preprocess.prepare` gives: float32 in [0, 1], shape
(384, 384), brighter is denser. Lengths are pixels of that plane.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from afloc_desktop.core.preprocess import resize

if TYPE_CHECKING:
    from afloc_desktop.core.domain import BoolArray, FloatArray, Zone
    from afloc_training.facts import Fact

SIDE_PX = 384
Rng = np.random.Generator
OneSide = Literal["right", "left"]
_SIDES: tuple[OneSide, OneSide] = ("right", "left")
_ZONE_BANDS: dict[Zone, tuple[float, float]] = {
    "upper": (0.03, 0.36),
    "mid": (0.34, 0.66),
    "lower": (0.60, 0.95),
}


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """A film with one more lesion, where it is, and what it is.

    Attributes:
        film: float32 in [0, 1].
        mask: True on the lesion, same shape.
        fact: In words.
    """

    film: FloatArray
    mask: BoolArray
    fact: Fact


@dataclass(frozen=True, slots=True)
class Extent:
    """Rows `top` to `bottom` and columns `left` to `right` a mask touches, both included."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def height(self) -> int:
        """Rows between first and last."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns between first and last."""
        return self.right - self.left


def random_side(rng: Rng) -> OneSide:
    """The patient's right or left."""
    return _SIDES[int(rng.integers(2))]


def opposite(side: OneSide) -> OneSide:
    """The other side."""
    return "left" if side == "right" else "right"


def extent(mask: BoolArray) -> Extent:
    """Bounds of a mask that is not empty."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return Extent(int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1]))


def coordinates(shape: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Row and column number of every pixel, float32; broadcast against each other."""
    rows, columns = shape
    y = np.arange(rows, dtype=np.float32)[:, None]
    x = np.arange(columns, dtype=np.float32)[None, :]
    return y, x


def soft_noise(
    rng: Rng, scale_px: float, shape: tuple[int, int] = (SIDE_PX, SIDE_PX)
) -> FloatArray:
    """Smooth random texture, mean 0, deviation 1."""
    coarse = rng.standard_normal((shape[0] // 4, shape[1] // 4)).astype(np.float32)
    fine = resize(ndimage.gaussian_filter(coarse, max(scale_px / 4, 0.6)), *shape)
    return as_film((fine - fine.mean()) / (fine.std() + 1e-6))


def soften(mask: npt.NDArray[Any], sigma_px: float) -> FloatArray:
    """A mask with a soft border, in [0, 1]."""
    return as_film(ndimage.gaussian_filter(mask.astype(np.float32), sigma_px))


def step(values: npt.NDArray[Any], width_px: float) -> FloatArray:
    """1 where `values` is well above 0, 0 well below, a soft edge of `width_px` between."""
    return as_film(1 / (1 + np.exp(-np.clip(values / width_px, -30, 30))))


def blend(
    film: FloatArray, opacity: npt.NDArray[Any], grey: npt.NDArray[Any] | float
) -> FloatArray:
    """Lay `grey` over a film, `opacity` 0 leaving the film and 1 hiding it."""
    return as_film(film + (np.clip(grey, 0, 1) - film) * np.clip(opacity, 0, 1))


def as_film(values: npt.NDArray[Any]) -> FloatArray:
    """As float32."""
    return values.astype(np.float32, copy=False)


def tissue_grey(film: FloatArray, lung: BoolArray) -> float:
    """A grey between the brightest of this lung and the soft tissue of this film."""
    return float(np.percentile(film[lung], 92) + np.percentile(film, 80)) / 2


def pick(rng: Rng, lung: BoolArray, zone: Zone, margin_px: int = 6) -> tuple[float, float] | None:
    """A random (row, column) in a zone of a lung, away from its border; None where none is."""
    bounds = extent(lung)
    low, high = _ZONE_BANDS[zone]
    rows, _ = coordinates(lung.shape)
    band = (rows >= bounds.top + low * bounds.height) & (rows <= bounds.top + high * bounds.height)
    ys, xs = np.nonzero(ndimage.binary_erosion(lung, iterations=margin_px) & band)
    if len(ys) == 0:
        return None
    chosen = rng.integers(len(ys))
    return float(ys[chosen]), float(xs[chosen])


def turned(
    shape: tuple[int, ...], centre: tuple[float, float], angle: float
) -> tuple[FloatArray, FloatArray]:
    """Coordinates (along, across) of every pixel about `centre`, turned by `angle` radians."""
    y, x = coordinates(shape)
    dy, dx = y - centre[0], x - centre[1]
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return dx * cos + dy * sin, dy * cos - dx * sin
