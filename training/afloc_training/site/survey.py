"""A site's data as training would read it: what can be used, and everything that is wrong."""

from __future__ import annotations

import csv
import io
import json
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.errors import AflocError, DatasetError, UnreadableFile
from afloc_desktop.core.picture import read_picture
from afloc_desktop.core.prompts import library_of
from afloc_training.site.checking import (
    LONGEST_REPORT,
    Look,
    Verdicts,
    check_cases,
    check_look,
    look_at,
)
from afloc_training.site.eyes import find_eye
from afloc_training.site.folder import read_folder
from afloc_training.site.joining import join
from afloc_training.site.lexicon import WORD, Lexicon, build_lexicon
from afloc_training.site.naming import shown
from afloc_training.site.text_files import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.model.bundle import Bundle
    from afloc_training.progress import Reporter
    from afloc_training.site.eyes import Eye
    from afloc_training.site.values import Case, Film, Report

_LANGUAGE = "English"  # of every text encoder in use; a bundle does not say
_SHORTEST_CODE = 5
_READERS = 2  # as many as there are decoder processes
_AHEAD = 4  # decoded films held at a time; a large one takes 30 MB


@dataclass(frozen=True, slots=True)
class SiteOptions:
    """What the user says of the data.

    Attributes:
        data: The folder.
        reports: The reports table; None where the folder has one or none.
        columns: What the site calls a column, by what it means.
        mapping: Table with the columns `film` and `report`; None without.
        removed, kept: Word lists, one word or phrase a line; None without.
    """

    data: Path
    reports: Path | None = None
    columns: tuple[tuple[str, str], ...] = ()
    mapping: Path | None = None
    removed: Path | None = None
    kept: Path | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """What was read.

    Attributes:
        films, reports: How many the folder holds.
        cases: Films that were joined with a report.
        verdicts: Faults, and which cases they keep out.
        lexicon: Of all reports.
        codes: Numbers and codes of headers and rows, lower case: none may be in a sentence.
        vocabulary: Words of the text encoder.
        named: Names and codes no path is shown with.
        modality: What the model reads: `cxr`, `fundus` or `histo`.
    """

    films: int
    reports: int
    cases: tuple[Case, ...]
    verdicts: Verdicts
    lexicon: Lexicon
    codes: frozenset[str]
    vocabulary: frozenset[str]
    named: frozenset[str]
    modality: str = "cxr"

    def usable(self) -> tuple[Case, ...]:
        """Cases that nothing keeps out so far; lateral films are never used."""
        return tuple(c for c in self.verdicts.left(self.cases) if c.view != "lateral")

    def shown(self, path: str) -> str:
        """A path without what may identify."""
        return shown(path, self.vocabulary, self.named)


def read_site(options: SiteOptions, bundle: Bundle) -> Survey:
    """Read everything but pixels.

    Raises:
        DatasetError: Nothing that could be trained on, or a table that cannot be read.
        BundleCorrupt: The tokenizer of the bundle cannot be read.
    """
    mapping = _pairs(options.mapping) if options.mapping else {}
    folder = read_folder(options.data, options.reports, dict(options.columns))
    manifest = bundle.manifest
    joined = join(folder.films, folder.reports, mapping)
    cases = joined.cases
    if manifest.modality != "cxr":  # nothing but a chest film is frontal or lateral
        cases = tuple(replace(case, view=_eye(case)) for case in cases)
    verdicts = Verdicts()
    verdicts.faults += [*folder.faults, *joined.faults]
    check_cases(cases, manifest.dicom_modalities, _LANGUAGE, verdicts, manifest.modality)
    vocabulary = _vocabulary(bundle)
    identifiers = _identifiers(folder.films, folder.reports)
    patients = {id(case.report): case.patient for case in cases}
    lexicon = build_lexicon(
        (
            (patients.get(id(r)) or r.patient_id or f"{r.file} {r.row}", r.text)
            for r in folder.reports
            if len(r.text) <= LONGEST_REPORT  # others are no reports, and slow to look through
        ),
        identifiers,
        removed=_lines(options.removed),
        kept=(*_lines(options.kept), *_trade(manifest.modality)),
        vocabulary=vocabulary,
    )
    numbers = (i.lower() for i in identifiers if any(c.isdigit() for c in i))
    codes = frozenset(number for number in numbers if len(number) >= _SHORTEST_CODE)
    return Survey(
        films=len(folder.films),
        reports=len(folder.reports),
        modality=manifest.modality,
        cases=cases,
        verdicts=verdicts,
        lexicon=lexicon,
        codes=codes,
        vocabulary=vocabulary,
        named=codes | lexicon.names,
    )


def examine(
    survey: Survey,
    reporter: Reporter,
    *,
    recall: Callable[[Case], Look | None] | None = None,
    keep: Callable[[Case, Image, Look], None] | None = None,
) -> None:
    """Decode every film that can be used and look at it.

    Args:
        survey: What was read; its verdicts take the faults.
        reporter: Told how far it is.
        recall: Gives what is known of a film that need not be decoded again.
        keep: Takes each decoded film that is a picture of the kind the model reads.

    Raises:
        ExportError: `keep` could not write.
    """
    seen: dict[str, Case] = {}
    cases = survey.usable()
    for number, (case, look, reading) in enumerate(_read_ahead(cases, recall), 1):
        if reading is not None:
            try:
                image = reading.result()
            except AflocError as error:
                survey.verdicts.about_film("unreadable_film", case, error.reason, error.remedy)
                continue
            look = look_at(image, survey.modality)
            if keep and look.is_usable:
                keep(case, image, look)
        if look is not None:
            check_look(case, look, seen, survey.verdicts)
        reporter.count(number, len(cases))


def _read_ahead(
    cases: Sequence[Case], recall: Callable[[Case], Look | None] | None
) -> Iterator[tuple[Case, Look | None, Future[Image] | None]]:
    """Cases in order, each with what is known of its film or else with its film under way.

    Decoding happens in processes of its own, so threads suffice to keep both busy.
    """
    waiting: deque[tuple[Case, Look | None, Future[Image] | None]] = deque()
    with ThreadPoolExecutor(_READERS) as pool:
        for case in cases:
            look = recall(case) if recall else None
            reading = None if look else pool.submit(read_film, case.film)
            waiting.append((case, look, reading))
            if len(waiting) > _AHEAD:
                yield waiting.popleft()
        yield from waiting


def read_film(film: Film) -> Image:
    """Decode a film as the desktop does.

    Raises:
        UnreadableFile: Absent or damaged.
        UnsupportedImage: Sound, but not read.
    """
    if not film.is_picture:
        return read(film.ref)
    try:
        return read_picture(film.ref.path)
    except UnreadableFile as error:  # whose words name the file
        raise UnreadableFile(
            "The file is no readable picture.", remedy="Export the image again."
        ) from error


def _eye(case: Case) -> Eye:
    """What the object says; else what the table says."""
    eye = find_eye(case.film.eye)
    return find_eye(case.report.view) if eye == "unknown" else eye


def _identifiers(films: Sequence[Film], reports: Sequence[Report]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for film in films:
        found.update(dict.fromkeys(own_identifiers(film)))
    for report in reports:
        found.update(dict.fromkeys(own_identifiers(report)))
    return tuple(found)


def own_identifiers(thing: Film | Report) -> tuple[str, ...]:
    """What names the patient or the study of a film or report."""
    plain = (thing.patient_id, thing.study_uid, thing.accession_number)
    return (*(value for value in plain if value), *thing.identifiers)


def _vocabulary(bundle: Bundle) -> frozenset[str]:
    words = json.loads(bundle.read("tokenizer.json").decode("utf-8"))["model"]["vocab"]
    return frozenset(word for word in words if WORD.fullmatch(word))


def _trade(modality: str) -> Iterator[str]:
    """Every word that findings of such images are spoken of with: nobody's name."""
    if modality == "cxr":
        return iter(())  # `words.CLINICAL` has those, sorted out from names one by one
    library = library_of(modality)
    texts = (*library.references, *(term for f in library.findings for term in f.terms))
    return (word for text in texts for word in WORD.findall(text))


def _lines(path: Path | None) -> tuple[str, ...]:
    if path is None:
        return ()
    text, _ = read_text(path)
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _pairs(path: Path) -> Mapping[str, str]:
    """The site's own list: which report goes with which film."""
    text, _ = read_text(path)
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        return {row["film"].strip(): row["report"].strip() for row in rows}
    except (csv.Error, KeyError, AttributeError) as error:
        raise DatasetError(
            "The list of images and reports cannot be read.",
            remedy="Give a CSV with the columns film and report.",
        ) from error
