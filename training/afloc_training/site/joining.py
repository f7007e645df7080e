"""Which report speaks of which film: by name, study UID, accession number or a list of the site."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from afloc_desktop.core.errors import DatasetError
from afloc_training.site.faults import Fault, fault
from afloc_training.site.values import Case, Film, Report
from afloc_training.site.views import View, find_view

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Joined:
    """Films with their reports.

    Attributes:
        cases: In the order of the films.
        faults: What could not be joined, or not without doubt.
    """

    cases: tuple[Case, ...]
    faults: tuple[Fault, ...]


class _Index(NamedTuple):
    """Films by whatever may name them."""

    names: dict[str, Film]
    ends: dict[str, list[Film]]
    studies: dict[str, list[Film]]
    accessions: dict[str, list[Film]]
    folders: dict[str, list[Film]]


def join(films: Sequence[Film], reports: Sequence[Report], mapping: Mapping[str, str]) -> Joined:
    """Join films and reports.

    Args:
        films: Of the data folder.
        reports: Of tables and documents.
        mapping: From what a film is called to what its report is called: its accession number,
            study UID or document.

    Raises:
        DatasetError: Nothing could be joined.
    """
    index = _index(films, mapping)
    faults: list[Fault] = []
    found: dict[int, list[Report]] = defaultdict(list)
    for report in reports:
        matches, problem = _match(report, index)
        if problem:
            faults.append(problem)
        for film in matches:
            found[id(film)].append(report)
    cases: list[Case] = []
    for film in films:
        chosen, problems = _one_report(film, found[id(film)])
        faults += problems
        if chosen:
            cases.append(_case(film, chosen))
    if not cases and not any(f.severity == "error" for f in faults):
        raise DatasetError(
            "No report could be joined to an image.",
            remedy="Check how the table names images, or give a list with --mapping.",
        )
    cases, wrong = _same_patients(cases)
    bare = [film for film in films if not found[id(film)]]
    return Joined(tuple(cases), (*faults, *wrong, *_without_report(bare, len(films))))


def _index(films: Iterable[Film], mapping: Mapping[str, str]) -> _Index:
    index = _Index({}, defaultdict(list), defaultdict(list), defaultdict(list), defaultdict(list))
    for film in films:
        index.names.setdefault(film.name, film)
        parts = film.name.split("/")
        for start in range(len(parts)):
            end = "/".join(parts[start:])
            stem, dot, suffix = end.rpartition(".")
            for key in {end, stem if dot and suffix.isalpha() else end}:
                index.ends[key].append(film)
        if film.ref.sop_instance_uid:
            index.ends[film.ref.sop_instance_uid].append(film)
        if film.study_uid:
            index.studies[film.study_uid].append(film)
        if film.accession_number:
            index.accessions[film.accession_number].append(film)
        index.folders["/".join(parts[:-1])].append(film)
    for name, target in mapping.items():
        for film in index.ends.get(name, ()):
            index.accessions[target].append(film)
    return index


def _match(report: Report, index: _Index) -> tuple[list[Film], Fault | None]:
    if report.image:
        return _by_image(report, index)
    if report.study_uid in index.studies:
        return index.studies[report.study_uid], None
    for key in (report.accession_number, *report.keys):
        if key in index.accessions:
            films = index.accessions[key]
            if len({film.patient_id for film in films if film.patient_id}) > 1:
                reason = "The number of the report stands on images of several patients."
                return [], fault("ambiguous", report.file, report.row, reason)
            return films, None
        for named in (index.ends, index.studies):
            if key in named:
                return named[key], None
    return _beside(report, index)


def _by_image(report: Report, index: _Index) -> tuple[list[Film], Fault | None]:
    name = report.image
    if name.startswith("/") or ":" in name[:3] or ".." in name.split("/"):
        reason = "The row names an image by a path that leads out of the data folder."
        return [], fault("outside", report.file, report.row, reason)
    while name.startswith("./"):
        name = name[2:]
    exact = index.names.get(name)
    matches = [exact] if exact else index.ends.get(name, [])
    if not matches:
        reason = "The image of this row is not in the data folder."
        return [], fault("missing_film", report.file, report.row, reason)
    if len({film.name for film in matches}) > 1:
        reason = f"{len(matches)} images of the data folder have the name of this row."
        return [], fault("ambiguous", report.file, report.row, reason)
    return matches, None


def _beside(report: Report, index: _Index) -> tuple[list[Film], Fault | None]:
    """A document that lies with the films of one study, and goes by no name of theirs."""
    folder = report.file.rpartition("/")[0]
    films = index.folders.get(folder, []) if report.row is None and folder else []
    if films and len({film.study_uid for film in films}) == 1:
        return films, None
    reason = "No image of the data folder belongs to this report."
    return [], fault("missing_film", report.file, report.row, reason)


def _one_report(film: Film, reports: list[Report]) -> tuple[Report | None, list[Fault]]:
    if not reports:
        return None, []
    if len({" ".join(report.text.split()) for report in reports}) == 1:
        again = [
            fault("repeated_row", r.file, r.row, "An earlier row says the same of the same image.")
            for r in reports[1:]
        ]
        return reports[0], again
    return None, [
        fault("contradiction", r.file, r.row, "Another report says something else of its image.")
        for r in reports
    ]


def _without_report(bare: Sequence[Film], of: int) -> list[Fault]:
    """One fault each, or a single one where most films have none."""
    if 2 * len(bare) > of:
        return [fault("missing_report", "", None, f"{len(bare)} of {of} images have no report.")]
    return [
        fault("missing_report", image.name, None, "No report speaks of this image.")
        for image in bare
    ]


def _case(film: Film, report: Report) -> Case:
    view: View = find_view(report.view, "", "") if report.view else "unknown"
    # What nobody can tell apart is one patient each, by study or else by film.
    patient = report.patient_id or film.patient_id or film.study_uid or film.name
    return Case(film, report, patient, film.view if view == "unknown" else view)


def _same_patients(cases: list[Case]) -> tuple[list[Case], list[Fault]]:
    """Leave out cases whose table and film name different patients.

    A table with numbers of its own agrees with hardly any film; that is no contradiction.
    """
    both = [c for c in cases if c.film.patient_id and c.report.patient_id]
    agreement = Counter(c.film.patient_id == c.report.patient_id for c in both)
    if agreement[True] < agreement[False]:
        return cases, []
    wrong = [c for c in both if c.film.patient_id != c.report.patient_id]
    reason = "The report and the image name different patients."
    out = {id(c) for c in wrong}
    return [c for c in cases if id(c) not in out], [
        fault("two_patients", c.report.file, c.report.row, reason) for c in wrong
    ]
