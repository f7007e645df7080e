"""The story of a comparison: every film through both bundles, then figures, pictures, a page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.evaluate import Tally, asked_labels
from afloc_desktop.core.export.atomic import write_atomically
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.picture import read_picture
from afloc_desktop.core.regions import NO_FINDING, read_cases, read_labels, read_table
from afloc_training.site.store import Store
from afloc_training.tuning.altered import with_a_tube, without_edges
from afloc_training.tuning.comparison import (
    Comparison,
    Reliability,
    acquisition_shortcuts,
    group_rows,
    groups_of,
    moved_shortcut,
    normal_films,
    presence_rows,
    region_rows,
    reliability_of,
)
from afloc_training.tuning.comparison_page import comparison_page
from afloc_training.tuning.field import field_of
from afloc_training.tuning.held_out import retrieval_rows, site_pictures, site_rows
from afloc_training.tuning.pictures import chosen_cases, draw_case

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from afloc_desktop.core.domain import Heatmap, Image
    from afloc_desktop.core.regions import Labelled, RegionCase
    from afloc_training.progress import Reporter
    from afloc_training.tuning.comparison import PresenceRow, RetrievalRow, Shortcut
    from afloc_training.tuning.pictures import DrawnCase

_MOST_BLANKED = 100
_BLANKED = "border and corners blanked"
_MOST_PAINTED = 40
_PAINTED = "a tube or line painted in"
_DEVICES = "support_devices"


@dataclass(frozen=True, slots=True)
class CompareOrder:
    """What `afloc-train evaluate` was asked for.

    Attributes:
        base, bundle: Folders of the two.
        images: Folder of the pictures.
        regions: Table of regions; None for none.
        labels: Table of labels; None for none.
        split: Only its rows of this split.
        page: Where to write the page; None writes none.
        only: Labels to compare on; empty for all.
        store: Of the site, for its held-out films; None for none.
    """

    base: Path
    bundle: Path
    images: Path | None = None
    regions: Path | None = None
    labels: Path | None = None
    split: str | None = None
    page: Path | None = None
    only: tuple[str, ...] = ()
    store: Path | None = None


class _Side(NamedTuple):
    """One of the two bundles and what it came to."""

    localizer: Localizer
    tally: Tally


def compare_bundles(order: CompareOrder, reporter: Reporter) -> Comparison:
    """Compare two bundles on the same films; write a page where one is wanted.

    Args:
        order: What to do.
        reporter: Told how far it is.

    Raises:
        DatasetError: Neither regions nor labels, or a table cannot be used.
        UnreadableFile: A picture is absent or damaged.
        BundleError, InferenceError: A bundle cannot be used.
        ExportError: The page cannot be written.
    """
    cases, labels, names = _tables(order)
    sides = [_Side(Localizer.open(path, provider="cpu"), Tally())
             for path in (order.base, order.bundle)]  # fmt: skip
    asked, not_asked = _asked(sides, names - {NO_FINDING})
    bench = _Bench(sides, asked, order.images or Path())
    image = field_of(sides[1].localizer.manifest.modality).image
    with reporter.stage(f"{image}s"):
        bench.measure(cases, labels, reporter)
    names_of_films = sorted(labels or {case.image for case in cases})
    blanked, painted = _moved(bench, names_of_films, normal_films(labels), reporter)
    site = _held_out(order, sides, reporter)
    with reporter.stage("figures"):
        groups = _groups(order)
        base, bundle = (side.tally for side in sides)
        found = Comparison(
            base=(sides[0].localizer.manifest.id, sides[0].localizer.bundle_sha256),
            bundle=(sides[1].localizer.manifest.id, sides[1].localizer.bundle_sha256),
            regions=region_rows(base, bundle),
            presence=presence_rows(base, bundle, labels),
            groups=group_rows(base, bundle, groups),
            blanked=blanked,
            painted=painted,
            acquisition=acquisition_shortcuts(base, bundle, labels, groups),
            reliability=_reliability(sides[1], asked, labels),
            not_asked=not_asked,
            site=site.presence,
            retrieval=site.retrieval,
            image=image,
        )
    if order.page is not None:
        with reporter.stage("page"):
            write_atomically(
                order.page,
                comparison_page(found, [*bench.pictures(), *site.pictures]),
                is_private=True,
            )
    return found


def _moved(
    bench: _Bench, films: Sequence[str], normal: Sequence[str], reporter: Reporter
) -> tuple[tuple[Shortcut, ...], tuple[Shortcut, ...]]:
    """How far scores follow border and corners, and tubes, on images where these mean nothing."""
    blanked: tuple[Shortcut, ...] = ()
    painted: tuple[Shortcut, ...] = ()
    if not bench.is_of("histo"):  # at the border of a tile is tissue, as everywhere
        with reporter.stage("border and corners"):
            blanked = bench.blanked(films)
    if bench.is_of("cxr"):
        with reporter.stage("tubes and lines"):
            painted = bench.painted(normal or films)
    return blanked, painted


def _tables(
    order: CompareOrder,
) -> tuple[list[RegionCase], dict[str, Labelled], set[str]]:
    """Regions, labels of films, and the names of all that is asked for."""
    if order.images is None and (order.regions or order.labels):
        raise DatasetError("The tables name images, and no folder of images was given.",
                           remedy="Give it with --images.")  # fmt: skip
    labels = read_labels(order.labels, order.split) if order.labels else {}
    cases = read_cases(order.regions, set(labels) or None) if order.regions else []
    names = {case.label for case in cases}.union(*(film.labels for film in labels.values()))
    if order.only:
        names &= set(order.only)
        cases = [case for case in cases if case.label in names]
    if not labels and not cases and order.store is None:
        raise DatasetError(
            "There is nothing to compare on.", remedy="Give --regions, --labels or --data."
        )
    return cases, labels, names


class _Site(NamedTuple):
    """What the site's held-out films came to."""

    presence: tuple[PresenceRow, ...] = ()
    retrieval: tuple[RetrievalRow, ...] = ()
    pictures: Sequence[tuple[str, Sequence[DrawnCase]]] = ()


def _held_out(order: CompareOrder, sides: Sequence[_Side], reporter: Reporter) -> _Site:
    if order.store is None:
        return _Site()
    store = Store(order.store)
    both = (sides[0].localizer, sides[1].localizer)
    with reporter.stage("held-out images of the site"):
        rows = site_rows(both, store, reporter.count)
        retrieval = retrieval_rows((order.base, order.bundle), store)
        return _Site(rows, retrieval, site_pictures(both, store) if order.page else ())


def _asked(sides: Sequence[_Side], names: set[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The words both are asked for each label, and the labels one of them does not list."""
    both = [asked_labels(side.localizer, names) for side in sides]
    asked = {name: words for name, words in both[0].items() if words and both[1][name]}
    return asked, tuple(sorted(names - asked.keys()))


def _groups(order: CompareOrder) -> dict[str, dict[str, str]]:
    tables = [table for table in (order.regions, order.labels) if table is not None]
    found: dict[str, dict[str, str]] = {}
    for table in tables:
        for grouping, of_film in groups_of(read_table(table, ("image",))).items():
            found.setdefault(grouping, {}).update(of_film)
    return found


def _reliability(
    side: _Side, asked: Mapping[str, str], labels: Mapping[str, Labelled]
) -> tuple[Reliability, ...]:
    found = []
    for label, highest in sorted(side.tally.highest.items()):
        question = side.localizer.understand(asked[label])
        names = sorted(highest)
        positive = np.array([label in labels[name].labels for name in names])
        if question.gain is None or question.bias is None or not positive.any():
            continue
        scores = np.array([highest[name] for name in names])
        chances = 1 / (1 + np.exp(-(question.gain * scores + question.bias)))
        found.append(reliability_of(label, chances, positive))
    return tuple(found)


class _Bench:
    """Both bundles on films, one film at a time."""

    def __init__(self, sides: Sequence[_Side], asked: Mapping[str, str], images: Path) -> None:
        self._sides, self._asked, self._images = sides, asked, images

    def measure(
        self, cases: Sequence[RegionCase], labels: Mapping[str, Labelled], reporter: Reporter
    ) -> None:
        """Fill the tallies: regions of `cases`, and highest similarities where there are labels."""
        by_image: dict[str, list[RegionCase]] = defaultdict(list)
        for case in cases:
            if case.label in self._asked:
                by_image[case.image].append(case)
        films = sorted({*by_image, *labels})
        for done, name in enumerate(films, 1):
            film = read_picture(self._images / name)
            wanted = {case.label for case in by_image[name]}
            wanted |= self._asked.keys() if name in labels else set()
            for side in self._sides:
                maps = self._maps(side, film, sorted(wanted))
                for case in by_image[name]:
                    threshold = side.localizer.understand(self._asked[case.label]).threshold
                    side.tally.add(case, film, maps[case.label].similarity, threshold)
                for label in maps if name in labels else ():
                    top = float(np.nanmax(maps[label].similarity))
                    side.tally.highest[label][name] = top
            reporter.count(done, len(films))

    def is_of(self, modality: str) -> bool:
        """Whether both models read this kind of image."""
        return all(side.localizer.manifest.modality == modality for side in self._sides)

    def blanked(self, films: Sequence[str]) -> tuple[Shortcut, ...]:
        """Scores of some films beside those of the same films without border and corners."""
        chosen = films[:: max(1, len(films) // _MOST_BLANKED)][:_MOST_BLANKED]
        films_read = (read_picture(self._images / name) for name in chosen)
        pairs = ((film, without_edges(film)) for film in films_read)
        return self._moved(_BLANKED, pairs, sorted(self._asked))

    def painted(self, films: Sequence[str]) -> tuple[Shortcut, ...]:
        """Scores of some chest films beside those of the same films with a tube painted in."""
        chosen = films[:: max(1, len(films) // _MOST_BLANKED)][:_MOST_BLANKED]
        found = (with_a_tube(read_picture(self._images / n), seed) for seed, n in enumerate(chosen))
        pairs = islice((pair for pair in found if pair is not None), _MOST_PAINTED)
        return self._moved(
            _PAINTED, pairs, [n for n in sorted(self._asked) if not self._is_tube(n)]
        )

    def _is_tube(self, label: str) -> bool:
        asked = (side.localizer.understand(self._asked[label]) for side in self._sides)
        return any(question.finding_id == _DEVICES for question in asked)

    def _moved(
        self, name: str, pairs: Iterable[tuple[Image, Image]], labels: Sequence[str]
    ) -> tuple[Shortcut, ...]:
        """How far scores move from one film of each pair to the other."""
        tops = [
            [[self._tops(side, film, labels) for film in pair] for side in self._sides]
            for pair in (pairs if labels else ())
        ]
        if not tops:
            return ()
        base, bundle = np.array(tops).transpose(1, 2, 0, 3)  # sides, before and after, films
        return (moved_shortcut(name, (base[0], bundle[0]), (base[1], bundle[1]), labels),)

    def pictures(self) -> list[tuple[str, list[DrawnCase]]]:
        """Cases worth looking at, drawn."""
        base, bundle = (side.tally for side in self._sides)
        return [
            (title, [self._drawn(case) for case in cases])
            for title, cases in chosen_cases(base, bundle)
        ]

    def _drawn(self, case: RegionCase) -> DrawnCase:
        film = read_picture(self._images / case.image)
        maps = [self._maps(side, film, [case.label])[case.label] for side in self._sides]
        return draw_case(film, case, maps[0], maps[1])

    def _maps(self, side: _Side, film: Image, labels: Sequence[str]) -> dict[str, Heatmap]:
        # Labels that are asked with the same words share one map.
        words = sorted({self._asked[label] for label in labels})
        found = side.localizer.localize_many(film, [Prompt(w, "preset") for w in words])
        by_words = dict(zip(words, found, strict=True))
        return {label: by_words[self._asked[label]] for label in labels}

    def _tops(self, side: _Side, film: Image, labels: Sequence[str]) -> list[float]:
        maps = self._maps(side, film, labels)
        return [float(np.nanmax(maps[label].similarity)) for label in labels]
