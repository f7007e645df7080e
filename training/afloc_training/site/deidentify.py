"""Taking people, dates, numbers and places out of a sentence; what was replaced is counted.

Rules and word lists, no model: every replacement can be explained. What a rule is not sure of is
replaced, since a lost word costs less than a name in a model.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from afloc_training.site.lexicon import (
    CREDENTIALS,
    LABELLED,
    LONGEST_ABBREVIATION,
    TITLED,
    WORD,
    Lexicon,
    is_in_capitals,
    name_parts,
)
from afloc_training.site.words import CLINICAL, MEDICAL, MONTHS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Replaced = Literal["name", "date", "number", "place", "contact", "age", "listed", "word"]
LABELS: dict[Replaced, str] = {
    "name": "names of people",
    "date": "dates and times",
    "number": "numbers that identify",
    "place": "institutions",
    "contact": "addresses, phones, links",
    "age": "ages of 90 and more",
    "listed": "words of the site's list",
    "word": "rare words nobody else uses",
}
_MONTH = rf"(?:{MONTHS})(?![a-z])"
_YEAR = r"(?:19|20)\d{2}"
_CAP = r"[A-ZÀ-ÖØ-Þ][\w'’&.-]*"
_PLACE_WORD = (
    r"(?:Hospitals?|Clinics?|Medical Cent(?:er|re)|Health(?:care| System| Cent(?:er|re))?|"
    r"University|Institute|Infirmary|Sanatorium|Hospice|Krankenhaus|Klinik(?:um)?|"
    r"Universitätsklinik|Praxis|Spital|H[oô]pital|Ospedale|Radiology (?:Group|Associates|Partners)|"
    r"Imaging Cent(?:er|re))"
)
_RULES: tuple[tuple[Replaced, re.Pattern[str]], ...] = (
    ("contact", re.compile(r"\b[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")),
    ("contact", re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)),
    ("contact", re.compile(r"\b[\w-]+\.(?:com|org|net|edu|gov|info|de|uk|fr|ch|at)\b(?:/\S*)?")),
    ("contact", re.compile(
        r"\b\d{1,5}[ \t]+(?:[A-Z][a-z]+[ \t]+){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Drive)\b")),
    ("number", re.compile(r"\b\d+(?:\.\d+){3,}\b")),  # a UID
    ("date", re.compile(
        rf"\b(?:\d{{1,2}}(?:st|nd|rd|th|\.)?[ \t-]*(?:of[ \t]+)?{_MONTH}(?:[ \t,.'/-]*\d{{2,4}}\b)?"
        rf"|{_MONTH}[ \t.-]*\d{{1,2}}(?:st|nd|rd|th)?\b(?:[ \t,/-]+'?\d{{2,4}}\b)?"
        rf"|{_MONTH}[ \t,./-]*'?{_YEAR}\b)", re.IGNORECASE)),
    ("date", re.compile(
        rf"\b{_YEAR}[-/.]\d{{1,2}}(?:[-/.]\d{{1,2}})?\b|\b\d{{1,2}}[-/.]{_YEAR}\b")),
    ("date", re.compile(r"\b\d{1,2}([-/.])\d{1,2}\1(?:\d{4}|\d{2})\b|\b\d{1,2}\.\d{1,2}\.(?!\d)")),
    ("date", re.compile(
        r"(?<=on )\d{1,2}/\d{1,2}\b|(?<=from )\d{1,2}/\d{1,2}\b|(?<=dated )\d{1,2}/\d{1,2}\b")),
    ("date", re.compile(rf"(?<![\d.]){_YEAR}(?:[01]\d[0-3]\d)?(?![\d.]*\d)")),
    ("date", re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?(?:[ \t]*[ap]\.?m\b\.?)?", re.IGNORECASE)),
    ("date", re.compile(r"\b(?:\d{4}[ \t]*(?:hrs?|hours|h)|\d{1,2}[ \t]*[ap]\.?m)\b", re.I)),
    ("number", re.compile(
        r"(?:\+|\b|\()(?=(?:[()/ .-]*\d){7})\d[\d()/ .-]{5,}\d\b(?!\s*(?:mm|cm))")),  # a phone
    ("number", re.compile(
        r"\b(?:MRN|ID|r?id|accession|acc|case|record|order|file|account|visit|phone|tel|fax|pager|"
        r"ext|room|bed|SSN|NHS|DOB)\b[ \t]*(?:no\b\.?|number|nr\b\.?|#)?[ \t]*[:#=]?[ \t]*"
        r"[\w/-]*\d[\w/-]*", re.IGNORECASE)),
    ("number", re.compile(r"#[ \t]*\d+|\b\d{5,}\b")),
    ("number", re.compile(
        r"(?<![\w-])(?=[\d_-]*[A-Za-z])(?=(?:(?:[^\W\d]|-)*\d){4})[\w-]+(?![\w-])"
        r"|\b(?=[\d_]*[A-Za-z])(?=(?:[^\W\d]*\d){2})\w{8,}\b")),
    ("age", re.compile(
        r"\b(?:9\d|1[01]\d)(?=[ \t-]*(?:years?|yrs?|y/?o|y\.o\.?|jahre|[mf])\b)"
        r"|(?<=aged )(?:9\d|1[01]\d)\b|(?<=age )(?:9\d|1[01]\d)\b", re.IGNORECASE)),
    ("place", re.compile(
        rf"\b(?:{_CAP}[ \t]+(?:of[ \t]+|and[ \t]+|the[ \t]+)?){{1,5}}{_PLACE_WORD}\b"
        rf"(?:[ \t]+(?:of|in|at|de|zu)[ \t]+{_CAP}(?:[ \t]+{_CAP})*)?")),
    ("place", re.compile(
        rf"\b{_PLACE_WORD}[ \t]+(?:of|in|at|de)[ \t]+{_CAP}(?:[ \t]+{_CAP})*")),
    ("place", re.compile(rf"\b(?:Department|Dept\.?|Division|Ward|Unit)[ \t]+of[ \t]+{_CAP}")),
    ("place", re.compile(r"\b(?:ward|unit|station)[ \t]+(?:\d+\w?|[A-Z]\d+)\b", re.IGNORECASE)),
    ("name", re.compile(r"\b[A-Z][\w'-]*\^[\w'^-]+")),
)  # fmt: skip
_OPENERS = "[.!?:;\n•*(\"'"
_WORDS_LEFT = 3  # for each replacement, or the sentence says too little to be learned
_SHORTEST_RARE = 4
_SHORTEST_OWN = 4
_SHORTEST_ABBREVIATED = 3


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A sentence without identifiers.

    Attributes:
        text: With `[name]`, `[date]`, … where something was.
        replaced: How many, by kind.
        spans: (start, end, kind) in the sentence as written, in order.
    """

    text: str
    replaced: Counter[Replaced]
    spans: tuple[tuple[int, int, Replaced], ...]

    @property
    def is_worth_keeping(self) -> bool:
        """Whether enough words are left beside what was taken out."""
        left = len(WORD.findall(re.sub(r"\[\w+\]", "", self.text)))
        return left > 0 and left >= _WORDS_LEFT * self.replaced.total()


class Deidentifier:
    """Cleans the sentences of one report."""

    def __init__(self, lexicon: Lexicon, own: Iterable[str], report: str) -> None:
        """Take up a report.

        Args:
            lexicon: Of all reports.
            own: Identifiers of this report's film and row.
            report: All of it: whether it is in capitals shows in no single sentence.
        """
        self._lexicon = lexicon
        self._is_in_capitals = is_in_capitals(report)
        identifiers = tuple(own)
        self._own_names = {p for i in identifiers for p in name_parts(i)} - lexicon.kept
        self._own = _phrases(i for i in identifiers if _is_telling(i))
        self._removed = _listed(lexicon.removed)

    def clean(self, sentence: str) -> Cleaned:
        """Take out whatever identifies."""
        spans = _merged(sentence, self._spans(sentence))
        parts: list[str] = []
        end = 0
        for start, stop, kind in spans:
            parts += [sentence[end:start], f"[{kind}]"]
            end = stop
        text = " ".join("".join([*parts, sentence[end:]]).split())
        return Cleaned(text, Counter(kind for _, _, kind in spans), tuple(spans))

    def _spans(self, sentence: str) -> Iterator[tuple[int, int, Replaced]]:
        for found in self._removed.finditer(sentence) if self._removed else ():
            yield *found.span(), "listed"
        for found in self._own.finditer(sentence) if self._own else ():
            yield *found.span(), "number" if any(map(str.isdigit, found[0])) else "place"
        for rule, pattern in _RULES:
            for found in pattern.finditer(sentence):
                yield *found.span(), rule
        for pattern in (TITLED, LABELLED, CREDENTIALS):
            for found in pattern.finditer(sentence):
                yield from self._person(sentence, found.span("name"))
        for found in WORD.finditer(sentence):
            kind_of = self._judge(found[0], sentence[: found.start()])
            if kind_of:
                yield *found.span(), kind_of

    def _person(self, sentence: str, span: tuple[int, int]) -> Iterator[tuple[int, int, Replaced]]:
        """The words of a name behind a title or label; ordinary ones are none."""
        for found in WORD.finditer(sentence, *span):
            word = found[0].lower()
            is_ordinary = word in self._lexicon.ordinary and word not in self._lexicon.names
            if not is_ordinary and word not in self._lexicon.kept:
                yield *found.span(), "name"

    def _judge(self, word: str, before: str) -> Replaced | None:
        """Whether a single word is a name, or one that nobody else uses."""
        lexicon = self._lexicon
        lower = re.sub(r"['’]s?$", "", word.lower())
        if lower in lexicon.kept or set(lower) == {"x"}:  # "XXXX" is what another tool left
            return None
        if lower in self._own_names:
            return "name"
        opens = not before.strip() or before.rstrip()[-1] in _OPENERS
        is_capital = word[0].isupper() and not self._is_in_capitals
        is_ordinary = lower in lexicon.ordinary
        if lower in lexicon.names and (not is_ordinary or (is_capital and not opens)):
            return "name"
        if is_capital and not is_ordinary and not MEDICAL.search(lower):
            is_short = len(word) <= LONGEST_ABBREVIATION and word.isupper()
            if is_short:  # one that nobody else uses may be a name in capitals
                return "word" if len(word) >= _SHORTEST_ABBREVIATED else None
            if not opens:
                return "name"
            if lower not in lexicon.written:  # "Doe was informed": a capital proves little there
                return "word"
        if len(word) >= _SHORTEST_RARE and not lexicon.is_known(lower):
            return "word"
        return None


def _is_telling(identifier: str) -> bool:
    """Whether a value of a header may name somebody; "pneumonia" as reason for a film does not."""
    words = [word.lower() for word in WORD.findall(identifier)]
    is_clinical = all(word in CLINICAL or MEDICAL.search(word) for word in words)
    has_digit = any(map(str.isdigit, identifier))
    return len(identifier) >= _SHORTEST_OWN and (has_digit or not is_clinical)


@lru_cache(maxsize=1)
def _listed(removed: tuple[str, ...]) -> re.Pattern[str] | None:
    """The site's list may hold thousands of names and is the same for every report."""
    return _phrases(removed)


def _phrases(texts: Iterable[str]) -> re.Pattern[str] | None:
    escaped = sorted({re.escape(text) for text in texts if text.strip()}, key=len, reverse=True)
    if not escaped:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(escaped)})(?!\w)", re.IGNORECASE)


def _merged(
    sentence: str, spans: Iterable[tuple[int, int, Replaced]]
) -> list[tuple[int, int, Replaced]]:
    """Spans in order; those that overlap, or of one kind with blanks between, become one."""
    merged: list[tuple[int, int, Replaced]] = []
    for start, stop, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if merged:
            first, last, old = merged[-1]
            is_next = kind == old and not sentence[last:start].strip(" \t.-")
            if start < last or is_next:
                merged[-1] = (first, max(last, stop), old)
                continue
        merged.append((start, stop, kind))
    return merged
