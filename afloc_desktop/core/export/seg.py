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
from afloc_desktop.core.export.tiles import (
    MAP_SIDE,
    SIDE,
    dimension,
    map_grid,
    map_tiles,
    mask_grid,
    mask_tiles,
    put_tiles,
    references,
)
from afloc_desktop.core.preprocess import resize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt

    from afloc_desktop.core.domain import FloatArray, Heatmap, Region
    from afloc_desktop.core.export.glass import Matrix
    from afloc_desktop.core.export.selection import Statement
    from afloc_desktop.core.export.tiles import Tile

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
        page: A film or slide of any size; regions may overlap.

    Returns:
        The file; None where no finding has a region.

    Raises:
        InvalidObject: It cannot be written.
        ExportError: The slide does not say where it lies.
    """
    chosen = [(s, r, n) for s in page.results.stated for n, r in enumerate(s.regions, 1)]
    if not chosen:
        return None
    dataset = _segmentation(page, BINARY, [_region_segment(page, *entry) for entry in chosen])
    dataset.SegmentationType, dataset.SegmentsOverlap = "BINARY", "UNDEFINED"
    dataset.BitsAllocated = dataset.BitsStored = 1
    dataset.HighBit = 0
    regions, glass = [r for _, r, _ in chosen], page.source.glass
    if glass is not None:
        grid = mask_grid(glass, page.results)
        tiles = [tile for n, r in enumerate(regions, 1) for tile in mask_tiles(n, r, grid)]
        _put_on_glass(dataset, page, grid, SIDE, tiles)
        dataset.PixelData = b"".join(tile.data for tile in tiles)
    else:
        image = page.results.image
        _put_on_film(dataset, page, len(regions))
        masks = (fill(r.outline, image.rows, image.columns) for r in regions)
        dataset.PixelData = _even(_packed(masks))
    dataset["PixelData"].VR = "OB"
    return to_bytes(dataset)


def fractional_seg(page: Page, *, is_compressed: bool = True) -> bytes | None:
    """The similarity map of each finding, in steps of its range / 255.

    On the pixels of the film; of a slide, on its own places.

    Its type is OCCUPANCY, because the standard has no third and a similarity is no probability;
    the segment description says what the values are.

    Args:
        page: A film or slide; statements without a heatmap are left out.
        is_compressed: JPEG-LS lossless; else explicit little endian, for old readers.

    Returns:
        The file; None where no statement has a heatmap that saw anything.

    Raises:
        InvalidObject: It cannot be written.
        ExportError: The slide does not say where it lies.
    """
    chosen = [
        (s, s.heatmap)
        for s in page.results.stated
        if s.heatmap is not None and np.isfinite(s.heatmap.similarity).any()
    ]
    if not chosen:
        return None
    segments = [_Segment(s, _about(heatmap), None) for s, heatmap in chosen]
    dataset = _segmentation(page, FRACTIONAL, segments)
    dataset.SegmentationType, dataset.SegmentationFractionalType = "FRACTIONAL", "OCCUPANCY"
    dataset.MaximumFractionalValue = _STEPS
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    frames = _map_frames(dataset, page, [heatmap for _, heatmap in chosen])
    if is_compressed:
        dataset.PixelData = _encapsulated(frames)
    else:
        dataset.PixelData = _even(b"".join(frame.tobytes() for frame in frames))
    dataset["PixelData"].VR = "OB"
    return to_bytes(dataset, syntax=JPEGLSLossless if is_compressed else ExplicitVRLittleEndian)


def _segmentation(page: Page, kind: Kind, segments: list[_Segment]) -> Dataset:
    dataset = new_object(page, kind)
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.ContentLabel, dataset.ContentDescription = "AFLOC", page.series.description
    dataset.ContentCreatorName = ""
    # PS3.3 C.7.6.1: without a plane in the patient, the letters of the film are due.
    dataset.PatientOrientation = directions_of(page.source.tags)
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.PixelRepresentation, dataset.LossyImageCompression = 0, "00"
    dataset.SegmentSequence = [_segment_item(n, s) for n, s in enumerate(segments, 1)]
    return dataset


def _put_on_glass(
    dataset: Dataset, page: Page, grid: Matrix, side: int, tiles: Sequence[Tile]
) -> None:
    glass = page.source.glass
    assert glass is not None
    dataset.Rows = dataset.Columns = side
    series = page.source.series_item()
    series.ReferencedInstanceSequence = references(glass, grid)
    dataset.ReferencedSeriesSequence = [series]
    put_tiles(dataset, glass, grid, tiles)


def _put_on_film(dataset: Dataset, page: Page, count: int) -> None:
    """One frame a segment."""
    source, image = page.source, page.results.image
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = image.rows, image.columns, count
    aspect = aspect_of(image)
    if aspect and not plane_of(source.tags):
        dataset.PixelAspectRatio = aspect
    series = source.series_item()
    series.ReferencedInstanceSequence = [source.file_reference()]
    dataset.ReferencedSeriesSequence = [series]
    _put_frames(dataset, page, count)


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
        dimension(organization.DimensionOrganizationUID, *pointer) for pointer in pointers
    ]
    shared = Dataset()
    # A projection has no measures of its own: readers take them, and what they are worth, from
    # the film.
    if plane:
        shared.PixelMeasuresSequence = [measures_item(tags)]
        shared.PlaneOrientationSequence = [orientation_item(plane[1])]
    dataset.SharedFunctionalGroupsSequence = [shared]
    dataset.PerFrameFunctionalGroupsSequence = [_frame_item(page, n + 1) for n in range(count)]


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


def _segment_item(number: int, segment: _Segment) -> Dataset:
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


def _map_frames(
    dataset: Dataset, page: Page, heatmaps: Sequence[Heatmap]
) -> list[npt.NDArray[np.uint8]]:
    """The maps as frames, once the object says where they lie."""
    glass, image = page.source.glass, page.results.image
    if glass is None:
        _put_on_film(dataset, page, len(heatmaps))
        return [_steps(resize(_shares(h), image.rows, image.columns)) for h in heatmaps]
    grid = map_grid(glass, heatmaps)
    found = [
        tile
        for number, heatmap in enumerate(heatmaps, 1)
        for tile in map_tiles(number, heatmap, _steps(_shares(heatmap)), grid)
    ]
    _put_on_glass(dataset, page, grid, MAP_SIDE, [tile for tile, _ in found])
    return [pixels for _, pixels in found]


def _shares(heatmap: Heatmap) -> FloatArray:
    """Where between the lowest and the highest similarity of its map each place is."""
    low, high = _range(heatmap)
    shares: FloatArray = np.nan_to_num((heatmap.similarity - low) / ((high - low) or 1.0))
    return shares


def _steps(shares: FloatArray) -> npt.NDArray[np.uint8]:
    return np.asarray(np.clip(shares, 0, 1) * _STEPS + 0.5, np.uint8)


def _encapsulated(frames: list[npt.NDArray[np.uint8]]) -> bytes:
    import imagecodecs
    from pydicom.encaps import encapsulate

    return encapsulate([bytes(imagecodecs.jpegls_encode(frame)) for frame in frames])


def _even(data: bytes) -> bytes:
    return data + b"\0" if len(data) % 2 else data
