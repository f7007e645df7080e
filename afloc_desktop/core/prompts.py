"""The prompt library: what findings are called, by kind of image, in words of our own.

Read from `resources/prompts`: `cxr.json` for chest films, `fundus.json` for photographs of eyes,
`histo.json` for stained tissue. It makes the prompts of bundles, tells which finding typed words
name, and is what unrelated words are unlike. `probes.json` beside them holds texts that take no
part in any of this, to measure the words of chest films with.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.strict_json import strict_object

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class FindingWords:
    """How one finding is spoken of.

    Attributes:
        id: Stable name, as in bundles.
        label: What the reader sees.
        group: Heading it stands under.
        official: What AFLoc's published prompt calls it.
        names: Noun phrases that mean it; the first is the usual one.
        present: Sentences that say it is there, without a place.
        absent: Sentences that say it is not.
        synonyms: Other words, spellings and abbreviations a reader may type, lower case.
        severity: Words for how much of it there is.
        places: Where it usually is.
    """

    id: str
    label: str
    group: str
    official: str
    names: tuple[str, ...]
    present: tuple[str, ...]
    absent: tuple[str, ...]
    synonyms: tuple[str, ...]
    severity: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def terms(self) -> tuple[str, ...]:
        """Everything that names it, lower case, each once."""
        names = (self.id.replace("_", " "), self.label, *self.names, *self.synonyms)
        return tuple(dict.fromkeys(name.lower() for name in names))


@dataclass(frozen=True, slots=True)
class Library:
    """The words of one kind of film.

    Attributes:
        findings: In the order they are shown.
        general: Sentences about such films that speak of none of the findings.
    """

    findings: tuple[FindingWords, ...]
    general: tuple[str, ...]

    @property
    def references(self) -> tuple[str, ...]:
        """What words about such a film look like: every phrasing, each once."""
        texts = (t for f in self.findings for t in (*f.names, *f.present, *f.absent))
        return tuple(dict.fromkeys((*texts, *self.general)))

    def finding(self, finding_id: str) -> FindingWords | None:
        """The finding with an id; None where there is none."""
        return next((f for f in self.findings if f.id == finding_id), None)


@dataclass(frozen=True, slots=True)
class Probes:
    """Texts to choose a limit with, and others to report how good it is.

    Attributes:
        paraphrases: By finding, sentences that mean it and stand nowhere in the library.
        related: Texts about chest films, for choosing.
        unrelated: Everyday words, other medicine and gibberish, for choosing.
        reported: More of those, for reporting alone.
    """

    paraphrases: Mapping[str, tuple[str, ...]]
    related: tuple[str, ...]
    unrelated: tuple[str, ...]
    reported: tuple[str, ...]


def chest_library() -> Library:
    """The words of chest films: 31 findings.

    They are those AFLoc was evaluated on, pairs of one meaning merged.
    """
    return library_of("cxr")


@functools.cache
def library_of(modality: str) -> Library:
    """The words of one kind of image.

    Args:
        modality: `cxr`, `fundus` or `histo`, as in a bundle's manifest.
    """
    document = _read(f"{modality}.json")
    findings = tuple(FindingWords(**_frozen(entry)) for entry in document["findings"])
    return Library(findings, tuple(document["general"]))


@functools.cache
def chest_probes() -> Probes:
    """Texts to measure the understanding of words with."""
    document = _read("probes.json")
    return Probes(
        paraphrases=_frozen(document["paraphrases"]),
        related=tuple(document["related"]),
        unrelated=tuple(document["unrelated"]["choose"]),
        reported=tuple(document["unrelated"]["report"]),
    )


def _read(name: str) -> Any:
    path = resources.files("afloc_resources") / "prompts" / name
    document = strict_object(path.read_text(encoding="utf-8"))
    if document["schema"] != _SCHEMA:
        raise ValueError(f"{name} has schema {document['schema']}")
    return document


def _frozen(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
