"""Where a film lies in the patient, as derived images repeat it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.tags import Tags
    from afloc_desktop.core.domain import Image


def plane_of(tags: Tags) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Position and orientation of a slice in the patient; None of a projection."""
    position, orientation = (
        tags.numbers("ImagePositionPatient"),
        tags.numbers("ImageOrientationPatient"),
    )
    has_frame = bool(tags.text("FrameOfReferenceUID"))
    if not has_frame or len(position) != 3 or len(orientation) != 6:
        return None
    return (position, orientation) if spacing_of(tags) else None


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
    item.PixelSpacing = [_decimal(v) for v in spacing_of(tags) or ()]
    item.SliceThickness = _decimal(thickness if thickness and thickness > 0 else 1.0)
    between = tags.number("SpacingBetweenSlices")
    if between:
        item.SpacingBetweenSlices = _decimal(between)
    return item


def orientation_item(orientation: tuple[float, ...]) -> Dataset:
    """The item of a plane orientation macro."""
    item = Dataset()
    item.ImageOrientationPatient = [_decimal(v) for v in orientation]
    return item


def position_item(position: tuple[float, ...]) -> Dataset:
    """The item of a plane position macro."""
    item = Dataset()
    item.ImagePositionPatient = [_decimal(v) for v in position]
    return item


def _decimal(value: float) -> str:
    """A decimal string: at most 16 characters (PS3.5 6.2)."""
    for digits in range(15, 5, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    return f"{value:.6g}"
