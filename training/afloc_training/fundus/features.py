"""What the trunk says of every eye of the training, computed by processes, kept in memory."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_training.backbone import DEEP_CHANNELS, MIDDLE_CHANNELS, STEM_CHANNELS
from afloc_training.fundus.eyes import PARTS, render
from afloc_training.fundus.network import GRID, SHALLOW_CHANNELS
from afloc_training.fundus.vocabulary import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from afloc_desktop.core.preprocess import PreprocessSpec
    from afloc_training.fundus.tables import EyeRow

_CHUNK = 8
OUTPUTS = ("shallow", "stem", "middle", "deep")
_SHAPES = (
    (SHALLOW_CHANNELS, GRID, GRID),
    (STEM_CHANNELS, GRID // 2, GRID // 2),
    (MIDDLE_CHANNELS, GRID // 4, GRID // 4),
    (DEEP_CHANNELS, GRID // 8, GRID // 8),
)
Features = tuple[np.ndarray, ...]


@dataclass(frozen=True, slots=True)
class EyePlan:
    """One eye of the training: a photograph, and what is done to it, decided by `seed` alone.

    Attributes:
        row: The photograph.
        seed: Of what is random.
        is_painted: Whether lesions are painted on it.
        part: As for `eyes.render`.
    """

    row: EyeRow
    seed: int
    is_painted: bool
    part: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EyeSet:
    """Features of N eyes, float16, 1.6 MB an eye, and what is known of them.

    Attributes:
        features: One array for each of `OUTPUTS`, see `network.EyeFeatures`.
        truth: int8, (N, findings): 1, 0, or -1 for unknown.
        masks: float16, (N, findings, GRID, GRID); all zero where nothing is known.
        is_painted: (N,).
        grade: Of each photograph, (N,).
    """

    features: Features
    truth: npt.NDArray[np.int8]
    masks: npt.NDArray[np.float16]
    is_painted: npt.NDArray[np.bool_]
    grade: npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class _Job:
    plans: tuple[EyePlan, ...]
    trunk: Path
    spec: PreprocessSpec


def plan_eyes(rows: Sequence[EyeRow], painted: int, seed: int) -> tuple[EyePlan, ...]:
    """Every photograph, every other one again in part, and `painted` eyes, two of five in part.

    Eyes are painted on those without a lesion, in turn.
    """
    grounds = [row for row in rows if row.is_paintable]
    shown: list[tuple[EyeRow, bool, int | None]] = [(row, False, None) for row in rows]
    shown += [(row, False, n % PARTS) for n, row in enumerate(rows[::2])]
    shown += [
        (grounds[n % len(grounds)], True, n // 5 % PARTS if n % 5 in (1, 3) else None)
        for n in range(painted)
    ]
    return tuple(
        EyePlan(row, seed + n, is_painted, part) for n, (row, is_painted, part) in enumerate(shown)
    )


def compute_features(
    plans: Sequence[EyePlan],
    spec: PreprocessSpec,
    trunk: Path,
    progress: Callable[[int, int], None],
) -> EyeSet:
    """Render every plan and run the trunk on it.

    Args:
        plans: From `plan_eyes`.
        spec: Of the bundle.
        trunk: Graph with the outputs `OUTPUTS`.
        progress: Called with eyes done and in all.

    Raises:
        UnreadableFile: A picture is absent or damaged.
    """
    count = len(plans)
    features = tuple(np.empty((count, *shape), np.float16) for shape in _SHAPES)
    truth = np.empty((count, len(FINDINGS)), np.int8)
    masks = np.zeros((count, len(FINDINGS), GRID, GRID), np.float16)
    jobs = [_Job(tuple(plans[n : n + _CHUNK]), trunk, spec) for n in range(0, count, _CHUNK)]
    done = 0
    # Spawned, not forked: the parent may hold threads of torch, which a fork would freeze.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        for answers in pool.map(_compute, jobs):
            for found, known, where in answers:
                for array, value in zip(features, found, strict=True):
                    array[done] = value
                truth[done] = known
                if where is not None:
                    masks[done] = where
                done += 1
            progress(done, count)
    return EyeSet(
        features=features,
        truth=truth,
        masks=masks,
        is_painted=np.array([plan.is_painted for plan in plans]),
        grade=np.array([plan.row.grade for plan in plans], np.int8),
    )


def _compute(job: _Job) -> list[tuple[Features, np.ndarray, np.ndarray | None]]:
    from afloc_training.export import open_session

    session = open_session(job.trunk, threads=1)
    found = []
    for plan in job.plans:
        eye = render(plan.row, plan.seed, job.spec, is_painted=plan.is_painted, part=plan.part)
        answers = session.run(list(OUTPUTS), {"image": eye.plane[None]})
        single = tuple(answer[0].astype(np.float16) for answer in answers)
        found.append((single, eye.truth, eye.masks))
    return found
