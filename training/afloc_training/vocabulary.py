"""The findings the default bundle knows, and the words for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.core.prompts import chest_library
from afloc_desktop.core.wording import parse_place

if TYPE_CHECKING:
    from afloc_desktop.core.prompts import FindingWords

ABNORMALITY = "abnormality"
"""Stands in sentences for anything that is not normal; no finding of the bundle."""


@dataclass(frozen=True, slots=True)
class Term:
    """One finding and how it is taught; what it is called stands in the prompt library.

    Attributes:
        words: Its entry of the library, which names the bundle's id, label and group too.
        nih_label: Its label in the NIH table; None where that table has none.
        sigma_cells: Gaussian smoothing of its map, grid cells of 24.
        has_place: Whether a side and a zone can be said of it.
        has_size: Whether small, moderate, large can be said of it.
        is_default: Whether the training supports it well enough to be selected unasked.
    """

    words: FindingWords
    nih_label: str | None
    sigma_cells: float
    has_place: bool
    has_size: bool
    is_default: bool

    @property
    def id(self) -> str:
        """Stable name, as in the bundle."""
        return self.words.id

    @property
    def label(self) -> str:
        """What the reader sees."""
        return self.words.label

    @property
    def group(self) -> str:
        """Heading it stands under."""
        return self.words.group

    @property
    def names(self) -> tuple[str, ...]:
        """Phrases for the sentence bank."""
        return self.words.names

    @property
    def synonyms(self) -> tuple[str, ...]:
        """Other words a reader may type, lower case."""
        return self.words.synonyms

    @property
    def prompts(self) -> tuple[str, ...]:
        """The sentences whose unit vectors are averaged for this finding.

        All its names, and the library's sentences that name no zone.
        """
        first, *others = self.names
        sentences = (
            f"Findings suggesting {first}.",
            f"There is {first}.",
            f"{capitalised(first)}.",
            *(f"There is {name}." for name in others),
            *self.words.present,
        )
        return tuple(dict.fromkeys(s for s in sentences if parse_place(s).zone is None))


def capitalised(text: str) -> str:
    """The first letter in upper case, the rest as it is."""
    return text[:1].upper() + text[1:]


def _term(
    finding_id: str,
    nih_label: str | None,
    sigma_cells: float,
    *,
    has_place: bool = True,
    has_size: bool = False,
    is_default: bool = True,
) -> Term:
    words = chest_library().finding(finding_id)
    if words is None:
        raise ValueError(f"the library lacks {finding_id}")
    return Term(words, nih_label, sigma_cells, has_place, has_size, is_default)


# Diffuse findings fill many cells. A round lesion smoothed wider than it is drowns in its
# surroundings, so it is smoothed by about its own radius: 10 and 14 of 384 pixels.
_DIFFUSE, _THIN, _MASS, _NODULE = 2.0, 1.2, 0.85, 0.6

FINDINGS: tuple[Term, ...] = (
    _term("pleural_effusion", "Effusion", _DIFFUSE, has_size=True),
    _term("pneumothorax", "Pneumothorax", _THIN, has_size=True, is_default=False),
    _term("consolidation", "Consolidation", _DIFFUSE),
    _term("pneumonia", "Pneumonia", _DIFFUSE),
    _term("infiltration", "Infiltration", _DIFFUSE),
    _term("lung_opacity", None, _DIFFUSE),
    _term("atelectasis", "Atelectasis", _DIFFUSE),
    _term("nodule", "Nodule", _NODULE, is_default=False),
    _term("mass", "Mass", _MASS),
    _term("cardiomegaly", "Cardiomegaly", _DIFFUSE, has_place=False),
    _term("pulmonary_edema", "Edema", _DIFFUSE, has_place=False),
    _term("emphysema", "Emphysema", _DIFFUSE, has_place=False, is_default=False),
    _term("fibrosis", "Fibrosis", _DIFFUSE, is_default=False),
    _term("pleural_thickening", "Pleural_Thickening", _DIFFUSE, is_default=False),
    _term("hernia", "Hernia", _DIFFUSE, has_place=False, is_default=False),
    _term("support_devices", None, _THIN, has_place=False, is_default=False),
)

BY_ID = {term.id: term for term in FINDINGS}
BY_NIH_LABEL = {term.nih_label: term.id for term in FINDINGS if term.nih_label is not None}

OPACITIES = frozenset(
    ("consolidation", "infiltration", "pneumonia", "atelectasis", "pulmonary_edema", "lung_opacity")
)
"""Findings whose labels overlap in NIH: one of them labelled makes the others unknown."""

DEVICE_NAMES: dict[str, tuple[str, ...]] = {
    "airway": ("endotracheal tube", "ETT"),
    "gastric": ("nasogastric tube", "enteric tube"),
    "venous": ("central venous catheter", "central line"),
}
"""Kinds of painted devices, and what they are called."""
