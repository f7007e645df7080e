"""What a bundle says of itself, of whatever modality."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Protocol

from afloc_desktop.core.model.manifest import SCHEMA, FindingSpec, HeatmapSpec, Manifest

if TYPE_CHECKING:
    from afloc_desktop.core.preprocess import PreprocessSpec
    from afloc_desktop.core.text import TextSpec
    from afloc_training.recipe import BundleSettings
    from afloc_training.thresholds import Calibration


@dataclass(frozen=True, slots=True)
class Statement:
    """What a bundle is, whatever it was taught and measured.

    Attributes:
        modality, licence, data, intended_use: As in `Manifest`.
        grid: Cells along a side of the map.
        sigma_cells: Gaussian smoothing of the map of words it does not list.
    """

    modality: Literal["cxr", "fundus", "histo"]
    grid: int
    sigma_cells: float
    licence: str
    data: str
    intended_use: str


class Asked(Protocol):
    """A finding, as far as its vector goes."""

    @property
    def id(self) -> str:
        """Stable name."""

    @property
    def prompts(self) -> tuple[str, ...]:
        """Sentences whose vectors are averaged."""


class Listed(Asked, Protocol):
    """A finding as a bundle lists it; all is as in `FindingSpec`."""

    @property
    def label(self) -> str:
        """What the reader sees."""

    @property
    def group(self) -> str:
        """Heading it stands under."""

    @property
    def synonyms(self) -> tuple[str, ...]:
        """Other words a reader may type."""

    @property
    def sigma_cells(self) -> float:
        """Smoothing of its map, grid cells."""

    @property
    def is_default(self) -> bool:
        """Selected unasked."""


class Taught(Protocol):
    """What all recipes of bundles have."""

    @property
    def preprocess(self) -> PreprocessSpec:
        """How images become tensors."""

    @property
    def text(self) -> TextSpec:
        """How words become pieces."""

    @property
    def bundle(self) -> BundleSettings:
        """Its name and how it is run."""


def draft_manifest(
    recipe: Taught, statement: Statement, findings: tuple[FindingSpec, ...], unlisted: float
) -> Manifest:
    """What a bundle whose maps are cosines of local features says of itself.

    Neither gate nor figures are in it yet.

    Args:
        recipe: What it was taught by.
        statement: What it is and may be used for.
        findings: Those it lists.
        unlisted: Threshold for other words, a similarity.
    """
    settings = recipe.bundle
    return Manifest(
        schema=SCHEMA,
        id=settings.id,
        version=settings.version,
        title=settings.title,
        modality=statement.modality,
        dicom_modalities=settings.dicom_modalities,
        created=now(),
        min_app_version=settings.min_app_version,
        preprocess=recipe.preprocess,
        text=recipe.text,
        heatmap=HeatmapSpec(
            level="local",
            grid=statement.grid,
            similarity="cosine",
            extent="film",
            sigma_cells=statement.sigma_cells,
            threshold=unlisted,
            sharpness=settings.sharpness,
            side_penalty=settings.side_penalty,
            mean_map=0.0,
        ),
        image_outputs=("local", "global"),
        findings=findings,
        gate=None,
        licence=statement.licence,
        data=statement.data,
        intended_use=statement.intended_use,
        metrics=(),
        files={},
    )


def finding_spec(
    term: Listed, threshold: float, calibration: Calibration | None = None
) -> FindingSpec:
    """How a bundle lists a finding; without a probability where it was not calibrated."""
    return FindingSpec(
        id=term.id,
        label=term.label,
        group=term.group,
        prompts=term.prompts,
        synonyms=term.synonyms,
        threshold=threshold,
        sigma_cells=term.sigma_cells,
        gain=calibration.gain if calibration else None,
        bias=calibration.bias if calibration else None,
        prevalence=calibration.prevalence if calibration else None,
        is_default=term.is_default,
    )


def now() -> str:
    """UTC, ISO 8601; SOURCE_DATE_EPOCH stands in where builds must be equal byte for byte."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    return moment.isoformat(timespec="seconds")
