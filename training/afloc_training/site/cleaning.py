"""The sentences of every report as the store will hold them, and what was taken out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_training.site.deidentify import Cleaned, Deidentifier, Replaced
from afloc_training.site.reading import read_sentences
from afloc_training.site.survey import own_identifiers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from afloc_training.site.sections import Kind
    from afloc_training.site.survey import Survey
    from afloc_training.site.values import Case, Report

_EDGES = ".,;:!?()[]{}<>\"'"


@dataclass(frozen=True, slots=True)
class CleanSentence:
    """A sentence before and after.

    Attributes:
        written: As the site wrote it; it may name somebody.
        cleaned: Without identifiers.
        section: Findings or impression, or left out.
        is_kept: Whether the store holds it.
    """

    written: str
    cleaned: Cleaned
    section: Kind
    is_kept: bool


@dataclass(frozen=True, slots=True)
class CleanReport:
    """All sentences of a report, those included that are left out."""

    report: Report
    sentences: tuple[CleanSentence, ...]

    @property
    def kept(self) -> tuple[CleanSentence, ...]:
        """Those the store holds."""
        return tuple(s for s in self.sentences if s.is_kept)

    @property
    def replaced(self) -> Counter[Replaced]:
        """What was taken out of the sentences that speak of the film, by kind."""
        spoken = (s.cleaned.replaced for s in self.sentences if s.section != "left_out")
        return sum(spoken, Counter[Replaced]())


def clean_reports(cases: Iterable[Case], survey: Survey) -> dict[int, CleanReport]:
    """Clean the report of every case, by the report's `id`; films of a study share one."""
    cleaned: dict[int, CleanReport] = {}
    own: dict[int, set[str]] = {}
    for case in cases:
        key = id(case.report)
        own.setdefault(key, set(own_identifiers(case.report))).update(own_identifiers(case.film))
    for case in cases:
        if id(case.report) not in cleaned:
            cleaned[id(case.report)] = _clean(case.report, own[id(case.report)], survey)
    return cleaned


def total(reports: Iterable[CleanReport]) -> Counter[Replaced]:
    """What was taken out of all of them."""
    return sum((report.replaced for report in reports), Counter[Replaced]())


def _clean(report: Report, own: set[str], survey: Survey) -> CleanReport:
    cleaner = Deidentifier(survey.lexicon, sorted(own), report.text)
    sentences: list[CleanSentence] = []
    for sentence in read_sentences(report.text):
        cleaned = cleaner.clean(sentence.text)
        is_kept = (
            sentence.section != "left_out"
            and cleaned.is_worth_keeping
            and not _names_a_code(cleaned.text, survey.codes)
        )
        sentences.append(CleanSentence(sentence.text, cleaned, sentence.section, is_kept))
    return CleanReport(report, tuple(sentences))


def _names_a_code(text: str, codes: frozenset[str]) -> bool:
    """The last guard: a number of any header or row that no rule has seen."""
    return any(word.strip(_EDGES).lower() in codes for word in text.split())
