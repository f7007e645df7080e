"""Text of reports that come as DICOM objects: structured reports and encapsulated PDF documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from afloc_desktop.core.dicom.film_labels import identifiers_of, whole_header
from afloc_desktop.core.dicom.guard import FETCH_AGAIN, quiet_pydicom
from afloc_desktop.core.dicom.tags import Tags
from afloc_desktop.core.errors import UnreadableFile, UnsupportedImage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STRUCTURED = "1.2.840.10008.5.1.4.1.1.88."
_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_LARGEST = 50_000_000  # bytes of a file; a report of a hundred pages has ten million
_DEEPEST = 32  # content items within each other; written reports have six
_MOST_ITEMS = 5_000
_LONGEST = 200_000  # characters


@dataclass(frozen=True, slots=True)
class DicomReport:
    """A report and the study it belongs to. It names people.

    Attributes:
        kind: Whether the words are in `text` or in `document`.
        study_uid, accession_number, patient_id: Empty where the file has none.
        text: Of a structured report: one line an item, headings end with a colon.
        document: Bytes of a PDF document, not looked at.
        identifiers: Names, numbers, dates and addresses of header and content.
    """

    kind: Literal["structured", "pdf"]
    study_uid: str
    accession_number: str
    patient_id: str
    text: str
    document: bytes
    identifiers: tuple[str, ...]


def read_report(path: Path, member: str = "") -> DicomReport:
    """Read a structured report or an encapsulated PDF document.

    Args:
        path: The file, or the archive that holds it.
        member: Name inside the archive; empty for the file itself.

    Raises:
        UnreadableFile: Absent, damaged, too large, or not DICOM.
        UnsupportedImage: A DICOM object of another kind.
    """
    if not member and path.is_file() and path.stat().st_size > _LARGEST:
        raise UnreadableFile("The file is too large for a report.", remedy="Leave it out.")
    with quiet_pydicom():
        dataset = whole_header(path, member)
        tags = Tags(dataset)
        kind = tags.text("SOPClassUID")
        if kind == _PDF:
            return _report("pdf", tags, "", _document(tags), identifiers_of(dataset))
        if kind.startswith(_STRUCTURED):
            text = "\n".join(_lines(tags))[:_LONGEST]
            return _report("structured", tags, text, b"", identifiers_of(dataset))
    raise UnsupportedImage(
        "This DICOM object is no report.", remedy="Give structured reports or encapsulated PDF."
    )


def _report(
    kind: Literal["structured", "pdf"],
    tags: Tags,
    text: str,
    document: bytes,
    identifiers: tuple[str, ...],
) -> DicomReport:
    return DicomReport(
        kind=kind,
        study_uid=tags.text("StudyInstanceUID"),
        accession_number=tags.text("AccessionNumber"),
        patient_id=tags.text("PatientID"),
        text=text,
        document=document,
        identifiers=identifiers,
    )


def _document(tags: Tags) -> bytes:
    data = tags.raw("EncapsulatedDocument")
    if not isinstance(data, bytes) or not data.lstrip()[:5] == b"%PDF-":
        raise UnreadableFile("The document inside is missing or no PDF.", remedy=FETCH_AGAIN)
    return data


def _lines(tags: Tags) -> list[str]:
    lines: list[str] = []
    length = 0
    for count, line in enumerate(_walk(tags, _DEEPEST)):
        length += len(line)
        if count >= _MOST_ITEMS or length > _LONGEST:
            break
        lines.append(line)
    return lines


def _walk(tags: Tags, depth: int) -> Iterator[str]:
    """Containers become headings; text, codes and numbers their words; people and dates none."""
    for item in tags.items("ContentSequence"):
        name = next((c.text("CodeMeaning") for c in item.items("ConceptNameCodeSequence")), "")
        kind = item.text("ValueType")
        if kind == "CONTAINER" and name:
            yield f"\n{name}:"
        elif kind == "TEXT":
            yield f"{name}: {item.text('TextValue')}" if name else item.text("TextValue")
        elif kind == "CODE":
            meaning = next((c.text("CodeMeaning") for c in item.items("ConceptCodeSequence")), "")
            yield f"{name}: {meaning}."
        elif kind == "NUM":
            yield f"{name}: {_measured(item)}."
        if depth:
            yield from _walk(item, depth - 1)


def _measured(item: Tags) -> str:
    value = next(iter(item.items("MeasuredValueSequence")), None)
    if value is None:
        return "not measured"
    unit = next((c.text("CodeValue") for c in value.items("MeasurementUnitsCodeSequence")), "")
    return f"{value.text('NumericValue') or value.number('NumericValue')} {unit}".strip()
