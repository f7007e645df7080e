"""An imported model on a fixed scale, with thresholds from films of the site.

AFLoc's own maps are raw products: they grow with the length of a text and light up somewhere on
every film. Here the same weights answer with unit vectors, the mean map of all findings is taken
off, and a finding counts as present where its map rises higher than on most of the site's films.
Nobody has to label them. Probabilities need labels: `afloc-train calibrate` has them of reports.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.model.manifest import HeatmapSpec
from afloc_training.afloc.eight_bits import FEWEST_FILMS
from afloc_training.network import GRID
from afloc_training.thresholds import SPECIFICITY
from afloc_training.vocabulary import BY_ID

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.model.manifest import Manifest

OUT_OF_REACH = 1.0
"""No difference of a cosine from the mean of many like it comes near."""


def calibrated_spec(grid: int, sigma_cells: float) -> HeatmapSpec:
    """How maps are made, before films of the site have set the scale.

    Args:
        grid: Rows of the deep features.
        sigma_cells: For words that are not listed.
    """
    return HeatmapSpec(
        level="local",
        grid=grid,
        similarity="cosine",
        extent="film",
        sigma_cells=sigma_cells,
        sharpness=0.0,
        threshold=OUT_OF_REACH,
        side_penalty=0.0,
        mean_map=1.0,
    )


def sigma_of(finding: str, grid: int, otherwise: float) -> float:
    """Smoothing of a finding, the same share of a film as the default model's.

    Args:
        finding: Its id.
        grid: Rows of the deep features.
        otherwise: Where the default model does not know it.
    """
    term = BY_ID.get(finding)
    return term.sigma_cells * grid / GRID if term else otherwise


def scaled(folder: Path, manifest: Manifest, films: Iterable[Image]) -> tuple[Manifest, str]:
    """The manifest with thresholds by the site's films, and what was done.

    A finding's threshold keeps 85 % of the films below it, that of words that are not listed 85 %
    of all highest similarities. On a chest film a named side costs the other side what a map
    rises above its middle, in the mean.

    Args:
        folder: The sealed bundle.
        manifest: Its own.
        films: Of the site, of the kind the checkpoint was trained on.

    Raises:
        DatasetError: Too few films.
        BundleError, InferenceError: The bundle cannot be run.
    """
    localizer = Localizer.open(folder, provider="cpu")
    ids = [finding.id for finding in manifest.findings]
    found = [_heights(localizer, film, ids) for film in films]
    if len(found) < FEWEST_FILMS:
        raise DatasetError(
            f"{len(found)} films are too few to set thresholds by.",
            remedy=f"Give at least {FEWEST_FILMS}, of different patients.",
        )
    highest, middle = np.moveaxis(np.array(found), 2, 0)
    own = np.percentile(highest, SPECIFICITY, axis=0)
    heatmap = replace(
        manifest.heatmap,
        threshold=float(np.percentile(highest, SPECIFICITY)),
        side_penalty=float((highest - middle).mean()) if manifest.modality == "cxr" else 0.0,
    )
    findings = tuple(
        replace(finding, threshold=float(value))
        for finding, value in zip(manifest.findings, own, strict=True)
    )
    told = (
        f"thresholds: on {len(found)} films of the site, {SPECIFICITY:.0f} % stay below that of "
        "each finding"
    )
    return replace(manifest, heatmap=heatmap, findings=findings), told


def _heights(localizer: Localizer, film: Image, ids: list[str]) -> list[tuple[float, float]]:
    """Highest and middle similarity of every finding's map."""
    maps = (heatmap.similarity for heatmap in localizer.localize_all(film, ids).values())
    return [(float(np.nanmax(values)), float(np.nanmedian(values))) for values in maps]
