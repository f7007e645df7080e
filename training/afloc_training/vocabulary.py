"""The findings the default bundle knows, and the words for them."""

from __future__ import annotations

from dataclasses import dataclass

ABNORMALITY = "abnormality"
"""Stands in sentences for anything that is not normal; no finding of the bundle."""


@dataclass(frozen=True, slots=True)
class Term:
    """One finding and how it is spoken of.

    Attributes:
        id: Stable name, as in the bundle.
        label: What the reader sees.
        group: Heading it stands under.
        nih_label: Its label in the NIH table; None where that table has none.
        names: Phrases for the sentence bank; the first one makes the prompts.
        synonyms: Other words a reader may type, lower case.
        sigma_cells: Gaussian smoothing of its map, grid cells of 24.
        has_place: Whether a side and a zone can be said of it.
        has_size: Whether small, moderate, large can be said of it.
        is_default: Whether the training supports it well enough to be selected unasked.
    """

    id: str
    label: str
    group: str
    nih_label: str | None
    names: tuple[str, ...]
    synonyms: tuple[str, ...]
    sigma_cells: float
    has_place: bool
    has_size: bool
    is_default: bool

    @property
    def prompts(self) -> tuple[str, ...]:
        """The sentences whose unit vectors are averaged for this finding."""
        name = self.names[0]
        return (f"Findings suggesting {name}.", f"There is {name}.", f"{capitalised(name)}.")


def capitalised(text: str) -> str:
    """The first letter in upper case, the rest as it is."""
    return text[:1].upper() + text[1:]


# Diffuse findings fill many cells, so 2.0; a nodule is smaller than one cell (training.md 1).
_DIFFUSE, _MASS, _SHARP = 2.0, 1.7, 1.2
_PLEURA, _LUNG, _HEART = "Pleura", "Lung", "Heart and vessels"
_OTHER, _DEVICES = "Chest wall and other", "Devices"

FINDINGS: tuple[Term, ...] = (
    Term(
        "pleural_effusion", "Pleural effusion", _PLEURA, "Effusion",
        ("pleural effusion", "effusion", "fluid in the pleural space",
         "blunting of the costophrenic angle", "pleural fluid"),
        ("effusion", "pleural fluid", "hydrothorax", "blunted costophrenic angle"),
        _DIFFUSE, has_place=True, has_size=True, is_default=True,
    ),
    Term(
        "pneumothorax", "Pneumothorax", _PLEURA, "Pneumothorax",
        ("pneumothorax", "visceral pleural line",
         "air in the pleural space", "collapsed lung with pleural air"),
        ("ptx", "collapsed lung", "air in the pleural space"),
        _SHARP, has_place=True, has_size=True, is_default=False,
    ),
    Term(
        "consolidation", "Consolidation", _LUNG, "Consolidation",
        ("consolidation", "airspace consolidation", "dense airspace opacity",
         "confluent opacification", "lobar consolidation"),
        ("airspace consolidation", "lobar consolidation", "consolidated lung"),
        _DIFFUSE, has_place=True, has_size=False, is_default=True,
    ),
    Term(
        "pneumonia", "Pneumonia", _LUNG, "Pneumonia",
        ("pneumonia", "opacity suspicious for pneumonia", "infectious infiltrate",
         "airspace opacity compatible with pneumonia"),
        ("lung infection", "chest infection", "bronchopneumonia"),
        _DIFFUSE, has_place=True, has_size=False, is_default=True,
    ),
    Term(
        "infiltration", "Infiltration", _LUNG, "Infiltration",
        ("infiltrate", "patchy infiltrate", "hazy opacity", "ground-glass opacity",
         "ill-defined opacity", "interstitial infiltrate"),
        ("infiltrate", "infiltrates", "ground-glass opacity", "hazy opacity"),
        _DIFFUSE, has_place=True, has_size=False, is_default=True,
    ),
    Term(
        "lung_opacity", "Lung opacity", _LUNG, None,
        ("lung opacity", "airspace opacity", "pulmonary opacity", "opacity", "opacification"),
        ("opacity", "airspace opacity", "pulmonary opacity", "shadowing"),
        _DIFFUSE, has_place=True, has_size=False, is_default=True,
    ),
    Term(
        "atelectasis", "Atelectasis", _LUNG, "Atelectasis",
        ("atelectasis", "linear atelectasis", "subsegmental atelectasis", "volume loss",
         "plate-like atelectasis", "collapse"),
        ("lobar collapse", "volume loss", "plate-like atelectasis"),
        _DIFFUSE, has_place=True, has_size=False, is_default=True,
    ),
    Term(
        "nodule", "Nodule", _LUNG, "Nodule",
        ("nodule", "pulmonary nodule", "small rounded opacity", "lung nodule", "nodular opacity"),
        ("lung nodule", "pulmonary nodule", "coin lesion"),
        _SHARP, has_place=True, has_size=False, is_default=False,
    ),
    Term(
        "mass", "Mass", _LUNG, "Mass",
        ("mass", "lung mass", "large rounded opacity", "pulmonary mass", "mass lesion"),
        ("lung mass", "pulmonary mass", "tumour", "tumor"),
        _MASS, has_place=True, has_size=False, is_default=True,
    ),
    Term(
        "cardiomegaly", "Cardiomegaly", _HEART, "Cardiomegaly",
        ("cardiomegaly", "enlarged heart", "enlarged cardiac silhouette",
         "widened heart shadow", "increased heart size"),
        ("enlarged heart", "enlarged cardiac silhouette", "big heart"),
        _DIFFUSE, has_place=False, has_size=False, is_default=True,
    ),
    Term(
        "pulmonary_edema", "Pulmonary oedema", _HEART, "Edema",
        ("pulmonary edema", "edema", "vascular congestion with interstitial edema",
         "perihilar haze of pulmonary edema", "alveolar edema"),
        ("pulmonary edema", "pulmonary oedema", "edema", "oedema", "vascular congestion"),
        _DIFFUSE, has_place=False, has_size=False, is_default=True,
    ),
    Term(
        "emphysema", "Emphysema", _LUNG, "Emphysema",
        ("emphysema", "hyperinflated lungs", "emphysematous change", "hyperinflation"),
        ("hyperinflation", "copd", "hyperinflated lungs"),
        _DIFFUSE, has_place=False, has_size=False, is_default=False,
    ),
    Term(
        "fibrosis", "Fibrosis", _LUNG, "Fibrosis",
        ("fibrosis", "pulmonary fibrosis", "fibrotic change", "scarring"),
        ("scarring", "pulmonary fibrosis"),
        _DIFFUSE, has_place=True, has_size=False, is_default=False,
    ),
    Term(
        "pleural_thickening", "Pleural thickening", _PLEURA, "Pleural_Thickening",
        ("pleural thickening", "thickened pleura", "pleural scarring"),
        ("thickened pleura", "pleural scar"),
        _DIFFUSE, has_place=True, has_size=False, is_default=False,
    ),
    Term(
        "hernia", "Hiatal hernia", _OTHER, "Hernia",
        ("hiatal hernia", "hernia"),
        ("hernia", "hiatus hernia"),
        _DIFFUSE, has_place=False, has_size=False, is_default=False,
    ),
    Term(
        "support_devices", "Support devices", _DEVICES, None,
        ("support device", "tube or line", "endotracheal tube", "central venous catheter",
         "enteric tube"),
        ("tube", "line", "catheter", "endotracheal tube", "central line", "pacemaker"),
        _SHARP, has_place=False, has_size=False, is_default=False,
    ),
)  # fmt: skip

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
