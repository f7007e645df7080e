"""Lesions of diabetic retinopathy, painted on fundus photographs.

A photograph here is float32 in [0, 1], shape (rows, columns, 3), red first, and lengths are pixels
of it. The brushes know no other eye than the one they paint on: colours are taken from the
retina around a lesion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from afloc_training.painting import as_film, soft_noise, step

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.domain import BoolArray, FloatArray
    from afloc_training.painting import Rng

DISC_PX = 23
"""Radius of an optic disc on a photograph of 512 pixels across."""
_FIELD_LEVEL = 0.12  # of red; what lies outside the lens is black
_MASK_LEVEL = 0.35
_COARSE = 4  # the disc is looked for on every fourth pixel
_AROUND_PX = 60.0
_STANDS_OUT = 0.04  # of full brightness
Centre = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Retina:
    """What is found on a photograph before anything is painted.

    Attributes:
        field: True where the retina is, shape (rows, columns).
        disc: (row, column) of the middle of the optic disc, pixels of a photograph of 512.
        zoom: Pixels here for one of those.
    """

    field: BoolArray
    disc: Centre
    zoom: float = 1.0


def find_retina(eye: FloatArray, zoom: float = 1.0) -> Retina | None:
    """The field and the disc; None where either is in doubt.

    The disc is the brightest round spot of its size, and must stand out: on an eye full of
    exudates it may not.
    """
    field = ndimage.binary_erosion(ndimage.binary_fill_holes(eye[..., 0] > _FIELD_LEVEL),
                                   iterations=round(6 * zoom))  # fmt: skip
    if field.mean() < 0.3:
        return None
    light = eye[..., :2].mean(axis=2)[::_COARSE, ::_COARSE]
    seen = field[::_COARSE, ::_COARSE]
    near = ndimage.gaussian_filter(light, DISC_PX * zoom / 2 / _COARSE)
    around = _AROUND_PX * zoom / _COARSE
    weight = ndimage.gaussian_filter(seen.astype(np.float32), around)
    far = ndimage.gaussian_filter(light * seen, around) / np.maximum(weight, 1e-3)
    excess = np.where(seen, near - far, -1)
    row, column = np.unravel_index(int(excess.argmax()), excess.shape)
    if excess[row, column] < _STANDS_OUT:
        return None
    pixels = _COARSE / zoom
    return Retina(field, (pixels * (row + 0.5), pixels * (column + 0.5)), zoom)


def disc_mask(retina: Retina) -> BoolArray:
    """A circle where the optic disc was found."""
    return _from_disc(retina) <= DISC_PX


def _from_disc(retina: Retina) -> FloatArray:
    shape = retina.field.shape
    rows = np.arange(shape[0], dtype=np.float32)[:, None] / retina.zoom - retina.disc[0]
    columns = np.arange(shape[1], dtype=np.float32)[None] / retina.zoom - retina.disc[1]
    return as_film(np.hypot(rows, columns))


class Canvas:
    """A photograph that is being painted on, and where each kind of lesion is."""

    def __init__(self, eye: FloatArray, retina: Retina) -> None:
        self.eye = eye.copy()
        self._retina = retina
        self._room = retina.field & (_from_disc(retina) > DISC_PX * 1.15)
        self._places = np.argwhere(self._room)
        self.masks: dict[str, BoolArray] = {}

    def place(self, rng: Rng) -> Centre:
        """Anywhere on the retina but on the disc."""
        row, column = self._places[int(rng.integers(len(self._places)))]
        return float(row) / self._retina.zoom, float(column) / self._retina.zoom

    def holds(self, centre: Centre) -> bool:
        """Whether a place lies on the photograph."""
        pixels = (self._retina.zoom * value for value in centre)
        return all(0 <= p < size for p, size in zip(pixels, self._room.shape, strict=True))

    def beside(self, rng: Rng, centre: Centre, spread_px: float) -> Centre:
        """Near a place, on the retina and off the disc."""
        for _ in range(8):
            row, column = np.asarray(centre) + rng.normal(0, spread_px, 2)
            zoom = self._retina.zoom
            if self.holds((row, column)) and self._room[int(row * zoom), int(column * zoom)]:
                return float(row), float(column)
        return centre

    def lay(
        self,
        kind: str | None,
        centre: Centre,
        shape: Callable[[FloatArray, FloatArray], FloatArray],
        reach_px: float,
        colour: Callable[[FloatArray], FloatArray],
    ) -> None:
        """Blend one blob into the eye.

        Args:
            kind: Finding whose mask it joins; None paints a distractor.
            centre: Of it.
            shape: From offsets (down, right) in pixels to opacity in [0, 1].
            reach_px: Nothing is painted further away.
            colour: From the retina below to the colour of the lesion, (rows, columns, 3).
        """
        zoom = self._retina.zoom
        reach = int(np.ceil(reach_px * zoom)) + 1
        row, column = int(centre[0] * zoom), int(centre[1] * zoom)
        top, left = max(0, row - reach), max(0, column - reach)
        window = np.s_[top : row + reach + 1, left : column + reach + 1]
        below = self.eye[window]
        down = (np.arange(below.shape[0], dtype=np.float32)[:, None] + top) / zoom - centre[0]
        right = (np.arange(below.shape[1], dtype=np.float32)[None] + left) / zoom - centre[1]
        opacity = shape(down, right) * self._retina.field[window]
        mixed = below + (np.clip(colour(below), 0, 1) - below) * opacity[..., None]
        self.eye[window] = mixed
        if kind is not None:
            mask = self.masks.setdefault(kind, np.zeros(self._room.shape, bool))
            mask[window] |= opacity > _MASK_LEVEL * max(float(opacity.max(initial=0)), 1e-3)


def blob(
    rng: Rng, radius_px: float, edge_px: float, *, roughness: float, stretch: float = 1.0
) -> Callable[[FloatArray, FloatArray], FloatArray]:
    """A round shape with a wavy border, turned at random.

    Args:
        rng: Decides.
        radius_px: Mean radius.
        edge_px: Width of its border.
        roughness: Of the border, share of the radius.
        stretch: Length over width.
    """
    turn = rng.uniform(0, np.pi)
    waves = [(k, rng.normal(0, roughness / np.sqrt(k)), rng.uniform(0, 6.3)) for k in range(2, 7)]
    cos, sin = np.cos(turn), np.sin(turn)

    def shape(down: FloatArray, right: FloatArray) -> FloatArray:
        along = (right * cos + down * sin) / np.sqrt(stretch)
        across = (down * cos - right * sin) * np.sqrt(stretch)
        angle = np.arctan2(across, along)
        border = 1 + sum(size * np.cos(k * angle + phase) for k, size, phase in waves)
        return step(radius_px * border - np.hypot(along, across), edge_px)

    return shape


def _faded(
    shape: Callable[[FloatArray, FloatArray], FloatArray], strength: float
) -> Callable[[FloatArray, FloatArray], FloatArray]:
    return lambda down, right: as_film(shape(down, right) * strength)


def _times(factors: FloatArray) -> Callable[[FloatArray], FloatArray]:
    """Darkens by a factor a channel."""
    return lambda below: as_film(np.median(below, axis=(0, 1)) * factors * 0.6
                                 + below * factors * 0.4)  # fmt: skip


def _blood(rng: Rng, depth: float) -> FloatArray:
    """Factors of red, green and blue under blood; `depth` 0 is none, 1 is thick."""
    thick = np.array([rng.uniform(0.45, 0.75), rng.uniform(0.2, 0.5), rng.uniform(0.3, 0.7)])
    return as_film(1 - depth * (1 - thick))


def paint_hemorrhages(rng: Rng, canvas: Canvas) -> None:
    """Dots, blots and flames, one to some dozens, some of them in groups."""
    count = int(np.ceil(rng.lognormal(1.7, 1.0)))
    centre = canvas.place(rng)
    for _ in range(min(count, 45)):
        if rng.random() < 0.6:
            centre = canvas.place(rng)
        else:
            centre = canvas.beside(rng, centre, rng.uniform(10, 40))
        radius = float(np.clip(rng.lognormal(1.15, 0.5), 1.8, 14))
        is_flame = rng.random() < 0.25
        shape = blob(
            rng,
            radius,
            rng.uniform(0.4, 1.0),
            roughness=rng.uniform(0.05, 0.3),
            stretch=rng.uniform(2, 4) if is_flame else rng.uniform(1, 1.6),
        )
        depth = rng.uniform(0.35, 1.0)
        reach = radius * (2.6 if is_flame else 1.8) + 3
        canvas.lay("retinal_hemorrhage", centre, shape, reach, _times(_blood(rng, depth)))


def paint_microaneurysms(rng: Rng, canvas: Canvas) -> None:
    """Red dots of at most a twelfth of the disc, which is what tells them from haemorrhages."""
    centre = canvas.place(rng)
    for _ in range(int(rng.integers(3, 50))):
        is_near = rng.random() < 0.5
        centre = canvas.beside(rng, centre, 25) if is_near else canvas.place(rng)
        shape = blob(
            rng,
            rng.uniform(0.7, DISC_PX / 12),
            rng.uniform(0.4, 0.8),
            roughness=0.08,
            stretch=rng.uniform(1, 1.3),
        )
        colour = _times(_blood(rng, rng.uniform(0.15, 0.7)))
        canvas.lay("microaneurysms", centre, shape, 5, colour)


def paint_exudates(rng: Rng, canvas: Canvas) -> None:
    """Sharp yellow specks in groups, as patches, rings or scattered."""
    for _ in range(int(rng.integers(1, 6))):
        middle = canvas.place(rng)
        spread, is_ring = rng.uniform(4, 28), rng.random() < 0.25
        whiteness = rng.uniform(0.2, 0.6)
        for _ in range(int(rng.integers(2, 28))):
            if is_ring:
                angle = rng.uniform(0, 6.3)
                round_px = spread * rng.normal(1.2, 0.12)
                beside = (
                    middle[0] + round_px * np.sin(angle),
                    middle[1] + round_px * np.cos(angle),
                )
                centre = canvas.beside(rng, beside, 1)
            else:
                centre = canvas.beside(rng, middle, spread)
            radius = float(np.clip(rng.lognormal(0.5, 0.6), 0.7, 9))
            shape = blob(rng, radius, rng.uniform(0.3, 0.9), roughness=rng.uniform(0.1, 0.35),
                         stretch=rng.uniform(1, 2.2))  # fmt: skip
            faded = _faded(shape, rng.uniform(0.4, 1.0))
            canvas.lay("hard_exudates", centre, faded, radius * 2.2 + 3, _lipid(whiteness))


def _lipid(whiteness: float) -> Callable[[FloatArray], FloatArray]:
    def colour(below: FloatArray) -> FloatArray:
        red, green, blue = np.moveaxis(below, -1, 0)
        bright = np.minimum(red * 1.15 + 0.12, 1)
        lit = np.maximum(green * 1.3, bright * (0.72 + 0.3 * whiteness))
        return as_film(np.stack([bright, lit, np.maximum(blue, bright * whiteness)], axis=-1))

    return colour


def paint_cotton_wool(rng: Rng, canvas: Canvas) -> None:
    """Pale patches with soft borders."""
    for _ in range(int(rng.integers(1, 6))):
        radius = rng.uniform(4, 13)
        shape = blob(rng, radius, rng.uniform(1.5, 3.5), roughness=0.2, stretch=rng.uniform(1, 2))
        strength = rng.uniform(0.25, 0.75)
        centre = canvas.place(rng)
        canvas.lay("cotton_wool_spots", centre, _faded(shape, strength), radius * 2.2 + 12, _pale)


def _pale(below: FloatArray) -> FloatArray:
    red, green, blue = np.moveaxis(below, -1, 0)
    bright = np.minimum(red * 1.1 + 0.1, 1)
    return as_film(np.stack([bright, np.maximum(green, bright * 0.85),
                             np.maximum(blue, bright * 0.6)], axis=-1))  # fmt: skip


def distract(rng: Rng, canvas: Canvas) -> None:
    """What is no lesion: smudges, sheen, thin vessels; so that no trace of blending tells one."""
    for _ in range(int(rng.integers(0, 5))):
        radius = rng.uniform(8, 45)
        shape = _faded(blob(rng, radius, radius / 3, roughness=0.15, stretch=rng.uniform(1, 3)),
                       rng.uniform(0.2, 0.7))  # fmt: skip
        factors = as_film(rng.uniform(0.75, 1.2) * rng.uniform(0.92, 1.08, 3))
        canvas.lay(None, canvas.place(rng), shape, radius * 3, _scaled(factors))
    for _ in range(int(rng.integers(0, 4))):
        _vessel(rng, canvas)


def _scaled(factors: FloatArray) -> Callable[[FloatArray], FloatArray]:
    return lambda below: as_film(below * factors)


def _vessel(rng: Rng, canvas: Canvas) -> None:
    row, column = canvas.place(rng)
    angle, width = rng.uniform(0, 6.3), rng.uniform(0.6, 1.8)
    factors = _blood(rng, rng.uniform(0.25, 0.6))
    for _ in range(int(rng.integers(10, 40))):
        angle += rng.normal(0, 0.15)
        row, column = row + 3 * np.sin(angle), column + 3 * np.cos(angle)
        if not canvas.holds((row, column)):
            return
        shape = blob(rng, width, 0.5, roughness=0.02)
        canvas.lay(None, (row, column), shape, width + 3, _scaled(factors))


_BRUSHES = {
    "microaneurysms": paint_microaneurysms,
    "retinal_hemorrhage": paint_hemorrhages,
    "hard_exudates": paint_exudates,
    "cotton_wool_spots": paint_cotton_wool,
}
PAINTABLE = tuple(_BRUSHES)
"""Ids of the findings that can be painted."""
_RATES = (0.5, 0.6, 0.6, 0.35)


def compose(rng: Rng, eye: FloatArray, retina: Retina) -> Canvas:
    """Put none to four kinds of lesion on an eye without any, among what is no lesion."""
    canvas = Canvas(eye, retina)
    if rng.random() < 0.7:
        distract(rng, canvas)
    for kind, rate in zip(PAINTABLE, _RATES, strict=True):
        if rng.random() < rate:
            _BRUSHES[kind](rng, canvas)
    if rng.random() < 0.3:
        rows, columns = retina.field.shape
        grain = soft_noise(rng, 2, (-(-rows // 4) * 4, -(-columns // 4) * 4))[:rows, :columns]
        canvas.eye += (rng.uniform(0.005, 0.015) * grain * retina.field)[..., None]
    canvas.eye = as_film(np.clip(canvas.eye, 0, 1))
    return canvas
