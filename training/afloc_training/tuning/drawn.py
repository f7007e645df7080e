"""Regions that people drew on films of a site: where findings are, better than reports say it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from afloc_desktop.core.baselines import lesion_masks
from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import find_frame
from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.picture import read_picture
from afloc_desktop.core.regions import asked_words, read_cases, read_table
from afloc_training.fitting.films import moved
from afloc_training.site.folder import PICTURE_SUFFIXES
from afloc_training.tuning.chest import FIELD as CHEST
from afloc_training.tuning.routing import place_cells

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.regions import RegionCase
    from afloc_training.facts import Claim
    from afloc_training.fitting.settings import VariationSettings
    from afloc_training.progress import Reporter
    from afloc_training.site.store import Store
    from afloc_training.tuning.field import Field

_FINE = 4
"""Cells of a stored mask to a cell of a map: finer, because films are turned and shifted."""
_SMALLEST = 0.05  # share of a cell; below it a region lies elsewhere


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What was drawn on training films.

    Attributes:
        masks: By case and finding, share of each fine cell: float32, square.
        sha256: Of all of it; names no film.
    """

    masks: Mapping[int, Mapping[str, Tensor]]
    sha256: str

    def findings(self, case: int) -> Collection[str]:
        """Ids of what was drawn on a film."""
        return self.masks.get(case, {}).keys()


NOTHING_DRAWN = Drawn({}, "")


def read_drawn(
    table: Path, images: Path, store: Store, reporter: Reporter, field: Field = CHEST
) -> Drawn:
    """Regions of training films; a film is found in the store by its pixels.

    Args:
        table: As `afloc evaluate --regions` takes it.
        images: Folder of the films that the table names, pictures or DICOM.
        store: Of the site.
        reporter: Told of labels that the model does not know.
        field: What kind of images these are.

    Raises:
        DatasetError: The table cannot be used, or a film of it is not one to learn from.
        UnreadableFile, UnsupportedImage: A film or a mask cannot be read.
    """
    cases = read_cases(table, None)
    labels = {case.label for case in cases}
    findings = {label: name for label in labels if (name := _finding(label, field)) is not None}
    if not findings:
        raise DatasetError(
            f"{table.name} has no region of a finding that the model knows.",
            remedy="Use labels such as Consolidation or Effusion.",
        )
    if unknown := sorted(labels - findings.keys()):
        reporter.warning(f"No such finding, and not used: {', '.join(unknown)}.")
    cases = [case for case in cases if case.label in findings]
    by_image = _in_store(table, images, store, [case.image for case in cases])
    masks: dict[int, dict[str, Tensor]] = {}
    for case in cases:
        finding = findings[case.label]
        for number in by_image[case.image]:
            mask = _fine(case, store, number, _FINE * field.grid)
            if mask.any():  # an empty picture, or a box beyond the film, shows nothing
                own = masks.setdefault(number, {})
                own[finding] = torch.maximum(own[finding], mask) if finding in own else mask
    digest = hashlib.sha256()
    for number, own in sorted(masks.items()):
        for finding, mask in sorted(own.items()):
            name = f"{store.cases[number].pixel_sha256} {finding} "
            digest.update(name.encode() + mask.numpy().tobytes())
    return Drawn(masks, digest.hexdigest())


def drawn_targets(
    drawn: Drawn,
    store: Store,
    cases: Sequence[int],
    claims: Sequence[Claim],
    content: np.ndarray,
    varied: tuple[Iterable[np.random.Generator], VariationSettings],
) -> tuple[np.ndarray, np.ndarray]:
    """Where true claims are by what was drawn, in films as `varied` shows them.

    Args:
        drawn: Regions.
        store: Of the site.
        cases: The films, (N,).
        claims: (K,).
        content: Truth of the claims' positive content, (N, K).
        varied: Generators as `fitting.films.varied` gets them, and its settings.

    Returns:
        Film and claim of each target, (M, 2), and the targets, float32 (M, cells).
    """
    pairs, targets = [], []
    rngs, variation = varied
    for film, (case, rng) in enumerate(zip(cases, rngs, strict=True)):
        own = drawn.masks.get(case)
        if own is None:
            continue
        maps = moved(torch.stack(list(own.values()))[None], [rng], variation)
        grid = maps.shape[-1] // _FINE
        pooled = functional.avg_pool2d(maps, _FINE)[0].numpy()
        cells = dict(zip(own, pooled, strict=True))
        for number, claim in enumerate(claims):
            is_taught = claim.finding in cells and not claim.is_negated
            if not is_taught or content[film, number] != 1:
                continue
            where = place_cells(store.frame(case), (claim.side, claim.zone), grid)
            target = cells[claim.finding] * where
            if target.max() > _SMALLEST:
                pairs.append((film, number))
                targets.append(target.ravel())
    if not pairs:
        return np.zeros((0, 2), np.intp), np.zeros((0, 0), np.float32)
    return np.array(pairs), np.stack(targets).astype(np.float32)


def _finding(label: str, field: Field) -> str | None:
    mentions, _ = field.phrasebook().find(asked_words(label))
    found = {mention.finding_id for mention in mentions if not mention.is_negated}
    return found.pop() if len(found) == 1 and found <= field.labels.keys() else None


def _in_store(
    table: Path, images: Path, store: Store, names: Sequence[str]
) -> dict[str, tuple[int, ...]]:
    """Cases of each film; refuses films that are not learned from."""
    by_pixels: dict[str, list[int]] = {}
    for number, case in enumerate(store.cases):
        by_pixels.setdefault(case.pixel_sha256, []).append(number)
    found = {
        name: tuple(by_pixels.get(_open(images / name).pixel_sha256, ()))
        for name in dict.fromkeys(names)
    }
    absent = {name for name, cases in found.items() if not cases}
    held = {name for name, cases in found.items()
            if any(store.cases[n].split != "train" for n in cases)}  # fmt: skip
    if absent:
        raise DatasetError(
            f"{len(absent)} of {len(found)} films in {table.name} are not in the store; the first "
            f"is in line {_line(table, absent)}.",
            remedy="Leave their rows away, or prepare a store with these films.",
        )
    if held:
        raise DatasetError(
            f"{len(held)} of {len(found)} films in {table.name} are kept from training; the first "
            f"is in line {_line(table, held)}.",
            remedy="Leave their rows away: what is measured on them would count for nothing.",
        )
    return found


def _line(table: Path, images: Collection[str]) -> int:
    """The first line that names one of some films."""
    rows = read_table(table, ("image",))
    return next(number for number, row in enumerate(rows, 2) if row["image"] in images)


def _open(path: Path) -> Image:
    if path.suffix.lower() in PICTURE_SUFFIXES:
        return read_picture(path)
    return read(find_frame(path, 1))


def _fine(case: RegionCase, store: Store, number: int, cells: int) -> Tensor:
    """The regions of a case in the plane of its film."""
    side = store.info.preprocess.side
    top, left, height, width = store.cases[number].frame
    plane = np.zeros((side, side), np.float32)
    region = np.logical_or.reduce(list(lesion_masks(case, height, width)))
    plane[top : top + height, left : left + width] = region
    return functional.adaptive_avg_pool2d(torch.from_numpy(plane)[None, None], cells)[0, 0]
