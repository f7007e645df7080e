"""The structures the demonstration bundle knows, and every sentence it is taught with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from afloc_training.fundus.vocabulary import Sentence, Term
from afloc_training.vocabulary import capitalised


@dataclass(frozen=True, slots=True)
class Structure(Term):
    """A term of tissue: its names are plurals, and are seen on a tile."""

    _shown: ClassVar = "Histology tile showing {}."
    _stated: ClassVar = "There are {}."


_GROUP = "Tissue"
_SIGMA_CELLS = 1.0

FINDINGS: tuple[Structure, ...] = (
    Structure("nuclei", "Nuclei", _GROUP,
              ("nuclei", "cell nuclei", "dark blue nuclei"),
              ("nucleus", "cell nucleus", "cell nuclei"), _SIGMA_CELLS, True),
    Structure("dense_nuclei", "Densely packed nuclei", _GROUP,
              ("densely packed nuclei", "crowded nuclei", "areas of many nuclei"),
              ("nuclei density", "nuclear density", "high nuclei density", "high cellularity"),
              4.0, True),
    Structure("empty_space", "Lumina and empty space", _GROUP,
              ("lumina and empty spaces", "empty spaces", "white gaps in the tissue"),
              ("lumen", "lumina", "background", "gaps"), _SIGMA_CELLS, False),
)  # fmt: skip
IDS = tuple(term.id for term in FINDINGS)

_PRESENT = (
    "{n}.", "There are {n}.", "Histology tile showing {n}.", "{n} are seen.", "Evidence of {n}.",
    "The tissue shows {n}.", "An example of {n}.",
)  # fmt: skip
_ABSENT = ("No {n}.", "There are no {n}.", "Without {n}.", "{n} are absent.")


def sentence_bank() -> tuple[Sentence, ...]:
    """Every sentence used in training, each text once."""
    found: dict[str, Sentence] = {}
    for number, term in enumerate(FINDINGS):
        for name in term.names:
            for templates, is_negated in ((_PRESENT, False), (_ABSENT, True)):
                for template in templates:
                    text = capitalised(template.format(n=name))
                    found.setdefault(text, Sentence(text, number, is_negated))
    return tuple(found.values())


RELATED = (
    "where is the tissue most cellular", "round dark cells", "blue stained spots", "any mitoses",
    "pale areas between the cells", "collagen fibres", "is there necrosis", "clusters of tumor",
    "glands with open lumina", "hematoxylin rich areas", "inflammatory cells", "gleason grade",
)  # fmt: skip
"""Texts about stained tissue that stand nowhere in the bank, to choose the limit of the gate."""
ELSEWHERE = (
    "pleural effusion", "pneumothorax", "enlarged heart", "rib fracture", "retinal hemorrhage",
    "optic disc", "hard exudates in the macula", "fracture of the wrist",
)  # fmt: skip
"""Medicine that is no stained tissue, beside the everyday words of the probes."""
