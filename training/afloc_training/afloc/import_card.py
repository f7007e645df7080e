"""The model card of an imported bundle: where it comes from and what the import can vouch for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from afloc_desktop.core.model.manifest import Manifest

_CLEANING = {
    "afloc": "as AFLoc's own code: single words and digits before a period are dropped",
    "none": "as the default model reads them: terms are put into a sentence, and sides enforced",
    "afloc-words": "as AFLoc's own code, but single words and digits are kept; a single word is "
    "put into a sentence",
}
_FIT = {
    "letterbox-truncated": "grey, long side 224, black bars",
    "as-is": "as they are; give pictures of 224 × 224, as the network was trained on",
}
_MAPS = {
    "dot": "raw product of the report vector with the deep local features",
    "cosine": "cosine of the words' vector with the deep local features, less the mean of it over "
    "all findings; a finding is the mean of its phrasings, and has a width of its own where the\n"
    "  default model has one",
}
_EXTENT = {
    "input": "bilinear to {side} × {side}",
    "film": "bilinear to the film",
}
_PRESENT = {
    "dot": "A finding counts as present from {threshold}. That is half of the published\n"
    "  protocol's range and tuned on nothing; raw products grow with the length of a text, and a\n"
    "  map lights up somewhere whether the finding is there or not.",
    "cosine": "A finding counts as present from where few of the site's own films reach. Nobody\n"
    "  said which of them had it: of a finding that many of them show, fewer are called present.\n"
    "  `afloc-train calibrate` sets thresholds and probabilities by what reports say.",
}
_NONE = "none"


def import_card(
    manifest: Manifest,
    name: str,
    digest: str,
    told: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
    differences: tuple[float, float],
    notes: tuple[str, ...] = (),
) -> str:
    """Markdown.

    Args:
        manifest: Of the bundle.
        name, digest: Of the checkpoint file; its SHA-256.
        told: Missing names, unexpected names, warnings.
        differences: Of the image and the text graph from torch.
        notes: What else there is to say of the checks; empty ones are left out.
    """
    heatmap = manifest.heatmap
    extent = _EXTENT[heatmap.extent].format(side=manifest.preprocess.side)
    present = _PRESENT[heatmap.similarity].format(threshold=heatmap.threshold)
    added = "".join(f"\n- {note[:1].upper()}{note[1:]}." for note in notes if note)
    missing, unexpected, warnings = (", ".join(names) or _NONE for names in told)
    return f"""# {manifest.title}

Imported from `{name}` (SHA-256 `{digest}`) by AFLoc Desktop {manifest.min_app_version}.

**Licence.** {manifest.licence}

**Data.** {manifest.data}

**Use.** {manifest.intended_use}

## How it is run

- Pictures: {_FIT[manifest.preprocess.fit]}; planes {manifest.preprocess.planes}; 256 levels, the
  resize level for level as in the authors' code.
- Words: {_CLEANING[manifest.text.cleaning]}.
- Map: {_MAPS[heatmap.similarity]}, Gaussian of
  {heatmap.sigma_cells} cells, {extent}.
- {present}

## What was checked

- Every tensor's name, shape and numbers. Missing: {missing}. Not used: {unexpected}.
- Graphs against torch, largest difference as a share of the largest number: image
  {differences[0]:.1e}, text {differences[1]:.1e}.
- Warnings: {warnings}.{added}

No figure of performance was measured during the import; `afloc evaluate` measures them.
"""
