"""Marks on a film from DICOM: segmentations (PS3.3 A.51) and reports (PS3.16 TID 1500).

Knows nothing of Slicer. A radiograph has no place in the patient, so its marks refer to an image
and lie on its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
# Comprehensive, and Enhanced: both may hold the coordinates of TID 1500.
REPORTS = ("1.2.840.10008.5.1.4.1.1.88.33", "1.2.840.10008.5.1.4.1.1.88.22")
_GROUP, _FINDING, _TRACKING = ("125007", "DCM"), ("121071", "DCM"), ("112039", "DCM")


class UnusableMarks(Exception):
    """A file that cannot be shown, and why, in words for whoever opened it."""


@dataclass(frozen=True)
class Segment:
    """A mask, bool, shape (rows, columns) of its film."""

    label: str
    mask: np.ndarray


@dataclass(frozen=True)
class Outline:
    """A closed line: points (x, y) in film pixels, (0, 0) the outer corner of the first.

    `facts` are the report's own words and numbers about it.
    """

    label: str
    points: np.ndarray
    facts: tuple[str, ...]


@dataclass
class Marks:
    """What one file says about one frame of one film."""

    film_uid: str
    frame: int
    segments: list[Segment] = field(default_factory=list)
    outlines: list[Outline] = field(default_factory=list)


def read_marks(path: str) -> Marks:
    """Read a segmentation or a report.

    Raises:
        UnusableMarks: It is damaged, or marks something else than one film.
    """
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        dataset = pydicom.dcmread(path)
        if dataset.SOPClassUID == SEGMENTATION:
            return _from_segmentation(dataset)
        return _from_report(dataset)
    # What pydicom raises on a damaged file is no promise of its own.
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, OSError) as error:
        raise UnusableMarks(f"The file is damaged ({type(error).__name__}).") from error
    except InvalidDicomError:
        raise UnusableMarks("The file is no DICOM.") from None
    except (NotImplementedError, RuntimeError) as error:
        raise UnusableMarks(f"Its pixels cannot be read ({type(error).__name__}).") from error


def _from_segmentation(dataset: Any) -> Marks:
    if dataset.SegmentationType != "BINARY":
        raise UnusableMarks("It holds whole similarity maps; choose the one of regions.")
    labels = {item.SegmentNumber: str(item.SegmentLabel) for item in dataset.SegmentSequence}
    masks = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns).astype(bool)
    groups = dataset.PerFrameFunctionalGroupsSequence
    shared = dataset.SharedFunctionalGroupsSequence[0]
    merged: dict[int, np.ndarray] = {}
    for mask, group in zip(masks, groups, strict=True):
        named = group if "SegmentIdentificationSequence" in group else shared
        number = named.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        merged[number] = merged.get(number, False) | mask
    film, frame = _one_film(_sources(dataset, [*groups, shared]))
    segments = [Segment(labels[number], mask) for number, mask in sorted(merged.items())]
    return Marks(film, frame, segments=segments)


def _sources(dataset: Any, groups: list[Any]) -> Iterator[Any]:
    """Every reference to a marked image; those of frames come first, because they name a frame."""
    for group in groups:
        for derivation in group.get("DerivationImageSequence", ()):
            yield from derivation.get("SourceImageSequence", ())
    for series in dataset.get("ReferencedSeriesSequence", ()):
        yield from series.get("ReferencedInstanceSequence", ())


def _from_report(dataset: Any) -> Marks:
    outlines, images = [], []
    for group in _groups(dataset):
        regions = [item for item in group.ContentSequence if item.ValueType == "SCOORD"]
        for region in regions:
            if region.GraphicType != "POLYLINE":
                continue
            points = np.asarray(region.GraphicData, float).reshape(-1, 2)
            if len(points) > 1 and (points[0] == points[-1]).all():
                points = points[:-1]
            outlines.append(Outline(_label(group), points, tuple(_facts(group))))
            images += [i for item in region.ContentSequence for i in item.ReferencedSOPSequence]
    if not outlines:
        raise UnusableMarks("It outlines nothing.")
    film, frame = _one_film(images)
    return Marks(film, frame, outlines=outlines)


def _groups(item: Any) -> Iterator[Any]:
    """Every measurement group below a content item, however deep."""
    for child in item.get("ContentSequence", ()):
        if child.ValueType != "CONTAINER":
            continue
        if _code(child.ConceptNameCodeSequence[0]) == _GROUP:
            yield child
        else:
            yield from _groups(child)


def _label(group: Any) -> str:
    for item in group.ContentSequence:
        if item.ValueType == "CODE" and _code(item.ConceptNameCodeSequence[0]) == _FINDING:
            return str(item.ConceptCodeSequence[0].CodeMeaning)
    return "Finding"


def _facts(group: Any) -> Iterator[str]:
    for item in group.ContentSequence:
        concept = item.ConceptNameCodeSequence[0]
        name = concept.CodeMeaning
        if item.ValueType == "NUM" and item.MeasuredValueSequence:
            value = item.MeasuredValueSequence[0]
            unit = value.MeasurementUnitsCodeSequence[0].CodeValue
            yield f"{name}: {value.NumericValue} {'' if unit == '1' else unit}".strip()
        elif item.ValueType == "TEXT" and _code(concept) != _TRACKING:
            yield f"{name}: {item.TextValue}"
        elif item.ValueType == "CODE" and _code(concept) != _FINDING:
            yield f"{name}: {item.ConceptCodeSequence[0].CodeMeaning}"


def _one_film(references: Any) -> tuple[str, int]:
    """The film that all references name, and its frame."""
    named: dict[str, int] = {}
    for reference in references:
        frames = reference.get("ReferencedFrameNumber") or 1
        first = int(frames[0] if isinstance(frames, (list, tuple)) else frames)
        named.setdefault(str(reference.ReferencedSOPInstanceUID), first)
    if len(named) != 1:
        raise UnusableMarks(f"It marks {len(named)} images; one film is shown at a time.")
    return next(iter(named.items()))


def _code(concept: Any) -> tuple[str, str]:
    return str(concept.CodeValue), str(concept.CodingSchemeDesignator)
