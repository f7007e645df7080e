"""The course of a training: its stages, each edition of films in turn, kept after every one."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from afloc_training.checkpoints import load, save
from afloc_training.fit import Trainer, new_matcher, stages
from afloc_training.network import Matcher

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from afloc_training.features import FeatureSet
    from afloc_training.fit import Stage
    from afloc_training.progress import Reporter
    from afloc_training.recipe import Recipe
    from afloc_training.sentences import Sentence

# Modules beside the films' own that decide what a step computes.
_SHAPING = ("backbone", "fit", "lessons", "losses", "network", "facts", "tuning/said")


class Films(Protocol):
    """Where the editions come from."""

    @property
    def key(self) -> str:
        """Changes with anything that shapes a film."""

    def edition(self, number: int, *, is_stem_enough: bool) -> FeatureSet:
        """The films of one edition, from 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Lecture:
    """What is taught, beside the films.

    Attributes:
        bank: All sentences.
        features: Theirs, (len(bank), 768).
        backbone: Torchvision's state of the trunk.
    """

    bank: Sequence[Sentence]
    features: Tensor
    backbone: Mapping[str, Tensor]


def train(
    films: Films, lecture: Lecture, recipe: Recipe, folder: Path, reporter: Reporter
) -> Matcher:
    """Train a matcher, or take up where an equal training stopped.

    Args:
        films: Of the training.
        lecture: Sentences and the pretrained trunk.
        recipe: All settings.
        folder: Receives a checkpoint after every edition; a checkpoint of another training that
            lies there is left aside.
        reporter: Hears of progress.

    Raises:
        CheckpointError: The folder holds a checkpoint of another version or none that is whole.
        ExportError: A checkpoint could not be written.
    """
    key = _key(films, lecture, recipe)
    tensors, state = load(folder) or ({}, {})
    kept: Mapping[str, Any] = state if state.get("key") == key else {}
    past = (kept["stage"], kept["editions"]) if kept else (0, 0)
    matcher: Matcher | None = None
    if kept:
        matcher = Matcher(recipe.network.channels, recipe.network.dimensions)
    for number, stage in enumerate(stages(recipe.fit, recipe.films.editions)):
        if stage.steps == 0 or number < past[0]:
            continue
        first = past[1] if kept and number == past[0] else 0
        with reporter.stage(f"training, {stage.name}"):
            if matcher is None:
                opening = films.edition(stage.editions[0], is_stem_enough=False)
                matcher = new_matcher(recipe.network, lecture.backbone, opening, recipe.fit.seed)
            trainer = Trainer(matcher, lecture.bank, lecture.features, recipe.fit, stage)
            if first:
                trainer.restore(tensors, kept)
            for place in range(first, len(stage.editions)):
                trainer.run(_seen(films, stage, place), stage.steps_on(place), reporter.count)
                arrays, values = trainer.snapshot()
                save(folder, arrays, values | {"key": key, "stage": number, "editions": place + 1})
            trainer.finish()
    if matcher is None:
        raise ValueError("a recipe has at least one step")
    return matcher


def _seen(films: Films, stage: Stage, place: int) -> FeatureSet:
    return films.edition(stage.editions[place], is_stem_enough=stage.trunk_rate is not None)


def _key(films: Films, lecture: Lecture, recipe: Recipe) -> str:
    settings = [
        dataclasses.asdict(part) for part in (recipe.films, recipe.network, recipe.fit, recipe.text)
    ]
    sentences = [repr(sentence) for sentence in lecture.bank]
    digest = hashlib.sha256(json.dumps([films.key, settings, sentences]).encode())
    for name in _SHAPING:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return digest.hexdigest()
