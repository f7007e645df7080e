"""Segmentations: the outlined regions as masks, or whole similarity maps in 255 steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, JPEGLSLossless, generate_uid

from afloc_desktop.core.export.codes import (
    ABNORMAL,
    ARTIFICIAL_INTELLIGENCE,
    IN_WORDS,
    SCHEME,
    SEGMENTATION,
    Code,
    finding_code,
    site_code,
)
from afloc_desktop.core.export.geometry import (
    aspect_of,
    directions_of,
    measures_item,
    orientation_item,
    plane_of,
    position_item,
    put_frame_of_reference,
)
from afloc_desktop.core.export.names import short
from afloc_desktop.core.export.objects import (
    Kind,
    Page,
    long,
    new_object,
    source_item,
    to_bytes,
)
from afloc_desktop.core.export.raster import fill
from afloc_desktop.core.export.record import tracking_id, tracking_uid
from afloc_desktop.core.preprocess import resize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy.typing as npt

    from afloc_desktop.core.domain import Heatmap, Region
    from afloc_desktop.core.export.selection import Statement

SEG_CLASS = "1.2.840.10008.5.1.4.1.1.66.4"
BINARY = Kind("seg", SEG_CLASS, "SEG", 9101)
FRACTIONAL = Kind("fractional-seg", SEG_CLASS, "SEG", 9102)
_STEPS = 255
# Where a map was never seen, and where its similarity is lowest, is both 0.
_ABOUT_STEPS = (
    "Image-text similarity, neither occupancy nor probability: "
    "value v means {low:.6f} + v * {step:.8f}; 0 also where the model did not look."
)


class _Segment(NamedTuple):
    statement: Statement
    description: str
    tracking: tuple[str, str] | None


def binary_seg(page: Page) -> bytes | None:
    """Each region of each finding as a segment: the pixels whose centre its outline encloses.

    Args:
        page: A film of any size; regions may overlap.

    Returns:
        The file; None where no finding has a region.

    Raises:
        InvalidObject: It cannot be written.
    """
    chosen = [(s, r, n) for s in page.results.stated for n, r in enumerate(s.regions, 1)]
    if not chosen:
        return None
    image = page.results.image
    dataset = _segmentation(page, BINARY, [_region_segment(page, *entry) for entry in chosen])
    dataset.SegmentationType, dataset.SegmentsOverlap = "BINARY", "UNDEFINED"
    dataset.BitsAllocated = dataset.BitsStored = 1
    dataset.HighBit = 0
    masks = (fill(r.outline, image.rows, image.columns) for _, r, _ in chosen)
    dataset.PixelData = _even(_packed(masks))
    dataset["PixelData"].VR = "OB"
    return to_bytes(dataset)


def fractional_seg(page: Page, *, is_compressed: bool = True) -> bytes | None:
    """The similarity map of each finding on the pixels of the film, in steps of its range / 255.

    Its type is OCCUPANCY, because the standard has no third and a similarity is no probability;
    the segment description says what the values are.

    Args:
        page: A film; statements without a heatmap are left out.
        is_compressed: JPEG-LS lossless; else explicit little endian, for old readers.

    Returns:
        The file; None where no statement has a heatmap that saw anything.

    Raises:
        InvalidObject: It cannot be written.
    """
    chosen = [
        (s, s.heatmap)
        for s in page.results.stated
        if s.heatmap is not None and np.isfinite(s.heatmap.similarity).any()
    ]
    if not chosen:
        return None
    image = page.results.image
    segments = [_Segment(s, _about(heatmap), None) for s, heatmap in chosen]
    dataset = _segmentation(page, FRACTIONAL, segments)
    dataset.SegmentationType, dataset.SegmentationFractionalType = "FRACTIONAL", "OCCUPANCY"
    dataset.MaximumFractionalValue = _STEPS
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    frames = [_steps(heatmap, image.rows, image.columns) for _, heatmap in chosen]
    if is_compressed:
        dataset.PixelData = _encapsulated(frames)
    else:
        dataset.PixelData = _even(b"".join(frame.tobytes() for frame in frames))
    dataset["PixelData"].VR = "OB"
    return to_bytes(dataset, syntax=JPEGLSLossless if is_compressed else ExplicitVRLittleEndian)


def _segmentation(page: Page, kind: Kind, segments: list[_Segment]) -> Dataset:
    dataset, source, image = new_object(page, kind), page.source, page.results.image
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.ContentLabel, dataset.ContentDescription = "AFLOC", page.series.description
    dataset.ContentCreatorName = ""
    # PS3.3 C.7.6.1: without a plane in the patient, the letters of the film are due.
    dataset.PatientOrientation = directions_of(source.tags)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = image.rows, image.columns
    dataset.PixelRepresentation, dataset.LossyImageCompression = 0, "00"
    dataset.NumberOfFrames = len(segments)
    aspect = aspect_of(image)
    if aspect and not plane_of(source.tags):
        dataset.PixelAspectRatio = aspect
    reference = source.series_item()
    reference.ReferencedInstanceSequence = [source.file_reference()]
    dataset.ReferencedSeriesSequence = [reference]
    dataset.SegmentSequence = [_segment_item(page, n, s) for n, s in enumerate(segments, 1)]
    _put_frames(dataset, page, len(segments))
    return dataset


def _put_frames(dataset: Dataset, page: Page, count: int) -> None:
    """Frame of reference, dimensions and functional groups: one frame a segment."""
    tags = page.source.tags
    plane = plane_of(tags)
    if plane:
        put_frame_of_reference(dataset, tags)
    organization = Dataset()
    organization.DimensionOrganizationUID = generate_uid(prefix=None)
    dataset.DimensionOrganizationSequence = [organization]
    pointers = [("ReferencedSegmentNumber", "SegmentIdentificationSequence")]
    pointers += [("ImagePositionPatient", "PlanePositionSequence")] if plane else []
    dataset.DimensionIndexSequence = [
        _dimension(organization.DimensionOrganizationUID, *pointer) for pointer in pointers
    ]
    shared = Dataset()
    # A projection has no measures of its own: readers take them, and what they are worth, from
    # the film.
    if plane:
        shared.PixelMeasuresSequence = [measures_item(tags)]
        shared.PlaneOrientationSequence = [orientation_item(plane[1])]
    dataset.SharedFunctionalGroupsSequence = [shared]
    dataset.PerFrameFunctionalGroupsSequence = [_frame_item(page, n + 1) for n in range(count)]


def _dimension(organization: str, pointer: str, group: str) -> Dataset:
    from pydicom.tag import Tag

    item = Dataset()
    item.DimensionOrganizationUID = organization
    item.DimensionIndexPointer, item.FunctionalGroupPointer = Tag(pointer), Tag(group)
    item.DimensionDescriptionLabel = pointer
    return item


def _frame_item(page: Page, number: int) -> Dataset:
    plane = plane_of(page.source.tags)
    item, content, identification, derivation = (Dataset() for _ in range(4))
    content.DimensionIndexValues = [number, 1] if plane else [number]
    identification.ReferencedSegmentNumber = number
    origin = source_item(page.source)
    origin.SpatialLocationsPreserved = "YES"
    derivation.DerivationCodeSequence = [SEGMENTATION.item()]
    derivation.SourceImageSequence = [origin]
    item.FrameContentSequence = [content]
    item.SegmentIdentificationSequence = [identification]
    item.DerivationImageSequence = [derivation]
    if plane:
        item.PlanePositionSequence = [position_item(plane[0])]
    return item


def _region_segment(page: Page, statement: Statement, region: Region, number: int) -> _Segment:
    finding = statement.finding
    who = f" by {finding.author}" if finding.author else ""
    description = (
        f"{finding.prompt.words}: image-text similarity {region.similarity:.3f}, threshold "
        f"{finding.threshold:.3f}, {finding.status}{who}, "
        f"{finding.provenance.bundle_id} {finding.provenance.bundle_sha256}"
    )
    uid = tracking_uid(
        page.source.sop_instance_uid, page.results.image.ref.frame, statement, region
    )
    return _Segment(statement, description, (tracking_id(statement, number), uid))


def _segment_item(page: Page, number: int, segment: _Segment) -> Dataset:
    finding, item = segment.statement.finding, Dataset()
    made, algorithm = finding.provenance, Dataset()
    label = segment.tracking[0] if segment.tracking else segment.statement.label
    code = finding_code(finding.id)
    algorithm.AlgorithmFamilyCodeSequence = [ARTIFICIAL_INTELLIGENCE.item()]
    algorithm.AlgorithmName = short(made.bundle_id)
    algorithm.AlgorithmVersion = short(made.bundle_sha256)
    item.SegmentNumber, item.SegmentLabel = number, short(label)
    item.SegmentDescription = long(segment.description)
    item.SegmentAlgorithmType = "SEMIAUTOMATIC" if finding.status == "edited" else "AUTOMATIC"
    item.SegmentAlgorithmName = short(made.bundle_id)
    item.SegmentationAlgorithmIdentificationSequence = [algorithm]
    item.SegmentedPropertyCategoryCodeSequence = [ABNORMAL.item()]
    if code == IN_WORDS:
        code = Code("WORDS", SCHEME, short(f"Asked in words: {segment.statement.label}"))
    item.SegmentedPropertyTypeCodeSequence = [code.item()]
    site = site_code(finding.id)
    if site:
        item.AnatomicRegionSequence = [site.item()]
    if segment.tracking:
        item.TrackingID, item.TrackingUID = segment.tracking
    return item


def _packed(masks: Iterable[npt.NDArray[np.bool_]]) -> bytes:
    """Frames of one bit a pixel, the first pixel lowest, without gaps between frames.

    Eight frames always end on a whole byte, whatever their size.
    """
    return b"".join(
        np.packbits(np.concatenate(eight), bitorder="little").tobytes() for eight in _eights(masks)
    )


def _eights(masks: Iterable[npt.NDArray[np.bool_]]) -> Iterator[list[npt.NDArray[np.bool_]]]:
    group: list[npt.NDArray[np.bool_]] = []
    for mask in masks:
        group.append(mask.ravel())
        if len(group) == 8:
            yield group
            group = []
    if group:
        yield group


def _range(heatmap: Heatmap) -> tuple[float, float]:
    return float(np.nanmin(heatmap.similarity)), float(np.nanmax(heatmap.similarity))


def _about(heatmap: Heatmap) -> str:
    low, high = _range(heatmap)
    return _ABOUT_STEPS.format(low=low, step=(high - low) / _STEPS)


def _steps(heatmap: Heatmap, rows: int, columns: int) -> npt.NDArray[np.uint8]:
    low, high = _range(heatmap)
    share = (heatmap.similarity - low) / ((high - low) or 1.0)
    wide = resize(np.nan_to_num(share), rows, columns)
    return np.asarray(np.clip(wide, 0, 1) * _STEPS + 0.5, np.uint8)


def _encapsulated(frames: list[npt.NDArray[np.uint8]]) -> bytes:
    import imagecodecs
    from pydicom.encaps import encapsulate

    return encapsulate([bytes(imagecodecs.jpegls_encode(frame)) for frame in frames])


def _even(data: bytes) -> bytes:
    return data + b"\0" if len(data) % 2 else data
