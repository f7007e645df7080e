"""The story of a training: begin or go on, step by step, validate, keep the best, stop cleanly."""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from importlib import metadata
from typing import TYPE_CHECKING, Literal

import torch

from afloc_desktop.core.errors import CheckpointError, SettingsError
from afloc_training.fitting.learner import Learner
from afloc_training.fitting.lessons import Lessons
from afloc_training.fitting.lora import attach, merged
from afloc_training.fitting.pace import Clock, stop_signals
from afloc_training.fitting.processes import (
    choose_device,
    has_fast_bfloat16,
    joined_processes,
)
from afloc_training.fitting.retrieval import Retrieval, retrieval
from afloc_training.fitting.run_folder import (
    About,
    check_same,
    open_run,
    sha256,
    sources_sha256,
)
from afloc_training.fitting.settings import load_fit_recipe, parse_fit_recipe
from afloc_training.fitting.start import build_network, fresh_start, network_config, start_from
from afloc_training.fitting.texts import Reader
from afloc_training.manifests import now
from afloc_training.site.lock import sole_writer
from afloc_training.site.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from afloc_training.checkpoints import JSON
    from afloc_training.fitting.processes import Processes
    from afloc_training.fitting.run_folder import RunFolder
    from afloc_training.fitting.settings import FitRecipe
    from afloc_training.progress import Reporter

_STEPS_BETWEEN_CHECKPOINTS = 100
_LIBRARIES = ("torch", "numpy", "tokenizers", "safetensors", "afloc-desktop")


@dataclass(frozen=True, slots=True)
class FitOrder:
    """What `afloc-train fit` was asked for.

    Attributes:
        store: A prepared store.
        run: Folder of the training.
        preset: Size of the network.
        source: Checkpoint or run folder to begin from; None draws the weights.
        vocabulary: `vocab.txt` of a checkpoint.
        recipe: TOML; None takes the one of the preset.
        is_resumed: Go on with what is in the folder; begin where nothing is.
    """

    store: Path
    run: Path
    preset: Literal["paper", "small", "tiny"]
    source: Path | None = None
    vocabulary: Path | None = None
    recipe: Path | None = None
    is_resumed: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a training stands between two steps.

    Attributes:
        step: Steps done.
        best: The best validation so far, and after which step.
        best_step: 0 before the first.
        stale: Validations since.
    """

    step: int = 0
    best: Retrieval | None = None
    best_step: int = 0
    stale: int = 0

    def as_json(self) -> dict[str, JSON]:
        """Plain values."""
        best: JSON = None if self.best is None else [self.best.recall, self.best.reciprocal]
        return {"step": self.step, "best": best, "best_step": self.best_step, "stale": self.stale}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended; `is_stopped` says that it was asked to, and can be resumed."""

    standing: Standing
    is_stopped: bool


def fit(order: FitOrder, reporter: Reporter) -> Outcome:
    """Train until the recipe is done, nothing improves any more, or somebody stops it.

    Args:
        order: What to do.
        reporter: Told of every validation, and how far it is.

    Raises:
        DatasetError: The store cannot be used, or another run writes into the folder.
        CheckpointError: Weights or checkpoints cannot be used, or are of another training.
        SettingsError: The recipe cannot be used, or the training diverged.
        WouldOverwrite: The folder holds something, and resuming was not asked for.
        ExportError: The disk refuses; the checkpoint before stays.
    """
    store = Store(order.store)
    device = choose_device()
    with joined_processes(device) as processes:
        run = open_run(order.run, is_resumed=order.is_resumed or processes.number > 0)
        if processes.number > 0:
            processes.wait()
            return _Training(run, store, device, processes, reporter).train()
        with sole_writer(order.run, "training"):
            if not run.is_begun:
                _begin(run, order, store, device)
            _check_same(run, order, store)
            processes.wait()
            return _Training(run, store, device, processes, reporter).train()


def _begin(run: RunFolder, order: FitOrder, store: Store, device: torch.device) -> None:
    recipe, text = load_fit_recipe(order.recipe, order.preset)
    if order.source is None:
        start = fresh_start(store, order.preset)
    else:
        start = start_from(order.source, order.vocabulary, order.preset, store)
    if recipe.fit.teacher_weight and start.weights is None:
        raise SettingsError(
            "The recipe asks for a teacher, but the weights are drawn at random.",
            remedy="Begin with --from, or set teacher_weight to 0.",
        )
    if recipe.fit.lora_rank and start.weights is None:
        raise SettingsError(
            "The recipe asks for low-rank pairs, but the weights are drawn at random.",
            remedy="Begin with --from, or set lora_rank to 0.",
        )
    half = {"auto": has_fast_bfloat16(device), "bfloat16": True, "float32": False}
    about = About(
        preset=order.preset,
        source=start.source,
        text=start.text,
        cases_sha256=store.info.cases_sha256,
        bundle_id=store.info.bundle_id,
        preprocess=store.info.preprocess,
        films={split: len(store.of_split(split)) for split in ("train", "dev", "test")},
        recipe_sha256=sha256(text),
        precision="bfloat16" if half[recipe.fit.precision] else "float32",
        threads=recipe.fit.threads or torch.get_num_threads(),
        code_sha256=_code_sha256(),
        versions={name: metadata.version(name) for name in _LIBRARIES}
        | {"python": platform.python_version()},
        created=now(),
        modality=store.info.modality,
    )
    run.begin(about, text, start.pieces, start.weights)


def _check_same(run: RunFolder, order: FitOrder, store: Store) -> None:
    """A training goes on with what it began with, or not at all."""
    about = run.about()
    differs = {
        "store": about.cases_sha256 != store.info.cases_sha256
        or about.preprocess != store.info.preprocess,
        "preset": about.preset != order.preset,
        "recipe": order.recipe is not None
        and load_fit_recipe(order.recipe, order.preset)[1] != run.recipe(),
    }
    check_same(differs)


def _code_sha256() -> str:
    return sources_sha256("afloc/*.py", "fitting/*.py")


class _Training:
    """One training in one process, from its folder."""

    def __init__(
        self,
        run: RunFolder,
        store: Store,
        device: torch.device,
        processes: Processes,
        reporter: Reporter,
    ) -> None:
        about = run.about()
        self._run, self._store, self._reporter = run, store, reporter
        self._processes = processes
        self._is_first = processes.number == 0
        self._recipe: FitRecipe = parse_fit_recipe(run.recipe())
        torch.set_num_threads(about.threads)
        settings = self._recipe.fit
        pieces = run.pieces()
        config = network_config(about.preset, len(pieces), settings.dropout, about.preprocess)
        network = build_network(config, run.first_weights(), settings.seed)
        if settings.lora_rank:
            attach(network.text_encoder, settings.lora_rank, settings.seed)
        network = network.to(device)
        self._reader = Reader(pieces, about.text)
        channels = config.vision.channels
        self._lessons = Lessons(store, self._reader, self._recipe, channels, processes.count)
        self._per_epoch = max(1, self._lessons.per_epoch // settings.accumulated)
        self._steps = settings.epochs * self._per_epoch
        is_half = about.precision == "bfloat16"
        self._learner = Learner(network, settings, self._steps, processes, is_half=is_half)
        self._standing = Standing()
        if about.code_sha256 != _code_sha256():
            self._warn(
                "The trainer has changed since this training began; it goes on, but not to the "
                "same numbers."
            )

    def train(self) -> Outcome:
        self._resume()
        self._tell_plan()
        clock = Clock(self._standing.step, _STEPS_BETWEEN_CHECKPOINTS)
        is_stopped = False
        with stop_signals() as is_signalled:
            while self._standing.step < self._steps and not self._is_stale and not is_stopped:
                losses = self._learner.step(self._lessons, self._standing.step)
                self._standing = replace(self._standing, step=self._standing.step + 1)
                self._log(losses, clock)
                if self._standing.step % self._per_epoch == 0:
                    self._validate()
                wish = is_signalled() or (self._is_first and self._run.take_stop())
                is_stopped = self._processes.agree(wish)
                if is_stopped or clock.is_time_to_save(self._standing.step):
                    self._save()
        if not is_stopped:
            self._save()
            self._tell_end()
        return Outcome(self._standing, is_stopped)

    @property
    def _is_stale(self) -> bool:
        return 0 < self._recipe.fit.patience <= self._standing.stale

    def _resume(self) -> None:
        found = self._run.load(
            lambda name: self._warn(f"{name} is damaged; going on from the one before.")
        )
        if found is not None:
            tensors, state = found
            self._standing = _standing(state)
            self._learner.restore(tensors, self._standing.step)
        if self._is_first:
            self._run.cut_log(self._standing.step)

    def _save(self) -> None:
        if self._is_first:
            self._run.save(self._learner.tensors(), self._standing.as_json())
            self._run.write_curves()

    def _validate(self) -> None:
        """Keep the averaged weights where they find more; without films for it, always."""
        cases = self._store.of_split("dev")
        self._processes.share_buffers(self._learner.average)
        found = None
        if cases:
            at = self._recipe.fit.recall_at
            found = retrieval(self._learner.average, self._store, cases, self._reader, at)
        standing, best = self._standing, self._standing.best
        is_better = found is None or best is None or found > best
        if is_better:
            standing = replace(standing, best=found, best_step=standing.step, stale=0)
        else:
            standing = replace(standing, stale=standing.stale + 1)
        self._standing = standing
        if not self._is_first:
            return
        if is_better:
            weights = merged(self._learner.average.state_dict())
            self._run.save_best(weights, standing.as_json())
        if found is not None:
            self._run.log({"step": standing.step, **found._asdict()})
            text = f"  validation: recall {found.recall:.3f}, rank {found.reciprocal:.3f}"
            text += ", kept" if is_better else ""
            self._say("validation", text, step=standing.step, is_kept=is_better,
                      **found._asdict())  # fmt: skip

    def _log(self, losses: dict[str, float], clock: Clock) -> None:
        step = self._standing.step
        if not self._is_first:
            return
        epoch = (step - 1) // self._per_epoch + 1
        self._run.log({"step": step, "epoch": epoch, **losses})
        left = clock.seconds_left(step, self._steps)
        if clock.is_time_to_speak() or step == self._steps:
            shown = "  ".join(f"{name} {losses[name]:.3f}" for name in losses if name != "rate")
            text = f"  {step}/{self._steps}  {shown}  {left / 60:.0f} min left"
            self._say("progress", text, done=step, total=self._steps, epoch=epoch, losses=losses,
                      seconds_left=round(left))  # fmt: skip

    def _tell_plan(self) -> None:
        about = self._run.about()
        films = about.films
        text = (
            f"{films['train']} films to train on, {films['dev']} to validate; batches of "
            f"{self._lessons.batch}, {self._steps} steps, {about.precision}"
        )
        if self._standing.step:
            text += f"; going on after step {self._standing.step}"
        self._say("plan", text, steps=self._steps, done=self._standing.step, films=films,
                  batch=self._lessons.batch, precision=about.precision,
                  threads=about.threads)  # fmt: skip

    def _tell_end(self) -> None:
        standing = self._standing
        best = {} if standing.best is None else standing.best._asdict()
        text = f"done after step {standing.step}; kept is step {standing.best_step}"
        self._say("done", text, step=standing.step, best_step=standing.best_step, **best)

    def _warn(self, text: str) -> None:
        if self._is_first:
            self._reporter.warning(text)

    def _say(self, kind: str, text: str, **values: object) -> None:
        if self._is_first:
            self._reporter.event(kind, text, **values)


def _standing(state: dict[str, JSON]) -> Standing:
    try:
        best = state["best"]
        return Standing(
            step=whole(state["step"]),
            best=Retrieval(*map(float, best)) if isinstance(best, list) else None,  # type: ignore[arg-type]
            best_step=whole(state["best_step"]),
            stale=whole(state["stale"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            "The checkpoint is of another kind of training.", remedy="Train in another folder."
        ) from error


def whole(value: JSON) -> int:
    """A count from a checkpoint.

    Raises:
        ValueError: It is none.
    """
    if type(value) is not int or value < 0:
        raise ValueError("not a count")
    return value
