"""Training: lessons in, a matcher out. Frozen trunk first, then, if asked, end to end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from afloc_training.lessons import Curriculum
from afloc_training.losses import balanced_loss, mask_loss, pooled
from afloc_training.network import Matcher, TrunkFeatures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from afloc_training.checkpoints import JSON
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
        editions: Numbers of the sets of films it sees, one after the other, equally long.
    """

    name: str
    steps: int
    adapter_rate: float
    trunk_rate: float | None
    editions: tuple[int, ...] = (0,)

    def steps_on(self, number: int) -> int:
        """Steps on the edition in place `number`."""
        count = len(self.editions)
        return self.steps * (number + 1) // count - self.steps * number // count


def stages(settings: FitSettings, editions: int) -> tuple[Stage, Stage]:
    """The stages of a recipe, in order: the first edition of the films, then each of the others."""
    fresh = tuple(range(1, editions)) or (0,)
    return (
        Stage("frozen trunk", settings.frozen_steps, settings.frozen_rate, None),
        Stage(
            "end to end",
            settings.end_to_end_steps,
            settings.adapter_rate,
            settings.trunk_rate,
            fresh,
        ),
    )


def new_matcher(
    settings: NetworkSettings, backbone: Mapping[str, Tensor], films: FeatureSet, seed: int
) -> Matcher:
    """A matcher with a pretrained trunk, its adapter scaled to the features of the films.

    Args:
        settings: Its widths.
        backbone: Torchvision's state.
        films: With all three strides.
        seed: Of the weights that are not pretrained.
    """
    torch.manual_seed(seed)
    matcher = Matcher(settings.channels, settings.dimensions)
    matcher.trunk.load_torchvision(backbone)
    count = min(_STANDARDISED_FILMS, len(films.facts))
    sample = np.random.default_rng(seed).choice(len(films.facts), count, replace=False)
    matcher.image.standardise(_features(films, np.sort(sample)))
    return matcher


class Trainer:
    """Runs one stage on one matcher, an edition of films at a time.

    On the CPU equal seeds give equal bits, also where a training was stopped between two editions
    and `restore` took it up again.
    """

    def __init__(
        self,
        matcher: Matcher,
        bank: Sequence[Sentence],
        bank_features: Tensor,
        settings: FitSettings,
        stage: Stage,
    ) -> None:
        """Prepare the stage.

        Args:
            matcher: Trained in place.
            bank: All sentences.
            bank_features: Their features, (len(bank), 768).
            settings: Of the recipe.
            stage: With at least one step.
        """
        torch.set_num_threads(_THREADS)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        # Depthwise convolutions are twice as fast with the channels last.
        self._matcher = matcher.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._bank = bank
        self._bank_features = bank_features.to(self._device)
        self._settings = settings
        self._stage = stage
        self._rng = np.random.default_rng((settings.seed, stage.trunk_rate is not None))
        self._optimiser = self._new_optimiser()
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser,
            [group["lr"] for group in self._optimiser.param_groups],
            total_steps=stage.steps,
            pct_start=_WARM_UP,
        )
        self._average = Average(matcher, settings.average_decay)
        self._done = 0

    def run(
        self, films: FeatureSet, steps: int, progress: Callable[[int, int, Losses], None]
    ) -> None:
        """Train on one edition.

        Args:
            films: Of the edition; with all strides where the trunk is frozen.
            steps: How many.
            progress: Called every few steps with steps done, steps in all, and mean losses.
        """
        curriculum = Curriculum(films, self._bank)
        recent: list[Losses] = []
        self._matcher.train()
        for _ in range(steps):
            lesson = curriculum.draw(self._rng, self._settings.batch)
            recent.append(self._step(films, lesson))
            self._done += 1
            if self._done % _REPORT_EVERY == 0 or self._done == self._stage.steps:
                progress(self._done, self._stage.steps, _means(recent))
                recent = []

    def finish(self) -> None:
        """Leave the averaged weights in the matcher, on the CPU."""
        self._average.put_into(self._matcher)
        self._matcher.to("cpu", memory_format=torch.contiguous_format).eval()

    def snapshot(self) -> tuple[dict[str, Tensor], dict[str, JSON]]:
        """All that `restore` needs: tensors, and plain values."""
        optimiser = self._optimiser.state_dict()
        tensors = {"generator": torch.get_rng_state()}
        tensors |= {f"matcher.{k}": v for k, v in self._matcher.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self._average.state.items()}
        for number, moments in optimiser["state"].items():
            tensors |= {f"optimiser.{number}.{k}": v for k, v in moments.items()}
        return tensors, {
            "done": self._done,
            "rng": self._rng.bit_generator.state,
            "groups": optimiser["param_groups"],
            "schedule": self._schedule.state_dict(),
            "averaged": self._average.steps,
        }

    def restore(self, tensors: Mapping[str, Tensor], state: Mapping[str, Any]) -> None:
        """Go on where a snapshot was taken."""
        self._matcher.load_state_dict(_below("matcher.", tensors))
        average = _below("average.", tensors)
        self._average.state = {name: value.to(self._device) for name, value in average.items()}
        self._average.steps = state["averaged"]
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in _below("optimiser.", tensors).items():
            number, _, key = name.partition(".")
            moments.setdefault(int(number), {})[key] = value
        self._optimiser.load_state_dict({"state": moments, "param_groups": state["groups"]})
        self._schedule.load_state_dict(state["schedule"])
        self._rng.bit_generator.state = state["rng"]
        self._done = state["done"]
        torch.set_rng_state(tensors["generator"])

    def _step(self, films: FeatureSet, lesson: Lesson) -> Losses:
        losses = self._losses(films, lesson)
        self._optimiser.zero_grad()
        torch.autograd.backward(torch.stack(list(losses.values())).sum())
        parameters = [p for group in self._optimiser.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(parameters, _GRADIENT_LIMIT)
        self._optimiser.step()
        self._schedule.step()
        self._average.update(self._matcher)
        return {name: float(value.detach()) for name, value in losses.items()}

    def _new_optimiser(self) -> torch.optim.Optimizer:
        stage = self._stage
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

    def _losses(self, films: FeatureSet, lesson: Lesson) -> dict[str, Tensor]:
        """The weighted loss terms of one lesson."""
        settings, matcher = self._settings, self._matcher
        if self._stage.trunk_rate is None:
            features = TrunkFeatures(*map(self._put, _features(films, lesson.films)))
        else:
            features = matcher.trunk_features(self._put(_tensor(films.stem, lesson.films)))
        vectors = matcher.image(features)
        words = matcher.text(self._bank_features[torch.from_numpy(lesson.sentences)])
        logits = matcher.local_logits(vectors, words)
        overall = matcher.overall_logits(vectors, words)
        losses = {
            "presence": settings.presence_weight
            * balanced_loss(pooled(logits), self._put(torch.from_numpy(lesson.presence))),
            "global": settings.global_weight
            * balanced_loss(overall, self._put(torch.from_numpy(lesson.agreement))),
        }
        if len(lesson.mask_pairs):
            n, k = torch.from_numpy(lesson.mask_pairs).T
            target = self._put(torch.from_numpy(lesson.mask_targets))
            losses["mask"] = settings.mask_weight * mask_loss(logits[n, k], target)
        return losses

    def _put(self, tensor: Tensor) -> Tensor:
        moved = tensor.to(self._device)
        return moved.to(memory_format=torch.channels_last) if moved.ndim == 4 else moved


class Average:
    """Exponential moving average of weights, quick at first."""

    def __init__(self, matcher: Matcher, decay: float) -> None:
        self._decay = decay
        self.steps = 0
        self.state = {name: value.clone() for name, value in matcher.state_dict().items()}

    @torch.no_grad()
    def update(self, matcher: Matcher) -> None:
        decay = min(self._decay, (1 + self.steps) / (10 + self.steps))
        self.steps += 1
        for name, value in matcher.state_dict().items():
            self.state[name].lerp_(value, 1 - decay)

    def put_into(self, matcher: Matcher) -> None:
        matcher.load_state_dict(self.state)


def _features(films: FeatureSet, numbers: np.ndarray) -> TrunkFeatures:
    arrays = (films.stem, cast("np.ndarray", films.middle), cast("np.ndarray", films.deep))
    return TrunkFeatures(*(_tensor(array, numbers) for array in arrays))


def _tensor(array: np.ndarray, numbers: np.ndarray) -> Tensor:
    return torch.from_numpy(array[numbers].astype(np.float32))


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _means(recent: Sequence[Losses]) -> Losses:
    names = dict.fromkeys(name for losses in recent for name in losses)
    return {
        name: math.fsum(losses[name] for losses in recent if name in losses)
        / sum(name in losses for losses in recent)
        for name in names
    }
