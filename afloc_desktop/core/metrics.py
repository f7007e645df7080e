"""How good a map is, by AFLoc's own measures, with intervals.

Definitions as in AFLoc's evaluation: the map is laid over a 224-pixel square, a margin of 14
pixels is left out, and it is stretched to [-1, 1] over what remains before it is cut at 0.1 to
0.5. CNR and pointing need no threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from afloc_desktop.core.domain import BoolArray, FloatArray

SIDE = 224
MARGIN = 14
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)
REPLICATES = 1000


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
    overlaps = [overlap(scaled > t, truth) for t in THRESHOLDS]
    known = [o for o in overlaps if o is not None]
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


def auroc(is_positive: Sequence[bool] | BoolArray, scores: Sequence[float]) -> float:
    """Area under the ROC curve: how often a positive scores higher; ties count half.

    Raises:
        ValueError: Only one class.
    """
    positive = np.asarray(is_positive, bool)
    values = np.asarray(scores, float)
    count = int(positive.sum())
    if count in (0, len(positive)):
        raise ValueError("both classes are needed")
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2)[inverse]
    below = float(ranks[positive].sum()) - count * (count + 1) / 2
    return below / (count * (len(positive) - count))


def bootstrap(count: int, statistic: Callable[[np.ndarray], float], *, seed: int = 0) -> Interval:
    """Percentile interval of a statistic of cases.

    Args:
        count: Number of cases.
        statistic: Of an index array, with repetition, shape (count,).
        seed: Of the resampling.
    """
    random = np.random.default_rng(seed)
    samples = [statistic(random.integers(count, size=count)) for _ in range(REPLICATES)]
    return _interval(statistic(np.arange(count)), np.array(samples))


def bootstrap_macro(groups: Sequence[Sequence[float]], *, seed: int = 0) -> Interval:
    """Mean of the groups' means, cases resampled within each group."""
    random = np.random.default_rng(seed)
    arrays = [np.asarray(group, float) for group in groups]
    draws = [a[random.integers(len(a), size=(REPLICATES, len(a)))] for a in arrays]
    samples = np.mean([_means(drawn) for drawn in draws], axis=0)
    return _interval(float(np.mean([_means(a[None])[0] for a in arrays])), samples)


def _interval(value: float, samples: np.ndarray) -> Interval:
    known = samples[~np.isnan(samples)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (np.nan, np.nan)
    return Interval(value, float(low), float(high))


def _means(rows: np.ndarray) -> np.ndarray:
    """Mean of each row's numbers, NaN where a row has none; shape (rows,)."""
    known = ~np.isnan(rows)
    count = known.sum(axis=1)
    totals = np.where(known, rows, 0).sum(axis=1)
    means: np.ndarray = np.where(count > 0, totals / np.maximum(count, 1), np.nan)
    return means
