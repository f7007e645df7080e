"""What an imported model is asked for: findings by modality, in words of our own.

The lists are the prompt library. That of chest films is the union of the labels AFLoc was evaluated
on, without "normal" and with the two pairs that mean the same merged, 31 findings. The published
protocol asks "Findings suggesting …" and nothing else; the library has more phrasings for who wants
them. Patterns of glands keep their digits: "Gleason pattern 3." ends in what the authors' cleaning
takes for the number of a list.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from afloc_desktop.core.prompts import library_of
from afloc_desktop.core.wording import parse_place

if TYPE_CHECKING:
    from collections.abc import Mapping

Modality = Literal["cxr", "fundus", "histo"]


@dataclass(frozen=True, slots=True)
class Subject:
    """A finding of an imported bundle.

    Attributes:
        id: Stable name; that of the default bundle where both know it.
        label: What the reader sees.
        group: Heading it stands under.
        prompt: The sentence of the published protocol, whose vector stands for it.
        phrasings: Sentences without a zone whose mean vector can stand for it instead.
        synonyms: Other words for it, lower case.
        is_default: Selected unasked.
    """

    id: str
    label: str
    group: str
    prompt: str
    phrasings: tuple[str, ...]
    synonyms: tuple[str, ...]
    is_default: bool


_CHOSEN = """
atelectasis cardiomegaly consolidation pulmonary_edema lung_opacity pleural_effusion pneumonia
pneumothorax
diabetic_retinopathy retinal_hemorrhage hard_exudates drusen macular_edema glaucomatous_cupping
benign_prostate_glands gleason_pattern_3 gleason_pattern_4 gleason_pattern_5 invasive_carcinoma
"""


def _of_the_library(modality: Modality, sentence: str) -> tuple[Subject, ...]:
    return tuple(
        Subject(
            id=words.id,
            label=words.label,
            group=words.group,
            prompt=sentence.format(words.official),
            phrasings=tuple(
                text
                for text in (*map(sentence.format, words.names), *words.present)
                if parse_place(text).zone is None
            ),
            synonyms=words.synonyms,
            is_default=words.id in _CHOSEN.split(),
        )
        for words in library_of(modality).findings
    )


SENTENCES: Mapping[Modality, str] = MappingProxyType(
    {
        "cxr": "Findings suggesting {}.",
        "fundus": "A fundus photograph showing {}.",
        "histo": "An example of {}.",
    }
)
"""What a bare term is put into, by modality."""

SUBJECTS: Mapping[Modality, tuple[Subject, ...]] = MappingProxyType(
    {modality: _of_the_library(modality, sentence) for modality, sentence in SENTENCES.items()}
)
"""What an imported model is asked for, by modality."""
