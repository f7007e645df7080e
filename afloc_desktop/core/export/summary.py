"""What a one-page summary of a study says; whoever draws it decides how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.tags import Tags
from afloc_desktop.core.export.deidentify import hide_film, hide_source
from afloc_desktop.core.export.page import decision, draw_outlined, numbered, two
from afloc_desktop.core.export.selection import FilmResults, check_belongs
from afloc_desktop.core.export.source import Source, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable

    from afloc_desktop.core.domain import Provenance
    from afloc_desktop.core.export.overlay import Picture
    from afloc_desktop.core.export.page import Colour
    from afloc_desktop.core.export.selection import Selection, Statement

TITLE = "AFLoc: findings on films"
COLUMNS = ("Film", "Mark", "Finding", "Similarity", "Threshold", "Calibrated", "Decision")
NOTES = (
    "Similarity says how well a place on the film matches the words, from -1 to 1. It is not a "
    "probability of disease. Calibrated is the probability that the finding is there, where the "
    "model was calibrated for it. Below its threshold a finding is not outlined.",
    "AFLoc Desktop is made for research. It is not a medical device, has not been cleared by any "
    "authority, and must not be used for diagnosis or treatment.",
)
MOST_PICTURES = 6  # more would be too small to see anything on
_WORDS = (
    ("Patient", "PatientName"),
    ("ID", "PatientID"),
    ("Born", "PatientBirthDate"),
    ("Sex", "PatientSex"),
    ("Study", "StudyDescription"),
    ("Date", "StudyDate"),
    ("Accession", "AccessionNumber"),
)
_DATES = ("PatientBirthDate", "StudyDate")


@dataclass(frozen=True, slots=True)
class Row:
    """One finding of a summary.

    Attributes:
        film: Number of the film in the study, from 1.
        mark: Number of its outlines on that film; empty below the threshold.
        colour: Of its outlines; None without.
        finding: What the reader calls it.
        similarity, threshold: Two decimals.
        probability: Per cent; empty where the model is not calibrated for it.
        decision: What a reader said, and who.
    """

    film: int
    mark: str
    colour: Colour | None
    finding: str
    similarity: str
    threshold: str
    probability: str
    decision: str


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """One page about one study.

    Attributes:
        about: Whose study it is: pairs of a heading and what stands below it.
        pictures: Of the first films, with outlines; number and picture.
        films: How many have findings.
        rows: All that was stated.
        models: What computed it.
    """

    about: tuple[tuple[str, str], ...]
    pictures: tuple[tuple[int, Picture], ...]
    films: int
    rows: tuple[Row, ...]
    models: tuple[str, ...]


def summaries(selection: Selection) -> list[Summary]:
    """A summary for each study with a finding.

    Raises:
        ExportError: A film does not say which study it is of, or is not the one that was asked.
        InputError: The header of a film cannot be read any more.
    """
    studies: dict[str, list[tuple[Source, FilmResults]]] = {}
    for number, film in enumerate(selection.films, 1):
        if film.stated:
            check_belongs(film)
            source = read_source(film.image, film.slide)
            if selection.pseudonyms is not None:
                source = hide_source(source, selection.pseudonyms)
                film = hide_film(film, number, selection.pseudonyms)
            studies.setdefault(source.study_uid, []).append((source, film))
    return [_summary(films) for films in studies.values()]


def _summary(study: list[tuple[Source, FilmResults]]) -> Summary:
    films = [film for _, film in study]
    rows = [row for number, film in enumerate(films, 1) for row in _rows(number, film)]
    rows.sort(key=lambda row: not row.mark)  # should there be no room, what is absent goes first
    made = {_model(s.finding.provenance): None for film in films for s in film.stated}
    return Summary(
        about=tuple(_about(Tags(study[0][0].kept))),
        pictures=tuple((n, draw_outlined(f)) for n, f in enumerate(films[:MOST_PICTURES], 1)),
        films=len(films),
        rows=tuple(rows),
        models=tuple(made),
    )


def _about(tags: Tags) -> Iterable[tuple[str, str]]:
    for heading, keyword in _WORDS:
        text = tags.text(keyword).replace("^", " ").strip()
        if keyword in _DATES and len(text) == 8:
            text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        if text:
            yield heading, text


def _rows(number: int, film: FilmResults) -> Iterable[Row]:
    for mark, statement, colour in numbered(film):
        yield _row(number, str(mark), colour, statement)
    for statement in film.stated:
        if not statement.finding.is_present:
            yield _row(number, "", None, statement)


def _row(film: int, mark: str, colour: Colour | None, statement: Statement) -> Row:
    finding = statement.finding
    probability = "" if finding.probability is None else f"{finding.probability:.0%}"
    return Row(
        film=film,
        mark=mark,
        colour=colour,
        finding=statement.label,
        similarity=two(finding.similarity),
        threshold=two(finding.threshold),
        probability=probability,
        decision=decision(statement),
    )


def _model(made: Provenance) -> str:
    return (
        f"Model {made.bundle_id}, sha256 {made.bundle_sha256}, preprocessing "
        f"{made.preprocess_fingerprint[:16]}, AFLoc Desktop {made.app_version}, {made.created[:10]}"
    )
