"""How well the highest similarity on a film tells whether a finding is there at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core import metrics
from afloc_desktop.core.regions import NO_FINDING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from afloc_desktop.core.domain import BoolArray
    from afloc_desktop.core.metrics import Interval, Resampling
    from afloc_desktop.core.regions import Labelled
    from afloc_desktop.core.understanding import Question

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
_FEWEST_POSITIVES = 8


@dataclass(frozen=True, slots=True)
class Reliability:
    """Whether stated probabilities are right.

    Attributes:
        brier: Mean squared difference from what is; 0 is best.
        error: Expected calibration error; 0 is best.
        slope: Of what is on the stated log odds; 1 is best, below it they are too sure.
    """

    brier: Interval
    error: Interval
    slope: Interval


@dataclass(frozen=True, slots=True)
class LabelRow:
    """How well the similarity separates films with a label.

    Attributes:
        label, positives, films: Films that have it, and in all.
        against_others, against_no_finding: AUROC.
        sensitivity: Share of films with the label at or above the finding's threshold.
        specificity: Share of films without any finding below it.
        reliability: None where the bundle is not calibrated for it.
    """

    label: str
    positives: int
    films: int
    against_others: Interval
    against_no_finding: Interval | None
    sensitivity: Interval | None = None
    specificity: Interval | None = None
    reliability: Reliability | None = None


def label_rows(
    highest: Mapping[str, Mapping[str, float]],
    labels: Mapping[str, Labelled],
    questions: Mapping[str, Question],
) -> tuple[LabelRow, ...]:
    """A row for every label that enough films have.

    Args:
        highest: Highest similarity by label and film.
        labels: What is known of each film.
        questions: What was asked for a label; absent for maps that have no threshold.
    """
    found = (_row(label, scores, labels, questions) for label, scores in sorted(highest.items()))
    return tuple(row for row in found if row is not None)


def macro_auroc(rows: Sequence[LabelRow]) -> float | None:
    """Mean AUROC over `MACRO_LABELS`; None where one of them is missing."""
    areas = [row.against_others.value for row in rows if row.label in MACRO_LABELS]
    return float(np.mean(areas)) if len(areas) == len(MACRO_LABELS) else None


def _row(
    label: str,
    highest: Mapping[str, float],
    labels: Mapping[str, Labelled],
    questions: Mapping[str, Question],
) -> LabelRow | None:
    names = sorted(highest)
    scores = np.array([highest[name] for name in names])
    positive = np.array([label in labels[name].labels for name in names])
    if not _FEWEST_POSITIVES <= positive.sum() < len(positive):
        return None
    normal = np.array([labels[name].labels == {NO_FINDING} for name in names])
    patients = [labels[name].patient for name in names]
    resampling = metrics.Resampling(patients)
    against_normal = None
    if normal.any():
        either = positive | normal
        whose = [patients[n] for n in np.flatnonzero(either)]
        against_normal = resampling.auroc(positive[either], scores[either], whose)
    question = questions.get(label)
    return LabelRow(
        label=label,
        positives=int(positive.sum()),
        films=len(names),
        against_others=resampling.auroc(positive, scores, patients),
        against_no_finding=against_normal,
        sensitivity=_share(scores, question, positive, patients, resampling, is_found=True),
        specificity=_share(scores, question, normal, patients, resampling, is_found=False),
        reliability=_reliability(scores, question, positive, patients, resampling),
    )


def _share(
    scores: np.ndarray,
    question: Question | None,
    among: BoolArray,
    patients: Sequence[str],
    resampling: Resampling,
    *,
    is_found: bool,
) -> Interval | None:
    if question is None or not among.any():
        return None
    right = (scores[among] >= question.threshold) == is_found
    return resampling.mean(
        [(right.astype(float).tolist(), [patients[int(n)] for n in np.flatnonzero(among)])]
    )


def _reliability(
    scores: np.ndarray,
    question: Question | None,
    positive: BoolArray,
    patients: Sequence[str],
    resampling: Resampling,
) -> Reliability | None:
    if question is None or question.gain is None or question.bias is None:
        return None
    chances = 1 / (1 + np.exp(-(question.gain * scores + question.bias)))
    return Reliability(
        *(
            resampling.of(patients, lambda weights, f=figure: f(chances, positive, weights))  # type: ignore[misc]
            for figure in (
                metrics.brier,
                metrics.calibration_error,
                metrics.calibration_slope,
            )
        )
    )
