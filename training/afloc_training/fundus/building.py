"""The story of the default fundus bundle: from graded photographs to a folder to be opened."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.errors import CheckpointError
from afloc_desktop.core.evaluate import evaluate
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.model.selftest import self_test
from afloc_desktop.core.model.session import Sessions
from afloc_desktop.core.picture import read_picture
from afloc_desktop.core.prompts import chest_probes
from afloc_training import bundle_files
from afloc_training.backbone import MobileNetV2
from afloc_training.export import (
    write_graph,
)
from afloc_training.fundus import card
from afloc_training.fundus.eyes import render
from afloc_training.fundus.features import OUTPUTS, compute_features, plan_eyes
from afloc_training.fundus.matching import (
    SELF_TEST_SEED,
    Examples,
    Language,
    even_odds,
    load_language,
    teach,
    write_files,
)
from afloc_training.fundus.network import (
    SIDE,
    EyeMatcher,
    EyeTrunk,
)
from afloc_training.fundus.tables import (
    PRESENT,
    UNKNOWN,
    grade_labels,
    hold_out,
    outlined,
    read_grades,
    read_lesions,
    without_copies,
)
from afloc_training.fundus.vocabulary import ELSEWHERE, FINDINGS, RELATED, sentence_bank
from afloc_training.manifests import draft_manifest, finding_spec
from afloc_training.pretrained import (
    backbone_state,
    text_files,
)
from afloc_training.thresholds import Threshold, choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.evaluate import Report, Row
    from afloc_desktop.core.model.manifest import Figure, GateSpec, Manifest
    from afloc_training.fundus.features import EyeSet
    from afloc_training.fundus.recipe import EyeRecipe
    from afloc_training.fundus.tables import EyeRow
    from afloc_training.progress import Reporter

_SCALING_EYES = 48
_SELF_TEST_WORDS = ("There are retinal hemorrhages.", "Hard exudates near the macula.",
                    "No microaneurysms.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class BuiltEyes:
    """What was measured on the finished bundle.

    Attributes:
        report: At the network's own resolution.
        finer: Where lesions are, in tiles.
        bundle_bytes: Size of the bundle.
    """

    report: Report
    finer: tuple[Row, ...]
    bundle_bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Photographs by what they are for."""

    kept: tuple[EyeRow, ...]
    held: tuple[EyeRow, ...]
    graded: tuple[EyeRow, ...]
    copies: int


def build_fundus_bundle(
    data: Path,
    output: Path,
    recipe: EyeRecipe,
    reporter: Reporter,
    weights: Path | None = None,
) -> BuiltEyes:
    """Train, export, measure and put the bundle in its place.

    Args:
        data: Folder that holds `fundus/` with IDRiD's tables, photographs and masks.
        output: The bundle folder; an earlier bundle there is replaced.
        recipe: All settings.
        reporter: Hears of progress.
        weights: Where the trained weights are kept: where the file exists they are taken, and
            everything behind the training is made anew.

    Raises:
        DatasetError: The tables cannot be used.
        UnreadableFile: A photograph cannot be read.
        CheckpointError: Pretrained weights are absent, or a graph differs from torch.
        WouldOverwrite: The target exists and is no bundle.
        BundleError, InferenceError: The finished bundle fails its own checks.
    """
    bundle_files.check_target(output)
    folder = data / "fundus"
    rows = _rows(folder, recipe, reporter)
    files = text_files()
    language = load_language(files, recipe)
    if weights is not None and weights.is_file():
        matcher = _restored(weights, recipe)
    else:
        matcher = _trained(rows, recipe, language, reporter)
        if weights is not None:
            save_file(matcher.state_dict(), weights)
    with bundle_files.partial_folder(output) as partial:
        with reporter.stage("export"):
            shutil.copyfile(files.tokenizer, partial / "tokenizer.json")
            gate = _export(partial, matcher, language, rows, recipe)
        built = _measure(partial, folder, rows, recipe, (gate, even_odds(matcher)), reporter)
        bundle_files.publish(partial, output)
    return built


def _rows(folder: Path, recipe: EyeRecipe, reporter: Reporter) -> _Rows:
    every = read_grades(folder, "train")
    with reporter.stage("looking for copies of the evaluation's photographs"):
        rows = without_copies(every, outlined(folder))
    kept, held = hold_out(rows, recipe.fit.held_out_share, recipe.fit.seed)
    copies = len(every) - len(rows)
    reporter.event(
        "eyes",
        f"  {len(kept)} photographs kept, {len(held)} held out, {copies} left out because people "
        "outlined them",
        kept=len(kept), held_out=len(held), copies=copies,
    )  # fmt: skip
    return _Rows(kept, held, read_grades(folder, "test"), copies)


def _restored(weights: Path, recipe: EyeRecipe) -> EyeMatcher:
    matcher = EyeMatcher(recipe.network.channels, recipe.network.dimensions)
    try:
        matcher.load_state_dict(load_file(weights))
    except RuntimeError as error:
        raise CheckpointError(
            f"The weights {weights.name} are of another network.",
            remedy="Remove the file, and train anew.",
        ) from error
    return matcher.eval()


def _trained(
    rows: _Rows,
    recipe: EyeRecipe,
    language: Language,
    reporter: Reporter,
) -> EyeMatcher:
    with reporter.stage("painting, and what the trunk sees"):
        eyes = _eyes(rows.kept, recipe, reporter)
    rng = np.random.default_rng(recipe.fit.seed)
    count = min(_SCALING_EYES, len(eyes.truth))
    sample = rng.choice(len(eyes.truth), count, replace=False)
    return teach(eyes, sentence_bank(), sample, recipe, language, reporter)


def _eyes(rows: Sequence[EyeRow], recipe: EyeRecipe, reporter: Reporter) -> EyeSet:
    trunk = MobileNetV2()
    trunk.load_torchvision(backbone_state())
    with TemporaryDirectory(prefix="afloc-train-") as folder:
        graph = Path(folder) / "trunk.onnx"
        example = {"image": torch.zeros(1, 3, SIDE, SIDE)}
        write_graph(EyeTrunk(trunk).eval(), example, graph, outputs=OUTPUTS, dynamic={0: "eyes"})
        plans = plan_eyes(rows, recipe.fit.painted, recipe.fit.seed)
        return compute_features(plans, recipe.preprocess, graph, reporter.count)


def _export(
    partial: Path,
    matcher: EyeMatcher,
    language: Language,
    rows: _Rows,
    recipe: EyeRecipe,
) -> GateSpec:
    row = next(row for row in rows.kept if row.is_paintable)
    eye = render(row, SELF_TEST_SEED, recipe.preprocess, is_painted=True)
    texts = [sentence.text for sentence in sentence_bank()]
    examples = Examples(FINDINGS, texts[::9], eye.plane, _SELF_TEST_WORDS)
    probes = bundle_files.GateTexts(
        references=(*texts, *(name for t in FINDINGS for name in t.names)),
        related=RELATED,
        unrelated=(*chest_probes().unrelated, *ELSEWHERE),
    )
    return write_files(partial, matcher, language, examples, probes)


def _measure(
    partial: Path,
    folder: Path,
    rows: _Rows,
    recipe: EyeRecipe,
    limits: tuple[GateSpec, float],
    reporter: Reporter,
) -> BuiltEyes:
    """Choose thresholds on held-out eyes, evaluate on outlined ones, seal, self-test."""
    gate, even = limits
    training = card.Training(len(rows.kept), len(rows.held), rows.copies, recipe.fit)
    draft = _manifest(recipe, {}, (), gate)
    bundle_files.seal(partial, draft, card.card(draft, training))
    with reporter.stage("thresholds on held-out eyes"):
        thresholds = _thresholds(Localizer.open(partial, provider="cpu"), rows.held, even)
    draft = _manifest(recipe, thresholds, (), gate)
    bundle_files.seal(partial, draft, card.card(draft, training))
    with reporter.stage("evaluation on outlined and on graded eyes"):
        report = evaluate(
            Localizer.open(partial, provider="cpu"),
            read_lesions(folder),
            images=folder,
            labels=grade_labels(rows.graded),
            progress=reporter.count,
        )
    with reporter.stage("evaluation in tiles"):
        tiled = Localizer.open(partial, provider="cpu", resolution="tiled")
        finer = evaluate(
            tiled, read_lesions(folder), images=folder, labels={}, progress=reporter.count
        ).rows
    final = _manifest(recipe, thresholds, card.figures(report, finer), gate)
    bundle_files.seal(partial, final, card.card(final, training, thresholds, report, finer))
    bundle = load_bundle(partial)
    self_test(bundle, Sessions(bundle, "cpu"))
    return BuiltEyes(report, finer, sum(path.stat().st_size for path in partial.iterdir()))


def _thresholds(localizer: Localizer, rows: Sequence[EyeRow], even: float) -> dict[str, Threshold]:
    """For each finding, on the held-out eyes of which it is known; else from even odds on."""
    scores = np.empty((len(rows), len(FINDINGS)))
    for n, row in enumerate(rows):
        image = read_picture(row.path)
        maps = localizer.localize_many(image, [Prompt(t.id, "preset") for t in FINDINGS])
        scores[n] = [np.nanmax(heatmap.similarity) for heatmap in maps]
    truth = np.stack([row.truth for row in rows])
    found = {}
    for k, term in enumerate(FINDINGS):
        known = truth[:, k] != UNKNOWN
        is_positive = truth[known, k] == PRESENT
        if is_positive.all() or not is_positive.any():  # every eye has a disc
            found[term.id] = Threshold(term.id, even, int(is_positive.sum()), None, None)
        else:
            found[term.id] = choose(term.id, scores[known, k], is_positive)
    return found


def _manifest(
    recipe: EyeRecipe,
    thresholds: dict[str, Threshold],
    metrics: Sequence[Figure],
    gate: GateSpec,
) -> Manifest:
    values = {term.id: thresholds[term.id].value if thresholds else 0.0 for term in FINDINGS}
    drawn = draft_manifest(
        recipe,
        card.STATEMENT,
        tuple(finding_spec(term, values[term.id]) for term in FINDINGS),
        unlisted=float(np.median(list(values.values()))),
    )
    return replace(drawn, gate=gate, metrics=tuple(metrics))


def report_eyes(built: BuiltEyes, reporter: Reporter) -> None:
    """Say how good the bundle is, beside its baselines, and how long each stage took."""
    lines = [
        *card.tables(built.report),
        "",
        *card.finer_table(built.finer),
        f"bundle: {built.bundle_bytes / 1e6:.1f} MB",
        *(f"{name}: {seconds:.0f} s" for name, seconds in reporter.seconds.items()),
    ]
    reporter.event(
        "done",
        "\n".join(lines),
        metrics={f.name: [f.value, f.low, f.high] for f in card.figures(built.report, built.finer)},
        bundle_bytes=built.bundle_bytes,
        seconds=reporter.seconds,
    )
