"""How a bundle takes words: other phrasings, unrelated texts, and sides that are named."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core import metrics
from afloc_desktop.core.baselines import region_mask
from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.findings import peak
from afloc_desktop.core.picture import read_picture
from afloc_desktop.core.prompts import chest_probes
from afloc_desktop.core.regions import asked_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import Image, Side
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.core.metrics import Interval, Resampling
    from afloc_desktop.core.regions import RegionCase

# Every phrasing is asked of every one of these films: more would take minutes and say the same.
FILMS = 16
# Boxes this far from the middle, as a share of the width, lie on one side.
_CLEAR_OF_MIDLINE = 0.03


@dataclass(frozen=True, slots=True)
class PhrasingRow:
    """One finding in five phrasings that stand in no prompt: mean correlation of their maps."""

    label: str
    correlation: Interval


@dataclass(frozen=True, slots=True)
class UnrelatedRow:
    """A text about something else: share of films above the threshold for typed words.

    Attributes:
        text: As typed.
        above: By similarity alone.
        present: As proposed, after the bundle judged whether the words are about a film.
    """

    text: str
    above: float
    present: float


@dataclass(frozen=True, slots=True)
class SideFigures:
    """Findings with boxes on one side only, asked for with either side's name.

    Attributes:
        cases: Films with such a finding.
        correct, wrong, difference: Pointing with the correct side, the wrong one, and between.
        moved: Share of maps whose highest place lies on the side that was named, either one.
    """

    cases: int
    correct: Interval
    wrong: Interval
    difference: Interval
    moved: Interval


@dataclass(frozen=True, slots=True)
class WordFigures:
    """What was measured.

    Attributes:
        films: On how many films phrasings and unrelated texts were tried.
        phrasings, phrasing: By finding, and the mean of all.
        admitted: Share of those phrasings that count as being about a film.
        unrelated, above, present: By text, and the means of all.
        side: None without a finding on one side.
    """

    films: int
    phrasings: tuple[PhrasingRow, ...]
    phrasing: Interval
    admitted: float
    unrelated: tuple[UnrelatedRow, ...]
    above: Interval
    present: Interval
    side: SideFigures | None


def word_figures(
    localizer: Localizer,
    patients: Mapping[str, str],
    cases: Sequence[RegionCase],
    *,
    images: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> WordFigures:
    """Ask a bundle in other words.

    Args:
        localizer: What is asked.
        patients: Whose each film is, by its name in `images`; `FILMS` of them are taken, evenly.
        cases: Findings with boxes; those on one side are asked for with a side.
        images: Folder of the pictures.
        progress: Called with films done and in all.

    Raises:
        UnreadableFile: A picture is absent.
        InferenceError: The model cannot be run.
    """
    names = sorted(patients)
    names = names[:: max(1, len(names) // FILMS)][:FILMS]
    one_sided = [case for case in cases if _side(case) and _words(localizer, case)]
    correlations, above = [], []
    for done, name in enumerate(names, 1):
        film = read_picture(images / name)
        correlations.append([_correlation(localizer, film, t) for t in _phrasings(localizer)])
        above.append([_is_above(localizer, film, text) for text in chest_probes().reported])
        progress(done, len(names) + len(one_sided))
    pointings = []
    for done, case in enumerate(one_sided, len(names) + 1):
        pointings.append(_pointing(localizer, read_picture(images / case.image), case))
        progress(done, len(names) + len(one_sided))
    whose = [patients[name] for name in names]
    return _figures(localizer, (whose, correlations, above), (one_sided, pointings))


def _phrasings(localizer: Localizer) -> list[tuple[str, ...]]:
    known = chest_probes().paraphrases
    return [known[f.id] for f in localizer.manifest.findings if f.id in known]


def _correlation(localizer: Localizer, film: Image, texts: Sequence[str]) -> float:
    """Mean over all pairs of phrasings."""
    maps = [localizer.localize(film, Prompt(text, "typed")).similarity for text in texts]
    return float(np.mean([metrics.pearson(a, b) for a, b in itertools.combinations(maps, 2)]))


def _is_above(localizer: Localizer, film: Image, text: str) -> tuple[float, float]:
    """Whether a text reaches its threshold, and whether that may mean something."""
    question = localizer.understand(text)
    similarity = localizer.localize(film, Prompt(text, "typed")).similarity
    is_above = bool(np.nanmax(similarity) >= question.threshold)
    return float(is_above), float(is_above and question.can_be_present)


def _side(case: RegionCase) -> Side | None:
    """The side all boxes of a case lie on, in the usual view; None where there is no one side."""
    if not case.boxes or case.masks:
        return None
    if all(x + w < 0.5 - _CLEAR_OF_MIDLINE for x, _, w, _ in case.boxes):
        return "right"
    if all(x > 0.5 + _CLEAR_OF_MIDLINE for x, _, _, _ in case.boxes):
        return "left"
    return None


def _words(localizer: Localizer, case: RegionCase) -> str:
    """What to ask for; empty where the bundle lists no such finding."""
    words = asked_words(case.label)
    question = localizer.understand(words)
    return words if question.prompt.origin == "preset" else ""


def _pointing(localizer: Localizer, film: Image, case: RegionCase) -> tuple[float, float, float]:
    """Pointing with the correct side, with the wrong side, and the share of maps that moved."""
    region = region_mask(case, film.rows, film.columns)
    correct = _side(case)
    hits, moved = [], []
    for side in ("right", "left"):
        words = f"{side} {_words(localizer, case)}"
        highest = peak(localizer.localize(film, Prompt(words, "typed")))
        point = highest[0] if highest else None
        hits.append(0.0 if point is None else float(region[int(point.y), int(point.x)]))
        moved.append(point is not None and (point.x < film.columns / 2) == (side == "right"))
    if correct == "left":
        hits.reverse()
    return hits[0], hits[1], float(np.mean(moved))


def _figures(
    localizer: Localizer,
    asked: tuple[list[str], list[list[float]], list[list[tuple[float, float]]]],
    sided: tuple[Sequence[RegionCase], list[tuple[float, float, float]]],
) -> WordFigures:
    whose, correlations, above = asked
    resampling = metrics.Resampling(whose)
    phrased = np.array(correlations)
    reached = np.array(above)

    def mean(values: np.ndarray) -> Interval:
        return resampling.mean([(values.tolist(), whose)])

    known = chest_probes().paraphrases
    findings = [f for f in localizer.manifest.findings if f.id in known]
    texts = [text for f in findings for text in known[f.id]]
    return WordFigures(
        films=len(whose),
        phrasings=tuple(PhrasingRow(f.label, mean(phrased[:, k])) for k, f in enumerate(findings)),
        phrasing=mean(phrased.mean(axis=1)),
        admitted=float(np.mean([localizer.understand(t).is_related for t in texts])),
        unrelated=tuple(_unrelated(reached)),
        above=mean(reached[:, :, 0].mean(axis=1)),
        present=mean(reached[:, :, 1].mean(axis=1)),
        side=_side_figures(*sided) if sided[0] else None,
    )


def _unrelated(reached: np.ndarray) -> Iterator[UnrelatedRow]:
    shares = reached.mean(axis=0)
    for text, (above, present) in zip(chest_probes().reported, shares, strict=True):
        yield UnrelatedRow(text, float(above), float(present))


def _side_figures(
    cases: Sequence[RegionCase], pointings: Sequence[tuple[float, float, float]]
) -> SideFigures:
    whose = [case.patient for case in cases]
    resampling: Resampling = metrics.Resampling(whose)
    correct, wrong, moved = (list(values) for values in zip(*pointings, strict=True))
    apart = [a - b for a, b in zip(correct, wrong, strict=True)]
    return SideFigures(
        len(cases),
        *(resampling.mean([(values, whose)]) for values in (correct, wrong, apart, moved)),
    )
