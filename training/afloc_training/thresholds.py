"""From which similarity a finding is proposed, and how likely it is then, by held-out patients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.metrics import auroc
from afloc_desktop.core.picture import read_picture
from afloc_training.vocabulary import FINDINGS, OPACITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from afloc_desktop.core.localize import Localizer
    from afloc_training.films import FilmRow

FEWEST_POSITIVES = 8
# With fewer, two parameters follow the accidents of the sample.
FEWEST_TO_CALIBRATE = 15
# One false-alarm rate for all findings, so that a mark means the same beside each of them.
# Youden's J, which counts a missed label as much as a false alarm, proposed eight of sixteen
# findings on an ordinary film.
SPECIFICITY = 85.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """From similarity to probability: 1 / (1 + exp(-(gain * similarity + bias))).

    Attributes:
        gain, bias: As above; the gain is positive.
        prevalence: Share of labelled films among those it was fitted on; it holds for such films.
    """

    gain: float
    bias: float
    prevalence: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """One finding's threshold and what stands behind it.

    Attributes:
        finding: Its id.
        value: Cosine similarity; `SPECIFICITY` percent of the films without the label stay below.
        positives: Held-out films labelled with it.
        sensitivity: Share of those at or above it; None with fewer than eight.
        auroc: Label against similarity on all held-out films; None with fewer than eight.
        calibration: None with fewer than fifteen, or where a higher similarity is no more likely.
    """

    finding: str
    value: float
    positives: int
    sensitivity: float | None
    auroc: float | None
    calibration: Calibration | None = None


def held_out_scores(
    localizer: Localizer, rows: Sequence[FilmRow], progress: Callable[[int, int], None]
) -> np.ndarray:
    """Highest similarity of every finding on every film, through the engine of the desktop.

    Returns:
        float, shape (films, findings of the vocabulary).
    """
    scores = np.empty((len(rows), len(FINDINGS)))
    for n, row in enumerate(rows):
        image = read_picture(row.path)
        for k, term in enumerate(FINDINGS):
            heatmap = localizer.localize(image, Prompt(term.id, "preset"))
            scores[n, k] = np.nanmax(heatmap.similarity)
        progress(n + 1, len(rows))
    return scores


def choose_thresholds(scores: np.ndarray, rows: Sequence[FilmRow]) -> tuple[Threshold, ...]:
    """One threshold for each finding of the vocabulary, in its order.

    Args:
        scores: From `held_out_scores`.
        rows: The same films.
    """
    return tuple(
        choose(term.id, scores[:, k], np.array([_has(term.id, row.labels) for row in rows]))
        for k, term in enumerate(FINDINGS)
    )


def choose(finding: str, scores: np.ndarray, is_positive: np.ndarray) -> Threshold:
    """The similarity that keeps `SPECIFICITY` percent of the films without the label below."""
    positives = int(is_positive.sum())
    value = float(np.percentile(scores[~is_positive], SPECIFICITY))
    if positives < FEWEST_POSITIVES:
        return Threshold(finding, value, positives, None, None)
    sensitivity = float((scores[is_positive] >= value).mean())
    return Threshold(
        finding,
        value,
        positives,
        sensitivity,
        auroc(is_positive, scores.tolist()),
        calibrate(scores, is_positive),
    )


def calibrate(scores: np.ndarray, is_positive: np.ndarray) -> Calibration | None:
    """Platt's logistic fit (1999), with his targets that keep a probability off 0 and 1.

    Args:
        scores: Highest similarity of each film.
        is_positive: Whether it has the label.
    """
    positives, negatives = int(is_positive.sum()), int((~is_positive).sum())
    spread = float(scores.std())
    if positives < FEWEST_TO_CALIBRATE or not negatives or not spread:
        return None
    target = np.where(is_positive, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    centre = float(scores.mean())
    scaled = (scores - centre) / spread

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        logit = parameters[0] * scaled + parameters[1]
        excess = 1 / (1 + np.exp(-logit)) - target
        value = np.logaddexp(0, logit) - target * logit
        return float(value.sum()), np.array([(excess * scaled).sum(), excess.sum()])

    slope, offset = optimize.minimize(loss, np.zeros(2), jac=True, method="BFGS").x
    gain = float(slope / spread)
    if gain <= 0:
        return None
    return Calibration(gain, float(offset - gain * centre), positives / len(scores))


def mean_auroc(thresholds: Sequence[Threshold]) -> float | None:
    """Mean over the findings with positives enough: by this a model is chosen over another.

    None where no finding has positives enough.
    """
    areas = [t.auroc for t in thresholds if t.auroc is not None]
    return float(np.mean(areas)) if areas else None


def _has(finding: str, labels: frozenset[str]) -> bool:
    return bool(labels & OPACITIES) if finding == "lung_opacity" else finding in labels
