"""Report tables: CSV, TSV, JSONL and XLSX. A bad row costs itself and not the table."""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.dicom.guard import foreign_code
from afloc_desktop.core.errors import DatasetError, UnreadableFile
from afloc_desktop.core.strict_json import strict_object
from afloc_training.site.faults import Fault, fault
from afloc_training.site.text_files import read_text
from afloc_training.site.values import Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".xlsx")
_NAMES = {
    "image": "image image_path image_file file file_name filename path dicom film",
    "report": "report report_text text radiology_report befund",
    "findings": "findings",
    "impression": "impression conclusion beurteilung",
    "study_instance_uid": "study_instance_uid studyinstanceuid study_uid",
    "accession_number": "accession_number accessionnumber accession",
    "patient_id": "patient_id patientid patient subject_id mrn",
    "split": "split set fold",
    "view": "view view_position viewposition projection",
    "sex": "sex gender",
    "age": "age",
}
_MEANING = {name: meaning for meaning, names in _NAMES.items() for name in names.split()}
# Columns whose cells name somebody, whatever else the table calls them.
_NAMING = re.compile(
    r"name|physician|doctor|radiolog|birth|dob|phone|address|mail|mrn|hospital|institution|"
    r"operator|ssn|insurance|author|reader|referr|accession|patient|subject|uid|date"
)
_PEOPLE = re.compile(r"name|physician|doctor|radiolog|operator|author|reader|referr")
_MOST_NAMES = 5
_FORMULA = re.compile(r"\s*(?:=|[+@-]\s*[A-Z]{2,}\()")
_LONGEST_LINE = 2_000_000  # characters
_LONGEST_CELL = 100_000
_MOST_ROWS = 2_000_000
_MOST_INFLATED = 1_000_000_000  # bytes of a workbook


def columns_of(path: Path) -> tuple[str, ...]:
    """What the columns of a table mean; empty where it is no table or has no heading.

    Raises:
        DatasetError: The file cannot be read.
    """
    head = next(_records(path, path.name), None)
    if head is None or isinstance(head, Fault):
        return ()
    return tuple(_MEANING[c] for c in map(_plain, head[1]) if c in _MEANING)


def read_table(
    path: Path, file: str, columns: Mapping[str, str]
) -> tuple[list[Report], list[Fault]]:
    """Read a reports table.

    Args:
        path: The table.
        file: What faults call it.
        columns: What the site calls a column, by what it means; where it differs from the names
            known anyway.

    Returns:
        A report a row, and what is wrong with the others.

    Raises:
        DatasetError: Not a table, without rows, or without a column for the words or the film.
    """
    records = _records(path, file)
    head = next(records, None)
    if head is None or isinstance(head, Fault):
        raise DatasetError(
            "The reports table is empty or has no heading.",
            remedy="Give a table whose first row names its columns.",
        )
    meanings = _meanings(head[1], columns)
    reports: list[Report] = []
    faults: list[Fault] = []
    for record in records:
        if isinstance(record, Fault):
            faults.append(record)
            continue
        row, cells = record
        named = dict(zip(head[1], cells, strict=True))
        problem = _wrong_cells([named[name] for name in meanings], file, row)
        if problem:
            faults.append(problem)
        else:
            reports.append(_report(named, meanings, file, row))
    if not reports and not faults:
        raise DatasetError(
            "The reports table has a heading and no rows.", remedy="Give one row for every image."
        )
    return reports, faults


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def _meanings(head: Sequence[str], columns: Mapping[str, str]) -> dict[str, str]:
    """What each used column means, by its name in the table."""
    absent = [name for name in columns.values() if name not in head]
    if absent or not set(columns) <= set(_NAMES):
        raise DatasetError(
            "The reports table lacks a column that was named, or its meaning is unknown.",
            remedy=f"Write MEANING=COLUMN; meanings are {', '.join(_NAMES)}.",
        )
    given = {name: meaning for meaning, name in columns.items()}
    found = dict(given)
    for name in head:
        meaning = _MEANING.get(_plain(name))
        if meaning and meaning not in found.values() and name not in found:
            found[name] = meaning
    meant = set(found.values())
    if not meant & {"report", "findings", "impression"}:
        raise DatasetError(
            "The reports table has no column with the words of the report.",
            remedy="Name it `report`, or say --columns report=NAME.",
        )
    if not meant & {"image", "study_instance_uid", "accession_number"}:
        raise DatasetError(
            "The reports table does not say which image a report belongs to.",
            remedy="Add a column image, study_instance_uid or accession_number.",
        )
    return found


def _wrong_cells(cells: Sequence[str], file: str, row: int) -> Fault | None:
    if any("\0" in cell for cell in cells):
        return fault("bad_row", file, row, "The row holds a NUL character.")
    if any(len(cell) > _LONGEST_CELL for cell in cells):
        return fault("long_report", file, row, "A cell holds more text than any report.")
    if any(_FORMULA.match(cell) for cell in cells):
        return fault("formula", file, row, "A cell holds a formula of a spreadsheet.")
    return None


def _report(cells: Mapping[str, str], meanings: Mapping[str, str], file: str, row: int) -> Report:
    value = {meaning: cells[name].strip() for name, meaning in meanings.items()}
    parts = [
        f"{heading.upper()}:\n{value[heading]}"
        for heading in ("findings", "impression")
        if value.get(heading)
    ]
    naming = [_named(_plain(name), cells[name].strip()) for name in cells]
    return Report(
        text=value.get("report") or "\n\n".join(parts),
        file=file,
        row=row,
        image=value.get("image", "").replace("\\", "/"),
        study_uid=value.get("study_instance_uid", ""),
        accession_number=value.get("accession_number", ""),
        patient_id=value.get("patient_id", ""),
        split=value.get("split", ""),
        view=value.get("view", ""),
        sex=value.get("sex", ""),
        age=value.get("age", ""),
        identifiers=tuple(dict.fromkeys(cell for cell in naming if 0 < len(cell) <= 200)),
    )


def _named(column: str, cell: str) -> str:
    """What a cell names, empty where it names nobody; people as DICOM writes them, `Roe^Jane`."""
    words = re.findall(r"[^\s,;^]+", cell)
    if _PEOPLE.search(column) and len(words) <= _MOST_NAMES and not re.search(r"\d", cell):
        return "^".join(words) + "^"
    return cell if _NAMING.search(column) else ""


def _records(path: Path, file: str) -> Iterator[tuple[int, list[str]] | Fault]:
    """Rows as a spreadsheet counts them, the heading first; cells of a row match the heading."""
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        rows = _workbook(path, file)
    elif suffix == ".jsonl":
        rows = _json_lines(path, file)
    else:
        rows = _separated(path, file)
    width = None
    for row in rows:
        if isinstance(row, Fault):
            yield row
        elif row[0] > _MOST_ROWS:
            yield fault("bad_row", file, row[0], "The table has more rows than can be read.")
            return
        elif not any(cell.strip() for cell in row[1]):
            continue
        elif width is not None and len(row[1]) != width:
            found = f"The row has {len(row[1])} cells and the heading {width}."
            yield fault("bad_row", file, row[0], found)
        else:
            width = len(row[1])
            yield row


def _separated(path: Path, file: str) -> Iterator[tuple[int, list[str]] | Fault]:
    text, is_guessed = read_text(path)
    first = text.partition("\n")[0]
    delimiter = "\t" if path.suffix.lower() == ".tsv" else max(",;\t|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    row = 0
    while True:
        row += 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            if "field limit" in str(error):
                yield fault("long_report", file, row, "A cell holds more text than any report.")
            else:
                yield fault("bad_row", file, row, "A quote of the row is not closed.")
            continue
        yield row, cells
    if is_guessed and row > 1:
        reason = "The table is not in UTF-8; it was read as Windows-1252."
        yield fault("encoding", file, None, reason)


def _json_lines(path: Path, file: str) -> Iterator[tuple[int, list[str]] | Fault]:
    """Objects, one a line; the first one lends the heading, which counts as row 0."""
    text, _ = read_text(path)
    head: list[str] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        found = _json_object(line)
        if found is None:
            yield fault("bad_row", file, number, "The line is no JSON object of plain values.")
            continue
        if head is None:
            head = list(found)
            yield 0, head
        if not set(found) <= set(head):
            yield fault("bad_row", file, number, "The line has fields that the first one lacks.")
            continue
        yield number, [found.get(name, "") for name in head]


def _json_object(line: str) -> dict[str, str] | None:
    if len(line) > _LONGEST_LINE:
        return None
    try:
        found = strict_object(line)
    except ValueError:
        return None
    if not all(value is None or isinstance(value, str | int | float) for value in found.values()):
        return None
    return {name: "" if value is None else str(value) for name, value in found.items()}


def _workbook(path: Path, file: str) -> Iterator[tuple[int, list[str]] | Fault]:
    """Rows of the first sheet; formulas stay formulas, so that they are refused by name."""
    try:
        from openpyxl import load_workbook
    except ModuleNotFoundError as error:
        raise DatasetError(
            "Reading Excel tables needs openpyxl, which is not installed.",
            remedy="Save the table as CSV in UTF-8, or install 'afloc-desktop[train]'.",
        ) from error
    try:
        # Its warnings quote cells.
        with foreign_code("The workbook is damaged"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with zipfile.ZipFile(path) as archive:
                is_bomb = sum(i.file_size for i in archive.infolist()) > _MOST_INFLATED
            book = None if is_bomb else load_workbook(path, read_only=True, keep_links=False)
            rows = [] if book is None else _cells(book)
    except UnreadableFile as error:
        raise DatasetError(error.reason, remedy="Save it as CSV in UTF-8.") from error
    if is_bomb:
        raise DatasetError(
            "The workbook grows beyond any table.", remedy="Save it as CSV in UTF-8."
        )
    yield from enumerate(rows, 1)


def _cells(book: Any) -> list[list[str]]:
    sheet = book.worksheets[0]
    rows = [
        ["" if value is None else str(value) for value in row]
        for row in sheet.iter_rows(values_only=True, max_row=_MOST_ROWS)
    ]
    book.close()
    while rows and not any(rows[-1]):
        rows.pop()
    return rows
