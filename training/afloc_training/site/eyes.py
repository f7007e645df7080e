"""Right or left eye: what an object or a table says, and which sentences speak of which eye."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Eye = Literal["right", "left", "unknown"]

_WORDS: dict[Eye, re.Pattern[str]] = {
    "right": re.compile(r"\b(?:right (?:eye|fundus|retina)|OD|R\.?E)\b|^\s*(?:right|R)\s*$", re.I),
    "left": re.compile(r"\b(?:left (?:eye|fundus|retina)|OS|L\.?E)\b|^\s*(?:left|L)\s*$", re.I),
}
_BOTH = re.compile(r"\b(?:both (?:eyes|fundi)|bilateral(?:ly)?|OU|either eye)\b", re.I)
# "Right eye: haemorrhages. Exudates.": a heading holds until the next one.
_HEADING = re.compile(r"^\s*(?:right eye|left eye|both eyes|OD|OS|OU|RE|LE)\s*[:\-]", re.I)


def find_eye(words: str) -> Eye:
    """The one eye that words name: `OD`, `left`, `L`, "right eye"; unknown for none or both."""
    named = eyes_of(words)
    return next(iter(named)) if len(named) == 1 else "unknown"


def eyes_of(words: str) -> frozenset[Eye]:
    """The eyes that words name; of two letters alone, only in capitals."""
    if _BOTH.search(words):
        return frozenset(("right", "left"))
    return frozenset(eye for eye, pattern in _WORDS.items() if _is_named(pattern, words))


def of_this_eye(sentences: Sequence[str], eye: str) -> tuple[bool, ...]:
    """Which sentences of a report speak of a photograph, as far as they name eyes.

    Those that name the other eye alone do not. Where nobody knows which eye it is, none does
    that names an eye, unless the whole report names one eye only.
    """
    named = list(_named(sentences))
    whole = frozenset[Eye]().union(*named)
    if eye == "unknown":
        return tuple(not eyes or len(whole) == 1 or len(eyes) == 2 for eyes in named)
    return tuple(not eyes or eye in eyes for eyes in named)


def _named(sentences: Iterable[str]) -> Iterable[frozenset[Eye]]:
    under: frozenset[Eye] = frozenset()
    for text in sentences:
        heading = _HEADING.match(text)
        if heading:
            under = eyes_of(heading.group())
        yield eyes_of(text) or under


def _is_named(pattern: re.Pattern[str], words: str) -> bool:
    # "re" and "os" are words and bones as well.
    return any(len(m.group().strip()) > 2 or m.group().isupper() for m in pattern.finditer(words))
