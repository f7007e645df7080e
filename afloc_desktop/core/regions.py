"""Tables of an evaluation: which films there are, what they show, and where."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from afloc_desktop.core.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NO_FINDING = "No Finding"
# What a dataset calls a region, and what AFLoc's evaluation asks for it.
_ASKED = {"lung opacity (rsna pneumonia)": "pneumonia"}


@dataclass(frozen=True, slots=True)
class RegionCase:
    """All regions of one label on one image.

    Attributes:
        image: Path relative to the images folder.
        patient: Whose it is; the image itself where the table does not say.
        label: As the table says.
        boxes: (x, y, width, height), fractions of the image.
        masks: Pictures, non-zero where the finding is.
    """

    image: str
    patient: str
    label: str
    boxes: tuple[tuple[float, float, float, float], ...]
    masks: tuple[Path, ...]


class Labelled(NamedTuple):
    """What a table says of one film.

    Attributes:
        labels: Its findings, or `NO_FINDING`.
        patient: Whose it is; the image itself where the table does not say.
    """

    labels: frozenset[str]
    patient: str


def asked_words(label: str) -> str:
    """The words a model is asked for a dataset's label."""
    return _ASKED.get(label.lower(), label.replace("_", " "))


def read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of a CSV that has at least `columns`.

    Raises:
        DatasetError: Not readable, or a column is absent.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream)
            rows = list(reader)
            missing = set(columns) - set(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(
            f"The table {path.name} cannot be read ({type(error).__name__}).",
            remedy="Give a comma-separated table in UTF-8.",
        ) from error
    if missing:
        raise DatasetError(
            f"The table {path.name} lacks the columns: {', '.join(sorted(missing))}.",
            remedy=f"It needs: {', '.join(columns)}.",
        )
    return rows


def read_cases(table: Path, images: set[str] | None) -> list[RegionCase]:
    """Read a regions table: `image, label, x, y, w, h, mask` and, where it is there, `patient_id`.

    Args:
        table: CSV; masks are relative to it.
        images: Only these images; None takes all.

    Raises:
        DatasetError: The table cannot be read, lacks a column or holds no number.
    """
    boxes: dict[tuple[str, str], list[tuple[float, float, float, float]]] = defaultdict(list)
    masks: dict[tuple[str, str], list[Path]] = defaultdict(list)
    patients: dict[str, str] = {}
    for number, row in enumerate(read_table(table, ("image", "label", *"xywh", "mask")), 2):
        if images is not None and row["image"] not in images:
            continue
        key = (row["image"], row["label"])
        patients[row["image"]] = row.get("patient_id") or row["image"]
        try:
            if row["mask"]:
                masks[key].append(table.parent / row["mask"])
            else:
                x, y, w, h = (float(row[name]) for name in "xywh")
                boxes[key].append((x, y, w, h))
        except ValueError as error:
            raise DatasetError(
                f"Line {number} of {table.name} has a box that is no number.",
                remedy="Give x, y, w and h as fractions of the image.",
            ) from error
    return [
        RegionCase(
            image, patients[image], label, tuple(boxes[image, label]), tuple(masks[image, label])
        )
        for image, label in dict.fromkeys([*boxes, *masks])
    ]


def read_labels(table: Path, split: str | None) -> dict[str, Labelled]:
    """Read a table of labels: `image`, `labels` (separated by `;`) and, where there, `patient_id`.

    Args:
        table: CSV.
        split: Only rows whose column `split` says so; None takes all.

    Raises:
        DatasetError: The table cannot be read or lacks a column.
    """
    columns = ("image", "labels") if split is None else ("image", "labels", "split")
    return {
        row["image"]: Labelled(
            frozenset(row["labels"].split(";")), row.get("patient_id") or row["image"]
        )
        for row in read_table(table, columns)
        if split is None or row["split"] == split
    }
