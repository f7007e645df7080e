"""Reading results back, ours and others': segmentations, reports, presentation states, captures.

Nothing is written and nothing is believed: references are given as they are, and whoever paints
compares them with the film on screen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from afloc_desktop.core.dicom.archive import open_source
from afloc_desktop.core.dicom.dataset import read_header
from afloc_desktop.core.dicom.frames import frame_bytes
from afloc_desktop.core.dicom.guard import foreign_code, quiet_pydicom
from afloc_desktop.core.dicom.header import parse
from afloc_desktop.core.dicom.tags import Tags
from afloc_desktop.core.dicom.workers import decode_frame
from afloc_desktop.core.export.found import Mask, Reading, Shape, Target
from afloc_desktop.core.export.ground import NO_SLIDE, Ground, ground_of, is_tiled
from afloc_desktop.core.export.raster import outlines
from afloc_desktop.core.export.record import get_record, regions_of, statement_of
from afloc_desktop.core.export.shapes import outline_of
from afloc_desktop.core.export.tree import content_tree, meaning_of, plain, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from afloc_desktop.core.export.selection import OnSlide, Statement
    from afloc_desktop.core.geometry import Point

Kind = Literal["SEG", "SR", "GSPS", "SC", "other"]
_MOST_MASKS = 200  # 1.5 GB of 3000 x 2500
_MOST_SHAPES, _DEEPEST = 5000, 24
_MOST_NUMBERS = 1 << 16  # of one graphic
_SR_CLASSES = "1.2.840.10008.5.1.4.1.1.88."
_CLASSES: dict[str, Kind] = {
    "1.2.840.10008.5.1.4.1.1.66.4": "SEG",
    "1.2.840.10008.5.1.4.1.1.11.1": "GSPS",
    "1.2.840.10008.5.1.4.1.1.11.2": "GSPS",
    "1.2.840.10008.5.1.4.1.1.7": "SC",
    "1.2.840.10008.5.1.4.1.1.7.4": "SC",
}
_FRACTIONAL = "The segmentation holds fractions and not regions; it is shown as text."
_TOO_MANY = "The object holds more than can be shown; the rest is left out."
_ODD_GRAPHIC = "A graphic is of a kind that is not drawn."
_OTHER_GREY = "The presentation state also says how grey the film is; here it keeps its own window."
_TURNED = "The presentation state also turns or mirrors the film; here it lies as it is."


def read_result(
    path: Path, member: str = "", *, wanted: str = "", slides: Sequence[OnSlide] = ()
) -> Reading:
    """Read a result object.

    Args:
        path: The file, or the archive that holds it.
        member: Name inside the archive; empty for the file itself.
        wanted: SOP Instance UID of the film on screen: masks of others are not decoded. Empty
            for all.
        slides: That may be what it is about; all it says of one is in pixels of its finest level.

    Raises:
        UnreadableFile: Not DICOM, or damaged.
        UnsupportedImage: A segmentation stored in a way that is not read.
    """
    with open_source(path, member) as (file, size), quiet_pydicom():
        dataset = read_header(file, size)
        tags = Tags(dataset)
        kind = kind_of(tags.text("SOPClassUID"))
        masks: tuple[Mask, ...] = ()
        notes: list[str] = []
        ground = ground_of(_targets(kind, tags, (), ()), slides)
        if kind == "SEG" and not is_tiled(tags):
            masks, notes = _masks(tags, file, size, wanted)
        record = get_record(dataset)
        if kind == "GSPS" and record is None:
            notes += _beyond_graphics(tags)
        if kind == "SEG" and is_tiled(tags):
            shapes = _tiled(tags, file, size, ground, notes)
        else:
            shapes = _known_again(record, kind, _shapes_of(kind, tags, notes, ground))
        statements = _statements(record, shapes, masks)
        title = plain(tags.text("SeriesDescription")) or _class_name(tags)
        return Reading(
            kind=kind,
            title=title,
            targets=tuple(dict.fromkeys(_targets(kind, tags, shapes, masks))),
            shapes=shapes,
            masks=masks,
            tree=content_tree(tags) if kind == "SR" else tree_of(dataset, title),
            statements=statements,
            tracked=_tracked(record, statements),
            is_verified=tags.text("VerificationFlag") == "VERIFIED",
            notes=tuple(dict.fromkeys(notes)),
        )


def kind_of(sop_class: str) -> Kind:
    """What an object is, by its SOP class UID."""
    return "SR" if sop_class.startswith(_SR_CLASSES) else _CLASSES.get(sop_class, "other")


def _class_name(tags: Tags) -> str:
    with foreign_code("The object is damaged"):
        from pydicom.uid import UID

        return plain(UID(tags.text("SOPClassUID")).name) or "DICOM object"


def _targets(
    kind: Kind, tags: Tags, shapes: Iterable[Shape], masks: Iterable[Mask]
) -> Iterator[Target]:
    yield from (shape.target for shape in shapes)
    yield from (mask.target for mask in masks)
    if kind == "SR":
        for study in tags.items("CurrentRequestedProcedureEvidenceSequence"):
            for series in study.items("ReferencedSeriesSequence"):
                yield from _referenced(series, "ReferencedSOPSequence")
    for series in tags.items("ReferencedSeriesSequence"):
        yield from _referenced(series, "ReferencedImageSequence")
        yield from _referenced(series, "ReferencedInstanceSequence")
    if kind == "SC":
        yield from _referenced(tags, "SourceImageSequence")


def _referenced(tags: Tags, keyword: str) -> list[Target]:
    found = []
    for item in tags.items(keyword):
        uid = item.text("ReferencedSOPInstanceUID")
        frames = [int(n) for n in item.numbers("ReferencedFrameNumber")]
        if uid:
            found += [Target(uid, frame) for frame in frames] or [Target(uid)]
    return found


def _tiled(
    tags: Tags, file: BinaryIO, size: int, ground: Ground | None, notes: list[str]
) -> tuple[Shape, ...]:
    if tags.text("SegmentationType") != "BINARY":
        notes.append(_FRACTIONAL)
    elif ground is None:
        notes.append(NO_SLIDE)
    else:
        return tuple(ground.tiled_shapes(tags, file, size, notes)[:_MOST_SHAPES])
    return ()


def _shapes_of(
    kind: Kind, tags: Tags, notes: list[str], ground: Ground | None
) -> tuple[Shape, ...]:
    if kind == "SR":
        drawn = _report_shapes(tags, notes, ("", ""), ground, 0)
        settled = [shape if ground is None else ground.settled(shape) for shape in drawn]
        found = [shape for shape in settled if shape is not None]
        if len(found) < len(settled):
            notes.append(_ODD_GRAPHIC)
    elif kind == "GSPS":
        found = list(_state_shapes(tags, notes))
    else:
        return ()
    if len(found) > _MOST_SHAPES:
        notes.append(_TOO_MANY)
    return tuple(found[:_MOST_SHAPES])


def _report_shapes(
    tags: Tags, notes: list[str], known: tuple[str, str], ground: Ground | None, depth: int
) -> Iterator[Shape]:
    """The regions of a report, named by the finding of the group they are in.

    `known` is the label and the tracking UID of what is above.
    """
    label, tracking_uid = known
    content = tags.items("ContentSequence")
    for item in content:
        concept = _concept(item)
        if concept == ("121071", "DCM"):
            label = meaning_of(item, "ConceptCodeSequence") or label
        elif concept == ("112039", "DCM"):
            label = label or plain(item.text("TextValue"))
        elif concept == ("112040", "DCM"):
            tracking_uid = item.text("UID")
    for item in content:
        if item.text("ValueType") == "SCOORD":
            drawn = outline_of(item.text("GraphicType"), _graphic(item))
            if drawn is None:
                notes.append(_ODD_GRAPHIC)
                continue
            for image in item.items("ContentSequence"):
                for target in _referenced(image, "ReferencedSOPSequence"):
                    yield Shape(label, *drawn, target, tracking_uid)
        elif item.text("ValueType") == "SCOORD3D":
            outline = _on_glass(item, ground, notes)
            if outline is not None and ground is not None:
                yield Shape(label, *outline, ground.target, tracking_uid)
        elif depth < _DEEPEST:
            yield from _report_shapes(item, notes, (label, tracking_uid), ground, depth + 1)


def _on_glass(
    item: Tags, ground: Ground | None, notes: list[str]
) -> tuple[tuple[Point, ...], bool] | None:
    """A graphic in millimetres on the glass of a slide, in its pixels."""
    if ground is None:
        notes.append(NO_SLIDE)
        return None
    frame, numbers = item.text("ReferencedFrameOfReferenceUID"), _graphic(item)
    points = ground.on_glass(frame, numbers)
    kind = item.text("GraphicType")
    flat = [number for point in points or () for number in point]
    drawn = outline_of("POLYLINE" if kind == "POLYGON" else kind, flat)
    if drawn is None:
        notes.append(_ODD_GRAPHIC)
    return drawn


def _graphic(item: Tags) -> tuple[float, ...]:
    return item.numbers("GraphicData", _MOST_NUMBERS)


def _concept(tags: Tags) -> tuple[str, str]:
    names = tags.items("ConceptNameCodeSequence")
    return (
        (names[0].text("CodeValue"), names[0].text("CodingSchemeDesignator")) if names else ("", "")
    )


def _state_shapes(tags: Tags, notes: list[str]) -> Iterator[Shape]:
    """The graphics of a presentation state, named by the text beside them."""
    everywhere = [
        target
        for series in tags.items("ReferencedSeriesSequence")
        for target in _referenced(series, "ReferencedImageSequence")
    ]
    for annotation in tags.items("GraphicAnnotationSequence"):
        targets = _referenced(annotation, "ReferencedImageSequence") or everywhere
        texts = annotation.items("TextObjectSequence")
        label = plain(texts[0].text("UnformattedTextValue")) if texts else ""
        for graphic in annotation.items("GraphicObjectSequence"):
            drawn = outline_of(graphic.text("GraphicType"), graphic.numbers("GraphicData"))
            if drawn is None or graphic.text("GraphicAnnotationUnits") != "PIXEL":
                notes.append(_ODD_GRAPHIC)
                continue
            for target in targets:
                yield Shape(label, *drawn, target)


def _beyond_graphics(tags: Tags) -> Iterator[str]:
    """What a state of others does to a film beside drawing on it, which is not done here."""
    is_grey = any(
        tags.items(name) for name in ("SoftcopyVOILUTSequence", "PresentationLUTSequence")
    )
    if is_grey or tags.text("PresentationLUTShape") == "INVERSE":
        yield _OTHER_GREY
    if tags.integer("ImageRotation") or tags.text("ImageHorizontalFlip") == "Y":
        yield _TURNED


def _masks(
    tags: Tags, file: BinaryIO, size: int, wanted: str
) -> tuple[tuple[Mask, ...], list[str]]:
    if tags.text("SegmentationType") != "BINARY":
        return (), [_FRACTIONAL]
    segments = {s.integer("SegmentNumber"): s for s in tags.items("SegmentSequence")}
    file.seek(0)
    parsed = parse(file, size)
    found: list[Mask] = []
    frames = tags.items("PerFrameFunctionalGroupsSequence")[: parsed.header.frames]
    for number, frame in enumerate(frames, 1):
        targets = [t for t in _frame_targets(tags, frame) if wanted in ("", t.sop_instance_uid)]
        if not targets:
            continue
        if len(found) >= _MOST_MASKS:
            return tuple(found), [_TOO_MANY]
        values = decode_frame(parsed.header, frame_bytes(parsed, number)).values
        segment = segments.get(_segment_number(tags, frame), Tags())
        found.append(
            Mask(
                plain(segment.text("SegmentLabel")),
                values > 0,
                targets[0],
                segment.text("TrackingUID"),
            )
        )
    return tuple(found), []


def _groups(tags: Tags, frame: Tags, keyword: str) -> tuple[Tags, ...]:
    """A functional group of one frame, its own or the one shared by all."""
    shared = tags.items("SharedFunctionalGroupsSequence")[:1]
    return frame.items(keyword) or tuple(i for s in shared for i in s.items(keyword))


def _segment_number(tags: Tags, frame: Tags) -> int | None:
    for group in _groups(tags, frame, "SegmentIdentificationSequence"):
        return group.integer("ReferencedSegmentNumber")
    return None


def _frame_targets(tags: Tags, frame: Tags) -> list[Target]:
    named = [
        target
        for group in _groups(tags, frame, "DerivationImageSequence")
        for target in _referenced(group, "SourceImageSequence")
    ]
    if named:
        return named
    instances = [
        target
        for series in tags.items("ReferencedSeriesSequence")
        for target in _referenced(series, "ReferencedInstanceSequence")
    ]
    # Without a reference of its own, a frame is only certain where there is one film.
    return instances if len(instances) == 1 else []


def _known_again(
    record: Mapping[str, Any] | None, kind: Kind, shapes: tuple[Shape, ...]
) -> tuple[Shape, ...]:
    """Graphics of a state have no identifiers; those of ours come in the order of the record."""
    if record is None or kind != "GSPS":
        return shapes
    uids = (r["tracking_uid"] for entry in record["statements"] for r in entry["regions"])
    named = [replace(s, tracking_uid=uid) for s, uid in zip(shapes, uids, strict=False)]
    return (*named, *shapes[len(named) :])


def _statements(
    record: Mapping[str, Any] | None, shapes: tuple[Shape, ...], masks: tuple[Mask, ...]
) -> tuple[Statement, ...]:
    if record is None:
        return ()
    drawn = {shape.tracking_uid: shape.points for shape in shapes}
    for mask in masks:
        for outline in outlines(mask.pixels)[:1]:
            drawn[mask.tracking_uid] = outline
    return tuple(statement_of(e, regions_of(e, drawn)) for e in record["statements"])


def _tracked(
    record: Mapping[str, Any] | None, statements: tuple[Statement, ...]
) -> Mapping[str, Statement]:
    entries = () if record is None else record["statements"]
    return {
        region["tracking_uid"]: statement
        for entry, statement in zip(entries, statements, strict=True)
        for region in entry["regions"]
    }
