"""Painted heart and devices: an enlarged heart shadow by warping, tubes and lines by drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from afloc_training.facts import Fact
from afloc_training.painting import (
    Painted,
    as_film,
    blend,
    coordinates,
    extent,
    soften,
    tissue_grey,
)

if TYPE_CHECKING:
    from afloc_desktop.core.domain import BoolArray, FloatArray
    from afloc_training.lung_fields import Lungs
    from afloc_training.painting import Rng

_DEVICES = ("airway", "gastric", "venous")


@dataclass(frozen=True, slots=True)
class _Heart:
    """The shadow between the lungs and the chest about it, pixels."""

    left: float
    right: float
    top: float
    bottom: float
    chest_left: float
    chest_right: float

    @property
    def centre(self) -> tuple[float, float]:
        return (self.top + self.bottom) / 2, (self.left + self.right) / 2


def _heart(lungs: Lungs) -> _Heart | None:
    """Where the inner borders of the lower lungs leave room for the heart."""
    right, left = extent(lungs.right), extent(lungs.left)
    top, bottom = min(right.top, left.top), max(right.bottom, left.bottom)
    low, high = top + 0.45 * (bottom - top), top + 0.92 * (bottom - top)
    rows = slice(int(low), int(high))
    columns = np.arange(lungs.right.shape[1])
    inner_right = np.where(lungs.right[rows], columns, -1).max(axis=1)
    inner_left = np.where(lungs.left[rows], columns, columns.size).min(axis=1)
    inner_right = inner_right[inner_right >= 0]
    inner_left = inner_left[inner_left < columns.size]
    if not inner_right.size or not inner_left.size:
        return None
    edges = float(np.percentile(inner_right, 20)), float(np.percentile(inner_left, 85))
    return _Heart(*edges, low, high, right.left, left.right)


def paint_cardiomegaly(rng: Rng, film: FloatArray, lungs: Lungs) -> Painted | None:
    """Widen the heart to a cardiothoracic ratio of .56 to .72 by moving pixels sideways."""
    heart = _heart(lungs)
    if heart is None:
        return None
    chest = heart.chest_right - heart.chest_left
    factor = rng.uniform(0.56, 0.72) * chest / max(heart.right - heart.left, 20)
    if not 1.1 <= factor <= 2.3:
        return None
    y, x = coordinates(film.shape)
    middle_y, middle_x = heart.centre
    is_film_left = x < middle_x
    # The left ventricle makes most of the width, so the film's right half grows more.
    growth = 1 + (factor - 1) * np.where(is_film_left, 0.75, 1.15)
    half = np.where(is_film_left, middle_x - heart.left, heart.right - middle_x)
    room = np.where(is_film_left, middle_x - heart.chest_left, heart.chest_right - middle_x) + 6
    widened = np.minimum(half * growth, 0.93 * room)
    distance = np.abs(x - middle_x)
    source = _source_distance(distance, half, widened, room)
    reach = 0.58 * (heart.bottom - heart.top)
    strength = np.exp(-(np.abs((y - middle_y - 6) / reach) ** 4))
    moved_x = middle_x + np.sign(x - middle_x) * (distance + (source - distance) * strength)
    rows = np.broadcast_to(y, film.shape)
    painted = ndimage.map_coordinates(film, [rows, moved_x], order=1, mode="nearest")
    tall = 0.5 * (heart.bottom - heart.top) + 14
    ellipse = (distance / np.maximum(widened, 1)) ** 2 + ((y - middle_y - 4) / tall) ** 2
    return Painted(as_film(painted), ellipse < 1.0, Fact("cardiomegaly"))


def _source_distance(
    distance: FloatArray, half: FloatArray, widened: FloatArray, room: FloatArray
) -> FloatArray:
    """From where a pixel comes: the heart stretched, the lung beside it squeezed, no gap."""
    inside = distance * half / np.maximum(widened, 1)
    outside = half + (distance - widened) * (room - half) / np.maximum(room - widened, 1)
    moved = np.where(distance < widened, inside, outside)
    return as_film(np.where(distance > room, distance, moved))


def paint_device(rng: Rng, film: FloatArray, lungs: Lungs) -> Painted | None:
    """A tube in the airway, a tube to the stomach or a venous line."""
    device = _DEVICES[int(rng.integers(3))]
    rows, columns = _course(rng, lungs, device)
    track = np.zeros(film.shape, bool)
    track[rows, columns] = True
    track = ndimage.binary_dilation(track, iterations=2 if device == "airway" else 1)
    cover = soften(track, 0.8)
    grey = min(1.0, tissue_grey(film, lungs.right | lungs.left) + 0.25)
    painted = blend(film, cover * rng.uniform(0.35, 0.8), grey)
    mask: BoolArray = ndimage.binary_dilation(cover > 0.2, iterations=4)
    return Painted(painted, mask, Fact("support_devices", device=device))


def _course(rng: Rng, lungs: Lungs, device: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns along a smooth curve through the stations of a device."""
    right, left = extent(lungs.right), extent(lungs.left)
    top, bottom = min(right.top, left.top), max(right.bottom, left.bottom)
    height, middle = bottom - top, (right.right + left.left) / 2
    if device == "airway":
        tip = top + rng.uniform(0.1, 0.3) * height
        points = [(0.0, middle + rng.normal(0, 4)), (tip, middle + rng.normal(0, 4))]
    elif device == "gastric":
        end = bottom + 30, middle + rng.uniform(10, 40)
        points = [(0.0, middle), (top + 0.5 * height, middle + 5), end]
    else:
        side = rng.choice((-1, 1))
        tip = top + rng.uniform(0.35, 0.50) * height
        points = [
            (max(0.0, top - 10), middle + side * rng.uniform(40, 90)),
            (top + 8, middle + side * 25),
            (top + 0.2 * height, middle - 8),
            (tip, middle - 12),
        ]
    stations = np.linspace(0, len(points) - 1, 800)
    curve = (
        np.interp(stations, range(len(points)), values) for values in zip(*points, strict=True)
    )
    smooth = (ndimage.gaussian_filter1d(values, 48, mode="nearest") for values in curve)
    limits = lungs.right.shape
    rows, columns = (np.clip(v, 0, n - 1).astype(int) for v, n in zip(smooth, limits, strict=True))
    return rows, columns
