"""What words say beside a finding: where, how much, that it is not there, and in which language.

Rules, not a model: plain text embeddings ignore "left" and "right" (measured: the correct and the
wrong side point equally well) and cannot tell "no effusion" from "effusion".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from afloc_desktop.core.domain import Side, Zone

_SIDES: tuple[tuple[Side, str], ...] = (
    (
        "bilateral",
        r"bilateral(?:ly)?|bibasal|bibasilar|biapical|both (?:\w+ ){0,2}"
        r"(?:lungs?|sides|bases|apices|hemithoraces|hila|zones|lobes|fields|angles)",
    ),
    ("right", r"right(?:[- ]sided)?|rt|rul|rml|rll|middle lobe"),
    ("left", r"left(?:[- ]sided)?|lt|lul|lll|lingula|lingular"),
)
_ZONES: tuple[tuple[Zone, str], ...] = (
    (
        "upper",
        r"upper (?:lobes?|lung zones?|zones?|lung fields?|lungs?|fields?)|apical|apex|apices"
        r"|biapical|rul|lul|suprahilar",
    ),
    (
        "mid",
        r"middle (?:lobe|zones?|lung zones?|field)|mid[- ]?(?:lung )?(?:zones?|fields?)"
        r"|perihilar(?: region)?|parahilar|rml|lingula|lingular",
    ),
    (
        "lower",
        r"lower (?:lobes?|lung zones?|zones?|lung fields?|lungs?|fields?)|basal|basilar|bases?"
        r"|bibasal|bibasilar|rll|lll|infrahilar",
    ),
)
# What lies in one zone; a zone named beside it counts more.
_LANDMARKS: tuple[tuple[Zone, str], ...] = (
    (
        "lower",
        r"retrocardiac(?: region)?|costophrenic (?:angles?|sulcus|sulci|recess)|behind the heart",
    ),
)
# "on the right side", "in the left lower lobe": what may go with a place when it is taken out.
_PLACE = re.compile(
    r"\s*\b(?:in|on|at|over|of)?\s*(?:the|both)?\s*\b(?:{sides}|{zones})\b(?:\s+(?:lungs?|sides?|hemithorax))?".format(
        sides="|".join(pattern for _, pattern in _SIDES),
        zones="|".join(pattern for _, pattern in (*_ZONES, *_LANDMARKS)),
    ),
    re.IGNORECASE,
)
# Words that look like a denial of a finding and deny something else, or nothing.
_NO_NEGATION = (
    r"not only|not just|no longer|not certain|not (?:quite )?clear"
    r"|no (?:significant |interval |relevant )?(?:change|increase|decrease|growth)"
    r"|without (?:significant |interval )?change|not (?:be )?excluded"
    r"|(?:can ?not|not) (?:be )?(?:ruled? out|excluded?)"
)
_BEFORE = (
    r"no|not|non|without|absent|absence of|lack of|negative for|free of|free from|clear of|neither"
    r"|nor|never|denies|rules out|ruled out|excludes|resolution of|resolved"
)
_AFTER = (
    r"(?:is|are|was|were|has|have|been|\s)*\b(?:absent|ruled out|excluded|resolved|disappeared"
    r"|not (?:seen|present|identified|visible|evident|found|demonstrated|appreciated))"
)
_NORMAL = re.compile(
    r"(?<!not )\b(?:normal|clear|unremarkable|intact|within normal limits)\b", re.IGNORECASE
)
# Where what a denial denies ends: "no effusion but a nodule", "no effusion. Nodule."
_CLAUSE = re.compile(
    r"[.;:!?](?=\s|$)|\b(?:but|however|although|though|except|apart from|aside from|whereas|while"
    r"|there is|there are|yet)\b",
    re.IGNORECASE,
)
_NEW_ITEM = re.compile(
    r",\s*(?:with )?(?:an?|the|there|small|tiny|mild|moderate|large|severe|marked|right|left"
    r"|bilateral|new|stable|unchanged|persistent|known)\b",
    re.IGNORECASE,
)
# Words that no English sentence about a film has.
_FOREIGN = """
German der das und ist nicht kein keine keinen mit im ein eine einer links rechts beidseits lunge
German herz lungenentzündung erguss pleuraerguss verschattung rundherd herzvergrößerung
French le les est pas aucun aucune avec une du des dans sans droit droite gauche poumon poumons
French cœur coeur épanchement opacité pneumopathie
Spanish el los las es con una sin del derecho derecha izquierdo izquierda pulmón pulmon corazón
Spanish derrame neumonía neumotórax opacidad
Italian il gli con una senza della del destro destra sinistro sinistra polmone polmoni cuore
Italian versamento polmonite opacità
Portuguese não com uma sem direito direita esquerdo esquerda pulmão coração derrame opacidade
Dutch het een niet geen rechts beiderzijds hart longontsteking pleuravocht
"""
_FEWEST_LETTERS_OF_ANOTHER_SCRIPT = 0.3


@dataclass(frozen=True, slots=True)
class Place:
    """Where a prompt says to look.

    Attributes:
        side: The patient's side, None where not named.
        zone: None where not named.
        rest: The words without the place.
    """

    side: Side | None
    zone: Zone | None
    rest: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A finding that a text names.

    Attributes:
        finding_id: Its id.
        words: As they stand in the text.
        is_negated: The text says that it is absent.
    """

    finding_id: str
    words: str
    is_negated: bool


def parse_place(words: str) -> Place:
    """Find the side and zone a prompt names.

    Both "right" and "left" in one prompt mean both sides. A lobe that one lung alone has, and
    abbreviations such as RLL, name side and zone.
    """
    sides: set[Side] = {side for side, pattern in _SIDES if _has(pattern, words)}
    zones: list[Zone] = [zone for zone, pattern in _ZONES if _has(pattern, words)]
    zones = zones or [zone for zone, pattern in _LANDMARKS if _has(pattern, words)]
    side: Side | None = None
    if sides:
        side = "bilateral" if len(sides) > 1 else next(iter(sides))
    rest = re.sub(r"\s{2,}", " ", _PLACE.sub(" ", words)).strip(" ,.-")
    return Place(side, zones[0] if len(zones) == 1 else None, rest)


def _has(pattern: str, words: str) -> bool:
    return re.search(rf"\b(?:{pattern})\b", words, re.IGNORECASE) is not None


def is_negated(words: str) -> bool:
    """Whether a prompt says that something is absent; the model cannot answer that."""
    return bool(negated_spans(words))


def says_normal(words: str) -> bool:
    """Whether a prompt says that something is as it should be: "the lungs are clear"."""
    return _NORMAL.search(words) is not None


def negated_spans(words: str) -> tuple[tuple[int, int], ...]:
    """Which parts of a text lie under a denial: (start, end) of characters.

    "Not only", "no change in" and "cannot be excluded" deny nothing.
    """
    # Blanked and not cut out, so that places stay what they are.
    kept = re.sub(rf"\b(?:{_NO_NEGATION})\b", _blank, words, flags=re.IGNORECASE)
    spans = []
    for match in re.finditer(rf"\b(?:{_BEFORE})\b", kept, re.IGNORECASE):
        spans.append((match.start(), _end_of_clause(kept, match.end())))
    for match in re.finditer(rf"{_AFTER}\b", kept, re.IGNORECASE):
        earlier = [m.end() for m in _CLAUSE.finditer(kept, 0, match.start())]
        spans.append((max(earlier, default=0), match.end()))
    return tuple(spans)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _end_of_clause(words: str, start: int) -> int:
    clause = _CLAUSE.search(words, start)
    end = clause.start() if clause else len(words)
    item = _NEW_ITEM.search(words, start, end)
    # "No effusion, consolidation or large mass" is one list; without "or" a new item is stated.
    is_list = item and re.search(r"\b(?:or|nor)\b", words[item.start() : end], re.IGNORECASE)
    return item.start() if item and not is_list else end


def other_language(words: str) -> str | None:
    """The language or script of words that are not English; None where they may be.

    By letters of another script, and by words that English does not have.
    """
    letters = [c for c in words if c.isalpha()]
    foreign = [c for c in letters if "LATIN" not in unicodedata.name(c, "")]
    if letters and len(foreign) / len(letters) >= _FEWEST_LETTERS_OF_ANOTHER_SCRIPT:
        return "another script"
    found = words_of(words)
    lines = [line.split() for line in _FOREIGN.strip().splitlines()]
    hits = {line[0]: 0 for line in lines}
    for name, *known in lines:
        hits[name] += sum(word in known for word in found)
    best = max(hits, key=lambda name: hits[name])
    return best if hits[best] * 4 >= len(found) and hits[best] else None


def words_of(text: str) -> list[str]:
    """The words of a text, lower case, without digits and signs."""
    return re.findall(r"[^\W\d_]+(?:['-][^\W\d_]+)*", text.lower())


class Phrasebook:
    """Finds the findings that a text names."""

    def __init__(self, terms: Mapping[str, str]) -> None:
        """Terms in lower case, and the id of the finding that each means."""
        self._terms = dict(terms)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self._terms, key=lambda term: (-len(term), term))
        choices = "|".join(re.escape(term) for term in longest_first)
        return re.compile(rf"(?<!\w)(?:{choices})(?:e?s)?(?!\w)", re.IGNORECASE)

    def find(self, text: str) -> tuple[tuple[Mention, ...], str]:
        """The findings in their order, and the text without them."""
        spans = negated_spans(text)
        found = []
        for match in self._pattern.finditer(text):
            words = match.group()
            start, end = match.span()
            is_denied = any(start >= low and end <= high for low, high in spans)
            found.append(Mention(self._meaning(words.lower()), words, is_denied))
        return tuple(found), self._pattern.sub(" ", text)

    def _meaning(self, words: str) -> str:
        return next(self._terms[w] for w in _singulars(words) if w in self._terms)


def _singulars(words: str) -> Iterable[str]:
    yield words
    yield words.removesuffix("s")
    yield words.removesuffix("es")
