"""Two bundles on the same cases: differences with intervals, by group, and whether to trust them.

A difference is taken case by case and resampled by patient, so that what makes a case hard for
both drops out.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from afloc_desktop.core.evaluate import MACRO_REGIONS
from afloc_desktop.core.metrics import BINS, Resampling, auroc, interval_of
from afloc_desktop.core.regions import NO_FINDING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from afloc_desktop.core.domain import BoolArray
    from afloc_desktop.core.evaluate import ScoredCase, Tally
    from afloc_desktop.core.metrics import Interval, Scores
    from afloc_desktop.core.regions import Labelled

MEASURES = ("pointing", "iou", "dice", "cnr")
ALL = "all regions"
MEAN = "mean"
_FEWEST = 8
_AGES = ((40, "under 40"), (65, "40 to 64"), (200, "65 and over"))
GROUPINGS = ("sex", "age", "view", "scanner", "source")


class Pair(NamedTuple):
    """One figure of base and bundle, and the difference bundle - base, all over the same cases."""

    base: Interval
    bundle: Interval
    difference: Interval


@dataclass(frozen=True, slots=True)
class LocalizationRow:
    """Figures of one label, of all, or of a group; `cases` are films with a region of it."""

    label: str
    cases: int
    pointing: Pair
    iou: Pair
    dice: Pair
    cnr: Pair


@dataclass(frozen=True, slots=True)
class PresenceRow:
    """AUROC of one label, or the mean of all; `positives` of `films` have it."""

    label: str
    positives: int
    films: int
    auroc: Pair


@dataclass(frozen=True, slots=True)
class RetrievalRow:
    """How well films and reports of held-out patients find each other, both ways."""

    measure: str
    films: int
    share: Pair


@dataclass(frozen=True, slots=True)
class Shortcut:
    """How far the score follows something that is no finding.

    Attributes:
        name: What.
        films: On which it was looked at.
        base, bundle: Means over the findings.
        worst: The finding of the bundle with the highest figure, and that figure.
    """

    name: str
    films: int
    base: float
    bundle: float
    worst: tuple[str, float]


@dataclass(frozen=True, slots=True)
class Reliability:
    """Stated against observed, for one label: ten bins of equal weight or fewer."""

    label: str
    stated: tuple[float, ...]
    observed: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that was found.

    Attributes:
        base, bundle: Id and SHA-256.
        regions: Of each label, the macro, all.
        presence: Of each label, and their mean.
        groups: Localization by sex, age, view, scanner, where the table has them.
        blanked: How far scores move, in standard deviations over films, when border and corners
            of the films are blanked.
        painted: The same when a tube or a line is painted into chest films.
        acquisition: How well the score tells films without a finding apart by how or of whom they
            were taken: |AUROC - 0.5| + 0.5.
        reliability: Of the bundle.
        not_asked: Labels that one of the two does not list.
        site: AUROC on the site's held-out films by what their reports say, and by group.
        retrieval: On the same films.
        image: What readers call one film: photographs are films here, and tiles.
    """

    base: tuple[str, str]
    bundle: tuple[str, str]
    regions: tuple[LocalizationRow, ...]
    presence: tuple[PresenceRow, ...]
    groups: tuple[LocalizationRow, ...]
    blanked: tuple[Shortcut, ...]
    acquisition: tuple[Shortcut, ...]
    reliability: tuple[Reliability, ...]
    not_asked: tuple[str, ...]
    painted: tuple[Shortcut, ...] = ()
    site: tuple[PresenceRow, ...] = ()
    retrieval: tuple[RetrievalRow, ...] = ()
    image: str = "film"


def region_rows(base: Tally, bundle: Tally) -> tuple[LocalizationRow, ...]:
    """Differences by label, then the macro over `evaluate.MACRO_REGIONS`, then over all cases."""
    pairs = _pairs(base, bundle)
    if not pairs:
        return ()
    every = list(chain.from_iterable(pairs.values()))
    resampling = Resampling({case.case.patient for case, _ in every})
    rows = [_row(label, [found], resampling) for label, found in sorted(pairs.items())]
    macro = [pairs[label] for label in MACRO_REGIONS if label in pairs]
    if len(macro) > 1:
        rows.append(_row(f"macro-{len(macro)}", macro, resampling))
    return (*rows, _row(ALL, [every], resampling))


def group_rows(
    base: Tally, bundle: Tally, groups: Mapping[str, Mapping[str, str]]
) -> tuple[LocalizationRow, ...]:
    """Differences over all labels, by group.

    Args:
        base, bundle: Of the same cases.
        groups: By grouping and film, such as `sex` and `F`.
    """
    cases = list(chain.from_iterable(_pairs(base, bundle).values()))
    if not cases:
        return ()
    resampling = Resampling({case.case.patient for case, _ in cases})
    rows = []
    for grouping, of_film in groups.items():
        for name in sorted({of_film.get(case.case.image, "") for case, _ in cases} - {""}):
            found = [pair for pair in cases if of_film.get(pair[0].case.image) == name]
            if len(found) >= _FEWEST:
                rows.append(_row(f"{grouping} {name}", [found], resampling))
    return tuple(rows)


def presence_rows(
    base: Tally, bundle: Tally, labels: Mapping[str, Labelled]
) -> tuple[PresenceRow, ...]:
    """AUROC differences by label, and of the mean over labels."""
    names = sorted({name for of_label in base.highest.values() for name in of_label})
    findings = sorted(base.highest)
    known = np.array([[f in labels[name].labels for f in findings] for name in names], np.int8)
    scores = [
        np.array([[tally.highest[f][name] for f in findings] for name in names])
        for tally in (base, bundle)
    ]
    return area_rows(findings, known, scores, [labels[name].patient for name in names])


def area_rows(
    findings: Sequence[str],
    known: np.ndarray,
    scores: Sequence[np.ndarray],
    patients: Sequence[str],
) -> tuple[PresenceRow, ...]:
    """AUROC differences of findings, and of their mean, over the films where each is known.

    Args:
        findings: Their names.
        known: 1 there, 0 not there, -1 unknown, (films, findings).
        scores: Of base and bundle, the same shape.
        patients: Of the films.
    """
    weights = Resampling(patients).weights(patients) if patients else np.empty((0, 0))
    areas, rows = [], []
    for column, label in enumerate(findings if len(patients) else ()):
        seen = known[:, column] >= 0
        positive = known[seen, column] == 1
        if not _FEWEST <= positive.sum() <= len(positive) - _FEWEST:
            continue
        both = [_areas(positive, of_side[seen, column], weights[:, seen]) for of_side in scores]
        areas.append(both)
        pair = _area_pair(np.array(both))
        rows.append(PresenceRow(label, int(positive.sum()), len(positive), pair))
    if len(rows) > 1:
        mean = _area_pair(np.mean(areas, axis=0))
        rows.append(PresenceRow(MEAN, sum(row.positives for row in rows), len(patients), mean))
    return tuple(rows)


def moved_shortcut(
    name: str,
    scores: tuple[np.ndarray, np.ndarray],
    altered: tuple[np.ndarray, np.ndarray],
    findings: Sequence[str],
) -> Shortcut:
    """How far scores move when something that is no finding is taken away or put on.

    Args:
        name: What was done to the films.
        scores: Of base and bundle, (films, findings).
        altered: The same afterwards.
        findings: Their names.
    """
    moved = [
        np.abs(after - before).mean(0) / np.maximum(before.std(0), 1e-6)
        for before, after in zip(scores, altered, strict=True)
    ]
    return _shortcut(name, len(scores[0]), moved, findings)


def normal_films(labels: Mapping[str, Labelled]) -> list[str]:
    """Names of the films whose labels say that there is no finding."""
    return sorted(name for name, film in labels.items() if film.labels == {NO_FINDING})


def acquisition_shortcuts(
    base: Tally,
    bundle: Tally,
    labels: Mapping[str, Labelled],
    groups: Mapping[str, Mapping[str, str]],
) -> tuple[Shortcut, ...]:
    """How well scores tell the two largest groups apart, among films without a finding."""
    findings, normal = sorted(base.highest), set(normal_films(labels))
    found = []
    for grouping, of_film in groups.items():
        by_group: dict[str, list[str]] = defaultdict(list)
        for name in sorted(of_film):
            if name in normal and of_film[name] and findings and name in base.highest[findings[0]]:
                by_group[of_film[name]].append(name)
        largest = sorted(by_group, key=lambda group: (-len(by_group[group]), group))[:2]
        if len(largest) < 2 or len(by_group[largest[1]]) < _FEWEST:
            continue
        names = [name for group in largest for name in by_group[group]]
        is_first = np.arange(len(names)) < len(by_group[largest[0]])
        apart = [
            np.array([_apart(is_first, [tally.highest[f][n] for n in names]) for f in findings])
            for tally in (base, bundle)
        ]
        title = f"{grouping}: {largest[0]} from {largest[1]}"
        found.append(_shortcut(title, len(names), apart, findings))
    return tuple(found)


def reliability_of(label: str, chances: np.ndarray, positive: BoolArray) -> Reliability:
    """Stated probabilities, sorted and cut into bins of equal size, beside what is."""
    order = np.argsort(chances, kind="stable")
    bins = [part for part in np.array_split(order, BINS) if len(part)]
    return Reliability(
        label,
        tuple(float(chances[part].mean()) for part in bins),
        tuple(float(positive[part].mean()) for part in bins),
    )


def groups_of(rows: Sequence[Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """By grouping and film, what a table says of its films; groupings it has not are left out."""
    found: dict[str, dict[str, str]] = {}
    for grouping in GROUPINGS:
        of_film = {row["image"]: row.get(grouping) or "" for row in rows}
        if grouping == "age":
            of_film = {name: _age_group(age) for name, age in of_film.items()}
        if any(of_film.values()):
            found[grouping] = of_film
    return found


def _age_group(age: str) -> str:
    try:
        years = float(age)
    except ValueError:
        return ""
    return next((name for end, name in _AGES if 0 <= years < end), "")


def _pairs(base: Tally, bundle: Tally) -> dict[str, list[tuple[ScoredCase, ScoredCase]]]:
    """The same cases of both, by label."""
    return {
        label: list(zip(base.scored[label], bundle.scored[label], strict=True))
        for label in base.scored
    }


def _row(
    label: str,
    groups: Sequence[Sequence[tuple[ScoredCase, ScoredCase]]],
    resampling: Resampling,
) -> LocalizationRow:
    def pair(measure: str) -> Pair:
        def of(pick: int) -> list[tuple[list[float], list[str]]]:
            return [
                (
                    [_value(cases[pick].scores, measure) for cases in group],
                    [cases[0].case.patient for cases in group],
                )
                for group in groups
            ]

        before, after = of(0), of(1)
        change = [
            ((np.array(a[0]) - np.array(b[0])).tolist(), a[1])
            for b, a in zip(before, after, strict=True)
        ]
        return Pair(*(resampling.mean(values) for values in (before, after, change)))

    return LocalizationRow(label, sum(map(len, groups)), *(pair(m) for m in MEASURES))


def _value(scores: Scores, measure: str) -> float:
    value: float = getattr(scores, measure)
    return value


def _areas(positive: BoolArray, scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """AUROC of all cases, then of each sample of patients; NaN where a class is missing."""
    samples = [
        auroc(positive, scores, w) if w[positive].any() and w[~positive].any() else np.nan
        for w in weights
    ]
    return np.array([auroc(positive, scores), *samples])


def _area_pair(areas: np.ndarray) -> Pair:
    """Of the areas of base and bundle, (2, 1 + samples)."""
    base, bundle = areas
    figures = (base, bundle, bundle - base)
    return Pair(*(interval_of(float(figure[0]), figure[1:]) for figure in figures))


def _apart(is_first: BoolArray, scores: Sequence[float]) -> float:
    return abs(auroc(is_first, scores) - 0.5) + 0.5


def _shortcut(
    name: str, films: int, figures: Sequence[np.ndarray], findings: Sequence[str]
) -> Shortcut:
    base, bundle = figures
    worst = int(np.argmax(bundle))
    return Shortcut(
        name,
        films,
        float(base.mean()),
        float(bundle.mean()),
        (findings[worst], float(bundle[worst])),
    )
