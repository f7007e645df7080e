"""Training: lessons in, a matcher out. Frozen trunk first, then, if asked, end to end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from afloc_training.lessons import Curriculum
from afloc_training.losses import balanced_loss, mask_loss, pooled
from afloc_training.network import Matcher, TrunkFeatures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from afloc_training.features import FeatureSet
    from afloc_training.lessons import Lesson
    from afloc_training.recipe import FitSettings, NetworkSettings
    from afloc_training.sentences import Sentence

_THREADS = 2
_STANDARDISED_FILMS = 400
_WARM_UP = 0.15
_GRADIENT_LIMIT = 1.0
_REPORT_EVERY = 20

Losses = dict[str, float]


@dataclass(frozen=True, slots=True)
class Stage:
    """One run of the optimiser.

    Attributes:
        name: For the reader.
        steps: May be 0.
        adapter_rate: Peak learning rate of everything but the trunk.
        trunk_rate: Peak learning rate of blocks 7 to 17; None keeps them frozen.
    """

    name: str
    steps: int
    adapter_rate: float
    trunk_rate: float | None


def stages(settings: FitSettings) -> tuple[Stage, Stage]:
    """The stages of a recipe, in order."""
    return (
        Stage("frozen trunk", settings.frozen_steps, settings.frozen_rate, None),
        Stage("end to end", settings.end_to_end_steps, settings.adapter_rate, settings.trunk_rate),
    )


def new_matcher(
    settings: NetworkSettings, backbone: Mapping[str, Tensor], films: FeatureSet, seed: int
) -> Matcher:
    """A matcher with a pretrained trunk, its adapter scaled to the features of the films."""
    torch.manual_seed(seed)
    matcher = Matcher(settings.channels, settings.dimensions)
    matcher.trunk.load_torchvision(backbone)
    count = min(_STANDARDISED_FILMS, len(films.facts))
    sample = np.random.default_rng(seed).choice(len(films.facts), count, replace=False)
    matcher.image.standardise(_features(films, np.sort(sample)))
    return matcher


class Trainer:
    """Runs stages on one matcher."""

    def __init__(
        self,
        matcher: Matcher,
        films: FeatureSet,
        bank: Sequence[Sentence],
        bank_features: Tensor,
        settings: FitSettings,
    ) -> None:
        """Prepare the lessons.

        Args:
            matcher: Trained in place.
            films: Training films.
            bank: All sentences.
            bank_features: Their features, (len(bank), 768).
            settings: Of the recipe.
        """
        self._matcher = matcher
        self._films = films
        self._curriculum = Curriculum(films, bank)
        self._bank_features = bank_features
        self._settings = settings
        self._rng = np.random.default_rng(settings.seed)

    def run(self, stage: Stage, progress: Callable[[int, int, Losses], None]) -> None:
        """Train for a stage and leave the averaged weights in the matcher.

        Args:
            stage: What to run.
            progress: Called every few steps with steps done, steps in all, and mean losses.
        """
        if stage.steps == 0:
            return
        torch.set_num_threads(_THREADS)
        optimiser = self._optimiser(stage)
        groups = [group["lr"] for group in optimiser.param_groups]
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, groups, total_steps=stage.steps, pct_start=_WARM_UP
        )
        average = _Average(self._matcher, self._settings.average_decay)
        recent: list[Losses] = []
        self._matcher.train()
        for step in range(1, stage.steps + 1):
            losses = self._losses(stage, self._curriculum.draw(self._rng, self._settings.batch))
            total = torch.stack(list(losses.values())).sum()
            optimiser.zero_grad()
            torch.autograd.backward(total)
            parameters = [p for group in optimiser.param_groups for p in group["params"]]
            nn.utils.clip_grad_norm_(parameters, _GRADIENT_LIMIT)
            optimiser.step()
            schedule.step()
            average.update(self._matcher)
            recent.append({name: float(value.detach()) for name, value in losses.items()})
            if step % _REPORT_EVERY == 0 or step == stage.steps:
                progress(step, stage.steps, _means(recent))
                recent = []
        average.put_into(self._matcher)
        self._matcher.eval()

    def _optimiser(self, stage: Stage) -> torch.optim.Optimizer:
        trunk = list(self._matcher.trunk.trainable_blocks().parameters())
        others = [
            parameter
            for name, parameter in self._matcher.named_parameters()
            if not name.startswith("trunk.")
        ]
        groups = [{"params": others, "lr": stage.adapter_rate}]
        for parameter in self._matcher.trunk.parameters():
            parameter.requires_grad_(False)
        if stage.trunk_rate is not None:
            for parameter in trunk:
                parameter.requires_grad_(True)
            groups.append({"params": trunk, "lr": stage.trunk_rate})
        return torch.optim.AdamW(groups, weight_decay=self._settings.weight_decay)

    def _losses(self, stage: Stage, lesson: Lesson) -> dict[str, Tensor]:
        """The weighted loss terms of one lesson."""
        settings, matcher = self._settings, self._matcher
        if stage.trunk_rate is None:
            features = _features(self._films, lesson.films)
        else:
            features = matcher.trunk_features(_tensor(self._films.stem, lesson.films))
        films = matcher.image(features)
        words = matcher.text(self._bank_features[torch.from_numpy(lesson.sentences)])
        logits = matcher.local_logits(films, words)
        overall = matcher.overall_logits(films, words)
        losses = {
            "presence": settings.presence_weight
            * balanced_loss(pooled(logits), torch.from_numpy(lesson.presence)),
            "global": settings.global_weight
            * balanced_loss(overall, torch.from_numpy(lesson.agreement)),
        }
        if len(lesson.mask_pairs):
            n, k = torch.from_numpy(lesson.mask_pairs).T
            target = torch.from_numpy(lesson.mask_targets)
            losses["mask"] = settings.mask_weight * mask_loss(logits[n, k], target)
        return losses


class _Average:
    """Exponential moving average of weights, quick at first."""

    def __init__(self, matcher: Matcher, decay: float) -> None:
        self._decay = decay
        self._steps = 0
        self._state = {name: value.clone() for name, value in matcher.state_dict().items()}

    @torch.no_grad()
    def update(self, matcher: Matcher) -> None:
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        self._steps += 1
        for name, value in matcher.state_dict().items():
            if value.is_floating_point():
                self._state[name].lerp_(value, 1 - decay)

    def put_into(self, matcher: Matcher) -> None:
        matcher.load_state_dict(self._state)


def _features(films: FeatureSet, numbers: np.ndarray) -> TrunkFeatures:
    return TrunkFeatures(*(_tensor(a, numbers) for a in (films.stem, films.middle, films.deep)))


def _tensor(array: np.ndarray, numbers: np.ndarray) -> Tensor:
    return torch.from_numpy(array[numbers].astype(np.float32))


def _means(recent: Sequence[Losses]) -> Losses:
    names = dict.fromkeys(name for losses in recent for name in losses)
    return {
        name: math.fsum(losses[name] for losses in recent if name in losses)
        / sum(name in losses for losses in recent)
        for name in names
    }
