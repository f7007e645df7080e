"""What of a report speaks of the film: findings and impression; the rest is left out.

Indication, history and comparison name what the film does not show, technique and signature what
nobody looks for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Kind = Literal["findings", "impression", "left_out"]

_HEADINGS: dict[str, Kind] = {
    **dict.fromkeys(
        ("finding", "findings", "report", "description", "observations", "imaging notes",
         "radiological findings", "radiographic findings", "chest", "lungs", "lungs and pleura",
         "heart", "heart and mediastinum", "mediastinum", "pleura", "bones", "soft tissues",
         "lines and tubes", "lines/tubes", "support devices", "befund", "résultats", "hallazgos"),
        "findings",
    ),
    **dict.fromkeys(
        ("impression", "impressions", "conclusion", "conclusions", "opinion", "summary",
         "interpretation", "diagnosis", "final diagnosis", "findings and impression",
         "findings/impression", "beurteilung", "conclusión"),
        "impression",
    ),
    **dict.fromkeys(
        ("indication", "indications", "clinical indication", "clinical information",
         "clinical history", "clinical data", "clinical details", "clinical question", "history",
         "patient history", "reason for exam", "reason for examination", "reason for study",
         "reason", "request", "comparison", "comparisons", "comparison study", "prior studies",
         "compared to", "technique", "procedure", "protocol", "exam", "examination", "exam type",
         "exam date", "study", "study date", "views", "view", "contrast", "medications",
         "presentation", "discussion", "recommendation", "recommendations", "notification",
         "addendum", "attending", "radiologist", "resident", "reported by", "dictated by",
         "dictated", "transcribed by", "signed by", "electronically signed by", "approved by",
         "verified by", "referring physician", "patient", "patient name", "name", "mrn", "dob",
         "date of birth", "accession", "accession number", "date", "end of impression",
         "indikation", "fragestellung", "technik", "klinische angaben", "voraufnahmen"),
        "left_out",
    ),
}  # fmt: skip
_WORDS = "|".join(sorted(map(re.escape, _HEADINGS), key=len, reverse=True))
# At the start of a line in any case; inside a line in capitals, or after the end of a sentence.
_HEADING = re.compile(
    rf"(?:^[ \t>*_]*|(?<=[.;!?:])[ \t]+)(?P<plain>(?i:{_WORDS}))[ \t*_]*(?::|(?<=[A-Z])[ \t]*$)"
    rf"|\b(?P<capital>{_WORDS.upper()})[ \t]*:",
    re.MULTILINE,
)
# "Electronically signed by …" needs no colon and ends what was said of the film.
_SIGNATURE = re.compile(
    r"^[ \t]*(?:this (?:report|study) (?:was|has been)|(?:electronically )?signed\b|dictated\b|"
    r"transcribed\b|reviewed and (?:signed|approved)|i have personally reviewed|"
    r"end of (?:report|impression)|attending\b).*",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report.

    Attributes:
        kind: What it is about.
        heading: As in the report, lower case; empty for text without one.
        text: Words below the heading.
    """

    kind: Kind
    heading: str
    text: str


def parse_sections(report: str) -> tuple[Section, ...]:
    """Cut a report at its headings, in order; a report without headings is all findings.

    Text before the first heading is left out, being letterhead or title, unless nothing else
    speaks of the film. So is a paragraph below a left-out section: where a report has no findings
    heading, it holds the findings.
    """
    text = report.replace("\r\n", "\n").replace("\r", "\n")
    sections = tuple(_cut(text))
    if len(sections) == 1 and not sections[0].heading:
        return (Section("findings", "", sections[0].text),)
    if any(s.kind != "left_out" and s.text for s in sections):
        return sections
    return tuple(part for section in sections for part in _recovered(section))


def _cut(text: str) -> Iterator[Section]:
    heading, start = "", 0
    for found in _HEADING.finditer(text):
        yield from _section(heading, text[start : found.start()])
        heading, start = (found["plain"] or found["capital"]).lower(), found.end()
    yield from _section(heading, text[start:])


def _section(heading: str, text: str) -> Iterator[Section]:
    kind: Kind = _HEADINGS[heading] if heading else "left_out"
    signature = _SIGNATURE.search(text)
    kept = text[: signature.start()] if signature else text
    if heading or kept.strip():
        yield Section(kind, heading, kept.strip())
    if signature:
        yield Section("left_out", "signature", text[signature.start() :].strip())


def _recovered(section: Section) -> Iterator[Section]:
    if not section.heading:
        yield Section("findings", "", section.text)
        return
    first, blank, rest = section.text.partition("\n\n")
    yield Section("left_out", section.heading, first.strip())
    if blank and rest.strip() and section.heading != "signature":
        yield Section("findings", "", rest.strip())
