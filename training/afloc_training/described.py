"""Films that come with a text of their own: what it states becomes claims and sentences.

The text is read as a site's reports are: sentence by sentence, by the rules that read prompts in
the window. What it does not mention stays unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.prompts import chest_library, chest_probes
from afloc_desktop.core.regions import read_table
from afloc_training.answers import answered
from afloc_training.films import FilmRow, may_ship
from afloc_training.sentences import Sentence
from afloc_training.site.reading import is_normal, read_sentences
from afloc_training.site.views import find_view
from afloc_training.tuning.said import phrasebook, read_texts, statements
from afloc_training.vocabulary import BY_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from afloc_desktop.core.wording import Phrasebook
    from afloc_training.facts import Claim

_COLUMNS = ("image", "patient_id", "split", "source", "view", "report", "text_kind", "license",
            "url", "doi")  # fmt: skip
_QUESTIONS = "qa_pairs"


@dataclass(frozen=True, slots=True)
class Described:
    """A film and the sentences that its text comes to.

    Attributes:
        row: As for training; its labels are the findings that the text states.
        sentences: As written, or as questions and answers come to.
        source, licence: Of film and text.
        link: Where it was published; of a film that asks for no attribution, its collection.
    """

    row: FilmRow
    sentences: tuple[str, ...]
    source: str
    licence: str
    link: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where films with a text come from, and the attribution they ask for.

    Attributes:
        name, licence: As in the table.
        films: How many.
        links: Each once.
    """

    name: str
    licence: str
    films: int
    links: tuple[str, ...]


def read_described(table: Path, images: Path, split: str) -> tuple[Described, ...]:
    """Frontal films of one split with text whose licence allows shipping, in table order.

    Args:
        table: CSV with the columns of `cxr/notes.csv`.
        images: Folder the column `image` is relative to.
        split: `train` or `dev`.

    Raises:
        DatasetError: No table, a missing column, or a patient of this split in another one.
    """
    rows = read_table(table, _COLUMNS)
    _check_patients(table, rows, split)
    book = phrasebook()
    return tuple(
        _described(row, images, book)
        for row in rows
        if row["split"] == split
        and row["report"].strip()
        and may_ship(row["license"])
        and find_view(row["view"], "", "") != "lateral"
    )


def sources_of(films: Sequence[Described]) -> tuple[Source, ...]:
    """Their sources, the largest first."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for film in films:
        grouped.setdefault((film.source, film.licence), []).append(film.link)
    found = [
        Source(name, licence, len(links), tuple(dict.fromkeys(links)))
        for (name, licence), links in grouped.items()
    ]
    return tuple(sorted(found, key=lambda source: -source.films))


def is_telling(film: Described) -> bool:
    """Whether its text states a finding that is taught, or denies one."""
    return film.row.said is not None and bool(film.row.said.statements)


def own_sentences(films: Iterable[Described]) -> tuple[Sentence, ...]:
    """Sentences of the films' texts that state one thing alone, each once.

    As in `sentences`, what the words of a bundle are measured with is never taught.
    """
    book, measured = phrasebook(), _measured_with()
    found: list[Sentence] = []
    for text in dict.fromkeys(text for film in films for text in film.sentences):
        claims = tuple(dict.fromkeys(statements(text, book)))
        if len(claims) == 1 and _is_taught(claims[0]) and text.lower() not in measured:
            found.append(Sentence(text, claims[0]))
    return tuple(found)


def _is_taught(claim: Claim) -> bool:
    """Whether the finding is, and a place can be said of it where one is."""
    term = BY_ID.get(claim.finding)
    return term is not None and (term.has_place or claim.details == 0)


def _measured_with() -> frozenset[str]:
    """Sentences of the prompt library and of the probes, lower case."""
    library = (text for words in chest_library().findings for text in words.present + words.absent)
    probes = (text for texts in chest_probes().paraphrases.values() for text in texts)
    return frozenset(text.lower() for text in (*library, *probes))


def _check_patients(table: Path, rows: Sequence[dict[str, str]], split: str) -> None:
    inside = {row["patient_id"] for row in rows if row["split"] == split}
    if any(row["patient_id"] in inside for row in rows if row["split"] != split):
        raise DatasetError(
            f"A patient of the table {table.name} is in two splits.",
            remedy="Use the table as it was published.",
        )


def _described(row: dict[str, str], images: Path, book: Phrasebook) -> Described:
    if row["text_kind"] == _QUESTIONS:
        texts, is_clear = answered(row["report"], book), False
    else:
        read = (s.text for s in read_sentences(row["report"]) if s.section != "left_out")
        texts = tuple(dict.fromkeys(read))
        is_clear = is_normal(texts)
    said = read_texts(texts, book, is_clear)
    labels = frozenset(s.finding for s in said.statements if not s.is_negated)
    film = FilmRow(
        images / row["image"], row["patient_id"], labels, is_low_resolution=False, said=said
    )
    is_attributed = row["license"].startswith("CC BY")
    link = row["url"] if is_attributed else f"https://doi.org/{row['doi']}"
    return Described(film, texts, row["source"], row["license"], link)
