"""How good a map is, by the field's own measures, with intervals.

Definitions as in AFLoc's evaluation: the map is laid over a 224-pixel square, a margin of 14
pixels is left out, and it is stretched to [-1, 1] over what remains before it is cut at 0.1 to
0.5. CNR and pointing need no threshold. CheXlocalize cuts the map stretched to [0, 1] instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from afloc_desktop.core.domain import BoolArray, FloatArray

SIDE = 224
MARGIN = 14
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)
CUTS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
REPLICATES = 1000
BINS = 10
_NEWTON_STEPS = 50


class Scores(NamedTuple):
    """Of one map against one region.

    Attributes:
        pointing: 1 where the map's highest pixel lies in the region, else 0.
        iou: Intersection over union, mean over the thresholds; NaN without a region.
        dice: As `iou`.
        cnr: Contrast to noise, signed: (mean inside - mean outside) / sqrt(sum of variances).
    """

    pointing: float
    iou: float
    dice: float
    cnr: float


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the 2.5 and 97.5 percentiles of its bootstrap."""

    value: float
    low: float
    high: float


def score(values: FloatArray, region: BoolArray, valid: BoolArray) -> Scores | None:
    """Compare a map with a region.

    Args:
        values: The map, any real values, shape (rows, columns).
        region: Where the finding is, same shape.
        valid: Pixels that count, same shape.

    Returns:
        None where the region has no valid pixel, or all of them.
    """
    inside, outside = values[region & valid], values[~region & valid]
    if not len(inside) or not len(outside):
        return None
    seen, truth = values[valid], region[valid]
    low, high = float(seen.min()), float(seen.max())
    scaled = (seen - low) / max(high - low, 1e-9) * 2 - 1
    cut = [overlap(scaled > t, truth) for t in THRESHOLDS]
    known = [o for o in cut if o is not None]
    noise = float(np.sqrt(inside.var() + outside.var()))
    return Scores(
        pointing=float(truth[int(seen.argmax())]),
        iou=float(np.mean([o[0] for o in known])) if known else float("nan"),
        dice=float(np.mean([o[1] for o in known])) if known else float("nan"),
        cnr=float(inside.mean() - outside.mean()) / max(noise, 1e-9),
    )


def overlap(predicted: BoolArray, truth: BoolArray) -> tuple[float, float] | None:
    """IoU and Dice of two masks of one shape; None where nothing is predicted."""
    if not predicted.any():
        return None
    common = int((predicted & truth).sum())
    total = int(predicted.sum()) + int(truth.sum())
    return common / (total - common), 2 * common / total


def overlaps(
    values: FloatArray, region: BoolArray, valid: BoolArray
) -> tuple[tuple[float, float], ...]:
    """IoU and Dice of a map stretched to [0, 1] and cut at each of `CUTS` (CheXlocalize).

    Args:
        values, region, valid: As in `score`.
    """
    seen, truth = values[valid], region[valid]
    low, high = float(seen.min()), float(seen.max())
    scaled = (seen - low) / max(high - low, 1e-9)
    return tuple(overlap(scaled > cut, truth) or (float("nan"), float("nan")) for cut in CUTS)


def rating(values: FloatArray, region: BoolArray, valid: BoolArray) -> float:
    """The highest peak of a map inside a region: how strongly the lesion there was marked.

    A peak is a pixel that none of its eight neighbours exceeds. A slope that only passes through
    the region is no mark on it.

    Args:
        values, region, valid: As in `score`.

    Returns:
        Minus infinity where no peak is inside.
    """
    low = np.where(valid, values, -np.inf)
    framed = np.pad(low, 1, constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(framed, (3, 3))
    is_peak = (low >= windows.max(axis=(2, 3))) & valid & region
    return float(low[is_peak].max(initial=-np.inf))


def auroc(
    is_positive: Sequence[bool] | BoolArray,
    scores: Sequence[float] | np.ndarray,
    weights: np.ndarray | None = None,
) -> float:
    """Area under the ROC curve: how often a positive scores higher; ties count half.

    With lesions as positives, rated by `rating`, and normal films as negatives, rated by their
    highest value, it is the JAFROC figure of merit (Chakraborty and Berbaum, 2004).

    Args:
        is_positive, scores: Of each case.
        weights: How often each case counts; None for once.

    Raises:
        ValueError: Only one class.
    """
    positive = np.asarray(is_positive, bool)
    often = np.ones(len(positive)) if weights is None else np.asarray(weights, float)
    _, rank = np.unique(np.asarray(scores, float), return_inverse=True)
    hits = np.bincount(rank, weights=often * positive)
    others = np.bincount(rank, weights=often * ~positive)
    pairs = hits.sum() * others.sum()
    if not pairs:
        raise ValueError("both classes are needed")
    return float(hits @ (np.cumsum(others) - others / 2)) / float(pairs)


def pearson(one: FloatArray, other: FloatArray) -> float:
    """Correlation of two maps of one shape, where both are known; NaN for a constant one."""
    known = np.isfinite(one) & np.isfinite(other)
    a, b = one[known].astype(np.float64), other[known].astype(np.float64)
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / scale if scale else float("nan")


def brier(chances: np.ndarray, is_positive: BoolArray, weights: np.ndarray) -> float:
    """Mean squared difference of stated chances from what is (Brier, 1950).

    Args:
        chances: Stated probability of each case.
        is_positive: What is.
        weights: How often each case counts.
    """
    return float(np.average((chances - is_positive) ** 2, weights=weights))


def calibration_error(chances: np.ndarray, is_positive: BoolArray, weights: np.ndarray) -> float:
    """Expected calibration error: how far stated chances are from shares, on average.

    Cases are sorted by their chance and cut into `BINS` of equal weight; of each, the mean chance
    is compared with the share of positives.

    Args:
        chances, is_positive, weights: As in `brier`.
    """
    order = np.argsort(chances, kind="stable")
    often = weights[order]
    total = often.sum()
    # The middle of a case's weight decides which bin it is in.
    middle = (np.cumsum(often) - often / 2) / total
    bins = np.minimum((middle * BINS).astype(int), BINS - 1)
    excess = np.bincount(bins, weights=often * (chances[order] - is_positive[order]))
    return float(np.abs(excess).sum() / total)


def calibration_slope(chances: np.ndarray, is_positive: BoolArray, weights: np.ndarray) -> float:
    """Slope of a logistic fit of what is on the stated log odds; 1 where they are as sure as right.

    Below 1 the chances are too sure of themselves (Cox, 1958).

    Args:
        chances, is_positive, weights: As in `brier`.

    Returns:
        NaN where there is no such fit: one class alone, or the classes do not overlap.
    """
    clipped = np.clip(chances, 1e-6, 1 - 1e-6)
    x = np.stack((np.log(clipped / (1 - clipped)), np.ones(len(chances))), axis=1)
    found = np.zeros(2)
    for _ in range(_NEWTON_STEPS):
        fitted = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        slope = x.T @ (weights * (is_positive - fitted))
        curve = (x * (weights * fitted * (1 - fitted))[:, None]).T @ x
        if not np.linalg.det(curve) > 1e-9:
            return float("nan")
        step = np.linalg.solve(curve, slope)
        found = found + step
        if np.abs(step).max() < 1e-8:
            return float(found[0])
    return float("nan")


class Resampling:
    """Bootstrap samples of patients: films of one patient are drawn together or not at all."""

    def __init__(self, patients: Iterable[str], *, seed: int = 0) -> None:
        names = sorted(set(patients))
        self._place = {name: number for number, name in enumerate(names)}
        chance = np.full(len(names), 1 / max(1, len(names)))
        random = np.random.default_rng(seed)
        self._times = random.multinomial(len(names), chance, size=REPLICATES).astype(np.float64)

    def weights(self, patients: Sequence[str]) -> np.ndarray:
        """How often each case counts in each sample.

        Args:
            patients: Of the cases; all known from the start.

        Returns:
            Shape (`REPLICATES`, cases).
        """
        return self._times[:, [self._place[name] for name in patients]]

    def mean(self, groups: Sequence[tuple[Sequence[float], Sequence[str]]]) -> Interval:
        """Mean of the groups' means.

        Args:
            groups: Values of the cases, NaN where there is none, and their patients.
        """
        values = [float(np.nanmean(v)) if not np.isnan(v).all() else np.nan for v, _ in groups]
        drawn = [_weighted_means(np.asarray(v, float), self.weights(p)) for v, p in groups]
        return interval_of(float(np.mean(values)), np.mean(drawn, axis=0))

    def auroc(
        self, is_positive: BoolArray, scores: np.ndarray, patients: Sequence[str]
    ) -> Interval:
        """Area under the ROC curve.

        Args:
            is_positive, scores, patients: Of the cases; both classes occur.
        """

        def area(weights: np.ndarray) -> float:
            is_drawn = weights[is_positive].any() and weights[~is_positive].any()
            return auroc(is_positive, scores, weights) if is_drawn else float("nan")

        return self.of(patients, area)

    def of(self, patients: Sequence[str], statistic: Callable[[np.ndarray], float]) -> Interval:
        """Any figure of cases that can be weighted.

        Args:
            patients: Of the cases.
            statistic: The figure, given how often each case counts; may be NaN.
        """
        samples = np.array([statistic(weights) for weights in self.weights(patients)])
        return interval_of(statistic(np.ones(len(patients))), samples)


def interval_of(value: float, samples: np.ndarray) -> Interval:
    """A figure with the percentiles of its bootstrap; NaN in `samples` is left out."""
    known = samples[~np.isnan(samples)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (np.nan, np.nan)
    return Interval(value, float(low), float(high))


def _weighted_means(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean of what is known under each row of weights, NaN where that is nothing."""
    known = ~np.isnan(values)
    total = weights @ np.where(known, values, 0)
    count = weights @ known.astype(np.float64)
    means: np.ndarray = np.where(count > 0, total / np.maximum(count, 1e-9), np.nan)
    return means
