"""Sentences of a report: cut where one ends, and nowhere else."""

from __future__ import annotations

import re
from typing import NamedTuple

_ABBREVIATIONS = frozenset((
    "dr", "drs", "mr", "mrs", "ms", "prof", "st", "vs", "e.g", "i.e", "eg", "ie", "cf", "approx",
    "ca", "fig", "figs", "ant", "post", "lat", "inf", "sup", "med", "resp", "incl", "max", "min",
    "dept", "ref", "vol", "etc", "al", "h/o", "s/p", "c/w", "b.i.d", "q.d", "bzw", "z.b", "d.h",
    "u.a", "li", "re", "bds", "ggf",
))  # fmt: skip
_BREAK = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-ZÀ-ÖØ-Þ0-9])")
# A number or dash that opens an item: at the start, on a line of its own, after a sentence.
_ITEM = re.compile(r"(?:^|(?<=[.;:!?])[ \t])[ \t]*(?:\(?\d{1,2}[.)]|[-*•·–])[ \t]+(?=[A-Za-z\[])")
_BARE_NUMBER = re.compile(r"\(?\d{1,2}[.)]?")
_TOTAL = re.compile(r"\b(?:no|nos|nr)$", re.IGNORECASE)
_LONG_LINE = 50  # characters; shorter lines that start with a capital are items, not wrapped text


class Placed(NamedTuple):
    """A sentence and where it stands in its text.

    Attributes:
        text: As `split_sentences` gives it.
        start, end: Places of its first letter and behind its last in the text.
    """

    text: str
    start: int
    end: int


def place_sentences(text: str) -> tuple[Placed, ...]:
    """The sentences of a text and where each stands in it."""
    placed, end = [], 0
    for sentence in split_sentences(text):
        found = re.compile(r"\s+".join(map(re.escape, sentence.split()))).search(text, end)
        assert found is not None  # a sentence differs from the text in its whitespace alone
        end = found.end()
        placed.append(Placed(sentence, found.start(), end))
    return tuple(placed)


def split_sentences(text: str) -> tuple[str, ...]:
    """Cut text into sentences.

    Abbreviations ("vs.", "Dr."), decimals ("2.5 cm") and scores ("Gleason 3") do not end one;
    items of a list do, and lose their number.

    Returns:
        In order, whitespace collapsed, without empty ones.
    """
    found = [
        sentence
        for line in _unwrapped(text)
        for item in _ITEM.split(line)
        for sentence in _sentences(item)
    ]
    cleaned = (" ".join(sentence.split()) for sentence in found)
    return tuple(s for s in cleaned if any(c.isalpha() for c in s))


def _unwrapped(text: str) -> list[str]:
    """Lines of the text, with those joined that only the page width broke."""
    lines: list[str] = []
    is_open = False
    for raw in text.splitlines():
        line = raw.strip()
        if not line:
            is_open = False
            continue
        is_item = _ITEM.match(line) is not None
        goes_on = is_open and not is_item
        if goes_on and (not line[0].isupper() or len(lines[-1]) >= _LONG_LINE):
            lines[-1] = f"{lines[-1]} {line}"
        else:
            lines.append(line)
        is_open = True
    return lines


def _sentences(text: str) -> list[str]:
    parts: list[str] = []
    start = 0
    for gap in _BREAK.finditer(text):
        before = text[start : gap.start()]
        if _ends_in_abbreviation(before, text[gap.end() :]):
            continue
        parts.append(before)
        start = gap.end()
    return [*parts, text[start:]]


def _ends_in_abbreviation(before: str, after: str) -> bool:
    if not before.endswith("."):
        return False
    last = before[:-1].split()[-1] if before[:-1].split() else ""
    word = last.lower().lstrip("(\"'[")
    is_initial = len(word) == 1 and word.isalpha() and last.isupper()
    counts = bool(_TOTAL.search(word)) and after[:1].isdecimal()  # "No. 5", but "lesion? No. 5 …"
    return (
        word in _ABBREVIATIONS or is_initial or counts or _BARE_NUMBER.fullmatch(before) is not None
    )
