"""Painted lung findings: airspace opacities, atelectasis, nodules and masses, oedema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

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
    pick,
    random_side,
    soft_noise,
    soften,
    step,
    tissue_grey,
    turned,
)

if TYPE_CHECKING:
    from afloc_desktop.core.domain import BoolArray, FloatArray, Side, Zone
    from afloc_training.lung_fields import Lungs
    from afloc_training.painting import OneSide, Rng

Airspace = Literal["consolidation", "pneumonia", "infiltration"]
Round = Literal["nodule", "mass"]
_ZONES: tuple[Zone, ...] = ("upper", "mid", "lower")
# Share of the lung a typical one spans, and how much of the lung it hides.
_SPAN: dict[Airspace, float] = {"consolidation": 0.26, "pneumonia": 0.30, "infiltration": 0.32}
_OPACITY: dict[Airspace, tuple[float, float]] = {
    "consolidation": (0.50, 0.90),
    "pneumonia": (0.35, 0.80),
    "infiltration": (0.25, 0.55),
}
_RADIUS_PX: dict[Round, tuple[float, float]] = {"nodule": (4.5, 14), "mass": (15, 48)}


def random_zone(rng: Rng) -> Zone:
    """Upper, mid or lower."""
    return _ZONES[int(rng.integers(3))]


def paint_airspace(rng: Rng, film: FloatArray, lungs: Lungs, kind: Airspace) -> Painted | None:
    """A cloud of blobs with two scales of texture; in one of five films on both sides."""
    side, zone = random_side(rng), random_zone(rng)
    first = _cloud(rng, film, lungs.of(side), zone, kind)
    if first is None:
        return None
    painted, mask = first
    reported: Side = side
    if rng.random() < 0.2:
        second = _cloud(rng, painted, lungs.of(opposite(side)), zone, kind)
        if second is not None:
            painted, mask, reported = second[0], mask | second[1], "bilateral"
    return Painted(painted, mask, Fact(kind, reported, zone))


def _cloud(
    rng: Rng, film: FloatArray, lung: BoolArray, zone: Zone, kind: Airspace
) -> tuple[FloatArray, BoolArray] | None:
    centre = pick(rng, lung, zone)
    if centre is None:
        return None
    bounds = extent(lung)
    span = _SPAN[kind] * rng.uniform(0.55, 1.35)
    cover = np.zeros(film.shape, np.float32)
    for _ in range(rng.integers(3, 9)):
        row = centre[0] + rng.normal(0, 0.25 * span * bounds.height)
        column = centre[1] + rng.normal(0, 0.28 * span * bounds.width)
        along, across = turned(film.shape, (row, column), rng.uniform(0, np.pi))
        radii = (
            rng.uniform(0.30, 0.65) * span * bounds.width,
            (rng.uniform(0.20, 0.50) * span * bounds.height),
        )
        blob = np.exp(-(((along / radii[0]) ** 2 + (across / radii[1]) ** 2) ** 1.3))
        cover = np.maximum(cover, blob)
    texture = np.clip(1 + 0.28 * soft_noise(rng, 6) + 0.25 * soft_noise(rng, 2), 0.15, 1.6)
    cover = soften(cover * soften(lung, 4) * texture, rng.uniform(1, 3))
    grey = tissue_grey(film, lung) + 0.04 * soft_noise(rng, 3)
    mask = (soften(cover, 3) > 0.3) & lung
    return blend(film, rng.uniform(*_OPACITY[kind]) * cover, grey), mask


def paint_edema(rng: Rng, film: FloatArray, lungs: Lungs) -> Painted | None:
    """Haze about both hila, thinning outwards."""
    y, x = coordinates(film.shape)
    cover = np.zeros(film.shape, np.float32)
    mask = np.zeros(film.shape, bool)
    for side in ("right", "left"):
        lung = lungs.of(side)
        bounds = extent(lung)
        inset = 0.12 * bounds.width
        hilum_x = bounds.right - inset if side == "right" else bounds.left + inset
        hilum_y = bounds.top + rng.uniform(0.50, 0.65) * bounds.height
        squared = ((x - hilum_x) / (0.62 * bounds.width)) ** 2
        squared = squared + ((y - hilum_y) / (0.45 * bounds.height)) ** 2
        texture = np.clip(1 + 0.25 * soft_noise(rng, 4) + 0.2 * soft_noise(rng, 1.5), 0.2, 1.6)
        haze = np.exp(-(squared**1.2)) * soften(lung, 5) * texture
        cover = np.maximum(cover, haze)
        mask |= (soften(haze, 3) > 0.3) & lung
    grey = (tissue_grey(film, lungs.right) + tissue_grey(film, lungs.left)) / 2
    painted = blend(film, rng.uniform(0.30, 0.65) * cover, grey)
    return Painted(painted, mask, Fact("pulmonary_edema", "bilateral"))


def paint_round(rng: Rng, film: FloatArray, lungs: Lungs, kind: Round) -> Painted | None:
    """A nodule of radius 4.5 to 14 px or a mass of 15 to 48 px; a third of nodules are several."""
    side, zone = random_side(rng), random_zone(rng)
    first = _ball(rng, film, lungs.of(side), zone, kind)
    if first is None:
        return None
    painted, mask = first
    fact = Fact(kind, side, zone)
    if kind == "nodule" and rng.random() < 0.35:
        sides = {side}
        for _ in range(rng.integers(1, 4)):
            another_side = random_side(rng)
            another = _ball(rng, painted, lungs.of(another_side), random_zone(rng), kind)
            if another is not None:
                painted, mask = another[0], mask | another[1]
                sides.add(another_side)
                fact = Fact(kind, "bilateral" if len(sides) > 1 else side)
    return Painted(painted, mask, fact)


def _ball(
    rng: Rng, film: FloatArray, lung: BoolArray, zone: Zone, kind: Round
) -> tuple[FloatArray, BoolArray] | None:
    centre = pick(rng, lung, zone, margin_px=8 if kind == "mass" else 5)
    if centre is None:
        return None
    y, x = coordinates(film.shape)
    dy, dx = y - centre[0], x - centre[1]
    angle, distance = np.arctan2(dy, dx), np.hypot(dy * rng.uniform(0.85, 1.2), dx)
    lobes = int(rng.integers(2, 6))
    border = rng.uniform(*_RADIUS_PX[kind]) * (
        1
        + 0.10 * np.sin(lobes * angle + rng.uniform(0, 6))
        + 0.06 * np.sin((lobes + 3) * angle + rng.uniform(0, 6))
    )
    sharpness = rng.uniform(0.7, 2.2 if kind == "nodule" else 4.0)
    thickness = np.clip(1 - 0.25 * (distance / np.maximum(border, 1)) ** 2, 0.4, 1)
    cover = step(border - distance, sharpness) * thickness
    cover = cover * np.clip(1 + 0.12 * soft_noise(rng, 3), 0.5, 1.4)
    grey = min(1.0, tissue_grey(film, lung) + 0.08 * rng.random())
    return blend(film, rng.uniform(0.45, 0.85) * cover, grey), distance < border


def paint_atelectasis(rng: Rng, film: FloatArray, lungs: Lungs) -> Painted | None:
    """Plates of collapsed lung, or a wedge against the heart."""
    side = random_side(rng)
    zone: Zone = "lower" if rng.random() < 2 / 3 else "mid"
    lung = lungs.of(side)
    centre = pick(rng, lung, zone, margin_px=5)
    if centre is None:
        return None
    is_plates = rng.random() < 0.6
    cover = _plates(rng, lung, centre) if is_plates else _wedge(rng, lung, side)
    if not is_plates:
        zone = "lower"
    cover = cover * soften(lung, 4) * np.clip(1 + 0.2 * soft_noise(rng, 3), 0.4, 1.5)
    mask = ndimage.binary_dilation(soften(cover, 2) > 0.22, iterations=4)
    mask &= ndimage.binary_dilation(lung, iterations=3)
    if mask.sum() < 60:
        return None
    painted = blend(film, rng.uniform(0.4, 0.8) * cover, tissue_grey(film, lung))
    return Painted(painted, mask, Fact("atelectasis", side, zone))


def _plates(rng: Rng, lung: BoolArray, centre: tuple[float, float]) -> FloatArray:
    width = extent(lung).width
    cover = np.zeros(lung.shape, np.float32)
    for _ in range(rng.integers(1, 4)):
        place = centre[0] + rng.normal(0, 12), centre[1] + rng.normal(0, 8)
        along, across = turned(lung.shape, place, rng.normal(0, 0.25))
        length, thickness = rng.uniform(0.18, 0.42) * width, rng.uniform(1.5, 4.5)
        bent = across + 0.003 * along**2
        plate = np.exp(-((bent / thickness) ** 2)) * np.exp(-(np.abs(along / length) ** 4))
        cover = np.maximum(cover, plate)
    return as_film(cover)


def _wedge(rng: Rng, lung: BoolArray, side: OneSide) -> FloatArray:
    """A triangle in the angle between heart and diaphragm."""
    bounds = extent(lung)
    y, x = coordinates(lung.shape)
    medial = bounds.right - x if side == "right" else x - bounds.left
    outward, upward = medial / bounds.width, (bounds.bottom - y) / bounds.height
    reach = rng.uniform(0.25, 0.50)
    return as_film(step(reach - outward - 1.1 * upward, 0.04) * (outward > -0.1))
