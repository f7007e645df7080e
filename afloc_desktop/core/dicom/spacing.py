"""How large a pixel is, and where that size is true (PS3.3 10.7.1.3)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from afloc_desktop.core.domain import Basis, Spacing

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.tags import Tags

_ELEMENTS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_UNUSABLE = "A pixel spacing of the file is not usable and was left out."


def find_spacing(tags: Tags) -> tuple[Spacing | None, tuple[str, ...]]:
    """The spacing with the strongest basis, None where the file gives none above zero."""
    pixel, imager, nominal = (_pair(tags, keyword) for keyword in _ELEMENTS)
    stated = sum(keyword in tags and tags.raw(keyword) is not None for keyword in _ELEMENTS)
    usable = sum(pair is not None for pair in (pixel, imager, nominal))
    warnings = (_UNUSABLE,) if stated > usable or tags.spoilt.intersection(_ELEMENTS) else ()
    return _choose(tags, pixel, imager, nominal), warnings


Pair = tuple[float, float]


def _choose(
    tags: Tags, pixel: Pair | None, imager: Pair | None, nominal: Pair | None
) -> Spacing | None:
    if pixel and len(tags.numbers("ImageOrientationPatient")) == 6:
        return _spacing(pixel, "patient")
    calibration = tags.text("PixelSpacingCalibrationType").upper()
    if pixel and calibration == "GEOMETRY":
        return _spacing(pixel, "corrected")
    if pixel and calibration == "FIDUCIAL":
        return _spacing(pixel, "calibrated")
    if imager:
        magnification = _magnification(tags)
        if magnification > 1:
            return Spacing(imager[0] / magnification, imager[1] / magnification, "estimated")
        if pixel and imager[0] > pixel[0]:
            return _spacing(pixel, "corrected")
        return _spacing(imager, "detector")
    given = pixel or nominal
    return _spacing(given, "unknown") if given else None


def _spacing(pair: Pair, basis: Basis) -> Spacing:
    return Spacing(*pair, basis)


def _pair(tags: Tags, keyword: str) -> Pair | None:
    """Row and column spacing in that order, as DICOM writes them."""
    numbers = tags.numbers(keyword)
    if len(numbers) != 2 or not all(math.isfinite(n) and n > 0 for n in numbers):
        return None
    return numbers[0], numbers[1]


def _magnification(tags: Tags) -> float:
    """How much larger than life the film is; 1 where not known."""
    factor = tags.number("EstimatedRadiographicMagnificationFactor")
    if factor is not None and 1 < factor < math.inf:
        return factor
    detector, patient = (
        tags.number("DistanceSourceToDetector"),
        tags.number("DistanceSourceToPatient"),
    )
    if detector is not None and patient is not None and 0 < patient < detector < math.inf:
        return detector / patient
    return 1.0
