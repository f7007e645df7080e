"""Reports that are files: text, HL7 results, PDF, and DICOM objects that hold a report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.pdf_text import pdf_text
from afloc_desktop.core.dicom.reports import read_report
from afloc_desktop.core.errors import DatasetError
from afloc_training.site.text_files import read_bytes, read_text
from afloc_training.site.values import Report

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT_SUFFIXES = (".txt", ".hl7", ".oru", ".pdf")
_LONGEST = 200_000  # characters
_TEXT_TYPES = ("TX", "FT", "ST", "")
_ESCAPES = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\", ".br": "\n", ".sp": "\n"}
_ESCAPE = re.compile(r"\\([^\\]{1,10})\\")
# HL7 fields that name people, numbers or dates, by segment.
_NAMING = {
    "PID": (2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 18, 19, 20),
    "PV1": (3, 7, 8, 9, 17, 19, 52),
    "ORC": (2, 3, 10, 11, 12, 14, 17),
    "OBR": (2, 3, 6, 7, 10, 14, 16, 17, 18, 19, 20, 22, 28, 32, 33, 34, 35),
    "MSH": (3, 4, 5, 6, 10),
    "NK1": (2, 4, 5),
}


def read_document(path: Path, file: str) -> list[Report]:
    """Reports of a text, HL7 or PDF file beside a study.

    Args:
        path: The file.
        file: What faults call it; its name and folder may be those of the film.

    Raises:
        DatasetError: Too long, or refused by the system.
        UnreadableFile: A PDF document that cannot be read.
    """
    if path.suffix.lower() == ".pdf":
        text = pdf_text(read_bytes(path))
    else:
        text, _ = read_text(path)
    if len(text) > _LONGEST:
        raise DatasetError(
            "The text is longer than any report.", remedy="Give a table for many reports."
        )
    if text.lstrip("\x0b \r\n").startswith("MSH"):
        return _messages(text, file)
    stem = file.rsplit(".", 1)[0]
    return [Report(text, file, None, keys=(stem, stem.rpartition("/")[2]))]


def read_dicom_report(path: Path, member: str, file: str) -> Report:
    """A report that is a DICOM object.

    Raises:
        UnreadableFile: Damaged, or its document is.
        UnsupportedImage: A DICOM object of another kind.
    """
    found = read_report(path, member)
    return Report(
        text=found.text if found.kind == "structured" else pdf_text(found.document),
        file=file,
        row=None,
        study_uid=found.study_uid,
        accession_number=found.accession_number,
        patient_id=found.patient_id,
        identifiers=found.identifiers,
    )


def _messages(text: str, file: str) -> list[Report]:
    """Every result message of an HL7 version 2 file."""
    lines = [line.strip("\x0b\x1c ") for line in re.split(r"[\r\n]+", text)]
    starts = [i for i, line in enumerate(lines) if line.startswith("MSH")]
    return [
        _message(lines[start:end], file)
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)
    ]


def _message(lines: list[str], file: str) -> Report:
    separator = lines[0][3:4] or "|"
    segments = [line.split(separator) for line in lines if line]
    for segment in segments:
        if segment[0] == "MSH":  # its first field is the separator itself
            segment.insert(1, separator)
    numbers = [_field(segments, name, n) for name, n in
               (("OBR", 18), ("OBR", 3), ("ORC", 3), ("OBR", 2), ("OBR", 19))]  # fmt: skip
    numbers = [number for number in dict.fromkeys(numbers) if number]
    return Report(
        text=_words(segments),
        file=file,
        row=None,
        keys=tuple(numbers),
        study_uid=_field(segments, "ZDS", 1),
        accession_number=numbers[0] if numbers else "",
        patient_id=_field(segments, "PID", 3),
        identifiers=_named(segments),
    )


def _field(segments: list[list[str]], name: str, number: int) -> str:
    """First component of a field of the first such segment."""
    for segment in segments:
        if segment[0] == name and len(segment) > number:
            return segment[number].split("~")[0].split("^")[0].strip()
    return ""


def _words(segments: list[list[str]]) -> str:
    """Text of all results; `&IMP` and `&GDT` in the code say which section it is."""
    lines: list[str] = []
    heading = ""
    for segment in segments:
        if segment[0] != "OBX" or len(segment) < 6 or segment[2] not in _TEXT_TYPES:
            continue
        code = segment[3].upper()
        new = "IMPRESSION:" if "IMP" in code else "FINDINGS:" if "GDT" in code else ""
        if new and new != heading:
            lines.append(f"\n{new}")
            heading = new
        plain = _ESCAPE.sub(lambda m: _ESCAPES.get(m[1], " "), segment[5].replace("~", "\n"))
        lines.append(plain)
    return "\n".join(lines)


def _named(segments: list[list[str]]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for segment in segments:
        for number in _NAMING.get(segment[0], ()):
            if number < len(segment):
                for value in segment[number].split("~"):
                    found[value] = None
                    found.update(dict.fromkeys(value.split("^")))
    return tuple(value for value in found if 0 < len(value) <= 200)
