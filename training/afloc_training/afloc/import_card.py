"""The model card of an imported bundle: where it comes from and what the import can vouch for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from afloc_desktop.core.model.manifest import Manifest

_CLEANING = {
    "afloc": "as AFLoc's own code: single words and digits before a period are dropped",
    "afloc-words": "as AFLoc's own code, but single words and digits are kept; a single word is "
    "put into a sentence",
}
_FIT = {
    "letterbox-truncated": "grey, long side 224, black bars",
    "as-is": "as they are; give pictures of 224 × 224, as the network was trained on",
}
_NONE = "none"


def import_card(
    manifest: Manifest,
    name: str,
    digest: str,
    told: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
    differences: tuple[float, float],
    eight_bits: str = "",
) -> str:
    """Markdown.

    Args:
        manifest: Of the bundle.
        name, digest: Of the checkpoint file; its SHA-256.
        told: Missing names, unexpected names, warnings.
        differences: Of the image and the text graph from torch.
        eight_bits: What came of a network in 8 bits; empty where none was asked for.
    """
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
- Map: raw product of the report vector with the deep local features, Gaussian of
  {manifest.heatmap.sigma_cells} cells, bilinear to {manifest.preprocess.side} × \
{manifest.preprocess.side}.
- A finding counts as present from {manifest.heatmap.threshold}. That is half of the published
  protocol's range and tuned on nothing; raw products grow with the length of a text, and a map
  lights up somewhere whether the finding is there or not.

## What was checked

- Every tensor's name, shape and numbers. Missing: {missing}. Not used: {unexpected}.
- Graphs against torch, largest difference as a share of the largest number: image
  {differences[0]:.1e}, text {differences[1]:.1e}.
- Warnings: {warnings}.{eight_bits and f"{chr(10)}- In 8 bits: {eight_bits}."}

No figure of performance was measured during the import; `afloc evaluate` measures them.
"""
