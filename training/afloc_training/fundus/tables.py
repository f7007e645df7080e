"""IDRiD's tables: which photographs may be trained on, and which are for evaluation only.

Masks drawn by people are never read here: they are the evaluation's.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.export.atomic import make_folder, write_atomically
from afloc_desktop.core.picture import read_picture
from afloc_desktop.core.preprocess import resize
from afloc_desktop.core.regions import NO_FINDING, Labelled, RegionCase, read_table
from afloc_training.films import may_ship
from afloc_training.fundus.vocabulary import FINDINGS, IDRID_LABELS, IDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import FloatArray

GRADING, SEGMENTATION = "idrid_grading.csv", "idrid_segmentation.csv"
_WORDED = ("image", "text_template")
_COLUMNS = ("image", "split", "dr_grade", "dme_risk", "license")
_THUMB = (32, 48)
# Correlation of two thumbnails in green, less their means. Photographs of IDRiD that are in both
# tables reach .9996, different ones .996 at most.
_SAME = 0.995
PRESENT, ABSENT, UNKNOWN = 1, 0, -1


@dataclass(frozen=True, slots=True)
class EyeRow:
    """One graded photograph.

    Attributes:
        name: Relative to the folder of the table.
        path: Of the picture.
        grade: Of diabetic retinopathy, 0 to 4 (International Clinical Scale).
        oedema: Risk of macular oedema, 0 to 2: from 1 on there are hard exudates.
    """

    name: str
    path: Path
    grade: int
    oedema: int

    @property
    def truth(self) -> np.ndarray:
        """Of every finding of `FINDINGS`, int8: 1, 0, or -1 for unknown.

        What the scales say by their definitions: no retinopathy has no lesion; mild has
        microaneurysms alone; severe has haemorrhages. Nothing says where cotton wool is.
        """
        known = {
            "microaneurysms": PRESENT if self.grade else ABSENT,
            "retinal_hemorrhage": (ABSENT, ABSENT, UNKNOWN, PRESENT, PRESENT)[self.grade],
            "hard_exudates": PRESENT if self.oedema else ABSENT,
            "cotton_wool_spots": ABSENT if self.grade < 2 else UNKNOWN,
            "optic_disc": PRESENT,
            "diabetic_retinopathy": int(self.is_referable),
        }
        return np.array([known[finding] for finding in IDS], np.int8)

    @property
    def is_referable(self) -> bool:
        """Moderate or worse: what a screening sends on."""
        return self.grade >= 2

    @property
    def is_paintable(self) -> bool:
        """Without any lesion of its own, so that what is painted is all there is."""
        return self.grade == 0 and self.oedema == 0


def read_grades(folder: Path, split: str) -> tuple[EyeRow, ...]:
    """Graded photographs of one split whose licence allows shipping, in table order.

    Raises:
        DatasetError: No table, a missing column, no grade, no usable row.
    """
    try:
        rows = tuple(
            EyeRow(r["image"], folder / r["image"], int(r["dr_grade"]), int(r["dme_risk"]))
            for r in read_table(folder / GRADING, _COLUMNS)
            if r["split"] == split and may_ship(r["license"])
        )
    except ValueError as error:
        raise DatasetError(
            f"The table {GRADING} has a grade that is no number.",
            remedy="Use the table as it was published.",
        ) from error
    if not rows or any(not 0 <= row.grade <= 4 for row in rows):
        raise DatasetError(
            f"The table {GRADING} has no usable {split} row.",
            remedy="Use the table as it was published.",
        )
    return rows


def read_lesions(folder: Path) -> list[RegionCase]:
    """What people outlined, for evaluation: a case for every photograph and kind of lesion.

    Raises:
        DatasetError: No table, or a missing column.
    """
    columns = {ending: f"mask_{ending}" for ending in IDRID_LABELS}
    labels = {term.id: term.label for term in FINDINGS}
    return [
        RegionCase(row["image"], row["image"], labels[finding], (), (folder / row[column],))
        for row in read_table(folder / SEGMENTATION, ("image", *columns.values()))
        for finding, column in ((IDRID_LABELS[e], c) for e, c in columns.items())
        if row[column]
    ]


def outlined(folder: Path) -> list[Path]:
    """The photographs that people outlined.

    Raises:
        DatasetError: No table, or a missing column.
    """
    return sorted({folder / case.image for case in read_lesions(folder)})


def grade_labels(rows: Iterable[EyeRow]) -> dict[str, Labelled]:
    """What is known of graded photographs, as an evaluation takes it: their findings, or none."""
    names = [term.label for term in FINDINGS]
    labels = {}
    for row in rows:
        found = {n for n, t in zip(names, row.truth, strict=True) if t == PRESENT}
        found -= {"Optic disc"}
        labels[row.name] = Labelled(frozenset(found or {NO_FINDING}), row.name)
    return labels


def write_tables(folder: Path, output: Path) -> tuple[Path, ...]:
    """What no model here was trained on, as an evaluation takes it, and as a site would have it.

    Args:
        folder: Holds IDRiD's tables, photographs and masks.
        output: Receives `regions.csv`, of the outlined photographs, and `labels.csv`, of the
            graded ones of the test split; and both together as a small site: `reports.csv`, half
            of it for training, and `held-out.csv`, the regions of the other half. Images are
            relative to `folder`.

    Raises:
        DatasetError: A table cannot be used.
        ExportError: A table cannot be written.
    """
    cases = read_lesions(folder)
    regions = [(case.image, case.label, "", "", "", "", case.masks[0].resolve()) for case in cases]
    graded = grade_labels(read_grades(folder, "test"))
    labels = [(name, ";".join(sorted(row.labels))) for name, row in graded.items()]
    reports = list(_reports(folder, cases))
    held = {image for image, split, _ in reports if split == "dev"}
    held_out = [row for row in regions if row[0] in held]
    make_folder(output)
    head = ("image", "label", *"xywh", "mask")
    return (
        _write(output / "regions.csv", (head, *regions)),
        _write(output / "labels.csv", (("image", "labels"), *labels)),
        _write(output / "reports.csv", (("image", "split", "report"), *reports)),
        _write(output / "held-out.csv", (head, *held_out)),
    )


def _reports(folder: Path, cases: Sequence[RegionCase]) -> Iterator[tuple[str, str, str]]:
    """Photographs, their split, and templated words: which lesions were outlined, or the grade."""
    drawn: dict[str, set[str]] = defaultdict(set)
    for case in cases:
        drawn[case.image].add(case.label)
    words = {image: _lesions(labels) for image, labels in sorted(drawn.items())}
    graded = without_copies(read_grades(folder, "test"), outlined(folder))
    texts = {r["image"]: r["text_template"] for r in read_table(folder / GRADING, _WORDED)}
    words |= {row.name: texts[row.name] for row in graded}
    for number, (image, report) in enumerate(words.items()):
        yield image, ("train", "dev")[number % 2], report


def _lesions(labels: Collection[str]) -> str:
    names = [term.label for term in FINDINGS[: len(IDRID_LABELS) - 1]]
    there = ", ".join(name.lower() for name in names if name in labels)
    absent = [f" No {name.lower()}." for name in names if name not in labels]
    return f"Fundus photograph showing {there}." + "".join(absent)


def _write(path: Path, rows: Iterable[Iterable[object]]) -> Path:
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    write_atomically(path, stream.getvalue().encode())
    return path


def without_copies(rows: Sequence[EyeRow], others: Iterable[Path]) -> tuple[EyeRow, ...]:
    """The rows whose photograph is not also one of `others`, in whatever size.

    IDRiD's outlined photographs are graded ones too, under other names.

    Raises:
        UnreadableFile: A picture is absent or damaged.
    """
    known = np.stack([_thumb(path) for path in others])
    return tuple(row for row in rows if float((known @ _thumb(row.path)).max()) < _SAME)


def hold_out(
    rows: Sequence[EyeRow], share: float, seed: int
) -> tuple[tuple[EyeRow, ...], tuple[EyeRow, ...]]:
    """Split into (kept, held out), every grade alike.

    Args:
        rows: To split; order is kept.
        share: Of each grade to hold out, in [0, 1).
        seed: Of the draw.
    """
    rng = np.random.default_rng(seed)
    held: set[EyeRow] = set()
    for grade in range(5):
        alike = [row for row in rows if row.grade == grade]
        drawn = rng.permutation(len(alike))[: round(share * len(alike))]
        held |= {alike[i] for i in drawn}
    return tuple(r for r in rows if r not in held), tuple(r for r in rows if r in held)


def _thumb(path: Path) -> FloatArray:
    image = read_picture(path)
    green = image.pixels if image.colour is None else image.colour[..., 1].astype(np.float32)
    small = resize(green, *_THUMB).ravel()
    small = small - small.mean()
    unit: FloatArray = (small / max(float(np.linalg.norm(small)), 1e-6)).astype(np.float32)
    return unit
