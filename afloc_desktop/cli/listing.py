"""`afloc scan` and `afloc studies`: what is in a folder, and what was listed before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.cli.common import (
    DONE,
    NOTHING_DONE,
    SOME_FAILED,
    Verbs,
    add_json,
    add_verb,
    answer,
    answer_json,
    printable,
    say,
    say_skipped,
)

if TYPE_CHECKING:
    import argparse

    from afloc_desktop.core.domain import Listing, Series, SlideSize, Study


def add_verbs(verbs: Verbs) -> None:
    """Register the verbs of this module."""
    scan = add_verb(verbs, "scan", "studies, series and images; headers only", "afloc scan .")
    scan.add_argument(
        "paths",
        metavar="PATH",
        nargs="+",
        type=Path,
        help="files, folders, zip archives or DICOMDIRs",
    )
    add_json(scan)
    scan.set_defaults(run=_scan)
    studies = add_verb(
        verbs,
        "studies",
        "studies that the window listed before",
        "afloc studies chest --modality DX --date 20240101-20241231",
    )
    studies.add_argument("words", metavar="TEXT", nargs="*", help="words anywhere in the labels")
    studies.add_argument("--patient", metavar="TEXT", default="", help="part of name or ID")
    studies.add_argument("--date", metavar="FROM[-TO]", default="", help="YYYYMMDD")
    studies.add_argument("--modality", metavar="CODE", default="", help="such as DX")
    studies.add_argument("--description", metavar="TEXT", default="", help="part of it")
    add_json(studies)
    studies.set_defaults(run=_studies)


def status(listing: Listing) -> int:
    """The exit status a listing deserves."""
    if not (listing.images or listing.indexes or any(s.others for s in listing.studies)):
        return NOTHING_DONE
    return SOME_FAILED if listing.skipped else DONE


def _scan(chosen: argparse.Namespace) -> int:
    from afloc_desktop.core.dicom.scan import scan

    listing = scan(chosen.paths)
    if chosen.json:
        answer_json(listing)
    else:
        for study in listing.studies:
            _print_study(study)
        for index in listing.indexes:
            answer(f"{printable(str(index.path))}: an index of files (no image to show)")
    say_skipped(listing.skipped)
    return status(listing)


def _print_study(study: Study) -> None:
    heading = (study.patient_name, study.patient_id, study.date, study.description)
    answer(printable("  ".join(part for part in heading if part)) or "(no patient)")
    for note in study.notes:
        answer(f"  note: {note}")
    for series in study.series:
        _print_series(series)
    for other in study.others:
        place = f"{other.path} {other.member}".rstrip()
        answer(f"  {printable(other.kind)} (no image to show): {printable(place)}")


def _print_series(series: Series) -> None:
    labels = (series.modality, series.body_part, series.view_position, series.description)
    count = f"{len(series.images)} image{'s' if len(series.images) != 1 else ''}"
    if series.slide is not None:
        count = _slide(series.slide)
    answer(f"  {printable(' '.join(part for part in labels if part))}: {count}")
    for note in series.notes:
        answer(f"    note: {note}")
    for image in series.images:
        place = f"{image.path} {image.member}".rstrip()
        answer(f"    {printable(place)} [{image.frame}] {image.rows}×{image.columns}")


def _slide(size: SlideSize) -> str:
    words = [f"slide, {size.columns:,} × {size.rows:,}"]
    if size.um_per_pixel is not None:
        words.append(f"{size.um_per_pixel[0]:.3g} µm/px")
    words.append(f"{size.levels} level{'s' if size.levels != 1 else ''}")
    return ", ".join(words)


def _studies(chosen: argparse.Namespace) -> int:
    from afloc_desktop.state.index import Query, StudyIndex
    from afloc_desktop.state.paths import Paths

    first, _, last = chosen.date.partition("-")
    if any(date and not (date.isdecimal() and len(date) == 8) for date in (first, last)):
        say("afloc studies: a date is YYYYMMDD, a range YYYYMMDD-YYYYMMDD")
        return NOTHING_DONE
    query = Query(
        text=" ".join(chosen.words),
        patient=chosen.patient,
        date_from=first,
        date_to=last or ("" if "-" in chosen.date else first),
        modality=chosen.modality,
        description=chosen.description,
    )
    index = StudyIndex(Paths.default().index)
    found = index.search(query)
    problem = index.take_problem()
    if problem is not None:
        say(f"afloc: {problem.reason} {problem.remedy}")
    if chosen.json:
        answer_json(found)
    for study in () if chosen.json else found:
        words = (
            study.date,
            study.modalities,
            study.patient_name,
            study.patient_id,
            study.description,
        )
        answer(printable("  ".join(word for word in words if word)))
        for path in study.paths:
            answer(f"  {printable(str(path))}")
    return DONE if found else NOTHING_DONE
