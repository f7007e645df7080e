"""The sentence bank: templated text, every sentence with the claim it makes.

Templated, not written by a reader: no sentence comes from a report. The phrasings of the prompt
library stay out, so that what is measured on them is measured on words never taught.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from afloc_training.facts import Claim
from afloc_training.vocabulary import ABNORMALITY, DEVICE_NAMES, FINDINGS, capitalised

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np

    from afloc_desktop.core.domain import Side, Zone
    from afloc_training.facts import Size
    from afloc_training.vocabulary import Term

_PRESENT = (
    "{n}.", "There is {n}.", "Findings suggesting {n}.", "{n} is present.", "The image shows {n}.",
    "Evidence of {n}.", "{grade} {n}.", "There is {grade} {n}.",
    "Findings are consistent with {n}.", "{n} is seen.",
)  # fmt: skip
_ABSENT = (
    "No {n}.", "There is no {n}.", "No evidence of {n}.", "{n} is absent.", "Without {n}.",
    "No {n} is identified.", "Negative for {n}.", "The lungs are clear without {n}.",
)  # fmt: skip
_ONE_SIDE = (
    "{side} {n}.", "There is a {side} {n}.", "{n} on the {side} side.", "{side}-sided {n}.",
    "{n} in the {side} lung.", "{grade} {side} {n}.",
)  # fmt: skip
_BOTH_SIDES = ("Bilateral {n}.", "There is bilateral {n}.", "{n} on both sides.",
               "{n} in both lungs.")  # fmt: skip
_SIDE_AND_ZONE = (
    "{side} {zone} {n}.", "{n} in the {side} {zone}.", "There is {n} at the {side} {zone}.",
    "{grade} {n} in the {side} {zone}.", "{n} projecting over the {side} {zone}.",
)  # fmt: skip
_ZONE = ("{zone} {n}.", "{n} in the {zone}.", "{grade} {n} at the {zone}.")
_GRADES = ("mild", "subtle", "focal", "marked", "extensive", "severe")
_ZONES: dict[Zone, tuple[str, ...]] = {
    "upper": ("upper lung zone", "upper lobe", "apex", "upper zone"),
    "mid": ("mid lung zone", "mid zone", "perihilar region", "middle zone"),
    "lower": ("lower lung zone", "lower lobe", "base", "lower zone"),
}
_SIZES: dict[Size, tuple[str, ...]] = {
    "small": ("small", "minimal", "tiny", "trace"),
    "moderate": ("moderate", "moderate-sized"),
    "large": ("large", "massive", "extensive"),
}
_ONE_SIDES: tuple[Side, ...] = ("right", "left")
_ANY_ABNORMALITY = ("abnormality", "acute cardiopulmonary abnormality", "acute disease",
                    "significant finding")  # fmt: skip
_NORMAL = (
    "Normal chest radiograph.", "No acute cardiopulmonary abnormality.", "The lungs are clear.",
    "No acute disease.", "Heart size is normal and the lungs are clear.",
    "Unremarkable chest x-ray.",
)  # fmt: skip


class Sentence(NamedTuple):
    """Text and what it claims."""

    text: str
    claim: Claim


def sentence_bank(rng: np.random.Generator) -> tuple[Sentence, ...]:
    """Every sentence used in training, no text twice with the same claim.

    Args:
        rng: Chooses severity words and which of the placed templates each name gets.
    """
    found: dict[Sentence, None] = {}
    for term in FINDINGS:
        for name in term.names:
            found.update(dict.fromkeys(_plain(rng, term.id, name)))
            if term.has_place:
                found.update(dict.fromkeys(_placed(rng, term.id, name)))
            if term.has_size:
                found.update(dict.fromkeys(_sized(rng, term, name)))
    for name in _ANY_ABNORMALITY:
        found.update(dict.fromkeys(_plain(rng, ABNORMALITY, name)))
    found.update((Sentence(text, Claim(ABNORMALITY, is_negated=True)), None) for text in _NORMAL)
    found.update(dict.fromkeys(_devices()))
    return tuple(found)


def _fill(rng: np.random.Generator, template: str, **words: str) -> str:
    grade = str(rng.choice(_GRADES))
    return capitalised(template.format(grade=grade, **words))


def _some(rng: np.random.Generator, templates: Sequence[str], count: int) -> Iterable[str]:
    return (templates[i] for i in rng.choice(len(templates), count, replace=False))


def _plain(rng: np.random.Generator, finding: str, name: str) -> Iterator[Sentence]:
    for template in _PRESENT:
        yield Sentence(_fill(rng, template, n=name), Claim(finding))
    for template in _ABSENT:
        yield Sentence(_fill(rng, template, n=name), Claim(finding, is_negated=True))


def _placed(rng: np.random.Generator, finding: str, name: str) -> Iterator[Sentence]:
    for side in _ONE_SIDES:
        for template in _some(rng, _ONE_SIDE, 3):
            yield Sentence(_fill(rng, template, n=name, side=side), Claim(finding, side=side))
        for zone, words in _ZONES.items():
            for template in _some(rng, _SIDE_AND_ZONE, 2):
                word = str(rng.choice(words))
                text = _fill(rng, template, n=name, side=side, zone=word)
                yield Sentence(text, Claim(finding, side=side, zone=zone))
    for template in _some(rng, _BOTH_SIDES, 2):
        yield Sentence(_fill(rng, template, n=name), Claim(finding, side="bilateral"))
    for zone, words in _ZONES.items():
        for template in _some(rng, _ZONE, 1):
            text = _fill(rng, template, n=name, zone=str(rng.choice(words)))
            yield Sentence(text, Claim(finding, zone=zone))


def _sized(rng: np.random.Generator, term: Term, name: str) -> Iterator[Sentence]:
    for size, words in _SIZES.items():
        for word in words:
            yield Sentence(capitalised(f"{word} {name}."), Claim(term.id, size=size))
        for side in _ONE_SIDES:
            text = capitalised(f"{rng.choice(words)} {side} {name}.")
            yield Sentence(text, Claim(term.id, side=side, size=size))


def _devices() -> Iterator[Sentence]:
    for device, names in DEVICE_NAMES.items():
        for name in names:
            for template in ("{} in place.", "{} is seen.", "There is an {}."):
                text = capitalised(template.format(name))
                yield Sentence(text, Claim("support_devices", device=device))
