"""What all our DICOM objects share: patient and study of the film, a series of ours, our name."""

from __future__ import annotations

import io
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

from afloc_desktop import __version__
from afloc_desktop.core.dicom.guard import foreign_code, quiet_pydicom
from afloc_desktop.core.errors import InvalidObject, UnreadableFile
from afloc_desktop.core.export.codes import PROCESSING_EQUIPMENT, SOURCE_IMAGE, scheme_item
from afloc_desktop.core.export.names import short
from afloc_desktop.core.export.record import put_record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from afloc_desktop.core.export.selection import FilmResults
    from afloc_desktop.core.export.source import Source

MAKER = "AFLoc Desktop contributors"
PRODUCT = "AFLoc Desktop"
UTF8 = "ISO_IR 192"
# Of this application, in every installation: who wrote a file, never whose it is.
IMPLEMENTATION = UID("2.25.309485316425466846303934062466110358217")
_UNPAIRED = (
    "ABDOMEN", "AORTA", "BACK", "BLADDER", "CHEST", "COCCYX", "CSPINE", "FACE", "HEAD", "HEART",
    "ILIUM", "JAW", "LSPINE", "MAXILLA", "NECK", "PELVIS", "SKULL", "SPINE", "STERNUM", "TSPINE",
    "WHOLEBODY",
)  # fmt: skip
_TYPE_2 = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
)


class Kind(NamedTuple):
    """A kind of object we write."""

    id: str
    sop_class: str
    modality: str
    series_number: int


@dataclass(frozen=True, slots=True)
class NewSeries:
    """The series that the objects of one export and one kind go into.

    Attributes:
        description: For people; at most 64 characters.
        uid: New.
        created: Local time.
    """

    description: str
    uid: str = field(default_factory=lambda: generate_uid(prefix=None))
    created: datetime = field(default_factory=datetime.now)


class SeriesBook:
    """The new series of one export: one a study and kind, whenever its films come.

    `description` is that of all of them.
    """

    def __init__(self, description: str) -> None:
        self._description = description
        self._series: dict[tuple[str, str], NewSeries] = {}
        self._counts: Counter[str] = Counter()

    def place(self, study_uid: str, kind: str) -> tuple[NewSeries, int]:
        """Where the next object of a kind goes: its series, and its number in it from 1."""
        series = self._series.setdefault((study_uid, kind), NewSeries(self._description))
        self._counts[series.uid] += 1
        return series, self._counts[series.uid]


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """All that one object is made from.

    Attributes:
        results: A film and what was stated about it.
        source: Its header.
        series: Where the object goes.
        number: Of the object in its series, from 1.
    """

    results: FilmResults
    source: Source
    series: NewSeries
    number: int


def long(text: str, most: int = 1024) -> str:
    """Text as long DICOM elements take it: without control characters, at most so long."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)[:most]


def person(name: str) -> str:
    """A name as a person name element takes it."""
    return short(name.replace("=", " "), 60)


def new_object(page: Page, kind: Kind) -> Dataset:
    """An object with everything but its content.

    Patient, study, series, equipment and SOP common modules, reference and record.
    """
    source, series = page.source, page.series
    dataset = deepcopy(source.kept)
    for name in _TYPE_2:
        if name not in dataset:
            setattr(dataset, name, "")
    dataset.SOPClassUID, dataset.SOPInstanceUID = kind.sop_class, generate_uid(prefix=None)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = source.study_uid, series.uid
    dataset.Modality, dataset.SeriesNumber = kind.modality, kind.series_number
    dataset.SeriesDescription, dataset.InstanceNumber = series.description, page.number
    dataset.Manufacturer, dataset.ManufacturerModelName = MAKER, PRODUCT
    dataset.SoftwareVersions, dataset.DeviceSerialNumber = __version__, "none"
    day, clock = series.created.strftime("%Y%m%d"), series.created.strftime("%H%M%S")
    dataset.SeriesDate = dataset.InstanceCreationDate = day
    dataset.SeriesTime = dataset.InstanceCreationTime = clock
    if kind.modality != "PR":  # has a creation date instead
        dataset.ContentDate, dataset.ContentTime = day, clock
    if kind.modality != "SR":
        _put_body_part(dataset, source)
    dataset.CodingSchemeIdentificationSequence = [scheme_item()]
    dataset.ContributingEquipmentSequence = _contributors(page)
    put_record(dataset, kind.id, page.results, source.sop_instance_uid)
    return dataset


def _put_body_part(dataset: Dataset, source: Source) -> None:
    """Part and side of the body; an empty side says that it is not known (PS3.3 C.7.3.1)."""
    part = short(source.tags.text("BodyPartExamined"), 16)
    side = source.tags.text("Laterality") or source.tags.text("ImageLaterality")
    if part:
        dataset.BodyPartExamined = part
    # Segmentations have no such attribute of their own.
    if dataset.Modality != "SEG" and part not in _UNPAIRED:
        dataset.Laterality = side if side in ("L", "R") else ""


def source_item(source: Source) -> Dataset:
    """The film as what an image was derived from."""
    item = source.reference()
    item.PurposeOfReferenceCodeSequence = [SOURCE_IMAGE.item()]
    return item


def to_bytes(dataset: Dataset, *, syntax: UID = ExplicitVRLittleEndian) -> bytes:
    """The object as a DICOM file.

    The film's character set is kept where it has all our words, else it is UTF-8.

    Raises:
        InvalidObject: A value taken over from the film cannot be written.
    """
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.ImplementationClassUID, meta.ImplementationVersionName = IMPLEMENTATION, "AFLOC_DESKTOP"
    dataset.file_meta = meta
    try:
        with quiet_pydicom():
            return _encoded(dataset)
    except UnreadableFile as error:
        raise InvalidObject(
            error.reason, remedy="Choose PNG, CSV or JSON, or export it de-identified."
        ) from None


def _encoded(dataset: Dataset) -> bytes:
    if not _has_fitting_characters(dataset):
        _make_utf8(dataset)
    try:
        return _saved(dataset)
    except UnreadableFile:
        # A film may state a character set that its own names break.
        _make_utf8(dataset)
        return _saved(dataset)


def _saved(dataset: Dataset) -> bytes:
    stream = io.BytesIO()
    with foreign_code("A value of the film cannot be written again"):
        dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _contributors(page: Page) -> list[Dataset]:
    """The models, as equipment that contributed (PS3.3 C.12.1.1.5)."""
    items = []
    for made in dict.fromkeys(s.finding.provenance for s in page.results.stated):
        item = Dataset()
        item.PurposeOfReferenceCodeSequence = [PROCESSING_EQUIPMENT.item()]
        item.Manufacturer = MAKER
        item.ManufacturerModelName = short(made.bundle_id)
        item.SoftwareVersions = short(made.app_version)
        item.ContributionDescription = long(
            f"Model bundle {made.bundle_id}, sha256 {made.bundle_sha256}, preprocessing "
            f"{made.preprocess_fingerprint}, on {made.provider}, {made.created}"
        )
        items.append(item)
    return items


def _has_fitting_characters(dataset: Dataset) -> bool:
    """Whether the film's character set has all of its texts and ours."""
    from pydicom.charset import convert_encodings, python_encoding

    stated = dataset.get("SpecificCharacterSet")
    try:
        with foreign_code(""):
            encodings = convert_encodings(stated) if stated else ["ascii"]
    except UnreadableFile:
        return False
    # In the others a character has several bytes, and one of them may look like the backslash
    # between two values.
    is_sure = all(t in python_encoding and t.startswith("ISO_IR") for t in _terms(stated))
    return is_sure and all(_fits(text, encodings) for text in _texts(dataset))


def _terms(stated: object) -> list[str]:
    return [stated] if isinstance(stated, str) else [str(term) for term in stated or ()]  # type: ignore[attr-defined]


def _make_utf8(dataset: Dataset) -> None:
    _decode_all(dataset)
    dataset.SpecificCharacterSet = UTF8


def _texts(dataset: Dataset) -> Iterable[str]:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from _texts(item)
        elif element.VR in ("LO", "SH", "PN", "ST", "LT", "UT", "UC"):
            yield str(element.value or "")


def _fits(text: str, encodings: list[str]) -> bool:
    for encoding in encodings:
        try:
            text.encode(encoding)
        except (UnicodeError, LookupError):
            continue
        return True
    return False


def _decode_all(dataset: Dataset) -> None:
    """Forget the bytes that names came in, so that they are encoded anew."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                _decode_all(item)
        elif element.VR == "PN" and element.value:
            element.value = str(element.value)
