"""Figures of a bundle on films with known regions, through the engine the window uses."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from afloc_desktop.core import metrics
from afloc_desktop.core.baselines import MeanRegions, RandomWeights, centre_prior, lesion_masks
from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.geometry import Frame
from afloc_desktop.core.label_figures import label_rows, macro_auroc
from afloc_desktop.core.picture import read_picture
from afloc_desktop.core.preprocess import resize
from afloc_desktop.core.regions import NO_FINDING, asked_words
from afloc_desktop.core.understanding import TEXT
from afloc_desktop.core.word_figures import word_figures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import BoolArray, FloatArray, Image
    from afloc_desktop.core.label_figures import LabelRow
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.core.metrics import Interval, Resampling, Scores
    from afloc_desktop.core.regions import Labelled, RegionCase
    from afloc_desktop.core.word_figures import WordFigures

Protocol = Literal["afloc", "cheXlocalize"]
MACRO_REGIONS = (
    "Effusion",
    "Cardiomegaly",
    "Nodule",
    "Mass",
    "Pneumonia",
    "Lung Opacity (RSNA pneumonia)",
)
RANDOM = "random weights"


@dataclass(frozen=True, slots=True)
class Row:
    """Localization figures of one label, or the macro mean of several.

    Attributes:
        label, cases: Films with a region of it.
        pointing: Share of films whose highest place lies in the region (pointing game, hit rate).
        iou, dice: As the protocol cuts the map.
        cnr: Contrast to noise, signed.
        jafroc: How often a lesion is marked above the highest mark on a normal film; None
            without normal films, for the macro, and where maps do not look at the film.
    """

    label: str
    cases: int
    pointing: Interval
    iou: Interval
    dice: Interval
    cnr: Interval
    jafroc: Interval | None


@dataclass(frozen=True, slots=True)
class Baseline:
    """The same figures of maps that know nothing of the film, or nothing of the words.

    Attributes:
        name: What it is.
        rows, macro, labels_macro: As of the bundle; None where maps do not look at the film.
    """

    name: str
    rows: tuple[Row, ...]
    macro: Row | None
    labels_macro: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """What an evaluation found, beside baselines on the same cases.

    Attributes:
        bundle_id: What was evaluated.
        protocol: How maps were cut.
        rows, macro: Of the bundle; None without one of `MACRO_REGIONS`.
        baselines: A blob at the film's centre, the mean region of other patients, a network of
            random weights.
        labels, labels_macro: AUROC; the macro over `label_figures.MACRO_LABELS`.
        not_asked: Labels of the tables the bundle does not list.
        words: How it takes words, where that was asked for.
    """

    bundle_id: str
    protocol: Protocol
    rows: tuple[Row, ...]
    macro: Row | None
    baselines: tuple[Baseline, ...]
    labels: tuple[LabelRow, ...]
    labels_macro: float | None
    not_asked: tuple[str, ...]
    words: WordFigures | None = None


def evaluate(
    localizer: Localizer,
    cases: Sequence[RegionCase],
    *,
    images: Path,
    labels: Mapping[str, Labelled],
    protocol: Protocol = "afloc",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Localization figures of `cases`, and AUROC of `labels`.

    Args:
        localizer: What is evaluated.
        cases: From `read_cases`.
        images: Folder of the pictures.
        labels: From `read_labels`; empty for no AUROC and no JAFROC.
        protocol: `afloc` cuts the map, stretched to [-1, 1], at five thresholds. `cheXlocalize`
            cuts it, stretched to [0, 1], at the one threshold per finding that is best on the
            other half of the patients, and leaves out films on which nothing is proposed.
        progress: Called with films done and in all.

    Raises:
        UnreadableFile: A picture is absent.
        InferenceError: The model cannot be run.
    """
    names = {case.label for case in cases}.union(*(film.labels for film in labels.values()))
    bench = _Bench(localizer, asked_labels(localizer, names - {NO_FINDING}), cases)
    by_image: dict[str, list[RegionCase]] = defaultdict(list)
    for case in cases:
        by_image[case.image].append(case)
    films = sorted({*by_image, *labels})
    for done, name in enumerate(films, 1):
        bench.add(name, read_picture(images / name), by_image[name], is_labelled=name in labels)
        progress(done, len(films))
    return bench.report(labels, protocol)


def with_words(
    report: Report,
    localizer: Localizer,
    cases: Sequence[RegionCase],
    *,
    images: Path,
    labels: Mapping[str, Labelled],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """A report with how the bundle takes other words; takes as long again.

    Args:
        report: From `evaluate`.
        localizer, cases, images, labels, progress: As there.

    Raises:
        UnreadableFile: A picture is absent.
        InferenceError: The model cannot be run.
    """
    patients = {case.image: case.patient for case in cases}
    patients |= {name: film.patient for name, film in labels.items()}
    words = word_figures(localizer, patients, cases, images=images, progress=progress)
    return replace(report, words=words)


def asked_labels(localizer: Localizer, names: set[str]) -> dict[str, str]:
    """The words asked for each label; empty where the bundle lists no such finding."""
    asked = {}
    for name in sorted(names):
        words = asked_words(name)
        asked[name] = "" if localizer.understand(words).finding_id == TEXT else words
    return asked


@dataclass(frozen=True, slots=True)
class ScoredCase:
    """One map against one case.

    Attributes:
        case: What was looked for.
        scores: Under AFLoc's protocol.
        cuts: IoU and Dice at each of `metrics.CUTS`.
        ratings: Of each lesion of the case.
        is_proposed: The map reaches the finding's threshold.
    """

    case: RegionCase
    scores: Scores
    cuts: tuple[tuple[float, float], ...]
    ratings: tuple[float, ...]
    is_proposed: bool


class Tally:
    """What one source of maps came to, film by film.

    Attributes:
        scored: By label, in the order in which they were added.
        highest: Highest similarity by label and film.
    """

    def __init__(self) -> None:
        self.scored: dict[str, list[ScoredCase]] = defaultdict(list)
        self.highest: dict[str, dict[str, float]] = defaultdict(dict)

    def add(self, case: RegionCase, film: Image, values: FloatArray, threshold: float) -> None:
        """Score a map on a case; one whose region lies in the margin is left out."""
        frame = Frame.letterbox(film.rows, film.columns, metrics.SIDE)
        valid = _valid(frame)
        laid = resize(values, frame.height, frame.width)
        lesions = list(lesion_masks(case, frame.height, frame.width))
        region = np.logical_or.reduce(lesions)
        scores = metrics.score(laid, region, valid)
        if scores is None:
            return
        self.scored[case.label].append(
            ScoredCase(
                case=case,
                scores=scores,
                cuts=metrics.overlaps(laid, region, valid),
                ratings=tuple(metrics.rating(laid, lesion, valid) for lesion in lesions),
                is_proposed=bool(values.max() >= threshold),
            )
        )


class _Bench:
    """The bundle and its baselines on the same films."""

    def __init__(
        self, localizer: Localizer, asked: dict[str, str], cases: Sequence[RegionCase]
    ) -> None:
        self._localizer = localizer
        self._asked = asked
        self._mean = MeanRegions([case for case in cases if asked[case.label]])
        self._random = RandomWeights(localizer.manifest.preprocess)
        self._model = Tally()
        self._baselines = {"centre prior": Tally(), "mean region": Tally(), RANDOM: Tally()}

    def add(
        self, name: str, film: Image, cases: Sequence[RegionCase], *, is_labelled: bool
    ) -> None:
        """Ask a film for its cases' labels, and for all labels where it has labels."""
        wanted = {*self._asked} if is_labelled else {case.label for case in cases}
        wanted = {label for label in wanted if self._asked[label]}
        # Labels that are asked with the same words share one map.
        words = sorted({self._asked[label] for label in wanted})
        answers = {w: self._localizer.localize(film, Prompt(w, "preset")) for w in words}
        random = self._random.maps(film, words)
        for label in wanted if is_labelled else ():
            asked = self._asked[label]
            self._model.highest[label][name] = float(np.nanmax(answers[asked].similarity))
            self._baselines[RANDOM].highest[label][name] = float(random[asked].max())
        for case in cases:
            if case.label in wanted:
                asked = self._asked[case.label]
                threshold = self._localizer.understand(asked).threshold
                self._model.add(case, film, answers[asked].similarity, threshold)
                self._add_baselines(case, film, random[asked])

    def report(self, labels: Mapping[str, Labelled], protocol: Protocol) -> Report:
        """All figures of the films added."""
        questions = {
            label: self._localizer.understand(words)
            for label, words in self._asked.items()
            if words
        }
        presence = label_rows(self._model.highest, labels, questions)
        rows, macro = _rows(self._model, labels, protocol)
        return Report(
            bundle_id=self._localizer.manifest.id,
            protocol=protocol,
            rows=rows,
            macro=macro,
            baselines=tuple(
                Baseline(
                    name,
                    *_rows(tally, labels, protocol),
                    macro_auroc(label_rows(tally.highest, labels, {})),
                )
                for name, tally in self._baselines.items()
            ),
            labels=presence,
            labels_macro=macro_auroc(presence),
            not_asked=tuple(label for label, words in self._asked.items() if not words),
        )

    def _add_baselines(self, case: RegionCase, film: Image, random: FloatArray) -> None:
        frame = Frame.letterbox(film.rows, film.columns, metrics.SIDE)
        centre = centre_prior(frame)
        # Where nobody else has the finding, the middle of the film is all one can guess.
        mean = self._mean.map(case.label, case.patient)
        maps = (centre, centre if mean is None else mean, random)
        for tally, values in zip(self._baselines.values(), maps, strict=True):
            tally.add(case, film, values, -np.inf)


def _valid(frame: Frame) -> BoolArray:
    """Film pixels of the 224 square that are not in its margin; shape (height, width)."""
    square = np.zeros((frame.side, frame.side), bool)
    inner = slice(metrics.MARGIN, frame.side - metrics.MARGIN)
    square[inner, inner] = True
    return square[frame.top : frame.top + frame.height, frame.left : frame.left + frame.width]


def _rows(
    tally: Tally, labels: Mapping[str, Labelled], protocol: Protocol
) -> tuple[tuple[Row, ...], Row | None]:
    """A row per label, and the macro over `MACRO_REGIONS`."""
    patients = {s.case.patient for scored in tally.scored.values() for s in scored}
    resampling = metrics.Resampling(patients)
    cut = {label: _cut(scored, protocol) for label, scored in sorted(tally.scored.items())}
    rows = tuple(
        _row(label, [scores], resampling, _jafroc(tally, label, labels))
        for label, scores in cut.items()
    )
    groups = [cut[label] for label in MACRO_REGIONS if label in cut]
    macro = _row(f"macro-{len(groups)}", groups, resampling, None) if groups else None
    return rows, macro


def _cut(scored: Sequence[ScoredCase], protocol: Protocol) -> list[tuple[Scores, str]]:
    """Scores with IoU and Dice as the protocol cuts maps, and the patients."""
    if protocol == "afloc":
        return [(s.scores, s.case.patient) for s in scored]
    best = {fold: _best_cut([s for s in scored if _fold(s) != fold] or scored) for fold in (0, 1)}
    found = []
    for s in scored:
        iou, dice = s.cuts[best[_fold(s)]] if s.is_proposed else (np.nan, np.nan)
        found.append((s.scores._replace(iou=iou, dice=dice), s.case.patient))
    return found


def _fold(scored: ScoredCase) -> int:
    """Which half of the patients a case belongs to; the same everywhere."""
    return hashlib.sha256(scored.case.patient.encode()).digest()[0] % 2


def _best_cut(scored: Sequence[ScoredCase]) -> int:
    """Number of the cut with the highest mean IoU."""
    ious = np.array([[iou for iou, _ in s.cuts] for s in scored])
    return int(np.argmax(np.nan_to_num(ious).mean(axis=0)))


def _row(
    label: str,
    groups: Sequence[Sequence[tuple[Scores, str]]],
    resampling: Resampling,
    jafroc: Interval | None,
) -> Row:
    def interval(name: str) -> Interval:
        return resampling.mean(
            [([getattr(s, name) for s, _ in group], [p for _, p in group]) for group in groups]
        )

    return Row(
        label=label,
        cases=sum(map(len, groups)),
        pointing=interval("pointing"),
        iou=interval("iou"),
        dice=interval("dice"),
        cnr=interval("cnr"),
        jafroc=jafroc,
    )


def _jafroc(tally: Tally, label: str, labels: Mapping[str, Labelled]) -> Interval | None:
    highest = tally.highest.get(label, {})
    normal = [name for name in sorted(highest) if labels[name].labels == {NO_FINDING}]
    lesions = [(r, s.case.patient) for s in tally.scored[label] for r in s.ratings]
    if not normal or not lesions:
        return None
    scores = np.array([*(r for r, _ in lesions), *(highest[name] for name in normal)])
    patients = [*(p for _, p in lesions), *(labels[name].patient for name in normal)]
    is_lesion = np.arange(len(scores)) < len(lesions)
    return metrics.Resampling(patients).auroc(is_lesion, scores, patients)
