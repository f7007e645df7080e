"""Structured reports: the findings of a film as measurement groups (PS3.16 TID 1500, 1410, 1501).

Every group says what was found, where, how similar, by which model, and what the reader decided.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from afloc_desktop import __version__
from afloc_desktop.core.dicom.tags import Tags
from afloc_desktop.core.export import codes
from afloc_desktop.core.export.codes import Code
from afloc_desktop.core.export.marks import Figure, measured
from afloc_desktop.core.export.objects import (
    IMPLEMENTATION,
    MAKER,
    PRODUCT,
    Kind,
    Page,
    long,
    new_object,
    person,
    to_bytes,
)
from afloc_desktop.core.export.record import tracking_id, tracking_uid
from afloc_desktop.core.export.tiles import reference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from afloc_desktop.core.domain import Region
    from afloc_desktop.core.export.selection import Statement
    from afloc_desktop.core.measuring import Mark

REPORT = Kind("sr", "1.2.840.10008.5.1.4.1.1.88.33", "SR", 9103)
# Only this one may say where something is in millimetres on the glass.
REPORT_3D = Kind("sr", "1.2.840.10008.5.1.4.1.1.88.34", "SR", 9103)
_MOST_POINTS = 5000  # of an outline; only on slides there are more
_CONTEXT, _MODIFIER, _CONTAINS = "HAS OBS CONTEXT", "HAS CONCEPT MOD", "CONTAINS"
_DECIDED = ("accepted", "edited")

_TITLE = Code("126000", "DCM", "Imaging Measurement Report")
_LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")
_ENGLISH = Code("en-US", "RFC5646", "English (United States)")
_OBSERVER_TYPE = Code("121005", "DCM", "Observer Type")
_PERSON, _DEVICE = Code("121006", "DCM", "Person"), Code("121007", "DCM", "Device")
_PERSON_NAME = Code("121008", "DCM", "Person Observer Name")
_DEVICE_UID = Code("121012", "DCM", "Device Observer UID")
_DEVICE_NAME = Code("121013", "DCM", "Device Observer Name")
_DEVICE_MAKER = Code("121014", "DCM", "Device Observer Manufacturer")
_DEVICE_MODEL = Code("121015", "DCM", "Device Observer Model Name")
_PROCEDURE = Code("121058", "DCM", "Procedure reported")
_IMAGING = Code("363679005", "SCT", "Imaging procedure")
_MEASUREMENTS = Code("126010", "DCM", "Imaging Measurements")
_GROUP = Code("125007", "DCM", "Measurement Group")
_TRACKING_ID = Code("112039", "DCM", "Tracking Identifier")
_TRACKING_UID = Code("112040", "DCM", "Tracking Unique Identifier")
_ALGORITHM_NAME = Code("111001", "DCM", "Algorithm Name")
_ALGORITHM_VERSION = Code("111003", "DCM", "Algorithm Version")
_ALGORITHM_PARAMETERS = Code("111002", "DCM", "Algorithm Parameters")
_IMAGE_REGION = Code("111030", "DCM", "Image Region")
_SUBJECT, _SPECIMEN = Code("121024", "DCM", "Subject Class"), Code("121027", "DCM", "Specimen")
_SPECIMEN_UID = Code("121039", "DCM", "Specimen UID")
_SPECIMEN_ID = Code("121041", "DCM", "Specimen Identifier")
_CONTAINER_ID = Code("111700", "DCM", "Specimen Container Identifier")
_COMMENT = Code("121106", "DCM", "Comment")
_SOURCE = Code("260753009", "SCT", "Source")


def report(page: Page) -> bytes | None:
    """What was found on one film or slide; VERIFIED only where one reader decided on all of it.

    Args:
        page: With its findings; those below their threshold are reported as such.

    Returns:
        The file; None where nothing was stated.

    Raises:
        InvalidObject: It cannot be written.
    """
    if not page.results.stated:
        return None
    glass = page.source.glass
    dataset = new_object(page, REPORT_3D if glass is not None and glass.levels else REPORT)
    dataset.ReferencedPerformedProcedureStepSequence = []
    dataset.PerformedProcedureCodeSequence = []
    dataset.CurrentRequestedProcedureEvidenceSequence = [_evidence(page)]
    dataset.CompletionFlag = "COMPLETE"
    _put_verification(dataset, page)
    dataset.ValueType, dataset.ContinuityOfContent = "CONTAINER", "SEPARATE"
    dataset.ConceptNameCodeSequence = [_TITLE.item()]
    dataset.ContentTemplateSequence = [_template("1500")]
    groups = [group for s in page.results.stated for group in _groups(page, s)]
    groups += [_mark_group(page, mark, n) for n, mark in enumerate(page.results.marks, 1)]
    dataset.ContentSequence = [
        _coded(_MODIFIER, _LANGUAGE, _ENGLISH),
        *_observers(page),
        *_specimens(page),
        _coded(_MODIFIER, _PROCEDURE, _IMAGING),
        _container(_MEASUREMENTS, groups),
    ]
    return to_bytes(dataset)


def _evidence(page: Page) -> Dataset:
    study, source = Dataset(), page.source
    series = source.series_item()
    files = (
        [source.file_reference()] if source.glass is None else map(reference, source.glass.files)
    )
    series.ReferencedSOPSequence = list(files)
    study.StudyInstanceUID, study.ReferencedSeriesSequence = source.study_uid, [series]
    return study


def _put_verification(dataset: Dataset, page: Page) -> None:
    findings = [s.finding for s in page.results.stated]
    authors = {f.author for f in findings}
    is_verified = all(f.status in _DECIDED for f in findings) and len(authors) == 1
    if not is_verified or "" in authors:
        dataset.VerificationFlag, dataset.PreliminaryFlag = "UNVERIFIED", "PRELIMINARY"
        return
    dataset.VerificationFlag, dataset.PreliminaryFlag = "VERIFIED", "FINAL"
    observer = Dataset()
    observer.VerifyingObserverName = person(authors.pop())
    observer.VerifyingOrganization = "unknown"
    observer.VerificationDateTime = page.series.created.strftime("%Y%m%d%H%M%S")
    observer.VerifyingObserverIdentificationCodeSequence = []
    dataset.VerifyingObserverSequence = [observer]


def _observers(page: Page) -> list[Dataset]:
    """TID 1001: the application, and every reader who decided on a finding."""
    readers = dict.fromkeys(s.finding.author for s in page.results.stated if s.finding.author)
    items = []
    for reader in readers:
        items += [_coded(_CONTEXT, _OBSERVER_TYPE, _PERSON), _named(_PERSON_NAME, reader)]
    return [
        *items,
        _coded(_CONTEXT, _OBSERVER_TYPE, _DEVICE),
        _uid(_DEVICE_UID, IMPLEMENTATION),
        _text(_CONTEXT, _DEVICE_NAME, PRODUCT),
        _text(_CONTEXT, _DEVICE_MAKER, MAKER),
        _text(_CONTEXT, _DEVICE_MODEL, f"{PRODUCT} {__version__}"),
    ]


def _specimens(page: Page) -> Iterable[Dataset]:
    """TID 1009: that the report is about what is on a glass, and which."""
    glass = page.source.glass
    described = Tags() if glass is None else Tags(glass.specimen)
    for item in described.items("SpecimenDescriptionSequence"):
        if item.text("SpecimenUID"):
            yield _coded(_CONTEXT, _SUBJECT, _SPECIMEN)
            yield _uid(_SPECIMEN_UID, item.text("SpecimenUID"))
            yield _text(_CONTEXT, _SPECIMEN_ID, item.text("SpecimenIdentifier"))
            container = described.text("ContainerIdentifier")
            yield _text(_CONTEXT, _CONTAINER_ID, container)


def _groups(page: Page, statement: Statement) -> list[Dataset]:
    if not statement.regions:
        return [_container(_GROUP, _about(page, statement, None, 1), "1501")]
    return [
        _container(_GROUP, _about(page, statement, region, number), "1410")
        for number, region in enumerate(statement.regions, 1)
    ]


def _about(page: Page, statement: Statement, region: Region | None, number: int) -> list[Dataset]:
    """The content of one measurement group, in the order of its template."""
    finding, frame = statement.finding, page.results.image.ref.frame
    items = [_text(_CONTEXT, _TRACKING_ID, tracking_id(statement, number))]
    if region is not None:
        uid = tracking_uid(page.source.sop_instance_uid, frame, statement, region)
        items.append(_uid(_TRACKING_UID, uid))
    items.append(_coded(_CONTAINS, codes.FINDING, codes.finding_code(finding.id)))
    if region is not None:
        items.append(_outline(page, region))
    site = codes.site_code(finding.id)
    if site:
        items.append(_coded(_MODIFIER, codes.FINDING_SITE, site))
    items += _algorithm(statement)
    items += _numbers(page, statement, region)
    items.append(
        _coded(_CONTAINS, codes.EXTENT, codes.ABOVE if finding.is_present else codes.BELOW)
    )
    items.append(_coded(_CONTAINS, codes.DECISION, codes.DECISIONS[finding.status]))
    items.append(_text(_CONTAINS, codes.PROMPT, finding.prompt.words))
    if finding.author:
        items.append(_text(_CONTAINS, codes.DECIDED_BY, finding.author))
    return items


def _algorithm(statement: Statement) -> Iterable[Dataset]:
    """TID 4019."""
    made = statement.finding.provenance
    yield _text(_MODIFIER, _ALGORITHM_NAME, made.bundle_id)
    yield _text(_MODIFIER, _ALGORITHM_VERSION, f"sha256 {made.bundle_sha256}")
    for parameter in (
        f"preprocessing {made.preprocess_fingerprint}",
        f"application {made.app_version}",
        f"provider {made.provider}",
        f"computed {made.created}",
    ):
        yield _text(_MODIFIER, _ALGORITHM_PARAMETERS, parameter)


def _numbers(page: Page, statement: Statement, region: Region | None) -> Iterable[Dataset]:
    finding = statement.finding
    similarity = finding.similarity if region is None else region.similarity
    if similarity == similarity:  # NaN where the model saw nothing of the film
        yield _number(codes.SIMILARITY, similarity, codes.ONE)
    yield _number(codes.THRESHOLD, finding.threshold, codes.ONE)
    if finding.probability is not None:
        yield _number(codes.PROBABILITY, finding.probability, codes.ONE)
    spacing = page.results.spacing
    if region is not None and region.area_mm2 is not None and spacing is not None:
        yield _number(codes.AREA, region.area_mm2, codes.SQUARE_MM)
        yield _text(_CONTAINS, codes.AREA_BASIS, spacing.basis)


def _mark_group(page: Page, mark: Mark, number: int) -> Dataset:
    """What the reader measured or noted: TID 1410 of a shape, else TID 1501."""
    found = measured(mark, page.results.image)
    items = [_text(_CONTEXT, _TRACKING_ID, f"{found.kind.capitalize()} {number}")]
    if found.is_region:
        items.append(_uid(_TRACKING_UID, generate_uid(prefix=None)))
        items += [_graphic(page, _CONTAINS, figure) for figure in found.figures]
    said = [_number(*n) for n in found.numbers] or [_text(_CONTAINS, _COMMENT, found.label)]
    if not found.is_region:
        said[0].ContentSequence = [_graphic(page, "INFERRED FROM", f) for f in found.figures]
    items += said
    if found.basis:
        items.append(_text(_CONTAINS, codes.AREA_BASIS, found.basis))
    return _container(_GROUP, items, "1410" if found.is_region else "1501")


def _outline(page: Page, region: Region) -> Dataset:
    # All numbers of a graphic have to fit into 65,534 bytes (PS3.5 7.1.2).
    points = region.outline[:: math.ceil(len(region.outline) / _MOST_POINTS)]
    closed, glass = (*points, points[0]), page.source.glass
    if glass is None or not glass.levels:
        return _graphic(page, _CONTAINS, Figure("POLYLINE", closed))
    item = _item(_CONTAINS, "SCOORD3D", _IMAGE_REGION)
    item.GraphicType = "POLYGON"
    item.GraphicData = [value for point in closed for value in glass.matrix.place(*point)]
    item.ReferencedFrameOfReferenceUID = glass.frame_of_reference
    return item


def _graphic(page: Page, relation: str, figure: Figure) -> Dataset:
    image = _item("SELECTED FROM", "IMAGE", _SOURCE)
    item = _item(relation, "SCOORD", _IMAGE_REGION)
    image.ReferencedSOPSequence = [page.source.reference()]
    item.GraphicType = figure.kind
    item.GraphicData = [value for point in figure.points for value in point]
    item.ContentSequence = [image]
    if page.source.glass is not None:  # a point in a tile would be another one in every tile
        item.PixelOriginInterpretation = "VOLUME"
    return item


def _item(relation: str, kind: str, concept: Code) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = relation, kind
    item.ConceptNameCodeSequence = [concept.item()]
    return item


def _container(concept: Code, content: list[Dataset], template: str = "") -> Dataset:
    item = _item(_CONTAINS, "CONTAINER", concept)
    item.ContinuityOfContent, item.ContentSequence = "SEPARATE", content
    if template:
        item.ContentTemplateSequence = [_template(template)]
    return item


def _template(number: str) -> Dataset:
    item = Dataset()
    item.MappingResource, item.TemplateIdentifier = "DCMR", number
    return item


def _coded(relation: str, concept: Code, value: Code) -> Dataset:
    item = _item(relation, "CODE", concept)
    item.ConceptCodeSequence = [value.item()]
    return item


def _text(relation: str, concept: Code, value: str) -> Dataset:
    item = _item(relation, "TEXT", concept)
    item.TextValue = long(value) or "-"
    return item


def _uid(concept: Code, value: str) -> Dataset:
    item = _item(_CONTEXT, "UIDREF", concept)
    item.UID = value
    return item


def _named(concept: Code, value: str) -> Dataset:
    item = _item(_CONTEXT, "PNAME", concept)
    item.PersonName = person(value)
    return item


def _number(concept: Code, value: float, unit: Code) -> Dataset:
    item, measured = _item(_CONTAINS, "NUM", concept), Dataset()
    measured.NumericValue, measured.FloatingPointValue = f"{value:.8g}", float(value)
    measured.MeasurementUnitsCodeSequence = [unit.item()]
    item.MeasuredValueSequence = [measured]
    return item
