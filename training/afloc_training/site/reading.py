"""What of a report would be learned: its sentences about the film, as the site wrote them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.core.sentences import split_sentences
from afloc_desktop.core.wording import is_negated
from afloc_training.site.sections import parse_sections

if TYPE_CHECKING:
    from afloc_training.site.sections import Kind

_CREDIT = re.compile(
    r"^\s*(?:case courtesy|credit|courtesy of|image courtesy|photo|source:|from:|dictated|"
    r"transcribed|signed|electronically|reported by|read by|reviewed by|thank you|kind regards|"
    r"dear|best regards|sincerely)\b",
    re.IGNORECASE,
)
# Credits are hung on without a full stop before them.
_CREDIT_INSIDE = re.compile(r"\s(?=(?:Credit to|Case courtesy of|Image courtesy of)\b)")
_NORMAL = re.compile(
    r"\b(?:normal|clear|unremarkable|negative|within normal limits|intact|midline|no acute|"
    r"no active|no significant)\b",
    re.IGNORECASE,
)
_ANSWER_WORDS = 3  # "Right lung." answers a question and states nothing by itself


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a report.

    Attributes:
        text: As written.
        section: Findings or impression; `left_out` for what is not learned from.
    """

    text: str
    section: Kind


def read_sentences(report: str) -> tuple[Sentence, ...]:
    """All sentences of a report in order, sorted into sections.

    Questions and the short answers behind them, credits and signatures are left out: they state
    nothing of the film by themselves.
    """
    found: list[Sentence] = []
    is_answer = False
    for section in parse_sections(report):
        for text in _statements(section.text):
            is_question = text.endswith("?")
            is_short = is_answer and len(text.split()) <= _ANSWER_WORDS
            is_out = is_question or is_short or _CREDIT.match(text) is not None
            found.append(Sentence(text, "left_out" if is_out else section.kind))
            is_answer = is_question
    return tuple(found)


def _statements(text: str) -> list[str]:
    return [part for whole in split_sentences(text) for part in _CREDIT_INSIDE.split(whole)]


def is_normal(sentences: tuple[str, ...]) -> bool:
    """Whether every sentence says that something is normal or absent."""
    return bool(sentences) and all(is_negated(s) or _NORMAL.search(s) for s in sentences)
