"""What an imported model is asked for: findings by modality, in words of our own.

The chest list is the prompt library: the union of the labels AFLoc was evaluated on, without
"normal" and with the two pairs that mean the same merged, 31 findings. The published protocol asks
"Findings suggesting …" and nothing else; the library has more phrasings for who wants them.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from afloc_desktop.core.prompts import chest_library
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


def _listed(sentence: str, text: str) -> tuple[Subject, ...]:
    """Subjects from lines of "label = words of the prompt; synonym; …"; a star selects unasked."""
    subjects = []
    for line in text.strip().splitlines():
        label, _, rest = line.partition("=")
        words, *synonyms = (part.strip() for part in rest.split(";"))
        name = label.strip("* ")
        identity = "".join(c if c.isalnum() else "_" for c in name.lower())
        is_default = label.startswith("*")
        prompt = sentence.format(words)
        subjects.append(
            Subject(identity, name, "Findings", prompt, (prompt,), tuple(synonyms), is_default)
        )
    return tuple(subjects)


_CHOSEN = """
atelectasis cardiomegaly consolidation pulmonary_edema lung_opacity pleural_effusion pneumonia
pneumothorax
"""


def _of_the_library(sentence: str) -> tuple[Subject, ...]:
    """Subjects of chest films."""
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
        for words in chest_library().findings
    )


_FUNDUS = """
* Diabetic retinopathy = diabetic retinopathy
* Retinal hemorrhage = retinal hemorrhage; haemorrhage; retinal haemorrhage
* Hard exudates = hard exudates; exudates
* Drusen = drusen
* Macular edema = macular edema; macular oedema
* Glaucomatous cupping = cupping of the optic disc in glaucoma; glaucoma; optic disc cupping
Microaneurysms = microaneurysms
Cotton wool spots = cotton wool spots; soft exudates
Neovascularization = new vessels of the retina; new vessels
Age-related macular degeneration = age related macular degeneration; amd
Optic disc swelling = swelling of the optic disc; papilledema; papilloedema
Retinal vein occlusion = retinal vein occlusion
Epiretinal membrane = epiretinal membrane
Pathologic myopia = pathologic myopia; myopic degeneration
Retinal detachment = retinal detachment
"""
_HISTOLOGY = """
* Benign prostate glands = benign prostate glands; benign prostate tissue
* Gleason pattern 3 = prostate cancer with Gleason pattern 3 glands; gleason 3
* Gleason pattern 4 = prostate cancer with Gleason pattern 4 glands; gleason 4
* Gleason pattern 5 = prostate cancer with Gleason pattern 5 glands; gleason 5
* Invasive carcinoma = invasive carcinoma; tumor; tumour
Tumor-associated stroma = tumor associated stromal tissue; stroma
Non-tumor tissue = tissue without tumor; normal tissue
Lymphocytes = lymphocytes; lymphocytic infiltrate
Necrosis = necrosis
Lepidic adenocarcinoma = lepidic pattern of lung adenocarcinoma
Acinar adenocarcinoma = acinar pattern of lung adenocarcinoma
Papillary adenocarcinoma = papillary pattern of lung adenocarcinoma
Micropapillary adenocarcinoma = micropapillary pattern of lung adenocarcinoma
Solid adenocarcinoma = solid pattern of lung adenocarcinoma
"""

SENTENCES: Mapping[Modality, str] = MappingProxyType(
    {
        "cxr": "Findings suggesting {}.",
        "fundus": "A fundus photograph showing {}.",
        "histo": "An example of {}.",
    }
)
"""What a bare term is put into, by modality."""

SUBJECTS: Mapping[Modality, tuple[Subject, ...]] = MappingProxyType(
    {
        "cxr": _of_the_library(SENTENCES["cxr"]),
        "fundus": _listed(SENTENCES["fundus"], _FUNDUS),
        "histo": _listed(SENTENCES["histo"], _HISTOLOGY),
    }
)
"""What an imported model is asked for, by modality."""
