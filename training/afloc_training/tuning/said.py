"""What reports say of their films, and which claims that settles: true, false, or nobody knows.

Rules read the sentences, the same as those that read prompts in the window.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.prompts import chest_library
from afloc_desktop.core.wording import Phrasebook, parse_place
from afloc_training.facts import Claim
from afloc_training.vocabulary import ABNORMALITY, BY_ID, OPACITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from afloc_desktop.core.domain import Side, Zone
    from afloc_desktop.core.wording import Mention
    from afloc_training.site.store import StoredCase

    Place = tuple[Side | None, Zone | None]

# Sentences about something else than what this film shows for certain.
_NOT_OF_THE_FILM = re.compile(
    r"\b(?:histor(?:y|ies) of|suspected|suspicion|differential|possib(?:le|ly|ility)|rule out"
    r"|(?:can ?not|not) be excluded|may (?:be|represent)|(?:wife|husband|sister|mother|father)"
    r"|PCR|swab)\b|\?",
    re.IGNORECASE,
)
# Where a sentence turns from one finding to the next.
_TURN = re.compile(r"[,;]|\b(?:and|with|while|as well as|but|however|in addition to)\b", re.I)
# Reports use the vaguer word for the same thing: what counts as a statement about a finding.
_SAYS: dict[str, frozenset[str]] = {
    "lung_opacity": OPACITIES,
    "infiltration": frozenset(("infiltration", "lung_opacity")),
}


@dataclass(frozen=True, slots=True)
class Said:
    """What the report of one film says.

    Attributes:
        statements: In their order, without sizes.
        is_normal: It says of everything that it is normal or absent.
    """

    statements: tuple[Claim, ...]
    is_normal: bool


def phrasebook() -> Phrasebook:
    """Every name of every finding of chest films."""
    return Phrasebook({term: f.id for f in chest_library().findings for term in f.terms})


def read_case(case: StoredCase, book: Phrasebook) -> Said:
    """The statements of a report about findings the default model knows."""
    return read_texts((sentence.text for sentence in case.sentences), book, case.is_normal)


def read_texts(texts: Iterable[str], book: Phrasebook, is_normal: bool) -> Said:
    """The statements of some sentences about findings the default model knows."""
    found = (s for text in texts for s in statements(text, book))
    return Said(tuple(dict.fromkeys(s for s in found if s.finding in BY_ID)), is_normal)


def statements(text: str, book: Phrasebook) -> Iterator[Claim]:
    """What one sentence states; nothing where it speaks of a history or a suspicion."""
    if _NOT_OF_THE_FILM.search(text):
        return
    for mention, part in _parts(text, book):
        # The name itself may hold words of place: "bibasilar atelectasis" is one.
        place = parse_place(part)
        yield Claim(mention.finding_id, mention.is_negated, place.side, place.zone)


def _parts(text: str, book: Phrasebook) -> Iterator[tuple[Mention, str]]:
    """Each finding a sentence names, and the part of the sentence that speaks of it."""
    mentions, _ = book.find(text)
    spans, end = [], 0
    for mention in mentions:
        start = text.index(mention.words, end)
        end = start + len(mention.words)
        spans.append((start, end))
    edges = [0]
    for (_, end), (start, _) in itertools.pairwise(spans):
        turns = [turn.start() for turn in _TURN.finditer(text, end, start)]
        edges.append(turns[-1] if turns else edges[-1])
    edges.append(len(text))
    for number, mention in enumerate(mentions):
        stop = next(edge for edge in edges[number + 1 :] if edge > edges[number])
        yield mention, text[edges[number] : stop]


def truth(claim: Claim, said: Said) -> bool | None:
    """Whether the positive content of a claim holds on a film; None where nobody knows.

    What a report does not mention is unknown, except where it calls the whole film normal.
    """
    if claim.finding == ABNORMALITY:
        if any(not s.is_negated and s.finding != "support_devices" for s in said.statements):
            return True
        return False if said.is_normal else None
    present = [s for s in said.statements if not s.is_negated and _is_about(claim, s)]
    if present:
        if claim.size is not None or claim.device is not None:
            return None
        answers = [_fits(claim, s) for s in present]
        return True if True in answers else None if None in answers else False
    if claim.finding == "support_devices":
        return None  # reports do not list every tube
    denied = [s for s in said.statements if s.is_negated and _is_denied(claim, s)]
    if any(s.details == 0 for s in denied) or said.is_normal:
        return False
    return None


def places(claim: Claim, said: Said) -> tuple[Place, ...]:
    """Where the report says that a true claim holds; one (None, None) means anywhere."""
    found = [
        (_narrower(claim.side, s.side), claim.zone or s.zone)
        for s in said.statements
        if not s.is_negated and _is_about(claim, s) and _fits(claim, s)
    ]
    return tuple(dict.fromkeys(found))


def truth_table(said: Sequence[Said], claims: Sequence[Claim]) -> np.ndarray:
    """Truth of the positive content of every claim on every film, int8 (N, K); -1 unknown."""
    rows = [[truth(claim, film) for claim in claims] for film in said]
    values = [[-1 if answer is None else int(answer) for answer in row] for row in rows]
    return np.array(values, np.int8).reshape(len(said), len(claims))


def _is_about(claim: Claim, statement: Claim) -> bool:
    return statement.finding in _SAYS.get(claim.finding, frozenset((claim.finding,)))


def _is_denied(claim: Claim, statement: Claim) -> bool:
    if statement.finding == "lung_opacity":
        return claim.finding in OPACITIES
    return statement.finding == claim.finding


def _fits(claim: Claim, statement: Claim) -> bool | None:
    """Whether a statement confirms the place that a claim names."""
    answers: list[bool | None] = []
    if claim.side is not None:
        is_same = statement.side in (claim.side, "bilateral")
        answers.append(None if statement.side is None else is_same)
    if claim.zone is not None:
        answers.append(None if statement.zone is None else statement.zone == claim.zone)
    if False in answers:
        return False
    return None if None in answers else True


def _narrower(first: Side | None, second: Side | None) -> Side | None:
    one_sided = next((s for s in (first, second) if s in ("right", "left")), None)
    return one_sided or first or second
