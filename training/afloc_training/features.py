"""Trunk features of one edition of the training films, computed by processes, kept in files."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.picture import read_picture
from afloc_training.backbone import DEEP_CHANNELS, MIDDLE_CHANNELS, STEM_CHANNELS
from afloc_training.facts import Fact, FilmFacts
from afloc_training.films import network_input
from afloc_training.lung_fields import find_lungs
from afloc_training.network import GRID
from afloc_training.synthesis import PAINTABLE, SyntheticFilm, compose, vary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from afloc_desktop.core.domain import FloatArray
    from afloc_desktop.core.preprocess import PreprocessSpec
    from afloc_training.films import FilmRow
    from afloc_training.recipe import FilmSettings

_CHUNK = 24
_FACTS = "facts.json"
_SHAPING = ("facts", "features", "films", "lung_fields", "painting", "synthesis")
_STRIDES = ("stem", "middle", "deep")
_MASKS = "masks"
_SHAPES: dict[str, tuple[int, ...]] = {
    "stem": (STEM_CHANNELS, 2 * GRID, 2 * GRID),
    "middle": (MIDDLE_CHANNELS, GRID, GRID),
    "deep": (DEEP_CHANNELS, GRID // 2, GRID // 2),
    _MASKS: (len(PAINTABLE), GRID, GRID),
}
# Seeds of the first edition lie below the one, those of painted films not below the other.
_EDITION_SEEDS, _PAINTED_SEEDS = 10**7, 10**6


@dataclass(frozen=True, slots=True)
class FilmPlan:
    """One training film: a row, and what is done to it, decided by `seed` alone."""

    row: FilmRow
    kind: Literal["plain", "varied", "painted"]
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class FeatureSet:
    """Features of N films, float16, 0.2 MB a film, or 0.4 MB with all strides.

    Attributes:
        stem, middle, deep: The trunk's three strides, see `network.TrunkFeatures`; the last two
            are None where only the stem was wanted.
        masks: Share of each cell a painted finding covers, (N, len(PAINTABLE), 24, 24).
        facts: What is known of each film.
        is_painted: Whether the film comes from the synthesiser, (N,).
    """

    stem: np.ndarray
    middle: np.ndarray | None
    deep: np.ndarray | None
    masks: np.ndarray
    facts: tuple[FilmFacts, ...]
    is_painted: np.ndarray


@dataclass(frozen=True, slots=True)
class _Job:
    """A run of films for one process; `first` is the number of its first film."""

    plans: tuple[FilmPlan, ...]
    first: int
    folder: Path
    trunk: Path
    spec: PreprocessSpec
    strides: tuple[str, ...]


def plan_films(
    rows: Sequence[FilmRow], has_lungs: Sequence[bool], settings: FilmSettings, edition: int
) -> tuple[FilmPlan, ...]:
    """Every film of one edition, real ones first: varied, and in the first edition plain too.

    Args:
        rows: Kept training rows.
        has_lungs: Whether the lung fields of each row were found.
        settings: How many copies of each.
        edition: From 0.

    Raises:
        DatasetError: No film to paint on.
    """
    seeds = edition * _EDITION_SEEDS
    plans = [FilmPlan(row, "plain", number) for number, row in enumerate(rows) if edition == 0]
    plans += [
        FilmPlan(row, "varied", seeds + len(rows) + number) for number, row in enumerate(rows)
    ]
    grounds = [
        row
        for row, is_found in zip(rows, has_lungs, strict=True)
        # An enlarged film has no texture of its own, which would mark what is painted on it.
        # Where a text leaves open what else a film shows, nothing is painted.
        if is_found and not row.is_low_resolution and row.said is None
    ]
    if not grounds:
        raise DatasetError(
            "No film shows two clear lungs to paint on.",
            remedy="Use upright frontal chest films.",
        )
    for row in grounds:
        count = settings.painted_per_normal if row.is_normal else settings.painted_per_abnormal
        first = seeds + _PAINTED_SEEDS + len(plans)
        plans += [FilmPlan(row, "painted", first + copy) for copy in range(count)]
    return tuple(plans)


def render(plan: FilmPlan, spec: PreprocessSpec) -> SyntheticFilm:
    """The film of a plan. Equal plans give equal films.

    Raises:
        UnreadableFile: The picture is absent or damaged.
        ValueError: A painted plan for a film without lung fields.
    """
    plane = network_input(read_picture(plan.row.path), spec)[0, 0]
    if plan.kind == "plain":
        return SyntheticFilm(plane, FilmFacts(plan.row.labels), ())
    rng = np.random.default_rng(plan.seed)
    if plan.kind == "varied":
        film, _ = vary(rng, plane, ())
        return SyntheticFilm(film, FilmFacts(plan.row.labels), ())
    lungs = find_lungs(plane)
    if lungs is None:
        raise ValueError("a film to paint on has lung fields")
    return compose(rng, plane, lungs, plan.row.labels)


def find_all_lungs(rows: Sequence[FilmRow], spec: PreprocessSpec) -> list[bool]:
    """Whether the lung fields of each row are found."""
    with _pool() as pool:
        return list(pool.map(_has_lungs, ((row, spec) for row in rows), chunksize=_CHUNK))


def compute_features(
    plans: Sequence[FilmPlan],
    spec: PreprocessSpec,
    trunk: Path,
    folder: Path,
    progress: Callable[[int, int], None],
    *,
    is_stem_enough: bool = False,
) -> FeatureSet:
    """Render every plan and run the trunk on it.

    Args:
        plans: From `plan_films`.
        spec: The recipe's.
        trunk: From `export.export_trunk`.
        folder: Existing; receives `.npy` files. What an equal call left there is used again.
        progress: Called with films done and in all.
        is_stem_enough: Leave out what lies behind the stem.
    """
    strides = _STRIDES[:1] if is_stem_enough else _STRIDES
    key = plans_key(plans, spec, trunk)
    facts = _finished_facts(folder, key, strides)
    if facts is None:
        facts = _compute_all(plans, spec, trunk, folder, strides, progress)
        films = [
            {"labels": sorted(fact.labels), "painted": list(map(dataclasses.asdict, fact.painted))}
            for fact in facts
        ]
        text = json.dumps({"key": key, "strides": strides, "films": films})
        (folder / _FACTS).write_text(text, encoding="utf-8")
    # Read whole: a step draws films at random, and a page cache under pressure made that ten times
    # slower than computing on them.
    arrays = {name: np.load(_array(folder, name)) for name in (*strides, _MASKS)}
    # Texts are not kept beside the features: the rows have them.
    facts = [
        dataclasses.replace(fact, said=plan.row.said)
        for fact, plan in zip(facts, plans, strict=True)
    ]
    is_painted = np.array([plan.kind == "painted" for plan in plans])
    return FeatureSet(
        stem=arrays["stem"],
        middle=arrays.get("middle"),
        deep=arrays.get("deep"),
        masks=arrays[_MASKS],
        facts=tuple(facts),
        is_painted=is_painted,
    )


def _array(folder: Path, name: str) -> Path:
    return folder / f"{name}.npy"


def plans_key(plans: Sequence[FilmPlan], spec: PreprocessSpec, trunk: Path) -> str:
    """Changes with anything that shapes the features: plans, preprocessing, trunk, this code."""
    digest = hashlib.sha256(trunk.read_bytes() + spec.fingerprint.encode())
    for plan in plans:
        labels = sorted(plan.row.labels)
        words = f"{plan.row.path.name} {plan.kind} {plan.seed} {labels} {plan.row.said}"
        digest.update(words.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        if source.stem in _SHAPING or source.stem.startswith("lesions_"):
            digest.update(source.read_bytes())
    return digest.hexdigest()


def _finished_facts(folder: Path, key: str, strides: tuple[str, ...]) -> list[FilmFacts] | None:
    """The facts an earlier run finished with under this key; None where there is none."""
    try:
        stored = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if stored["key"] != key or not set(strides) <= set(stored.get("strides", ())):
        return None
    return [
        FilmFacts(frozenset(film["labels"]), tuple(Fact(**fact) for fact in film["painted"]))
        for film in stored["films"]
    ]


def _compute_all(
    plans: Sequence[FilmPlan],
    spec: PreprocessSpec,
    trunk: Path,
    folder: Path,
    strides: tuple[str, ...],
    progress: Callable[[int, int], None],
) -> list[FilmFacts]:
    (folder / _FACTS).unlink(missing_ok=True)
    for name in (*strides, _MASKS):
        shape = (len(plans), *_SHAPES[name])
        np.lib.format.open_memmap(
            _array(folder, name), mode="w+", dtype=np.float16, shape=shape
        ).flush()
    jobs = [
        _Job(tuple(plans[first : first + _CHUNK]), first, folder, trunk, spec, strides)
        for first in range(0, len(plans), _CHUNK)
    ]
    facts: list[FilmFacts] = []
    with _pool() as pool:
        for found in pool.map(_compute, jobs):
            facts += found
            progress(len(facts), len(plans))
    return facts


def _pool() -> ProcessPoolExecutor:
    # Spawned, not forked: the parent may hold threads of torch, which a fork would freeze.
    return ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn"))


def _has_lungs(job: tuple[FilmRow, PreprocessSpec]) -> bool:
    row, spec = job
    return find_lungs(network_input(read_picture(row.path), spec)[0, 0]) is not None


def _compute(job: _Job) -> list[FilmFacts]:
    from afloc_training.export import open_session

    session = open_session(job.trunk, threads=1)
    names = (*job.strides, _MASKS)
    arrays = {name: np.load(_array(job.folder, name), mmap_mode="r+") for name in names}
    facts = []
    for number, plan in enumerate(job.plans, job.first):
        film = render(plan, job.spec)
        features = session.run(list(job.strides), {"image": film.film[None, None]})
        for name, value in zip(job.strides, features, strict=True):
            arrays[name][number] = value[0]
        arrays[_MASKS][number] = cell_masks(film)
        facts.append(film.facts)
    for array in arrays.values():
        array.flush()
    return facts


def cell_masks(film: SyntheticFilm) -> FloatArray:
    """Share of each grid cell every paintable finding covers, (len(PAINTABLE), 24, 24)."""
    cells: Any = np.zeros(_SHAPES[_MASKS], np.float32)
    for fact, mask in zip(film.facts.painted, film.masks, strict=True):
        size = len(mask) // GRID
        share = mask.reshape(GRID, size, GRID, size).mean(axis=(1, 3))
        channel = PAINTABLE.index(fact.finding)
        cells[channel] = np.maximum(cells[channel], share)
    return cells  # type: ignore[no-any-return]
