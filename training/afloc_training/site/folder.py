"""Everything a data folder holds: films, report tables, documents; nothing is decoded."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.film_labels import read_film_labels
from afloc_desktop.core.dicom.pictures import shows_picture
from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.domain import ImageRef
from afloc_desktop.core.errors import AflocError, DatasetError, UnsupportedImage
from afloc_training.site.documents import DOCUMENT_SUFFIXES, read_dicom_report, read_document
from afloc_training.site.faults import Fault, fault
from afloc_training.site.tables import TABLE_SUFFIXES, columns_of, read_table
from afloc_training.site.text_files import plain
from afloc_training.site.values import Film, Report
from afloc_training.site.views import find_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from afloc_desktop.core.domain import Listing

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
# Lie beside films and are neither film nor report.
_OTHER_SUFFIXES = (".md", ".rst", ".html", ".htm", ".xml", ".json", ".log", ".ini", ".db", ".xls")
_NOT_REPORTS = ("readme", "license", "licence", "copying", "changelog", "notice")


@dataclass(frozen=True, slots=True)
class Folder:
    """What was found.

    Attributes:
        films: Sorted by name.
        reports: Of the table first, then of documents, each in the order of their file.
        tables: Names of the tables that were read, below the data folder.
        faults: What could not be read.
    """

    films: tuple[Film, ...]
    reports: tuple[Report, ...]
    tables: tuple[str, ...]
    faults: tuple[Fault, ...]


def read_folder(root: Path, table: Path | None, columns: Mapping[str, str]) -> Folder:
    """List a data folder.

    Args:
        root: The folder; links out of it are not followed.
        table: The reports table; without it the one below `root` that has reports.
        columns: What the site calls a column, by what it means.

    Raises:
        DatasetError: No folder, no film, several tables that may be meant, or an unusable table.
    """
    if not root.is_dir():
        raise DatasetError(
            "The data folder does not exist or is no folder.",
            remedy="Give the folder that holds the images and their reports.",
        )
    paths = sorted(_files(root))
    films, reports, faults = _dicom(root)
    films += [_picture(path, root) for path in paths if path.suffix.lower() in PICTURE_SUFFIXES]
    chosen = table or _reports_table(paths, root)
    rows: list[Report] = []
    if chosen is not None:
        rows, bad = read_table(chosen, _name(chosen, root), columns)
        faults += bad
    for path in paths:
        if path.suffix.lower() in DOCUMENT_SUFFIXES and not _is_about_data(path):
            try:
                reports += read_document(path, _name(path, root))
            except AflocError as error:
                problem = fault(
                    "unreadable_report", _name(path, root), None, error.reason, error.remedy
                )
                faults.append(problem)
    if not films:
        raise DatasetError(
            "The data folder holds no image.", remedy="Give a folder of DICOM, PNG or JPEG images."
        )
    return Folder(
        films=tuple(sorted(films, key=lambda film: (film.name, film.ref.frame))),
        reports=tuple(_plain(report) for report in (*rows, *reports)),
        tables=() if chosen is None else (_name(chosen, root),),
        faults=tuple(faults),
    )


def _plain(report: Report) -> Report:
    named = tuple(plain(identifier) for identifier in report.identifiers)
    return replace(report, text=plain(report.text), identifiers=named)


def _files(root: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(here, name)
            if not name.startswith(".") and _is_regular(path):
                yield path


def _is_regular(path: Path) -> bool:
    """A file and no link to one; what the system hides is named by the scan for films."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _name(path: Path, root: Path, member: str = "") -> str:
    try:
        inside = path.relative_to(root).as_posix()
    except ValueError:
        inside = path.name
    return f"{inside}/{member}" if member else inside


def _is_about_data(path: Path) -> bool:
    return path.stem.lower().startswith(_NOT_REPORTS)


def _reports_table(paths: list[Path], root: Path) -> Path | None:
    """The one table that has words and names films; those of the top folder are looked at."""
    found = [
        path
        for path in paths
        if path.parent == root and path.suffix.lower() in TABLE_SUFFIXES and _is_reports(path)
    ]
    if len(found) > 1:
        raise DatasetError(
            f"{len(found)} tables of the data folder have reports.",
            remedy="Say which one with --reports TABLE.",
        )
    return found[0] if found else None


def _is_reports(path: Path) -> bool:
    try:
        meanings = set(columns_of(path))
    except DatasetError:
        return False
    return bool(meanings & {"report", "findings", "impression"})


def _picture(path: Path, root: Path) -> Film:
    return Film(ImageRef(path, 1, "", 0, 0, None), _name(path, root), is_picture=True)


def _dicom(root: Path) -> tuple[list[Film], list[Report], list[Fault]]:
    films: list[Film] = []
    reports: list[Report] = []
    faults: list[Fault] = []
    listing = scan([root])
    for ref in listing.images:
        if shows_picture(ref) and ref.path.suffix.lower() in PICTURE_SUFFIXES:
            continue  # it is taken for what it is below
        name = _name(ref.path, root, ref.member)
        try:
            films.append(_film(ref, name))
        except AflocError as error:
            faults.append(fault("unreadable_film", name, None, error.reason, error.remedy))
    for path, member, reason, remedy in _without_image(listing):
        name = _name(path, root, member)
        try:
            reports.append(read_dicom_report(path, member, name))
        except UnsupportedImage:
            if reason:  # else a presentation state, a waveform: neither film nor report
                faults.append(fault("unreadable_film", name, None, reason, remedy))
        except AflocError as error:
            kind = "unreadable_film" if reason else "unreadable_report"
            faults.append(fault(kind, name, None, reason or error.reason, remedy or error.remedy))
    return films, reports, faults


def _without_image(listing: Listing) -> Iterator[tuple[Path, str, str, str]]:
    """Objects that may be reports, with why they are no film."""
    for study in listing.studies:
        for other in study.others:
            yield other.path, other.member, "", ""
    known = (*PICTURE_SUFFIXES, *TABLE_SUFFIXES, *DOCUMENT_SUFFIXES, *_OTHER_SUFFIXES)
    for skipped in listing.skipped:
        is_known = skipped.path.suffix.lower() in known or _is_about_data(skipped.path)
        if not is_known and not skipped.path.name.startswith("."):
            yield skipped.path, "", skipped.reason, skipped.remedy


def _film(ref: ImageRef, name: str) -> Film:
    labels = read_film_labels(ref.path, ref.member)
    return Film(
        ref=ref,
        name=name,
        is_picture=False,
        study_uid=labels.study_uid,
        accession_number=labels.accession_number,
        patient_id=labels.patient_id,
        modality=labels.modality,
        body_part=labels.body_part,
        view=find_view(labels.view_position, labels.view_words, labels.patient_orientation),
        eye=labels.eye,
        sex=labels.sex,
        age_years=labels.age_years,
        scanner=labels.scanner,
        has_burned_in=labels.has_burned_in,
        identifiers=tuple(plain(identifier) for identifier in labels.identifiers),
    )
