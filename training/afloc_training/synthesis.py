"""Synthetic films: lesions and lesion-free edits on a real film, then small changes to the whole.

No film is mirrored: the heart has a side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from afloc_training.facts import FilmFacts
from afloc_training.lesions_heart import paint_cardiomegaly, paint_device
from afloc_training.lesions_lung import (
    paint_airspace,
    paint_atelectasis,
    paint_edema,
    paint_round,
    random_zone,
)
from afloc_training.lesions_pleura import paint_effusion, paint_pneumothorax
from afloc_training.painting import (
    SIDE_PX,
    Painted,
    as_film,
    coordinates,
    pick,
    random_side,
    soft_noise,
)
from afloc_training.vocabulary import OPACITIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import BoolArray, FloatArray
    from afloc_training.lung_fields import Lungs
    from afloc_training.painting import Rng

# How often each lesion is chosen, relative to the others. What the network finds hard, and what
# readers ask for most, comes more often. Dict order is the order of painting: a warp comes
# before what lies on it, tubes lie on top.
_RATES: dict[str, float] = {
    "cardiomegaly": 1.3,
    "pneumothorax": 1.2,
    "pulmonary_edema": 0.7,
    "pleural_effusion": 2.6,
    "consolidation": 1.0,
    "infiltration": 1.0,
    "pneumonia": 1.0,
    "atelectasis": 1.0,
    "nodule": 2.2,
    "mass": 1.2,
    "support_devices": 0.4,
}
PAINTABLE = tuple(_RATES)
"""Ids of the findings that can be painted."""

_AIRSPACE = frozenset(("consolidation", "infiltration", "pneumonia"))
_ROUNDS = frozenset(("nodule", "mass"))
_MIN_MASK_PX = 25


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticFilm:
    """A film, what is known of it, and where its painted lesions are.

    Attributes:
        film: float32 in [0, 1], shape (384, 384).
        facts: Labels of the film below and what was painted.
        masks: One for each painted fact, in order.
    """

    film: FloatArray
    facts: FilmFacts
    masks: tuple[BoolArray, ...]


def paint(rng: Rng, film: FloatArray, lungs: Lungs, finding: str) -> Painted | None:
    """Paint one finding; None where this film has no room for it.

    Raises:
        ValueError: Not one of `PAINTABLE`.
    """
    match finding:
        case "pleural_effusion":
            painted = paint_effusion(rng, film, lungs)
        case "pneumothorax":
            painted = paint_pneumothorax(rng, film, lungs)
        case "consolidation" | "pneumonia" | "infiltration":
            painted = paint_airspace(rng, film, lungs, finding)
        case "atelectasis":
            painted = paint_atelectasis(rng, film, lungs)
        case "nodule" | "mass":
            painted = paint_round(rng, film, lungs, finding)
        case "cardiomegaly":
            painted = paint_cardiomegaly(rng, film, lungs)
        case "pulmonary_edema":
            painted = paint_edema(rng, film, lungs)
        case "support_devices":
            painted = paint_device(rng, film, lungs)
        case _:
            raise ValueError(f"{finding} cannot be painted")
    if painted is None or painted.mask.sum() < _MIN_MASK_PX:
        return None
    return Painted(as_film(np.clip(painted.film, 0, 1)), painted.mask, painted.fact)


def compose(rng: Rng, film: FloatArray, lungs: Lungs, labels: frozenset[str]) -> SyntheticFilm:
    """Put up to three lesions on a film, edit it elsewhere, and change it as a whole.

    Args:
        rng: Decides everything.
        film: float32 in [0, 1], shape (384, 384).
        lungs: Its lung fields.
        labels: What the film is labelled with; nothing that could be mistaken for it is painted.
    """
    masks, facts = [], []
    for finding in _choose(rng, labels):
        painted = paint(rng, film, lungs, finding)
        if painted is not None:
            film = painted.film
            facts.append(painted.fact)
            masks.append(painted.mask)
    # Lesion-free films get edits too: traces of blending must not give a lesion away.
    if rng.random() < 0.5:
        film = _distract(rng, film, lungs)
    if rng.random() < 0.3:
        film = film + rng.normal(0, rng.uniform(0.005, 0.02), film.shape).astype(np.float32)
    film, moved = vary(rng, np.clip(film, 0, 1), masks)
    return SyntheticFilm(film, FilmFacts(labels, tuple(facts)), moved)


def _choose(rng: Rng, labels: frozenset[str]) -> list[str]:
    """Findings to paint, in painting order."""
    count = int(rng.choice(4, p=(0.12, 0.48, 0.28, 0.12)))
    if labels:
        count = max(count, 1)
    allowed = [finding for finding in PAINTABLE if finding not in _too_similar(labels)]
    rates = np.array([_RATES[finding] for finding in allowed])
    drawn = rng.choice(len(allowed), min(count, len(allowed)), replace=False, p=rates / rates.sum())
    chosen: list[str] = []
    for finding in (allowed[i] for i in drawn):
        rivals = next((group for group in (_AIRSPACE, _ROUNDS) if finding in group), frozenset())
        if not rivals & set(chosen):
            chosen.append(finding)
    return sorted(chosen, key=PAINTABLE.index)


def _too_similar(labels: frozenset[str]) -> frozenset[str]:
    banned = set(labels)
    if labels & (OPACITIES | {"pleural_effusion"}):
        banned |= OPACITIES
    if labels & _ROUNDS:
        banned |= _ROUNDS
    return frozenset(banned)


def _distract(rng: Rng, film: FloatArray, lungs: Lungs) -> FloatArray:
    """Blur, grain or shade a spot of lung: the footprint of a lesion without one."""
    lung = lungs.of(random_side(rng))
    centre = pick(rng, lung, random_zone(rng), margin_px=4)
    if centre is None:
        return film
    y, x = coordinates(film.shape)
    spot = np.exp(-((np.hypot(y - centre[0], x - centre[1]) / rng.uniform(8, 50)) ** 4))
    kind = int(rng.integers(3))
    if kind == 0:
        edited = film * (1 - spot) + spot * ndimage.gaussian_filter(film, rng.uniform(0.8, 1.6))
    elif kind == 1:
        edited = film + spot * 0.02 * soft_noise(rng, 2)
    else:
        edited = film * (1 + spot * rng.uniform(-0.06, 0.05))
    return as_film(np.clip(edited, 0, 1))


def vary(
    rng: Rng, film: FloatArray, masks: Sequence[BoolArray]
) -> tuple[FloatArray, tuple[BoolArray, ...]]:
    """Turn by up to 5°, scale by up to 7 %, shift by up to 12 px, change gamma; masks follow."""
    angle, scale = np.deg2rad(rng.uniform(-5, 5)), rng.uniform(0.94, 1.07)
    cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
    matrix = np.array([[cos, -sin], [sin, cos]])
    centre = np.full(2, SIDE_PX / 2)
    offset = centre - matrix @ centre + rng.uniform(-12, 12, 2)

    def moved(plane: FloatArray) -> FloatArray:
        result = ndimage.affine_transform(plane, matrix, offset, order=1, mode="constant")
        return as_film(np.clip(result, 0, 1))

    gamma = rng.uniform(0.8, 1.25)
    return as_film(moved(film) ** gamma), tuple(moved(as_film(m)) > 0.5 for m in masks)
