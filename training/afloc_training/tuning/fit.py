"""The story of a fine-tuning: begin or go on, step by step, stop cleanly, keep what is best."""

from __future__ import annotations

import dataclasses
import platform
from dataclasses import dataclass, replace
from importlib import metadata
from typing import TYPE_CHECKING

import torch

from afloc_desktop.core.errors import DatasetError, SettingsError
from afloc_desktop.core.export.atomic import make_folder, write_atomically
from afloc_desktop.core.model.bundle import MANIFEST
from afloc_training.fitting.fit import Outcome, Standing
from afloc_training.fitting.pace import Clock, stop_signals
from afloc_training.fitting.processes import has_fast_bfloat16, is_one_of_several
from afloc_training.fitting.run_folder import (
    About,
    check_same,
    open_run,
    sha256,
    sources_sha256,
)
from afloc_training.manifests import now
from afloc_training.pretrained import load_text_encoder, text_files
from afloc_training.site.lock import sole_writer
from afloc_training.site.store import Store
from afloc_training.text_features import SentenceEncoder, sentence_features
from afloc_training.tuning.base import new_matcher, open_base
from afloc_training.tuning.drawn import NOTHING_DRAWN, read_drawn
from afloc_training.tuning.field import field_of
from afloc_training.tuning.lessons import Besides, TuneLessons, some_wordings
from afloc_training.tuning.settings import load_tune_recipe, parse_tune_recipe
from afloc_training.tuning.stopping import TuneStanding, standing_of
from afloc_training.tuning.tuner import Tuner

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from afloc_training.fitting.run_folder import RunFolder
    from afloc_training.progress import Reporter
    from afloc_training.sentences import Sentence
    from afloc_training.tuning.base import Base
    from afloc_training.tuning.field import Field
    from afloc_training.tuning.settings import TuneRecipe

PRESET = "default"
"""What the run folder of a fine-tuning calls its network."""
BASE = "base"
"""Folder of a run that holds the bundle it began with."""
_STEPS_BETWEEN_CHECKPOINTS = 20
_HELD_OUT = "held_out"
_LIBRARIES = ("torch", "numpy", "transformers", "safetensors", "afloc-desktop")


@dataclass(frozen=True, slots=True)
class TuneOrder:
    """What `afloc-train fit --from BUNDLE` was asked for.

    Attributes:
        store: A prepared store.
        run: Folder of the training.
        source: Bundle to begin with.
        recipe: TOML; None takes the one that comes along.
        replay: Folder of the base's own training data; None goes without.
        regions: Table of regions that people drew on training films; None goes without.
        images: Folder of the films it names.
        is_resumed: Go on with what is in the folder; begin where nothing is.
        changes: Other values of some fields of the recipe, as TOML writes them.
    """

    store: Path
    run: Path
    source: Path
    recipe: Path | None = None
    replay: Path | None = None
    regions: Path | None = None
    images: Path | None = None
    is_resumed: bool = False
    changes: Mapping[str, str] = dataclasses.field(default_factory=dict)


def tune(order: TuneOrder, reporter: Reporter) -> Outcome:
    """Go on training the default model with what a site's reports say.

    Args:
        order: What to do.
        reporter: Told how far it is.

    Raises:
        DatasetError: The store, the films to replay or the regions cannot be used, or another run
            writes into the folder.
        UnreadableFile, UnsupportedImage: A film or a mask that regions name cannot be read.
        BundleError: The base cannot be used.
        CheckpointError: It holds no weights, or the folder belongs to another training.
        SettingsError: The recipe cannot be used, the training diverged, or several processes were
            started.
        WouldOverwrite: The folder holds something, and resuming was not asked for.
        ExportError: The disk refuses; the checkpoint before stays.
    """
    if is_one_of_several():
        raise SettingsError(
            "A bundle goes on learning in one process, and several were started.",
            remedy="Start `afloc-train fit --from BUNDLE` without torchrun.",
        )
    store, base = Store(order.store), open_base(order.source)
    _check_fits(store, base)
    manifest = base.bundle.manifest
    field = field_of(manifest.modality)
    replay = None
    if order.replay is not None:
        replay = field.rehearsal(order.replay, manifest.preprocess)
    drawn = NOTHING_DRAWN
    if order.regions is not None:
        images = order.images or order.regions.parent
        with reporter.stage("regions"):
            drawn = read_drawn(order.regions, images, store, reporter, field)
    besides = Besides(replay, drawn, field)
    run = open_run(order.run, is_resumed=order.is_resumed)
    with sole_writer(order.run, "training"):
        if not run.is_begun:
            _begin(run, order, store, base, besides)
        _check_same(run, order, store, base, besides)
        return _Tuning(run, store, base, besides, reporter).train()


def _check_fits(store: Store, base: Base) -> None:
    manifest = base.bundle.manifest
    if store.info.preprocess != manifest.preprocess:
        raise DatasetError(
            f"The store was prepared for other networks than that of {manifest.id}.",
            remedy="Prepare it with --bundle and the bundle to begin with.",
        )


def _begin(run: RunFolder, order: TuneOrder, store: Store, base: Base, besides: Besides) -> None:
    recipe, text = load_tune_recipe(order.recipe, besides.field.recipe, order.changes)
    bundle = base.bundle
    is_half = recipe.tune.precision == "auto" and has_fast_bfloat16(torch.device("cpu"))
    about = About(
        preset=PRESET,
        source=_source(base),
        text=bundle.manifest.text,
        cases_sha256=store.info.cases_sha256,
        bundle_id=store.info.bundle_id,
        preprocess=store.info.preprocess,
        films=_films(store, besides),
        recipe_sha256=sha256(text),
        precision="bfloat16" if is_half else "float32",
        threads=recipe.tune.threads or torch.get_num_threads(),
        code_sha256=_code_sha256(),
        versions={name: metadata.version(name) for name in _LIBRARIES}
        | {"python": platform.python_version()},
        created=now(),
        regions_sha256=besides.drawn.sha256,
    )
    make_folder(run.path / BASE)
    for name in bundle.manifest.files:
        write_atomically(run.path / BASE / name, bundle.read(name))
    write_atomically(run.path / BASE / MANIFEST, (bundle.folder / MANIFEST).read_bytes())
    run.begin(about, text, {}, None)


def _films(store: Store, besides: Besides) -> dict[str, int]:
    counts = {split: len(store.of_split(split)) for split in ("train", "dev", "test")}
    replayed = 0 if besides.replay is None else len(besides.replay)
    return counts | {"replayed": replayed, "drawn": len(besides.drawn.masks)}


def _source(base: Base) -> str:
    return f"bundle {base.bundle.manifest.id} with SHA-256 {base.bundle.sha256}"


def _check_same(
    run: RunFolder, order: TuneOrder, store: Store, base: Base, besides: Besides
) -> None:
    """A training goes on with what it began with, or not at all."""
    about = run.about()
    differs = {
        "kind of network": about.preset != PRESET,
        "store": about.cases_sha256 != store.info.cases_sha256,
        "bundle": about.source != _source(base),
        "table of regions": about.regions_sha256 != besides.drawn.sha256,
        "set of films to replay": about.films != _films(store, besides),
        "recipe": _has_other_recipe(run, order, besides.field.recipe),
    }
    check_same(differs)


def _has_other_recipe(run: RunFolder, order: TuneOrder, shipped: str) -> bool:
    if order.recipe is None and not order.changes:
        return False  # whatever it began with
    return load_tune_recipe(order.recipe, shipped, order.changes)[1] != run.recipe()


def _code_sha256() -> str:
    return sources_sha256("*.py", "tuning/*.py", "fundus/*.py", "histo/*.py")


class _Tuning:
    """One fine-tuning, from its folder."""

    def __init__(
        self, run: RunFolder, store: Store, base: Base, besides: Besides, reporter: Reporter
    ) -> None:
        about = run.about()
        self._run, self._reporter = run, reporter
        self._recipe = parse_tune_recipe(run.recipe())
        torch.set_num_threads(about.threads)
        field = besides.field
        bank, features = _language(base, self._recipe, field, reporter)
        said = field.all_said(store.cases)
        self._lessons = TuneLessons(store, said, bank, self._recipe, besides)
        stop = self._recipe.stop
        self._held_out = self._lessons.held_out(stop.films) if stop.patience else None
        is_half = about.precision == "bfloat16"
        self._tuner = Tuner(
            new_matcher(base.weights), features, self._recipe.tune, is_half=is_half, field=field
        )
        self._standing = TuneStanding()
        if about.code_sha256 != _code_sha256():
            text = "The trainer has changed since this training began; not to the same numbers."
            reporter.warning(text)

    def train(self) -> Outcome:
        self._resume()
        self._tell_plan()
        clock = Clock(self._standing.step, _STEPS_BETWEEN_CHECKPOINTS)
        is_stopped = False
        with stop_signals() as is_signalled:
            while not self._is_done and not is_stopped:
                lesson = self._lessons.draw(self._standing.step)
                losses = self._tuner.step(lesson, self._standing.step)
                self._standing = replace(self._standing, step=self._standing.step + 1)
                self._log(losses | self._look(), clock)
                is_stopped = is_signalled() or self._run.take_stop()
                if is_stopped or clock.is_time_to_save(self._standing.step):
                    self._save()
        if self._is_done:
            self._save()
            self._keep()
        standing = self._standing
        told = Standing(standing.step, best_step=standing.best_step, stale=standing.stale)
        return Outcome(told, is_stopped=not self._is_done)

    @property
    def _is_done(self) -> bool:
        is_stale = 0 < self._recipe.stop.patience <= self._standing.stale
        return is_stale or self._standing.step >= self._recipe.tune.steps

    def _resume(self) -> None:
        found = self._run.load(self._say_damaged)
        if found is not None:
            tensors, state = found
            self._standing = standing_of(state)
            self._tuner.restore(tensors, self._standing.step)
        self._run.cut_log(self._standing.step)

    def _say_damaged(self, name: str) -> None:
        self._reporter.warning(f"{name} is damaged; going on from the one before.")

    def _save(self) -> None:
        self._run.save(self._tuner.tensors(), self._standing.as_json())
        self._run.write_curves()

    def _look(self) -> dict[str, float]:
        """Where the recipe asks for it, keep the weights that do best on held-out films."""
        step = self._standing.step
        is_due = step % self._recipe.stop.every == 0 or step == self._recipe.tune.steps
        if self._held_out is None or not is_due:
            return {}
        loss = self._tuner.held_out_loss(self._held_out)
        self._standing = self._standing.after_look(loss)
        if self._standing.best_step == step:
            self._run.save_best(self._tuner.kept(), self._standing.as_json())
        return {_HELD_OUT: loss}

    def _keep(self) -> None:
        step = self._standing.step
        if self._held_out is None:
            self._standing = replace(self._standing, best_step=step)
            self._run.save_best(self._tuner.kept(), self._standing.as_json())
        best_step = self._standing.best_step
        text = f"done after step {step}"
        if best_step < step:
            text += f"; kept is step {best_step}"
        self._reporter.event("done", text, step=step, best_step=best_step)

    def _log(self, losses: dict[str, float], clock: Clock) -> None:
        step, steps = self._standing.step, self._recipe.tune.steps
        self._run.log({"step": step, **losses})
        left = clock.seconds_left(step, steps)
        if clock.is_time_to_speak() or step == steps or _HELD_OUT in losses:
            shown = "  ".join(f"{name} {value:.3f}" for name, value in losses.items())
            text = f"  {step}/{steps}  {shown}  {left / 60:.0f} min left"
            self._reporter.event("progress", text, done=step, total=steps, losses=losses,
                                 seconds_left=round(left))  # fmt: skip

    def _tell_plan(self) -> None:
        films, steps = self._run.about().films, self._recipe.tune.steps
        speaking = len(self._lessons.cases)
        replayed = f"; {films['replayed']} images to replay" if films["replayed"] else ""
        text = f"{films['train']} images of the site, {speaking} of them with statements{replayed}"
        if films["drawn"]:
            text += f"; regions drawn by people on {films['drawn']} images"
        text += f"; {steps} steps"
        if self._standing.step:
            text += f"; going on after step {self._standing.step}"
        self._reporter.event("plan", text, steps=steps, done=self._standing.step, films=films,
                             speaking=speaking)  # fmt: skip


def _language(
    base: Base, recipe: TuneRecipe, field: Field, reporter: Reporter
) -> tuple[tuple[Sentence, ...], Tensor]:
    """Some sentences of the base's training, and what the frozen text encoder makes of them."""
    bank = some_wordings(field.bank(), recipe.tune.seed)
    with reporter.stage("sentence features"):
        encoder = SentenceEncoder(load_text_encoder(text_files()))
        texts = [sentence.text for sentence in bank]
        return bank, sentence_features(encoder, base.tokenizer, texts).clone()
