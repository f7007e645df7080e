"""Thresholds and probabilities from a site's held-out films, by what their reports say."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.domain import Image, ImageRef, read_only
from afloc_desktop.core.eight_bit import luminance
from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.model.bundle import load_bundle
from afloc_training import bundle_files
from afloc_training.facts import Claim
from afloc_training.model_card import threshold_table
from afloc_training.thresholds import SPECIFICITY, choose
from afloc_training.tuning.exporting import UNCALIBRATED
from afloc_training.tuning.field import field_of
from afloc_training.tuning.said import truth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from afloc_desktop.core.model.manifest import FindingSpec, Manifest
    from afloc_training.site.store import Store, StoredCase
    from afloc_training.thresholds import Threshold
    from afloc_training.tuning.field import Field

FEWEST_NEGATIVES = 20
"""Films on which a finding is denied; a percentile of fewer is an accident."""
HELD_OUT = ("dev", "test")
_HEADING = "## Thresholds"


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What came of it.

    Attributes:
        id, sha256: Of the bundle, as it is now.
        films: Held out.
        thresholds: The findings that have a threshold of the site now.
        left: Ids of the findings that keep what they had: too few films deny them.
    """

    id: str
    sha256: str
    films: int
    thresholds: tuple[Threshold, ...]
    left: tuple[str, ...]


def calibrate_bundle(
    folder: Path, store: Store, progress: Callable[[int, int], None]
) -> Calibrated:
    """Set thresholds and calibrations of a bundle that is installed nowhere yet.

    Args:
        folder: The bundle; replaced by the calibrated one as a whole.
        store: Of the site; its films of the splits `dev` and `test` are used.
        progress: Called with films done and in all.

    Raises:
        DatasetError: The held-out films deny no finding often enough; nothing was changed.
        BundleError, InferenceError: The bundle cannot be used.
    """
    bundle = load_bundle(folder)
    manifest = bundle.manifest
    cases = [n for split in HELD_OUT for n in store.of_split(split)]
    ids = [finding.id for finding in manifest.findings]
    known = known_findings([store.cases[n] for n in cases], ids, field_of(manifest.modality))
    asked = [i for i, name in enumerate(ids) if (known[:, i] == 0).sum() >= FEWEST_NEGATIVES]
    if not asked:
        raise DatasetError(
            f"No finding is denied by the reports of {FEWEST_NEGATIVES} held-out images.",
            remedy="Prepare more images of other patients, normal ones above all; the thresholds "
            "stay as they are.",
        )
    localizer = Localizer.open(folder, provider="cpu")
    scores = highest_scores(localizer, store, cases, [ids[i] for i in asked], progress)
    found = []
    for column, i in enumerate(asked):
        is_known = known[:, i] >= 0
        found.append(choose(ids[i], scores[is_known, column], known[is_known, i] == 1))
    own = {threshold.finding: threshold for threshold in found}
    findings = tuple(_with(f, own.get(f.id)) for f in manifest.findings)
    card = _card((folder / "MODEL_CARD.md").read_text(encoding="utf-8"), found, len(cases))
    sha256 = _reseal(folder, replace(manifest, findings=findings), card)
    left = tuple(name for name in ids if name not in own)
    return Calibrated(manifest.id, sha256, len(cases), tuple(found), left)


def film_of(store: Store, number: int) -> Image:
    """A film of a store as the desktop would open it."""
    case = store.cases[number]
    top, left, height, width = case.frame
    plane = store.planes([number])[0][..., top : top + height, left : left + width]
    colour = None
    if store.has_colour:
        blue_first = store.info.preprocess.planes == "bgr"
        colour = np.ascontiguousarray((plane[::-1] if blue_first else plane).transpose(1, 2, 0))
        plane = luminance(colour)
    return Image(
        ref=ImageRef(Path(case.study), 1, "", height, width, None),
        pixels=read_only(plane.astype(np.float32)),
        is_inverted=False,
        padding=None,
        voi=(),
        spacing=None,
        pixel_sha256=case.pixel_sha256,
        orientation=None,
        warnings=(),
        colour=None if colour is None else read_only(colour),
    )


def known_findings(cases: Sequence[StoredCase], ids: Sequence[str], field: Field) -> np.ndarray:
    """1, 0 or -1 for unknown, shape (cases, findings)."""
    said = field.all_said(cases)
    answers = [[truth(Claim(name), film) for name in ids] for film in said]
    values = [[-1 if answer is None else int(answer) for answer in row] for row in answers]
    return np.array(values, np.int8).reshape(len(cases), len(ids))


def highest_scores(
    localizer: Localizer,
    store: Store,
    cases: Sequence[int],
    ids: Sequence[str],
    progress: Callable[[int, int], None],
) -> np.ndarray:
    """The highest similarity of findings on films of a store, (cases, findings)."""
    scores = np.empty((len(cases), len(ids)))
    for row, number in enumerate(cases):
        maps = localizer.localize_all(film_of(store, number), ids)
        scores[row] = [np.nanmax(maps[name].similarity) for name in ids]
        progress(row + 1, len(cases))
    return scores


def _with(finding: FindingSpec, threshold: Threshold | None) -> FindingSpec:
    if threshold is None:
        return finding
    fitted = threshold.calibration
    return replace(
        finding,
        threshold=threshold.value,
        gain=fitted.gain if fitted else None,
        bias=fitted.bias if fitted else None,
        prevalence=fitted.prevalence if fitted else None,
    )


def _card(card: str, thresholds: Sequence[Threshold], films: int) -> str:
    """The card with a section on what was set, in place of an earlier one."""
    section = "\n".join((
        _HEADING,
        "",
        f"Set on {films} held-out images of the site, by what their reports say: each keeps "
        f"{SPECIFICITY:.0f} % of those that deny the finding below it. What a report does not "
        "mention did not count. Findings that are not listed keep what they had.",
        "",
        *threshold_table(thresholds),
        "",
    ))  # fmt: skip
    before, heading, rest = card.partition(_HEADING)
    if not heading:
        before, rest = f"{card.rstrip()}\n\n", ""
    after = "".join(rest.replace(UNCALIBRATED, "").partition("\n## ")[1:]).lstrip()
    return f"{before}{section}\n{after}".rstrip() + "\n"


def _reseal(folder: Path, manifest: Manifest, card: str) -> str:
    """Exchange the bundle for one with another manifest and card; its hash."""
    with bundle_files.partial_folder(folder) as partial:
        for name in manifest.files:
            shutil.copyfile(folder / name, partial / name)
        return bundle_files.finish(partial, folder, manifest, card)
