"""Where a film lies in the patient, as derived images repeat it."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.tags import Tags
    from afloc_desktop.core.domain import Image


def plane_of(tags: Tags) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Position and orientation of a slice in the patient.

    Returns:
        None of a projection, and of a slice that says this in a way no reader could follow.
    """
    position = tags.numbers("ImagePositionPatient")
    orientation = tags.numbers("ImageOrientationPatient")
    is_placed = len(position) == 3 and bool(tags.text("FrameOfReferenceUID"))
    if not is_placed or not spacing_of(tags) or not is_orthonormal(orientation):
        return None
    return position, orientation


def directions_of(tags: Tags) -> list[str]:
    """Where the rows and columns of a film run, in the letters of PS3.3 C.7.6.1.1.1.

    Returns:
        Two directions; nothing where the film states none, or in letters that mean nothing.
    """
    found = tags.text("PatientOrientation").split("\\")
    is_known = len(found) == 2 and all(0 < len(d) <= 3 and set(d) <= set("RLAPHF") for d in found)
    return found if is_known else []


def is_orthonormal(cosines: tuple[float, ...]) -> bool:
    """Whether six cosines are two directions at a right angle.

    To the 0.0001 of PS3.3 C.7.6.2.1.1; listing a film is more lenient.
    """
    if len(cosines) != 6:
        return False
    row, column = np.array(cosines[:3]), np.array(cosines[3:])
    products = np.array([row @ row - 1, column @ column - 1, row @ column])
    return bool((np.abs(products) < 1e-4).all())


def spacing_of(tags: Tags) -> tuple[float, float] | None:
    """Pixel spacing in the patient, rows first; None where absent or not positive.

    `ImagerPixelSpacing` is the detector's: in a derived image it would pass for the patient's.
    """
    spacing = tags.numbers("PixelSpacing")
    return (spacing[0], spacing[1]) if len(spacing) == 2 and min(spacing) > 0 else None


def aspect_of(image: Image) -> list[int] | None:
    """Height and width of a pixel as whole numbers; None where it is square."""
    shape = Fraction(image.pixel_aspect).limit_denominator(1000)
    return None if shape == 1 else [shape.numerator, shape.denominator]


def put_frame_of_reference(dataset: Dataset, tags: Tags) -> None:
    """The frame of reference module, where the film has one."""
    dataset.FrameOfReferenceUID = tags.text("FrameOfReferenceUID")
    dataset.PositionReferenceIndicator = tags.text("PositionReferenceIndicator")


def measures_item(tags: Tags) -> Dataset:
    """The item of a pixel measures macro, of a slice for which `plane_of` is not None."""
    item, thickness = Dataset(), tags.number("SliceThickness")
    item.PixelSpacing = [decimal(v) for v in spacing_of(tags) or ()]
    is_thick = thickness is not None and 0 < thickness < math.inf
    item.SliceThickness = decimal(thickness if thickness and is_thick else 1.0)
    between = tags.number("SpacingBetweenSlices")
    if between and math.isfinite(between):
        item.SpacingBetweenSlices = decimal(between)
    return item


def orientation_item(orientation: tuple[float, ...]) -> Dataset:
    """The item of a plane orientation macro."""
    item = Dataset()
    item.ImageOrientationPatient = [decimal(v) for v in orientation]
    return item


def position_item(position: tuple[float, ...]) -> Dataset:
    """The item of a plane position macro."""
    item = Dataset()
    item.ImagePositionPatient = [decimal(v) for v in position]
    return item


def decimal(value: float) -> str:
    """A number as a decimal string: at most 16 characters (PS3.5 6.2)."""
    for digits in range(15, 5, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    return f"{value:.6g}"
