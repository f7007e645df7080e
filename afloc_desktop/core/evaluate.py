"""Figures of a bundle on films with known regions, through the engine the window uses."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from afloc_desktop.core import metrics
from afloc_desktop.core.domain import FloatArray, Prompt
from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.geometry import Frame
from afloc_desktop.core.localize import TEXT
from afloc_desktop.core.picture import read_picture
from afloc_desktop.core.preprocess import resize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import BoolArray, Image
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.core.metrics import Interval, Scores

Protocol = Literal["afloc", "cheXlocalize"]
# What a dataset calls a region, and what AFLoc's evaluation asks for it.
_ASKED = {"lung opacity (rsna pneumonia)": "pneumonia"}
MACRO_REGIONS = (
    "Effusion",
    "Cardiomegaly",
    "Nodule",
    "Mass",
    "Pneumonia",
    "Lung Opacity (RSNA pneumonia)",
)
MACRO_LABELS = (
    "Effusion",
    "Cardiomegaly",
    "Nodule",
    "Mass",
    "Pneumonia",
    "Atelectasis",
    "Edema",
    "Pneumothorax",
)
NO_FINDING = "No Finding"
_FEWEST_POSITIVES = 8
# The prior a model must beat: a blob of 50/224 of the film at its centre.
_CENTRE_SIGMA = 50


@dataclass(frozen=True, slots=True)
class RegionCase:
    """All regions of one label on one image.

    Attributes:
        image: Path relative to the images folder.
        label: As the table says.
        boxes: (x, y, width, height), fractions of the image.
        masks: Pictures, non-zero where the finding is.
    """

    image: str
    label: str
    boxes: tuple[tuple[float, float, float, float], ...]
    masks: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Localization figures of one label, or the macro mean of several."""

    label: str
    cases: int
    pointing: Interval
    iou: Interval
    dice: Interval
    cnr: Interval


@dataclass(frozen=True, slots=True)
class LabelRow:
    """How well the similarity separates films with a label (AUROC)."""

    label: str
    positives: int
    films: int
    against_others: Interval
    against_no_finding: Interval | None


@dataclass(frozen=True, slots=True)
class Report:
    """What an evaluation found, beside the centre prior on the same cases.

    Attributes:
        bundle_id: What was evaluated.
        protocol: How maps were cut.
        rows, macro: Of the bundle; None without one of `MACRO_REGIONS`.
        centre, centre_macro: Of a blob at the film's centre.
        labels, labels_macro: AUROC; the macro over `MACRO_LABELS`.
        not_asked: Labels of the tables the bundle does not list.
    """

    bundle_id: str
    protocol: Protocol
    rows: tuple[Row, ...]
    macro: Row | None
    centre: tuple[Row, ...]
    centre_macro: Row | None
    labels: tuple[LabelRow, ...]
    labels_macro: float | None
    not_asked: tuple[str, ...]


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
    """Read a regions table (`image, label, x, y, w, h, mask`; other columns are ignored).

    Args:
        table: CSV; masks are relative to it.
        images: Only these images; None takes all.

    Raises:
        DatasetError: The table cannot be read, lacks a column or holds no number.
    """
    boxes: dict[tuple[str, str], list[tuple[float, float, float, float]]] = defaultdict(list)
    masks: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for number, row in enumerate(read_table(table, ("image", "label", *"xywh", "mask")), 2):
        if images is not None and row["image"] not in images:
            continue
        key = (row["image"], row["label"])
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
    keys = dict.fromkeys([*boxes, *masks])
    return [RegionCase(*key, tuple(boxes[key]), tuple(masks[key])) for key in keys]


def read_labels(table: Path, split: str | None) -> dict[str, frozenset[str]]:
    """Labels by image from a table with `image`, `labels` (separated by `;`) and `split`.

    Raises:
        DatasetError: The table cannot be read or lacks a column.
    """
    columns = ("image", "labels") if split is None else ("image", "labels", "split")
    rows = read_table(table, columns)
    return {
        row["image"]: frozenset(row["labels"].split(";"))
        for row in rows
        if split is None or row["split"] == split
    }


def evaluate(
    localizer: Localizer,
    cases: Sequence[RegionCase],
    *,
    images: Path,
    labels: Mapping[str, frozenset[str]],
    protocol: Protocol = "afloc",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Localization figures of `cases`, and AUROC of `labels`.

    Args:
        localizer: What is evaluated.
        cases: From `read_cases`.
        images: Folder of the pictures.
        labels: From `read_labels`; empty for no AUROC.
        protocol: `afloc` cuts the stretched map at five thresholds; `cheXlocalize` cuts the
            similarity at the bundle's own threshold and leaves out films where nothing is
            proposed.
        progress: Called with films done and in all.

    Raises:
        UnreadableFile: A picture is absent.
        InferenceError: The model cannot be run.
    """
    names = {case.label for case in cases}.union(*labels.values()) - {NO_FINDING}
    tally = _Tally(localizer, _asked(localizer, names), protocol)
    by_image: dict[str, list[RegionCase]] = defaultdict(list)
    for case in cases:
        by_image[case.image].append(case)
    films = sorted({*by_image, *labels})
    for done, name in enumerate(films, 1):
        tally.add(name, read_picture(images / name), by_image[name], is_labelled=name in labels)
        progress(done, len(films))
    return tally.report(labels)


def _asked(localizer: Localizer, names: set[str]) -> dict[str, str]:
    """The words asked for each label; empty where the bundle lists no such finding."""
    asked = {}
    for name in sorted(names):
        words = _ASKED.get(name.lower(), name.replace("_", " "))
        asked[name] = "" if localizer.understand(words).finding_id == TEXT else words
    return asked


class _Tally:
    """Scores, film by film, until the report."""

    def __init__(self, localizer: Localizer, asked: dict[str, str], protocol: Protocol) -> None:
        self._localizer = localizer
        self._asked = asked
        self._protocol = protocol
        self._found: dict[str, list[Scores]] = defaultdict(list)
        self._centre: dict[str, list[Scores]] = defaultdict(list)
        self._highest: dict[str, dict[str, float]] = defaultdict(dict)

    def add(
        self, name: str, film: Image, cases: Sequence[RegionCase], *, is_labelled: bool
    ) -> None:
        """Ask a film for its cases' labels, and for all labels where it has labels."""
        wanted = {*self._asked} if is_labelled else {case.label for case in cases}
        # Labels that are asked with the same words share one map.
        words = {self._asked[label] for label in wanted} - {""}
        answers = {w: self._localizer.localize(film, Prompt(w, "preset")) for w in words}
        maps = {
            label: answers[self._asked[label]].similarity for label in wanted if self._asked[label]
        }
        if is_labelled:
            for label, values in maps.items():
                self._highest[label][name] = float(np.nanmax(values))
        for case in cases:
            if case.label in maps:
                self._score(case, film, maps[case.label])

    def report(self, labels: Mapping[str, frozenset[str]]) -> Report:
        """All figures of the films added."""
        rows = [_label_row(n, scores, labels) for n, scores in sorted(self._highest.items())]
        label_rows = tuple(row for row in rows if row is not None)
        areas = [row.against_others.value for row in label_rows if row.label in MACRO_LABELS]
        return Report(
            bundle_id=self._localizer.manifest.id,
            protocol=self._protocol,
            rows=tuple(_row(label, [scores]) for label, scores in sorted(self._found.items())),
            macro=_macro(self._found),
            centre=tuple(_row(label, [scores]) for label, scores in sorted(self._centre.items())),
            centre_macro=_macro(self._centre),
            labels=label_rows,
            labels_macro=float(np.mean(areas)) if len(areas) == len(MACRO_LABELS) else None,
            not_asked=tuple(label for label, words in self._asked.items() if not words),
        )

    def _score(self, case: RegionCase, film: Image, values: FloatArray) -> None:
        frame = Frame.letterbox(film.rows, film.columns, metrics.SIDE)
        region, valid = _region(case, frame), _valid(frame)
        laid = resize(values, frame.height, frame.width)
        scores = metrics.score(laid, region, valid)
        prior = metrics.score(_centre_prior(frame), region, valid)
        if scores is None or prior is None:
            return
        if self._protocol == "cheXlocalize":
            threshold = self._localizer.understand(self._asked[case.label]).threshold
            iou, dice = metrics.overlap(laid[valid] >= threshold, region[valid]) or (np.nan, np.nan)
            scores = scores._replace(iou=iou, dice=dice)
        self._found[case.label].append(scores)
        self._centre[case.label].append(prior)


def _valid(frame: Frame) -> BoolArray:
    """Film pixels of the 224 square that are not in its margin; shape (height, width)."""
    square = np.zeros((frame.side, frame.side), bool)
    inner = slice(metrics.MARGIN, frame.side - metrics.MARGIN)
    square[inner, inner] = True
    return square[frame.top : frame.top + frame.height, frame.left : frame.left + frame.width]


def _region(case: RegionCase, frame: Frame) -> BoolArray:
    """The union of a case's boxes and masks on the resized film; shape (height, width)."""
    region = np.zeros((frame.height, frame.width), bool)
    for x, y, w, h in case.boxes:
        top, left = int(y * frame.height), int(x * frame.width)
        bottom = max(top + 1, int((y + h) * frame.height))
        right = max(left + 1, int((x + w) * frame.width))
        region[top:bottom, left:right] = True
    for mask in case.masks:
        drawn = (read_picture(mask).pixels > 0).astype(np.float32)
        region |= resize(drawn, frame.height, frame.width) >= 0.5
    return region


def _centre_prior(frame: Frame) -> FloatArray:
    y = np.arange(frame.height, dtype=np.float32)[:, None] + 0.5 - frame.height / 2
    x = np.arange(frame.width, dtype=np.float32)[None, :] + 0.5 - frame.width / 2
    prior: FloatArray = np.exp(-(x**2 + y**2) / (2 * _CENTRE_SIGMA**2)).astype(np.float32)
    return prior


def _row(label: str, groups: Sequence[Sequence[Scores]]) -> Row:
    def interval(name: str) -> Interval:
        return metrics.bootstrap_macro([[getattr(s, name) for s in g] for g in groups])

    return Row(
        label=label,
        cases=sum(map(len, groups)),
        pointing=interval("pointing"),
        iou=interval("iou"),
        dice=interval("dice"),
        cnr=interval("cnr"),
    )


def _macro(found: Mapping[str, Sequence[Scores]]) -> Row | None:
    groups = [found[label] for label in MACRO_REGIONS if found.get(label)]
    return _row(f"macro-{len(groups)}", groups) if groups else None


def _label_row(
    label: str, highest: Mapping[str, float], labels: Mapping[str, frozenset[str]]
) -> LabelRow | None:
    """AUROC of one label; None with too few films that have it."""
    names = sorted(highest)
    scores = np.array([highest[name] for name in names])
    positive = np.array([label in labels[name] for name in names])
    if not _FEWEST_POSITIVES <= positive.sum() < len(positive):
        return None
    normal = np.array([labels[name] == {NO_FINDING} for name in names])
    against_normal = None
    if normal.any():
        either = positive | normal
        against_normal = _auroc(positive[either], scores[either])
    return LabelRow(
        label=label,
        positives=int(positive.sum()),
        films=len(names),
        against_others=_auroc(positive, scores),
        against_no_finding=against_normal,
    )


def _auroc(positive: BoolArray, scores: np.ndarray) -> Interval:
    def statistic(index: np.ndarray) -> float:
        drawn = positive[index]
        if not drawn.any() or drawn.all():
            return float("nan")
        return metrics.auroc(drawn, scores[index])

    return metrics.bootstrap(len(positive), statistic)
