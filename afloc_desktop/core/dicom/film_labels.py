"""What a header says of a film beyond its pixels: whose it is, how it was taken, who is named.

For training sets: the names and numbers found here are what a report must not repeat. Nothing of
this reaches a log or a store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.archive import open_source
from afloc_desktop.core.dicom.dataset import read_header
from afloc_desktop.core.dicom.guard import foreign_code, quiet_pydicom
from afloc_desktop.core.dicom.meaning import EYE
from afloc_desktop.core.dicom.tags import Tags
from afloc_desktop.core.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pydicom import DataElement, Dataset

_MOST_ELEMENTS = 20_000
_DEEPEST = 8
_LONGEST = 200  # characters of one identifier; longer text is prose and no name
_NAMING_VRS = ("PN", "LO", "SH", "ST", "LT", "UT", "UI", "DA", "DT", "UC", "UR")
# Text that says how a film was taken, in words reports use too: "CHEST", "Siemens".
_TECHNICAL = frozenset((
    "SpecificCharacterSet", "SOPClassUID", "Modality", "BodyPartExamined", "ViewPosition",
    "StudyDescription", "SeriesDescription", "ProtocolName",
    "AcquisitionDeviceProcessingDescription", "Manufacturer", "ManufacturerModelName",
    "SoftwareVersions", "ConversionType", "ImageType", "PatientSex", "PatientOrientation",
    "PatientPosition", "Laterality", "ImageLaterality", "CodeMeaning", "CodeValue",
    "CodingSchemeDesignator", "CodingSchemeVersion", "ContextIdentifier", "MappingResource",
    "MappingResourceUID", "ContextUID", "TransferSyntaxUID", "ReferencedSOPClassUID", "RescaleType",
    "WindowCenterWidthExplanation", "LUTExplanation", "ContrastBolusAgent", "DerivationDescription",
    "LossyImageCompressionMethod", "ScanOptions", "FilterType", "RequestedProcedureDescription",
    "PerformedProcedureStepDescription", "AcquisitionDescription", "TextValue", "DetectorType",
    "DetectorDescription", "ExposureControlModeDescription",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class FilmLabels:
    r"""What a header says of one film. Text is as in the file and may name the patient.

    Attributes:
        study_uid, accession_number, patient_id: Empty where the file has none.
        modality, body_part, view_position: As in the file, upper case; empty where absent.
        view_words: Everything else that may tell the view: descriptions, protocol, view code.
        patient_orientation: Directions towards the right and the bottom, such as `L\F`.
        eye: `R`, `L` or `B` for both, of an ophthalmic photograph; else empty.
        sex: `F`, `M`, `O` or empty.
        age_years: None where the file does not say.
        scanner: Maker and model.
        has_burned_in: The file says that its pixels show the patient's name.
        identifiers: Names, numbers, dates and addresses of the header; no film is to be known by
            them.
    """

    study_uid: str
    accession_number: str
    patient_id: str
    modality: str
    body_part: str
    view_position: str
    view_words: str
    patient_orientation: str
    eye: str
    sex: str
    age_years: int | None
    scanner: str
    has_burned_in: bool
    identifiers: tuple[str, ...]


def read_film_labels(path: Path, member: str = "") -> FilmLabels:
    """Read the header of a film.

    Args:
        path: The file, or the archive that holds it.
        member: Name inside the archive; empty for the file itself.

    Raises:
        UnreadableFile: Absent, damaged, or not DICOM.
        UnsupportedImage: In an unknown transfer syntax.
    """
    with quiet_pydicom():
        dataset = whole_header(path, member)
        tags = Tags(dataset)
        code = next(iter(tags.items("ViewCodeSequence")), None)
        words = (
            tags.text("SeriesDescription"),
            tags.text("ProtocolName"),
            tags.text("AcquisitionDeviceProcessingDescription"),
            code.text("CodeMeaning") if code else "",
        )
        return FilmLabels(
            study_uid=tags.text("StudyInstanceUID"),
            accession_number=tags.text("AccessionNumber"),
            patient_id=tags.text("PatientID"),
            modality=tags.text("Modality").upper(),
            body_part=tags.text("BodyPartExamined").upper(),
            view_position=tags.text("ViewPosition").upper(),
            view_words=" ".join(word for word in words if word),
            patient_orientation=tags.text("PatientOrientation").upper(),
            eye=_eye(tags),
            sex=tags.text("PatientSex").upper()[:1],
            age_years=_age(tags.text("PatientAge")),
            scanner=" ".join(
                filter(None, (tags.text("Manufacturer"), tags.text("ManufacturerModelName")))
            ),
            has_burned_in=tags.text("BurnedInAnnotation").upper() == "YES",
            identifiers=identifiers_of(dataset),
        )


def whole_header(path: Path, member: str = "") -> Dataset:
    """Every element in front of the pixels. Call it inside `quiet_pydicom`.

    Raises:
        UnreadableFile: Absent, damaged, or not DICOM.
        UnsupportedImage: In an unknown transfer syntax.
    """
    with open_source(path, member) as (file, size):
        return read_header(file, size)


def identifiers_of(dataset: Dataset) -> tuple[str, ...]:
    """Names, numbers, dates, addresses and private text of a data set, each once, in file order.

    Elements that cannot be read name nobody; what is nested deeper than eight sequences is left.
    """
    found: dict[str, None] = {}
    for count, element in enumerate(_elements(dataset, _DEEPEST)):
        if count >= _MOST_ELEMENTS:
            break
        for value in _texts(element):
            found[value] = None
    return tuple(found)


def _elements(dataset: Dataset, depth: int) -> Iterator[DataElement]:
    for tag in list(dataset.keys()):
        try:
            with foreign_code(""):
                element = dataset[tag]
                items = list(element.value) if element.VR == "SQ" and depth else []
        except UnreadableFile:
            continue
        yield element
        for item in items:
            yield from _elements(item, depth - 1)


def _texts(element: DataElement) -> list[str]:
    is_private_bytes = element.tag.is_private and element.VR in ("UN", "OB")
    if not is_private_bytes and element.VR not in _NAMING_VRS:
        return []
    if element.keyword in _TECHNICAL:
        return []
    try:
        with foreign_code(""):
            value = element.value
            if isinstance(value, bytes):
                value = value[: _LONGEST + 1].decode("latin-1")
            is_many = isinstance(value, Sequence) and not isinstance(value, str)
            texts = [str(part).strip(" \0") for part in (value if is_many else [value])]
    except UnreadableFile:
        return []
    return [text for text in texts if 0 < len(text) <= _LONGEST and text.isprintable()]


def _eye(tags: Tags) -> str:
    if tags.text("Modality").upper() != EYE:
        return ""
    side = tags.text("ImageLaterality") or tags.text("Laterality")
    return side.upper() if side.upper() in ("R", "L", "B") else ""


def _age(text: str) -> int | None:
    """`061Y`, `007M`: whole years (PS3.5 6.2, AS)."""
    number, unit = text[:-1], text[-1:].upper()
    if not number.isdecimal() or unit not in ("D", "W", "M", "Y"):
        return None
    per_year = {"D": 365, "W": 52, "M": 12, "Y": 1}[unit]
    return int(number) // per_year
