"""Training films: which rows may be used, who is held out, and the plane the network sees."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.preprocess import PreprocessSpec, prepare
from afloc_desktop.core.regions import NO_FINDING, read_table
from afloc_training.vocabulary import BY_NIH_LABEL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import FloatArray, Image
    from afloc_training.tuning.said import Said

_COLUMNS = ("image", "patient_id", "split", "labels", "low_res", "license")
# Terms that let a model trained on the film be passed on; share-alike and non-commercial do not.
_MAY_SHIP = re.compile(r"NIH ChestX-ray14.*|CC0.*|CC BY( \d\.\d)?")


@dataclass(frozen=True, slots=True)
class FilmRow:
    """One labelled film of a table.

    Attributes:
        path: The JPEG.
        patient_id: Films of one patient never straddle a split.
        labels: Ids of its findings; empty for a film without any.
        is_low_resolution: Enlarged from a small original.
        said: What its own text says; None for a film without text.
    """

    path: Path
    patient_id: str
    labels: frozenset[str]
    is_low_resolution: bool
    said: Said | None = None

    @property
    def is_normal(self) -> bool:
        """Whether it is labelled with no finding."""
        return not self.labels


def may_ship(licence: str) -> bool:
    """Whether a model trained on a film under this licence may be passed on."""
    return _MAY_SHIP.fullmatch(licence.strip()) is not None


def read_rows(table: Path, images: Path, split: str) -> tuple[FilmRow, ...]:
    """Rows of one split whose licence allows shipping, in table order.

    Args:
        table: CSV with the columns of `cxr/nih.csv`.
        images: Folder the column `image` is relative to.
        split: `train` or `dev`.

    Raises:
        DatasetError: No table, a missing column, an unknown label, no usable row.
    """
    chosen = tuple(
        FilmRow(
            images / r["image"], r["patient_id"], _labels(r["labels"], table), r["low_res"] == "1"
        )
        for r in read_table(table, _COLUMNS)
        if r["split"] == split and may_ship(r["license"])
    )
    if not chosen:
        raise DatasetError(
            f"The table {table.name} has no {split} row whose licence allows shipping.",
            remedy="Use the table as it was published.",
        )
    return chosen


def _labels(text: str, table: Path) -> frozenset[str]:
    names = [name for name in text.split(";") if name != NO_FINDING]
    unknown = [name for name in names if name not in BY_NIH_LABEL]
    if unknown or not text:
        raise DatasetError(
            f"The table {table.name} has the unknown label {', '.join(unknown) or '(empty)'}.",
            remedy="Use the table as it was published.",
        )
    return frozenset(BY_NIH_LABEL[name] for name in names)


def hold_out(
    rows: Sequence[FilmRow], share: float, seed: int
) -> tuple[tuple[FilmRow, ...], tuple[FilmRow, ...]]:
    """Split into (kept, held out) by patient, so that no patient is on both sides.

    Args:
        rows: To split; order is kept.
        share: Of the patients to hold out, in [0, 1).
        seed: Of the draw.
    """
    patients = sorted({row.patient_id for row in rows})
    drawn = np.random.default_rng(seed).permutation(len(patients))[: round(share * len(patients))]
    held = {patients[i] for i in drawn}
    return (
        tuple(row for row in rows if row.patient_id not in held),
        tuple(row for row in rows if row.patient_id in held),
    )


def network_input(image: Image, spec: PreprocessSpec) -> FloatArray:
    """The tensor the desktop would give the network, shape (1, channels, side, side)."""
    return prepare(
        image.pixels,
        spec,
        padding=image.padding,
        pixel_aspect=image.pixel_aspect,
        colour=image.colour,
    ).tensor
