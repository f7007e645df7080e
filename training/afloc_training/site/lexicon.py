"""What the words of a site's reports are: ordinary, or somebody's name.

A word that several patients' reports write in lower case is a word; a capital in the middle of a
sentence that nobody writes in lower case is a name. Names behind a title or a label are learned
from all reports at once, so that they are known where they stand alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_training.site.words import CLINICAL, GENERAL, MEDICAL, NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Set

_FEWEST_PATIENTS = 2
# From here on the reports know their words themselves: without the vocabulary 344 rather than 180
# rare words are replaced in the 22,795 sentences of the Indiana collection.
_ENOUGH_PATIENTS = 1000
_FEWEST_IN_CAPITALS = 3
_SHORTEST_NAME = 2
LONGEST_ABBREVIATION = 5  # letters
_UPPER_SHARE = 0.7
_CAP = r"[A-ZÀ-ÖØ-Þ](?:[\w'’-]*\w)?"
_PARTICLE = r"(?:von|van|de|der|den|del|la|el|al|bin|ibn|di|da|dos|zu)"
_PERSON = rf"{_CAP}\.?(?:[ \t]+(?:{_PARTICLE}[ \t]+)*{_CAP}\.?){{0,3}}"
_TITLE = (
    r"(?:Drs?|DR|Mr|MR|Mrs|MRS|Ms|MS|Miss|Prof|PROF|Professor|Doctor|Nurse|Herrn?|Frau|Mme|Mlle)"
)
_LABEL = (
    r"(?i:patient name|name of patient|patient|name|radiologist|reading physician|physician|"
    r"(?:dictated|signed|reported|read|verified|approved|transcribed|reviewed|performed) by|"
    r"attending|resident|technologist|referring|discussed with|communicated (?:to|with)|"
    r"notified|informed|called to|telephoned to|courtesy of|credit to)"
)
TITLED = re.compile(rf"\b{_TITLE}\b\.?[ \t]+(?P<name>{_PERSON})")
LABELLED = re.compile(rf"\b{_LABEL}[ \t]*[:=]?[ \t]+(?:{_TITLE}\.?[ \t]+)?(?P<name>{_PERSON})")
CREDENTIALS = re.compile(
    rf"\b(?P<name>{_CAP}(?:[ \t]+{_CAP}\.?){{0,2}}),?[ \t]+"
    r"(?:M\.?D\.?|D\.?O\.?|Ph\.?D\.?|FRCR|FRANZCR|MBBS|R\.?N\.?|R\.?T\.?)(?![\w-])"
)
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is known of words before a report is read.

    Attributes:
        ordinary: Lower case; they stay, unless capitalised where only a name would be.
        written: Whatever any report writes in lower case, or abbreviates.
        names: Lower case parts of people's names.
        removed: Phrases of the site's own list, lower case.
        kept: Words of the site's own list, lower case; they always stay.
        vocabulary: Words of the text encoder, lower case, where the reports are too few to know
            what is ordinary; "hunter" and "porter" are among them.
    """

    ordinary: Set[str]
    written: Set[str]
    names: Set[str]
    removed: tuple[str, ...]
    kept: Set[str]
    vocabulary: Set[str]

    def is_known(self, word: str) -> bool:
        """Whether a lower-case word may stay: used by several reports, general, or medical."""
        return (
            word in self.ordinary
            or word in self.kept
            or word in self.vocabulary
            or MEDICAL.search(word) is not None
            or GENERAL.search(word) is not None
        )


def build_lexicon(
    texts: Iterable[tuple[str, str]],
    identifiers: Iterable[str],
    *,
    removed: Iterable[str] = (),
    kept: Iterable[str] = (),
    vocabulary: Iterable[str] = (),
) -> Lexicon:
    """Learn the words of all reports.

    Args:
        texts: (patient, report), all of them.
        identifiers: Of all headers and table rows.
        removed, kept: The site's own lists.
        vocabulary: Words of the bundle's text encoder.
    """
    lower: dict[str, set[str]] = defaultdict(set)
    capital: dict[str, set[str]] = defaultdict(set)
    learned: set[str] = set()
    for patient, text in texts:
        seen = capital if is_in_capitals(text) else lower
        for word in WORD.findall(text):
            is_abbreviation = word.isupper() and len(word) <= LONGEST_ABBREVIATION
            if seen is capital or word.islower() or is_abbreviation:
                seen[word.lower()].add(patient)
        if seen is lower:
            for pattern in (TITLED, LABELLED, CREDENTIALS):
                for found in pattern.finditer(text):
                    learned.update(_parts(found["name"]))
    ordinary = {word for word, patients in lower.items() if len(patients) >= _FEWEST_PATIENTS}
    ordinary |= {word for word, patients in capital.items() if len(patients) >= _FEWEST_IN_CAPITALS}
    is_enough = len(set().union(*lower.values())) >= _ENOUGH_PATIENTS
    held = frozenset(word.lower() for word in kept)
    named = {part for text in identifiers for part in name_parts(text)}
    named |= (learned - ordinary) | NAMES
    return Lexicon(
        ordinary=frozenset(ordinary | CLINICAL),
        written=frozenset(lower),
        names=frozenset(named - held - CLINICAL),
        removed=tuple(phrase.lower() for phrase in removed if phrase.strip()),
        kept=held,
        vocabulary=frozenset(() if is_enough else (word for word in vocabulary if word.isalpha())),
    )


def name_parts(identifier: str) -> tuple[str, ...]:
    """Parts of a person's name as DICOM and HL7 write it, lower case; empty for anything else."""
    if "^" not in identifier and "=" not in identifier:
        return ()
    return _parts(identifier)


def is_in_capitals(text: str) -> bool:
    """Whether a whole report is written in capitals, so that they tell nothing."""
    letters = [c for c in text if c.isalpha()]
    return sum(c.isupper() for c in letters) > _UPPER_SHARE * len(letters)


def _parts(name: str) -> tuple[str, ...]:
    parts = (word.lower() for word in WORD.findall(name.replace("_", " ")))
    return tuple(word for word in parts if len(word) >= _SHORTEST_NAME)
