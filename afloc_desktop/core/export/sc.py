"""Secondary captures: a picture that any DICOM viewer shows, with the findings burned in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless

from afloc_desktop.core.export.geometry import directions_of
from afloc_desktop.core.export.objects import Kind, Page, new_object, source_item, to_bytes
from afloc_desktop.core.export.page import draw_statements
from afloc_desktop.core.export.profile import srgb_profile

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

CAPTURE = Kind("sc", "1.2.840.10008.5.1.4.1.1.7", "OT", 9105)


def secondary_capture(page: Page, *, is_compressed: bool = True) -> bytes | None:
    """A film with the outlines of its findings, a legend and the disclaimer, in colour.

    Args:
        page: A film and its findings.
        is_compressed: JPEG 2000 lossless; else explicit little endian, for old readers.

    Returns:
        The file; None where nothing was stated.

    Raises:
        InvalidObject: It cannot be written.
    """
    if not page.results.stated:
        return None
    picture = np.asarray(draw_statements(page.results))
    dataset = new_object(page, CAPTURE)
    dataset.Modality = "OT"
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.ConversionType, dataset.BurnedInAnnotation = "WSD", "YES"
    dataset.PatientOrientation = directions_of(page.source.tags)
    dataset.DerivationDescription = "Film with outlines of findings and a legend"
    dataset.SourceImageSequence = [source_item(page.source)]
    dataset.ICCProfile, dataset.ColorSpace = srgb_profile(), "SRGB"
    dataset.Rows, dataset.Columns = picture.shape[:2]
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PixelRepresentation = 0
    _put_loss(dataset, page)
    if is_compressed:
        dataset.PhotometricInterpretation, dataset.PixelData = "YBR_RCT", _compressed(picture)
    else:
        data = picture.tobytes()
        dataset.PhotometricInterpretation = "RGB"
        dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB"
    return to_bytes(dataset, syntax=JPEG2000Lossless if is_compressed else ExplicitVRLittleEndian)


def _put_loss(dataset: Dataset, page: Page) -> None:
    """Once lossy, always lossy (PS3.3 C.7.6.1.1.5)."""
    tags = page.source.tags
    ratio, method = tags.raw("LossyImageCompressionRatio"), tags.raw("LossyImageCompressionMethod")
    dataset.LossyImageCompression = "00"
    if tags.text("LossyImageCompression") == "01" and ratio and method:
        dataset.LossyImageCompression = "01"
        dataset.LossyImageCompressionRatio = ratio
        dataset.LossyImageCompressionMethod = method


def _compressed(picture: np.ndarray) -> bytes:
    import imagecodecs
    from pydicom.encaps import encapsulate

    stream = imagecodecs.jpeg2k_encode(
        np.ascontiguousarray(picture), level=0, reversible=True, codecformat="j2k", mct=True
    )
    return encapsulate([bytes(stream)])
