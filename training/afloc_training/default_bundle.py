"""The story of the default bundle: from labelled films to a folder the desktop can open."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import torch
from safetensors.torch import save_file

from afloc_desktop.core.evaluate import evaluate, with_words
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.model.selftest import self_test
from afloc_desktop.core.model.session import Sessions
from afloc_desktop.core.regions import read_cases, read_labels
from afloc_desktop.core.text import WordPiece
from afloc_training import bundle_files, model_card
from afloc_training.backbone import MobileNetV2
from afloc_training.course import Lecture, train
from afloc_training.described import is_telling, own_sentences, read_described, sources_of
from afloc_training.export import TextEncoder, export_image, export_text, export_trunk
from afloc_training.features import compute_features, find_all_lungs, plan_films, plans_key, render
from afloc_training.films import hold_out, read_rows
from afloc_training.pretrained import (
    backbone_state,
    load_text_encoder,
    load_vocabulary,
    text_files,
)
from afloc_training.sentences import sentence_bank
from afloc_training.text_features import SentenceEncoder, sentence_features
from afloc_training.thresholds import choose_thresholds, held_out_scores, mean_auroc
from afloc_training.tuning.base import new_matcher, open_base
from afloc_training.vocabulary import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor

    from afloc_desktop.core.evaluate import Report
    from afloc_desktop.core.model.manifest import GateSpec
    from afloc_training.described import Described
    from afloc_training.features import FeatureSet, FilmPlan
    from afloc_training.films import FilmRow
    from afloc_training.network import Matcher
    from afloc_training.pretrained import TextFiles
    from afloc_training.progress import Reporter
    from afloc_training.recipe import Recipe
    from afloc_training.sentences import Sentence
    from afloc_training.thresholds import Threshold

_SELF_TEST_SEED = 20_251


@dataclass(frozen=True, slots=True, eq=False)
class _Language:
    """The text side: tokenizer, frozen encoder, sentences and their features."""

    tokenizer: WordPiece
    encoder: SentenceEncoder
    bank: Sequence[Sentence]
    features: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class _Films:
    """The image side: rows kept and held out, films with text, and editions of films made of both.

    `has_lungs` is for the kept rows.
    """

    kept: tuple[FilmRow, ...]
    held: tuple[FilmRow, ...]
    described: tuple[Described, ...]
    has_lungs: list[bool]
    recipe: Recipe
    trunk: Path
    reporter: Reporter

    @property
    def key(self) -> str:
        """Changes with anything that shapes a film."""
        return plans_key(self.plans(0), self.recipe.preprocess, self.trunk)

    @property
    def painted(self) -> int:
        """Synthetic films of all editions."""
        each = sum(plan.kind == "painted" for plan in self.plans(0))
        return each * self.recipe.films.editions

    def plans(self, number: int) -> tuple[FilmPlan, ...]:
        """Every film of an edition."""
        rows = (*self.kept, *(film.row for film in self.described))
        has_lungs = [*self.has_lungs, *[False] * len(self.described)]
        return plan_films(rows, has_lungs, self.recipe.films, number)

    def edition(self, number: int, *, is_stem_enough: bool) -> FeatureSet:
        """The films of an edition, painted and run through the trunk."""
        return compute_features(
            self.plans(number),
            self.recipe.preprocess,
            self.trunk,
            self.trunk.parent,
            self.reporter.count,
            is_stem_enough=is_stem_enough,
        )


@dataclass(frozen=True, slots=True)
class Built:
    """What was measured on the finished bundle."""

    report: Report
    thresholds: tuple[Threshold, ...]
    bundle_bytes: int


def build_default_bundle(
    data: Path,
    output: Path,
    recipe: Recipe,
    reporter: Reporter,
    work: Path | None,
    trained: Path | None = None,
) -> Built:
    """Train, export, measure and put the bundle in its place.

    Args:
        data: Folder that holds `cxr/nih.csv`, `cxr/regions.csv` and `cxr/images`.
        output: The bundle folder; an earlier bundle there is replaced.
        recipe: All settings.
        reporter: Hears of progress.
        work: Keeps features and checkpoints, so that a stopped run goes on; None uses a temporary
            folder.
        trained: A bundle that an earlier run of this recipe wrote: its weights are taken and
            everything behind the training is made anew. It may be `output`.

    Raises:
        DatasetError: The tables cannot be used.
        UnreadableFile: A film cannot be read.
        CheckpointError: Pretrained weights are absent, or a graph differs from torch; `trained`
            holds no weights.
        WouldOverwrite: The target exists and is no bundle.
        BundleError, InferenceError: The finished bundle fails its own checks.
    """
    bundle_files.check_target(output)
    backbone, text = backbone_state(), text_files()
    with _work_folder(work) as folder:
        films = _films(data / "cxr", recipe, backbone, folder, reporter)
        language = _language(text, films.described, recipe, reporter)
        if trained is None:
            lecture = Lecture(language.bank, language.features, backbone)
            matcher = train(films, lecture, recipe, folder / "training", reporter)
        else:
            matcher = new_matcher(open_base(trained).weights)
    with bundle_files.partial_folder(output) as partial:
        with reporter.stage("export"):
            shutil.copyfile(text.tokenizer, partial / "tokenizer.json")
            gate = _export(partial, matcher, language, films, recipe)
        built = _measure(partial, data / "cxr", films, recipe, gate, reporter)
        bundle_files.publish(partial, output)
    return built


def _films(
    folder: Path,
    recipe: Recipe,
    backbone: Mapping[str, Tensor],
    work: Path,
    reporter: Reporter,
) -> _Films:
    settings = recipe.films
    rows = read_rows(folder / "nih.csv", folder / "images", "train")
    kept, held = hold_out(rows, settings.held_out_share, settings.held_out_seed)
    described: tuple[Described, ...] = ()
    if settings.with_texts:
        described = read_described(folder / "notes.csv", folder / "images", "train")
    with reporter.stage("lung fields"):
        has_lungs = find_all_lungs(kept, recipe.preprocess)
    trunk = MobileNetV2()
    trunk.load_torchvision(backbone)
    export_trunk(trunk, work / "trunk.onnx", recipe.preprocess.side)
    films = _Films(kept, held, described, has_lungs, recipe, work / "trunk.onnx", reporter)
    reporter.event(
        "films",
        f"  {len(kept)} films kept, {len(held)} held out, {sum(has_lungs)} with clear lungs, "
        f"{len(described)} with a text, {settings.editions} editions of "
        f"{len(films.plans(0))} training films",
        kept=len(kept),
        held_out=len(held),
        with_lungs=sum(has_lungs),
        with_text=len(described),
        planned=len(films.plans(0)),
    )
    return films


def _language(
    files: TextFiles, described: Sequence[Described], recipe: Recipe, reporter: Reporter
) -> _Language:
    with reporter.stage("sentence features"):
        tokenizer = WordPiece(load_vocabulary(files), recipe.text)
        encoder = SentenceEncoder(load_text_encoder(files))
        templated = sentence_bank(np.random.default_rng(recipe.fit.seed))
        bank = tuple(dict.fromkeys((*templated, *own_sentences(described))))
        features = sentence_features(encoder, tokenizer, [sentence.text for sentence in bank])
    return _Language(tokenizer, encoder, bank, features)


def _export(
    partial: Path, matcher: Matcher, language: _Language, films: _Films, recipe: Recipe
) -> GateSpec:
    """Graphs, finding vectors, self-test and gate."""
    export_image(matcher, partial / "image.onnx", recipe.preprocess.side)
    # What a site goes on training from: the graphs keep no gains, and the text head in 8 bits.
    weights = partial / bundle_files.WEIGHTS
    save_file(matcher.state_dict(), weights)
    weights.chmod(0o644)  # the library keeps it to its owner, and a bundle is for everybody
    examples = [sentence.text for sentence in language.bank[:: len(language.bank) // 40]]
    ids, mask = (torch.tensor(values) for values in language.tokenizer.encode_all(examples))
    text = TextEncoder(language.encoder, matcher.text)
    export_text(text, partial / "text.onnx", ids, mask)
    vectors = bundle_files.write_finding_vectors(partial, language.tokenizer)
    painted = next(plan for plan in films.plans(0) if plan.kind == "painted")
    film = render(replace(painted, seed=_SELF_TEST_SEED), recipe.preprocess).film
    bundle_files.write_self_test(partial, film, vectors, language.tokenizer)
    return bundle_files.write_gate(partial, language.tokenizer)


def _measure(
    partial: Path,
    folder: Path,
    films: _Films,
    recipe: Recipe,
    gate: GateSpec,
    reporter: Reporter,
) -> Built:
    """Choose thresholds on held-out patients, evaluate on the dev split, seal, self-test."""
    training = model_card.Training(
        real_films=len(films.kept),
        painted_films=films.painted,
        held_out_films=len(films.held),
        fit=recipe.fit,
        sources=sources_of(films.described),
        telling_films=sum(is_telling(film) for film in films.described),
        own_sentences=len(own_sentences(films.described)),
    )
    unset = bundle_files.Thresholds({term.id: 0.0 for term in FINDINGS}, 0.0)
    draft = bundle_files.manifest(recipe, unset, (), gate)
    bundle_files.seal(partial, draft, model_card.card(draft, training))
    with reporter.stage("thresholds on held-out patients"):
        localizer = Localizer.open(partial, provider="cpu")
        scores = held_out_scores(localizer, films.held, reporter.count)
        thresholds = choose_thresholds(scores, films.held)
    chosen = bundle_files.Thresholds(
        {t.finding: t.value for t in thresholds},
        float(np.median([t.value for t in thresholds])),
        {t.finding: t.calibration for t in thresholds if t.calibration},
    )
    draft = bundle_files.manifest(recipe, chosen, (), gate)
    bundle_files.seal(partial, draft, model_card.card(draft, training, thresholds))
    with reporter.stage("evaluation on the dev split"):
        report = _evaluate(partial, folder, reporter)
    final = replace(draft, metrics=model_card.figures(report))
    bundle_files.seal(partial, final, model_card.card(final, training, thresholds, report))
    bundle = load_bundle(partial)
    self_test(bundle, Sessions(bundle, "cpu"))
    size = sum(path.stat().st_size for path in partial.iterdir())
    return Built(report, thresholds, size)


def _evaluate(partial: Path, folder: Path, reporter: Reporter) -> Report:
    labels = read_labels(folder / "nih.csv", "dev")
    localizer = Localizer.open(partial, provider="cpu")
    cases = read_cases(folder / "regions.csv", set(labels))
    images, count = folder / "images", reporter.count
    report = evaluate(localizer, cases, images=images, labels=labels, progress=count)
    return with_words(report, localizer, cases, images=images, labels=labels, progress=count)


def report_result(built: Built, reporter: Reporter) -> None:
    """Say how good the bundle is, beside the centre prior, and how long each stage took."""
    area = mean_auroc(built.thresholds)
    lines = [
        *model_card.localization_table(built.report),
        "",
        *model_card.presence_table(built.report),
        "",
        f"held-out AUROC, mean: {'none' if area is None else f'{area:.3f}'}",
        f"bundle: {built.bundle_bytes / 1e6:.1f} MB",
        *(f"{name}: {seconds:.0f} s" for name, seconds in reporter.seconds.items()),
    ]
    reporter.event(
        "done",
        "\n".join(lines),
        metrics={f.name: [f.value, f.low, f.high] for f in model_card.figures(built.report)},
        auroc_macro=built.report.labels_macro,
        held_out_auroc=area,
        bundle_bytes=built.bundle_bytes,
        seconds=reporter.seconds,
    )


@contextmanager
def _work_folder(work: Path | None) -> Iterator[Path]:
    if work is not None:
        work.mkdir(parents=True, exist_ok=True)
        yield work
        return
    with TemporaryDirectory(prefix="afloc-train-") as temporary:
        yield Path(temporary)
