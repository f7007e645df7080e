"""How large a pixel is, and where that size is true (PS3.3 10.7.1.3).

On a projection a length is measured on the detector, where it is larger than in the patient. A
size on the detector is never given as one in the patient.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from afloc_desktop.core.domain import Basis, Spacing

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.tags import Tags

_ROOT = "1.2.840.10008.5.1.4.1.1."
# CR; DX, mammography and intra-oral, each for presentation and processing; XA, RF and biplane.
PROJECTIONS = frozenset(
    _ROOT + end
    for end in [
        "1",
        "1.1",
        "1.1.1",
        "1.2",
        "1.2.1",
        "1.3",
        "1.3.1",
        "12.1",
        "12.1.1",
        "12.2",
        "12.2.1",
        "12.3",
    ]
)
_ELEMENTS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_LEAST, _MOST = 1e-6, 1e6  # mm, and parts of an aspect ratio; what is beyond is damage
_SAME = 1e-3  # relative; spacings that differ by less were rounded differently
_MOST_ASPECT = 20.0  # beyond, it is damage: the image would be a line on the screen

_UNUSABLE = "A pixel spacing of the file is not usable and was left out."
_UNUSABLE_ASPECT = "The file's pixel aspect ratio is not usable; pixels are shown square."
_NONE = "The file gives no pixel spacing: lengths are in pixels."
_DETECTOR = "Lengths hold at the detector; in the patient they are shorter."
_SCANNED = "Lengths hold on the film that was scanned; in the patient they are shorter."
_ESTIMATED = "Lengths in the patient are estimated from the magnification that the file states."
_DIFFERS = "The file states two pixel spacings; the one calibrated for the patient is used."
_UNCORRECTED = "The pixel spacing is said to be corrected, but it is that of the detector."
_UNKNOWN = "The file does not say whether its pixel spacing holds at the detector or the patient."
# What is true of most radiographs: nothing is wrong with the file.
EXPECTED = frozenset((_NONE, _DETECTOR, _SCANNED, _ESTIMATED, _UNKNOWN))

Pair = tuple[float, float]
Chosen = tuple[Spacing | None, tuple[str, ...]]


def is_projection(tags: Tags) -> bool:
    """Whether the object is a radiograph, in which lengths are magnified."""
    return tags.text("SOPClassUID") in PROJECTIONS


def find_spacing(tags: Tags, *, is_patient_space: bool) -> Chosen:
    """The spacing with the strongest basis, None where the file gives none above zero.

    Args:
        tags: Of one frame.
        is_patient_space: The plane of the image is known in the patient (CT, MR).

    Returns:
        The spacing, and what a reader must know of it.
    """
    pixel, imager, nominal = (_pair(tags, keyword) for keyword in _ELEMENTS)
    stated = sum(keyword in tags and tags.raw(keyword) is not None for keyword in _ELEMENTS)
    usable = sum(pair is not None for pair in (pixel, imager, nominal))
    is_spoilt = stated > usable or tags.spoilt.intersection(_ELEMENTS)
    if is_projection(tags):
        spacing, notes = _of_projection(tags, pixel, imager, nominal)
    elif pixel:
        spacing, notes = Spacing(*pixel, "patient" if is_patient_space else _claimed(tags)), ()
    else:
        spacing, notes = _at_detector(imager, nominal)
    return spacing, (_UNUSABLE, *notes) if is_spoilt else notes


def find_aspect(tags: Tags, spacing: Spacing | None) -> tuple[float, tuple[str, ...]]:
    """Height of a pixel over its width, 1 where unknown, with a note where it is impossible."""
    if spacing is not None:
        aspect = spacing.row_mm / spacing.column_mm
    elif "PixelAspectRatio" in tags and tags.raw("PixelAspectRatio") is not None:
        ratio = _pair(tags, "PixelAspectRatio")
        aspect = ratio[0] / ratio[1] if ratio else math.nan
    else:
        return 1.0, ()
    if not 1 / _MOST_ASPECT <= aspect <= _MOST_ASPECT:
        return 1.0, (_UNUSABLE_ASPECT,)
    return aspect, ()


def _of_projection(
    tags: Tags, pixel: Pair | None, imager: Pair | None, nominal: Pair | None
) -> Chosen:
    basis = _claimed(tags)
    if pixel and basis != "unknown":
        if imager and _is_same(pixel, imager):
            return _told(pixel, "detector", _UNCORRECTED)
        note = _DIFFERS if imager else ""
        return _told(pixel, basis, note)
    if imager:
        magnification = _magnification(tags)
        if magnification > 1:
            size = imager[0] / magnification, imager[1] / magnification
            return _told(size, "estimated", _ESTIMATED)
        if pixel and imager[0] > pixel[0] and not _is_same(pixel, imager):
            return _told(pixel, "corrected", _DIFFERS)
        return _told(imager, "detector", _DETECTOR)
    if pixel:
        return _told(pixel, "unknown", _UNKNOWN)
    return _told(nominal, "detector", _SCANNED) if nominal else (None, (_NONE,))


def _at_detector(imager: Pair | None, nominal: Pair | None) -> Chosen:
    if imager:
        return _told(imager, "detector", _DETECTOR)
    return _told(nominal, "detector", _SCANNED) if nominal else (None, ())


def _told(pair: Pair, basis: Basis, note: str) -> Chosen:
    return Spacing(*pair, basis), (note,) if note else ()


def _claimed(tags: Tags) -> Basis:
    """What the file says of its PixelSpacing (PS3.3 10.7.1.3)."""
    kind = tags.text("PixelSpacingCalibrationType").upper()
    return "corrected" if kind == "GEOMETRY" else "calibrated" if kind == "FIDUCIAL" else "unknown"


def _is_same(one: Pair, other: Pair) -> bool:
    return all(math.isclose(a, b, rel_tol=_SAME) for a, b in zip(one, other, strict=True))


def _pair(tags: Tags, keyword: str) -> Pair | None:
    """Two numbers in the order of DICOM: vertical, then horizontal."""
    numbers = tags.numbers(keyword)
    if len(numbers) != 2 or not all(_LEAST < number < _MOST for number in numbers):
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
