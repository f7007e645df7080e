"""The findings the default fundus bundle knows, and every sentence it is taught with.

Templated, not written by a reader: no sentence comes from a report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from afloc_training.vocabulary import capitalised


@dataclass(frozen=True, slots=True)
class Term:
    """One finding, and how it is taught and asked.

    Attributes:
        id: Stable name; that of an imported fundus bundle where both know it.
        label: What the reader sees.
        group: Heading it stands under.
        names: Noun phrases that mean it, in the plural or the singular of a whole eye.
        synonyms: Other words a reader may type, lower case.
        sigma_cells: Gaussian smoothing of its map, grid cells of 128.
        is_default: Selected unasked.
    """

    id: str
    label: str
    group: str
    names: tuple[str, ...]
    synonyms: tuple[str, ...]
    sigma_cells: float
    is_default: bool

    _shown: ClassVar = "Fundus photograph showing {}."
    _stated: ClassVar = "There is {}."

    @property
    def prompts(self) -> tuple[str, ...]:
        """The sentences whose unit vectors are averaged for this finding."""
        first = self.names[0]
        return (
            self._shown.format(first),
            f"{capitalised(first)}.",
            *(self._stated.format(name) for name in self.names),
        )


_LESIONS, _RETINA = "Lesions", "Retina"
# Chosen on painted eyes: wider smoothing made the overlap worse, and that of dots at once.
_DOT, _FINE, _BROAD = 0.3, 0.6, 1.0

FINDINGS: tuple[Term, ...] = (
    Term("microaneurysms", "Microaneurysms", _LESIONS,
         ("microaneurysms", "small red dots of microaneurysms", "tiny capillary aneurysms"),
         ("microaneurysm", "micro aneurysms", "capillary aneurysms", "red dots"), _DOT, True),
    Term("retinal_hemorrhage", "Retinal hemorrhage", _LESIONS,
         ("retinal hemorrhages", "intraretinal haemorrhages", "dot and blot hemorrhages",
          "flame-shaped haemorrhages", "bleeding in the retina"),
         ("hemorrhage", "haemorrhage", "hemorrhages", "haemorrhages", "retinal haemorrhage",
          "blot hemorrhages", "blot haemorrhages", "bleeding"), _FINE, True),
    Term("hard_exudates", "Hard exudates", _LESIONS,
         ("hard exudates", "yellow lipid exudates", "waxy yellow deposits"),
         ("exudates", "hard exudate", "lipid exudates", "exudation"), _FINE, True),
    Term("cotton_wool_spots", "Cotton wool spots", _LESIONS,
         ("cotton wool spots", "soft exudates", "fluffy white patches of nerve fibre infarction"),
         ("soft exudates", "soft exudate", "cotton wool spot", "cotton-wool spots"), _FINE, True),
    Term("optic_disc", "Optic disc", _RETINA,
         ("the optic disc", "the optic nerve head", "the optic papilla"),
         ("optic disk", "optic nerve head", "papilla", "disc"), _BROAD, False),
    Term("diabetic_retinopathy", "Referable diabetic retinopathy", _RETINA,
         ("diabetic retinopathy", "referable diabetic retinopathy",
          "moderate to severe diabetic retinopathy", "retinopathy of diabetes"),
         ("retinopathy", "diabetic eye disease"), _BROAD, False),
)  # fmt: skip
IDS = tuple(term.id for term in FINDINGS)

IDRID_LABELS = {
    "MA": "microaneurysms",
    "HE": "retinal_hemorrhage",
    "EX": "hard_exudates",
    "SE": "cotton_wool_spots",
    "OD": "optic_disc",
}
"""Masks of IDRiD by the ending of their column, and what they are called here."""

_PRESENT = (
    "{n}.", "There is {n}.", "Fundus photograph showing {n}.", "{n} is seen.", "Evidence of {n}.",
    "The retina shows {n}.", "{n} is present.", "Scattered {n}.", "Findings suggesting {n}.",
    "Mild {n}.", "Severe {n}.", "Multiple {n}.",
)  # fmt: skip
_ABSENT = (
    "No {n}.", "There is no {n}.", "No evidence of {n}.", "Without {n}.", "{n} is absent.",
    "Fundus photograph without {n}.",
)  # fmt: skip
_NORMAL = ("Normal fundus.", "No diabetic retinopathy.", "No apparent diabetic retinopathy.",
           "Healthy retina.", "Normal fundus photograph.")  # fmt: skip


class Sentence(NamedTuple):
    """Text, the number of the finding in `FINDINGS` it is about, and whether it denies it."""

    text: str
    finding: int
    is_negated: bool


def sentence_bank() -> tuple[Sentence, ...]:
    """Every sentence used in training, each text once."""
    found: dict[str, Sentence] = {}
    for number, term in enumerate(FINDINGS):
        for name in term.names:
            for templates, is_negated in ((_PRESENT, False), (_ABSENT, True)):
                if is_negated and term.id == "optic_disc":
                    continue  # every eye has one
                for template in templates:
                    text = capitalised(template.format(n=name))
                    found.setdefault(text, Sentence(text, number, is_negated))
    last = IDS.index("diabetic_retinopathy")
    found.update({text: Sentence(text, last, True) for text in _NORMAL})
    return tuple(found.values())


RELATED = (
    "red blots in the inferior retina", "bright yellow specks near the macula",
    "pale fluffy lesion beside the vessels", "tiny red dots temporal to the fovea",
    "where is the disc", "any bleeding", "lipid deposits around the fovea",
    "is there retinopathy", "flame haemorrhage along the arcade", "circinate exudates",
    "venous beading", "new vessels on the disc", "macular oedema", "drusen in the macula",
    "glaucomatous cupping", "the fovea looks swollen", "retinal vein occlusion",
    "ischaemic retina with cotton wool", "background diabetic changes", "macula",
)  # fmt: skip
"""Texts about eyes that stand nowhere in the bank, to choose the limit of the gate with."""
ELSEWHERE = (
    "pleural effusion", "pneumothorax", "right lower lobe pneumonia", "enlarged heart",
    "rib fracture", "lung nodule", "liver metastases", "fracture of the wrist",
    "prostate cancer gleason pattern 3", "the patient has diabetes and hypertension",
)  # fmt: skip
"""Medicine that is not the eye, beside the everyday words of the probes."""
