"""Two bundles on a site's held-out films: is it there, and do films and reports find each other."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.metrics import Resampling
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.model.tokenizer import load_tokenizer
from afloc_training.export import open_session
from afloc_training.films import network_input
from afloc_training.fitting.retrieval import places_of_partners
from afloc_training.tuning.calibrating import HELD_OUT, film_of, highest_scores, known_findings
from afloc_training.tuning.comparison import Pair, PresenceRow, RetrievalRow, area_rows
from afloc_training.tuning.field import field_of
from afloc_training.tuning.pictures import draw_maps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from afloc_desktop.core.localize import Localizer
    from afloc_training.site.store import Store
    from afloc_training.tuning.pictures import DrawnCase

_AT = 5
_DRAWN_EACH = 2
_DRAWN = "Held-out {image}s of the site, for a finding their report states"
_GROUPINGS = ("sex", "age_group", "view", "scanner")


def held_out(store: Store) -> tuple[int, ...]:
    """Numbers of the cases nobody trained on.

    Raises:
        DatasetError: There are none.
    """
    found = tuple(n for split in HELD_OUT for n in store.of_split(split))
    if not found:
        raise DatasetError(
            "The store holds no image that was kept from training.",
            remedy="Prepare images of more patients.",
        )
    return found


def site_rows(
    sides: Sequence[Localizer], store: Store, progress: Callable[[int, int], None]
) -> tuple[PresenceRow, ...]:
    """AUROC of both bundles by what reports say: of each finding, their mean, the mean by group.

    Args:
        sides: Base and bundle.
        store: Of the site.
        progress: Called with films done and in all, for each bundle anew.

    Raises:
        DatasetError: No film was kept from training.
        InferenceError: A bundle cannot be run.
    """
    cases = held_out(store)
    ids, known = _known(sides, store, cases)
    scores = [highest_scores(side, store, cases, ids, progress) for side in sides]
    patients = [store.cases[n].patient for n in cases]
    rows = list(area_rows(ids, known, scores, patients))
    for name, members in _groups(store, cases):
        some = [of_side[members] for of_side in scores]
        found = area_rows(ids, known[members], some, [patients[n] for n in members])
        rows += [PresenceRow(name, row.positives, row.films, row.auroc) for row in found[-1:]]
    return tuple(rows)


def _known(
    sides: Sequence[Localizer], store: Store, cases: Sequence[int]
) -> tuple[list[str], np.ndarray]:
    """Findings that all sides list and reports may speak of; 1, 0, -1, (cases, findings)."""
    field = field_of(sides[-1].manifest.modality)
    listed = [{finding.id for finding in side.manifest.findings} for side in sides]
    ids = sorted(set.intersection(*listed) & field.labels.keys())
    return ids, known_findings([store.cases[n] for n in cases], ids, field)


def _groups(store: Store, cases: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """Places in `cases` of every group that is not all of them."""
    for grouping in _GROUPINGS:
        found: Mapping[str, list[int]] = defaultdict(list)
        for place, number in enumerate(cases):
            found[getattr(store.cases[number], grouping)].append(place)
        for value, members in sorted(found.items()):
            if value and len(found) > 1:
                yield f"mean, {grouping.replace('_', ' ')} {value}", members


def site_pictures(
    sides: tuple[Localizer, Localizer], store: Store
) -> list[tuple[str, list[DrawnCase]]]:
    """Films beside what both bundles draw for a finding their report states, some of each finding.

    Raises:
        DatasetError: No film was kept from training.
        InferenceError: A bundle cannot be run.
    """
    cases = held_out(store)
    ids, known = _known(sides, store, cases)
    field = field_of(sides[1].manifest.modality)
    drawn = []
    for column, name in enumerate(ids):
        for place in np.flatnonzero(known[:, column] == 1)[:_DRAWN_EACH]:
            film = film_of(store, cases[place])
            base, bundle = (side.localize_all(film, [name])[name] for side in sides)
            drawn.append(draw_maps(film, field.labels[name], (base, bundle)))
    return [(_DRAWN.format(image=field.image), drawn)] if drawn else []


def retrieval_rows(folders: Sequence[Path], store: Store) -> tuple[RetrievalRow, ...]:
    """Do films find their report among all, and reports their film; nothing where a bundle cannot.

    Args:
        folders: Of base and bundle.
        store: Of the site.

    Raises:
        DatasetError: No film was kept from training.
        BundleError: A bundle cannot be used.
    """
    cases = held_out(store)
    found = [_places(folder, store, cases) for folder in folders]
    if any(places is None for places in found):
        return ()
    base, bundle = (np.stack(places) for places in found if places is not None)
    patients = [store.cases[n].patient for n in cases]
    resampling = Resampling(patients)

    def row(measure: str, values: Sequence[np.ndarray]) -> RetrievalRow:
        means = [value.mean(axis=0) for value in values]
        figures = [*means, means[1] - means[0]]
        pair = Pair(*(resampling.mean([(figure.tolist(), patients)]) for figure in figures))
        return RetrievalRow(measure, len(cases), pair)

    return (
        row(f"among the first {_AT}", [(places <= _AT).astype(float) for places in (base, bundle)]),
        row("1 / place", [1 / places for places in (base, bundle)]),
    )


def _places(
    folder: Path, store: Store, cases: Sequence[int]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Places of each film's report and of each report's film, from 1."""
    bundle = load_bundle(folder)
    if "global" not in bundle.manifest.image_outputs:
        return None
    tokenizer = load_tokenizer(bundle)
    image = open_session(folder / "image.onnx", threads=2)
    text = open_session(folder / "text.onnx", threads=2)
    films, reports = [], []
    for number in cases:
        tensor = network_input(film_of(store, number), bundle.manifest.preprocess)
        films.append(image.run(["global"], {"image": tensor})[0][0])
        ids, mask = tokenizer.encode_all([s.text for s in store.cases[number].sentences])
        feeds = {"input_ids": np.array(ids, np.int64), "attention_mask": np.array(mask, np.int64)}
        vectors = functional.normalize(torch.from_numpy(text.run(None, feeds)[0]))
        reports.append(vectors.mean(0).numpy())
    said = [frozenset(s.text for s in store.cases[n].sentences) for n in cases]
    return partners(np.stack(films), np.stack(reports), said)


def partners(
    films: np.ndarray, reports: np.ndarray, said: Sequence[frozenset[str]]
) -> tuple[np.ndarray, np.ndarray]:
    """Places of each film's report and of each report's film, from 1.

    Args:
        films, reports: Their vectors, (N, D); of any length.
        said: Sentences of the reports; one that says no more than another is no wrong answer.
    """
    one, other = (functional.normalize(torch.from_numpy(v)) for v in (films, reports))
    scores = one @ other.T
    is_right = torch.tensor([[a >= b for b in said] for a in said])
    ways = ((scores, is_right), (scores.T, is_right.T))
    first, second = (places_of_partners(*way).double().numpy() for way in ways)
    return first, second
