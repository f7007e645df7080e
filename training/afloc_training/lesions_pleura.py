"""Painted pleural findings: fluid in three forms, and air."""

from __future__ import annotations

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
    opposite,
    random_side,
    soft_noise,
    soften,
    step,
    tissue_grey,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.domain import BoolArray, FloatArray
    from afloc_training.facts import Size
    from afloc_training.lung_fields import Lungs
    from afloc_training.painting import Extent, OneSide, Rng

_SIZES: tuple[Size, ...] = ("small", "moderate", "large")


def random_size(rng: Rng) -> Size:
    """Small and moderate more often than large."""
    return _SIZES[int(rng.choice(3, p=(0.35, 0.40, 0.25)))]


def paint_effusion(rng: Rng, film: FloatArray, lungs: Lungs) -> Painted | None:
    """Fluid: half a meniscus, a third a lateral strip or pocket, the rest a supine veil."""
    side, form = random_side(rng), rng.random()
    lung = lungs.of(side)
    fact = Fact("pleural_effusion", side)
    if form < 0.5:
        size = random_size(rng)
        fact = Fact("pleural_effusion", side, "lower", size)
        painted, mask = _meniscus(rng, film, lung, side, size)
    else:
        brush: Callable[..., tuple[FloatArray, BoolArray]] = (
            _lateral_strip if form < 0.87 else _supine_veil
        )
        painted, mask = brush(rng, film, lung, side)
    if rng.random() < 0.22:
        other = opposite(side)
        size = fact.size or random_size(rng)
        painted, more = _meniscus(rng, painted, lungs.of(other), other, size)
        mask = mask | more
        fact = Fact("pleural_effusion", "bilateral", fact.zone, fact.size)
    return Painted(painted, mask, fact)


def _outward(bounds: Extent, side: OneSide, columns: FloatArray) -> FloatArray:
    """0 at the medial border of a lung's box, 1 at its lateral one."""
    share = as_film(np.clip((columns - bounds.left) / max(bounds.width, 1), 0, 1))
    return 1 - share if side == "right" else share


def _meniscus(
    rng: Rng, film: FloatArray, lung: BoolArray, side: OneSide, size: Size
) -> tuple[FloatArray, BoolArray]:
    """Upright fluid: a level that climbs towards the lateral wall."""
    bounds = extent(lung)
    y, x = coordinates(film.shape)
    outward = _outward(bounds, side, x)
    low, high = {"small": (0.07, 0.16), "moderate": (0.18, 0.36), "large": (0.40, 0.65)}[size]
    depth = rng.uniform(low, high) * bounds.height
    if size == "small":  # only the angle is blunted
        rise = -0.35 + 1.9 * outward**1.6
    else:
        rise = 0.55 + 0.75 * outward ** rng.uniform(2, 4) + 0.12 * (1 - outward) ** 3
    wobble = 1.5 * soft_noise(rng, 10)[:1]
    level = bounds.bottom - depth * rise + wobble
    # The recess below the dome belongs to the pleural space, though it is no part of the field.
    lower_half = (y > (bounds.top + bounds.bottom) / 2) & (y <= bounds.bottom + 6)
    recess = (x >= bounds.left - 2) & (x <= bounds.right + 2) & lower_half & (outward > 0.15)
    near = soften(ndimage.binary_dilation(lung, iterations=3), 2.5)
    space = soften(np.maximum(near, recess), 5)
    fluid = step(y - level, rng.uniform(4, 11)) * space
    grey = max(tissue_grey(film, lung), _grey_below(film, bounds)) + 0.015 * soft_noise(rng, 8)
    painted = blend(film, rng.uniform(0.75, 0.97) * fluid, grey)
    return painted, (fluid > 0.45) & (y <= bounds.bottom + 6)


def _grey_below(film: FloatArray, bounds: Extent) -> float:
    """Grey of the abdomen under a lung: fluid is about as dense."""
    rows = slice(max(bounds.bottom - 4, 0), bounds.bottom + 25)
    return float(np.percentile(film[rows, bounds.left : bounds.right + 1], 70))


def _lateral_strip(
    rng: Rng, film: FloatArray, lung: BoolArray, side: OneSide
) -> tuple[FloatArray, BoolArray]:
    """Fluid that climbs the chest wall, or a pocket of it held there by adhesions."""
    bounds = extent(lung)
    y, _ = coordinates(film.shape)
    is_pocket = rng.random() < 0.3
    if is_pocket:
        middle = bounds.top + rng.uniform(0.35, 0.85) * bounds.height
        half = rng.uniform(0.12, 0.30) * bounds.height
        profile = np.exp(-(np.abs((y - middle) / half) ** 3))
    else:
        top = bounds.top + rng.uniform(0.10, 0.65) * bounds.height
        fall = np.clip((y - top) / max(bounds.bottom - top, 1), 0, 1)
        profile = fall ** rng.uniform(0.3, 0.9)
    thickness = profile * bounds.width * rng.uniform(0.12, 0.34)
    thickness = thickness * (1 + 0.15 * soft_noise(rng, 10))
    depth = _depth_from_wall(lung, side)
    fluid = step(thickness - depth, rng.uniform(2, 5)) * (depth > -6) * (profile > 0.02)
    if not is_pocket:
        level = bounds.bottom - rng.uniform(0.02, 0.20) * bounds.height
        fluid = np.maximum(fluid, step(y - level, 5) * soften(lung, 2))
    fluid = soften(fluid * ndimage.binary_dilation(lung, iterations=4), 1.5)
    wall = ndimage.binary_dilation(lung, iterations=12) & ~ndimage.binary_dilation(
        lung, iterations=3
    )
    grey = max(tissue_grey(film, lung), float(np.percentile(film[wall], 60)))
    painted = blend(film, rng.uniform(0.6, 0.95) * fluid, grey + 0.015 * soft_noise(rng, 8))
    return painted, fluid > 0.4


def _depth_from_wall(lung: BoolArray, side: OneSide) -> FloatArray:
    """Pixels from the lateral border of the lung inwards, row by row; far off where no lung is."""
    _, x = coordinates(lung.shape)
    has_lung = np.any(lung, axis=1, keepdims=True)
    first = np.argmax(lung, axis=1)
    last = lung.shape[1] - 1 - np.argmax(lung[:, ::-1], axis=1)
    depth = x - first[:, None] if side == "right" else last[:, None] - x
    return as_film(np.where(has_lung, depth, 1000.0))


def _supine_veil(
    rng: Rng, film: FloatArray, lung: BoolArray, side: OneSide
) -> tuple[FloatArray, BoolArray]:
    """Fluid layered behind the lung of a patient lying down: a veil, denser at the base."""
    del side
    bounds = extent(lung)
    y, _ = coordinates(film.shape)
    down = np.clip((y - bounds.top) / max(bounds.height, 1), 0, 1)
    veil = soften(lung, 4) * down ** rng.uniform(0.7, 2.0)
    grey = tissue_grey(film, lung) + 0.01 * soft_noise(rng, 8)
    return blend(film, rng.uniform(0.45, 0.85) * veil, grey), veil > 0.45


def paint_pneumothorax(rng: Rng, film: FloatArray, lungs: Lungs) -> Painted | None:
    """Air over the apex and the lateral wall: no vessels, darker, behind a thin pleural line."""
    side, size = random_side(rng), random_size(rng)
    lung = lungs.of(side)
    low, high = {"small": (0.05, 0.10), "moderate": (0.10, 0.20), "large": (0.22, 0.40)}[size]
    air = _air(rng, lung, side, rng.uniform(low, high))
    if air.sum() < 150:
        return None
    cover = soften(air, 1.5)
    smooth = ndimage.gaussian_filter(film, 9)
    grain = 0.008 * rng.standard_normal(film.shape).astype(np.float32)
    emptied = smooth * rng.uniform(0.5, 0.75) + 0.15 * (film - smooth) + grain
    painted = film * (1 - cover) + cover * emptied
    # The lung that is left has less air, so it is a little denser.
    collapse = soften(lung & ~air, 3) * rng.uniform(0.02, 0.12) * (0.3 if size == "small" else 1)
    painted = painted + collapse * (1 - painted)
    rim = ndimage.binary_dilation(air, iterations=2) & ~air
    line = soften(rim & ndimage.binary_erosion(lung, iterations=3), 0.8) * rng.uniform(0.12, 0.30)
    painted = painted + line * (1 - painted)
    return Painted(as_film(painted), air, Fact("pneumothorax", side, "upper", size))


def _air(rng: Rng, lung: BoolArray, side: OneSide, share: float) -> BoolArray:
    """What the lung leaves free when it draws back from the wall by a share of its width."""
    bounds = extent(lung)
    down = round(share * bounds.height * rng.uniform(0.5, 0.9))
    inward = round(share * bounds.width * 1.1) * (1 if side == "right" else -1)
    drawn_back = ndimage.shift(lung, (down, inward), order=0, mode="constant", cval=False)
    y, _ = coordinates(lung.shape)
    air = lung & ~drawn_back & (y < bounds.top + rng.uniform(0.55, 1.0) * bounds.height)
    opened: BoolArray = ndimage.binary_opening(air, iterations=2)
    return opened
