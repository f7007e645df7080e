"""Laying an earlier film of a patient over the present one: shift, turn, size, no bending.

Only a similarity transform: what a finding did between two films must not be undone by bending.
"""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from afloc_desktop.core.domain import read_only
from afloc_desktop.core.geometry import Point

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.domain import BoolArray, FloatArray, Heatmap, Image

_SIDE = 192  # pixels of the longer side when films are laid over each other
_GOOD = 0.6  # correlation of two films of one chest, laid over each other
_MOST_TURN_DEG = 20.0
_SIZES = (0.65, 1.55)  # beyond, one film shows another part of the body
_LEAST_OVERLAP = 0.6
_SHRINK, _SMOOTH = (4, 2, 1), (2.0, 1.0, 0.0)
_FIRST_STEP, _STEPS = 0.05, 150
_OUTSIDE, _UNSEEN = -1e30, -1e20  # no grey value and no similarity


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where each place of the present film is on the earlier one.

    A point p of the present film lies at `matrix @ p + offset` on the earlier one, source pixels
    of each.

    Attributes:
        matrix: Rows (a, b) and (c, d).
        offset: Source pixels of the earlier film.
        quality: Correlation of the two films where they overlap, in [-1, 1].
        overlap: Share of the present film that the earlier one covers.
        turn_deg: How the earlier film is turned, clockwise positive.
        size: How much larger the earlier film shows the patient, in shares of the film.
    """

    matrix: tuple[tuple[float, float], tuple[float, float]]
    offset: tuple[float, float]
    quality: float
    overlap: float
    turn_deg: float
    size: float

    @property
    def is_trusted(self) -> bool:
        """Whether places may be compared by it."""
        return (
            self.quality >= _GOOD
            and self.overlap >= _LEAST_OVERLAP
            and abs(self.turn_deg) <= _MOST_TURN_DEG
            and _SIZES[0] <= self.size <= _SIZES[1]
        )

    @property
    def magnification(self) -> float:
        """Area on the earlier film of a unit area of the present one, both in source pixels."""
        (a, b), (c, d) = self.matrix
        return abs(a * d - b * c)

    def to_earlier(self, point: Point) -> Point:
        """A point of the present film on the earlier one."""
        (a, b), (c, d) = self.matrix
        x, y = point
        return Point(a * x + b * y + self.offset[0], c * x + d * y + self.offset[1])

    def to_present(self, point: Point) -> Point:
        """The inverse of `to_earlier`."""
        (a, b), (c, d) = self.matrix
        x, y = point.x - self.offset[0], point.y - self.offset[1]
        whole = a * d - b * c
        return Point((d * x - b * y) / whole, (a * y - c * x) / whole)


def register(
    present: Image, earlier: Image, *, check: Callable[[], None] = lambda: None
) -> Alignment:
    """Find where the earlier film lies under the present one.

    Args:
        present, earlier: Films of one patient in one view, in any size and grey scale.
        check: Called between the steps; may raise `Cancelled`.
    """
    sitk = _itk()
    fixed, moving = _small(present), _small(earlier)
    check()
    one, other = _as_itk(fixed), _as_itk(moving)
    transform = sitk.CenteredTransformInitializer(
        one,
        other,
        sitk.Similarity2DTransform(),
        sitk.CenteredTransformInitializerFilter.GEOMETRY,
    )
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(32)
    method.SetMetricSamplingStrategy(method.NONE)  # every pixel: nothing is left to chance
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(_FIRST_STEP, 1e-5, _STEPS)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel(_SHRINK)
    method.SetSmoothingSigmasPerLevel(_SMOOTH)
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOff()
    method.SetInitialTransform(transform, True)
    # ITK gives up on blank films and on films that have left each other; the quality tells.
    with suppress(RuntimeError):
        method.Execute(one, other)
    check()
    laid = sitk.GetArrayFromImage(
        sitk.Resample(other, one, transform, sitk.sitkLinear, math.nan, sitk.sitkFloat32)
    )
    return _alignment(transform, fixed, moving, laid)


def laid_over(earlier: Image, alignment: Alignment, present: Image) -> Image:
    """The earlier film in the place, and the size, of the present one; padding where it ends.

    Its name, hash and warnings stay: what was answered on it still belongs to it. Its lengths
    were those of another exposure, so it has no spacing there.
    """
    rows, columns = present.rows, present.columns
    pixels, is_outside = _sampled(earlier.pixels, alignment, (rows, columns))
    if earlier.padding is not None:
        padded, _ = _sampled(earlier.padding.astype(np.float32), alignment, (rows, columns))
        is_outside |= padded >= 0.5
    return replace(
        earlier,
        pixels=read_only(pixels),
        padding=read_only(is_outside) if is_outside.any() else None,
        spacing=None,
        orientation=present.orientation,
        pixel_aspect=present.pixel_aspect,
        colour=None,
        overlays=(),
    )


def map_laid_over(heatmap: Heatmap, alignment: Alignment, present: Image) -> Heatmap:
    """A map of the earlier film in the place of the present one; NaN beyond the earlier film."""
    step = max(present.rows, present.columns) / max(heatmap.similarity.shape)
    rows, columns = (max(1, round(side / step)) for side in (present.rows, present.columns))
    scale = (present.columns / columns, present.rows / rows)
    scaled = replace(
        alignment,
        matrix=_scaled(alignment.matrix, scale, heatmap.scale),
        offset=(alignment.offset[0] / heatmap.scale[0], alignment.offset[1] / heatmap.scale[1]),
    )
    values, is_outside = _sampled(heatmap.similarity, scaled, (rows, columns))
    values[is_outside] = np.nan
    return replace(heatmap, similarity=read_only(values), scale=scale)


@dataclass(frozen=True, slots=True, eq=False)
class _Small:
    """A film made small.

    Attributes:
        values: Ranked grey in [0, 1], shape (rows, columns).
        across, down: Lengths per source pixel; the longer side of the film is 1.
        wide, high: Of the film in that measure.
    """

    values: FloatArray
    across: float
    down: float
    wide: float
    high: float


def _itk() -> Any:
    """SimpleITK, loaded by whoever compares films: 0.2 s that no start-up should pay."""
    import SimpleITK

    return SimpleITK


def _small(image: Image) -> _Small:
    sitk = _itk()
    tall = image.rows * image.pixel_aspect
    longest = max(tall, image.columns)
    wide, high = image.columns / longest, tall / longest
    rows, columns = max(8, round(high * _SIDE)), max(8, round(wide * _SIDE))
    # Averages of equal blocks first: picking every n-th pixel would keep noise and lose ribs.
    block = max(1, min(image.rows // rows, image.columns // columns))
    cut = image.pixels[: image.rows // block * block, : image.columns // block * block]
    blocks = cut.reshape(cut.shape[0] // block, block, cut.shape[1] // block, block)
    values = np.ascontiguousarray(blocks.mean(axis=(1, 3), dtype=np.float64), np.float32)
    whole = sitk.GetImageFromArray(values)
    step = (whole.GetSize()[0] / columns, whole.GetSize()[1] / rows)
    origin = (step[0] / 2 - 0.5, step[1] / 2 - 0.5)
    small = sitk.Resample(whole, (columns, rows), sitk.Transform(), sitk.sitkLinear, origin, step)
    ranked = _ranked(sitk.GetArrayFromImage(small))
    return _Small(ranked, 1 / longest, image.pixel_aspect / longest, wide, high)


def _ranked(values: FloatArray) -> FloatArray:
    """Grey by rank in [0, 1]: films of any exposure and processing look alike."""
    order = np.sort(values.ravel())
    ranks = np.searchsorted(order, values) / max(1, order.size - 1)
    return ranks.astype(np.float32)


def _as_itk(small: _Small) -> Any:
    sitk = _itk()
    made = sitk.GetImageFromArray(small.values)
    rows, columns = small.values.shape
    spacing = (small.wide / columns, small.high / rows)
    made.SetSpacing(spacing)
    made.SetOrigin((spacing[0] / 2, spacing[1] / 2))
    return made


def _alignment(transform: Any, fixed: _Small, moving: _Small, laid: FloatArray) -> Alignment:
    seen = np.isfinite(laid)
    quality = _correlation(fixed.values[seen], laid[seen]) if seen.any() else 0.0
    corner = transform.TransformPoint((0.0, 0.0))
    right, below = transform.TransformPoint((1.0, 0.0)), transform.TransformPoint((0.0, 1.0))
    # The matrix in film lengths, then in source pixels of either film.
    a, c = right[0] - corner[0], right[1] - corner[1]
    b, d = below[0] - corner[0], below[1] - corner[1]
    matrix = (
        (a * fixed.across / moving.across, b * fixed.down / moving.across),
        (c * fixed.across / moving.down, d * fixed.down / moving.down),
    )
    return Alignment(
        matrix=matrix,
        offset=(corner[0] / moving.across, corner[1] / moving.down),
        quality=quality,
        overlap=float(seen.mean()),
        turn_deg=math.degrees(math.atan2(c, a)),
        size=math.hypot(a, c),
    )


def _correlation(one: FloatArray, other: FloatArray) -> float:
    a, b = one - one.mean(), other - other.mean()
    whole = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / whole) if whole > 0 else 0.0


def _scaled(
    matrix: tuple[tuple[float, float], tuple[float, float]],
    present: tuple[float, float],
    earlier: tuple[float, float],
) -> tuple[tuple[float, float], tuple[float, float]]:
    (a, b), (c, d) = matrix
    return (
        (a * present[0] / earlier[0], b * present[1] / earlier[0]),
        (c * present[0] / earlier[1], d * present[1] / earlier[1]),
    )


def _sampled(
    values: FloatArray, alignment: Alignment, shape: tuple[int, int]
) -> tuple[FloatArray, BoolArray]:
    """Values of the earlier film at the pixels of the present one, and where there are none."""
    sitk = _itk()
    # Pixel centres are whole numbers to ITK, and half-way ones to us.
    transform = sitk.AffineTransform(2)
    (a, b), (c, d) = alignment.matrix
    transform.SetMatrix((a, b, c, d))
    dx = a * 0.5 + b * 0.5 + alignment.offset[0] - 0.5
    dy = c * 0.5 + d * 0.5 + alignment.offset[1] - 0.5
    transform.SetTranslation((dx, dy))
    rows, columns = shape
    source = sitk.GetImageFromArray(np.nan_to_num(values, nan=_UNSEEN))
    made = sitk.Resample(
        source,
        (columns, rows),
        transform,
        sitk.sitkLinear,
        (0.0, 0.0),
        (1.0, 1.0),
        (1.0, 0.0, 0.0, 1.0),
        _OUTSIDE,
        sitk.sitkFloat32,
    )
    found: FloatArray = sitk.GetArrayFromImage(made)
    is_outside: BoolArray = found < _UNSEEN / 2
    return np.where(is_outside, np.float32(0), found), is_outside
