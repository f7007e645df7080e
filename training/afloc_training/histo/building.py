"""The story of the demonstration bundle: from tiles and a program's eye to a folder to be opened.

It is never shipped: the tiles may not be used commercially.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from afloc_desktop.core.evaluate import evaluate
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.prompts import chest_probes, library_of
from afloc_training import bundle_files
from afloc_training.backbone import MobileNetV2
from afloc_training.fundus.card import figures, tables
from afloc_training.fundus.features import EyeSet
from afloc_training.fundus.matching import (
    SELF_TEST_SEED,
    Examples,
    Language,
    even_odds,
    load_language,
    teach,
    write_files,
)
from afloc_training.fundus.network import GRID, EyeTrunk
from afloc_training.histo.tiles import read_nuclei, read_tiles, render
from afloc_training.histo.vocabulary import ELSEWHERE, FINDINGS, IDS, RELATED, sentence_bank
from afloc_training.manifests import Statement, draft_manifest, finding_spec
from afloc_training.pretrained import (
    backbone_state,
    text_files,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from afloc_desktop.core.evaluate import Report
    from afloc_desktop.core.model.manifest import Figure, GateSpec, Manifest
    from afloc_training.fundus.network import EyeMatcher
    from afloc_training.fundus.recipe import EyeRecipe
    from afloc_training.histo.tiles import TileRow
    from afloc_training.progress import Reporter

RECIPE = "histo-demo.toml"
_SCALING_TILES = 24
_SELF_TEST_WORDS = ("There are nuclei.", "Gleason pattern 3.", "No crowded nuclei.")
_UNLISTED_SIGMA_CELLS = 2.0
_LICENCE = (
    "CC BY-NC-SA 4.0, as the tiles it was trained on: no commercial use. Built on torchvision's "
    "MobileNetV2 weights (BSD-3-Clause) and MiniLM-L6 (Apache-2.0)."
)
_DATA = (
    "{tiles} tiles of MoNuSeg 2018 (TCGA slides), CC BY-NC-SA 4.0, split train, with one sentence "
    "each. Where nuclei lie was found by a program (colour deconvolution), not by a person."
)
_INTENDED_USE = (
    "A demonstration of the path from tiles to a bundle. It finds nuclei and gaps and knows "
    "nothing of disease. Not for diagnosis."
)
_CARD = """# {title} ({id} {version})

**A demonstration.** Not a medical device; it knows nothing of disease, and is not passed on.

- {data}
- {steps} steps of {batch} tiles; the image trunk was frozen.
- Thresholds are where the network holds a place for as likely as not.

## What was measured

On {held} tiles of other patients (splits val and test), against the nuclei that people outlined.

{tables}

## Licence

{licence}
"""


@dataclass(frozen=True, slots=True)
class BuiltTiles:
    """What was measured on the finished bundle, and its hash."""

    report: Report
    sha256: str


def build_histo_bundle(
    data: Path, output: Path, recipe: EyeRecipe, reporter: Reporter
) -> BuiltTiles:
    """Train, export, measure and put the bundle in its place.

    Args:
        data: Folder that holds `histo/` with its table, tiles and masks.
        output: The bundle folder; an earlier bundle there is replaced.
        recipe: All settings.
        reporter: Hears of progress.

    Raises:
        DatasetError: The table cannot be used.
        UnreadableFile: A tile cannot be read.
        CheckpointError: Pretrained weights are absent, or a graph differs from torch.
        WouldOverwrite: The target exists and is no bundle.
        BundleError, InferenceError: The finished bundle fails its own checks.
    """
    bundle_files.check_target(output)
    folder = data / "histo"
    rows = read_tiles(folder)
    kept = [row for row in rows if row.split == "train"]
    held = [row for row in rows if row.split != "train"]
    files = text_files()
    language = load_language(files, recipe)
    with reporter.stage("what a program finds, and what the trunk sees"):
        tiles = _tiles(kept, recipe, reporter)
    sample = np.arange(min(_SCALING_TILES, len(tiles.truth)))
    matcher = teach(tiles, sentence_bank(), sample, recipe, language, reporter)
    with bundle_files.partial_folder(output) as partial:
        with reporter.stage("export"):
            shutil.copyfile(files.tokenizer, partial / "tokenizer.json")
            gate = _export(partial, matcher, language, kept[0], recipe)
        draft = _manifest(recipe, even_odds(matcher), len(kept), gate)
        bundle_files.seal(partial, draft, "")
        with reporter.stage("evaluation on outlined nuclei"):
            localizer = Localizer.open(partial, provider="cpu")
            report = evaluate(
                localizer, read_nuclei(held), images=folder, labels={}, progress=reporter.count
            )
        final = _manifest(recipe, even_odds(matcher), len(kept), gate, figures(report))
        card = _card(final, recipe, len(held), report)
        sha256 = bundle_files.finish(partial, output, final, card)
    return BuiltTiles(report, sha256)


def _tiles(rows: Sequence[TileRow], recipe: EyeRecipe, reporter: Reporter) -> EyeSet:
    """Every tile with what its sentence says, and variations with what a program finds."""
    trunk = MobileNetV2()
    trunk.load_torchvision(backbone_state())
    see = EyeTrunk(trunk).eval()
    count = len(rows) + recipe.fit.painted
    nothing = np.zeros((len(IDS), GRID, GRID), np.float16)
    features, truth, masks = [], [], []
    for number in range(count):
        row = rows[number % len(rows)]
        tile = render(row, recipe.fit.seed + number, recipe.preprocess)
        with torch.inference_mode():
            seen = see(torch.from_numpy(tile.plane)[None])
        features.append([part[0].numpy().astype(np.float16) for part in seen])
        is_found = number >= len(rows)
        truth.append(tile.truth if is_found else said_of(row.text))
        masks.append(nothing if tile.masks is None or not is_found else tile.masks)
        reporter.count(number + 1, count)
    return EyeSet(
        features=tuple(np.stack(part) for part in zip(*features, strict=True)),
        truth=np.stack(truth),
        masks=np.stack(masks),
        is_painted=np.arange(count) >= len(rows),
        grade=np.zeros(count, np.int8),
    )


def said_of(text: str) -> np.ndarray:
    """What the sentence of a tile says of every finding, int8: 1, 0, or -1 for unknown."""
    known = {"nuclei": 1 if "nuclei" in text.lower() else -1}
    if "high" in text:
        known["dense_nuclei"] = 1
    elif "sparse" in text:
        known["dense_nuclei"] = 0
    return np.array([known.get(name, -1) for name in IDS], np.int8)


def _export(
    partial: Path,
    matcher: EyeMatcher,
    language: Language,
    row: TileRow,
    recipe: EyeRecipe,
) -> GateSpec:
    tile = render(row, SELF_TEST_SEED, recipe.preprocess)
    texts = [sentence.text for sentence in sentence_bank()]
    examples = Examples(FINDINGS, texts[::5], tile.plane, _SELF_TEST_WORDS)
    probes = bundle_files.GateTexts(
        references=(*texts, *library_of("histo").references),
        related=RELATED,
        unrelated=(*chest_probes().unrelated, *ELSEWHERE),
    )
    return write_files(partial, matcher, language, examples, probes)


def _manifest(
    recipe: EyeRecipe, even: float, tiles: int, gate: GateSpec, metrics: Sequence[Figure] = ()
) -> Manifest:
    statement = Statement(
        "histo", GRID, _UNLISTED_SIGMA_CELLS, _LICENCE, _DATA.format(tiles=tiles), _INTENDED_USE
    )
    findings = tuple(finding_spec(term, even) for term in FINDINGS)
    drawn = draft_manifest(recipe, statement, findings, unlisted=even)
    return replace(drawn, gate=gate, metrics=tuple(metrics))


def _card(manifest: Manifest, recipe: EyeRecipe, held: int, report: Report) -> str:
    return _CARD.format(
        title=manifest.title,
        id=manifest.id,
        version=manifest.version,
        data=manifest.data,
        steps=recipe.fit.steps,
        batch=recipe.fit.batch,
        held=held,
        tables="\n".join(tables(report)),
        licence=manifest.licence,
    )


def report_tiles(built: BuiltTiles, reporter: Reporter) -> None:
    """Say how well the bundle finds nuclei, beside its baselines, and how long each stage took."""
    seconds = (f"{name}: {spent:.0f} s" for name, spent in reporter.seconds.items())
    reporter.event(
        "done",
        "\n".join((*tables(built.report), "", *seconds)),
        sha256=built.sha256,
        metrics={f.name: [f.value, f.low, f.high] for f in figures(built.report)},
        seconds=reporter.seconds,
    )
