"""One step of training: features, losses, gradient, weights."""

from __future__ import annotations

import copy
import math
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from afloc_desktop.core.errors import SettingsError
from afloc_training.afloc.losses import LossSettings, afloc_losses
from afloc_training.afloc.network import ImageVectors
from afloc_training.afloc.units import gather_units
from afloc_training.fitting import snapshots
from afloc_training.fitting.frozen import FrozenTrunk, frozen_vectors
from afloc_training.fitting.lessons import part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from afloc_training.afloc.losses import FrozenVectors
    from afloc_training.afloc.network import Afloc, ImageEncoder
    from afloc_training.afloc.resnet import Stages
    from afloc_training.fitting.lessons import Lesson, Lessons
    from afloc_training.fitting.processes import Processes
    from afloc_training.fitting.settings import FitSettings

_FEWEST_CHANNELS = 16
_LOWEST_RATE = 0.02  # of the peak, at the end


class Learner:
    """The network in training, its moving average, its teacher and the optimiser."""

    def __init__(
        self,
        network: Afloc,
        settings: FitSettings,
        steps: int,
        processes: Processes,
        *,
        is_half: bool,
    ) -> None:
        """Take a network where it is to be trained.

        Args:
            network: On its device; trained in place. As it is now it becomes the teacher, where
                the recipe wants one.
            settings: Of the recipe.
            steps: Of the whole training.
            processes: Who shares the work.
            is_half: Computes in bfloat16 where that is safe.
        """
        self.network, self._settings, self._steps = network, settings, steps
        self._processes, self._is_half = processes, is_half
        self._device = next(network.parameters()).device
        # Channels last is quicker. Strided 1 × 1 kernels of fewer channels than a vector of the
        # processor has numbers write beyond their memory (oneDNN issue 6035).
        is_wide = network.config.vision.width >= _FEWEST_CHANNELS
        self._layout = torch.channels_last if is_wide else torch.contiguous_format
        network.img_encoder.to(memory_format=self._layout)  # type: ignore[call-overload]
        self.average = copy.deepcopy(network).eval().requires_grad_(False)
        self._teacher = copy.deepcopy(self.average) if settings.teacher_weight else None
        self._losses = LossSettings(cosine_weight=settings.cosine_weight)
        network.train()
        if settings.statistics == "kept":
            network.img_encoder.eval()
        self._trunk = FrozenTrunk(network.img_encoder) if settings.trunk == "frozen" else None
        self._optimiser = _optimiser(network, settings)
        self._moving = _moving(network, self.average, self._trunk is not None)

    def step(self, lessons: Lessons, step: int) -> dict[str, float]:
        """Learn from the lessons of a step, counted from 0; mean losses and rate.

        Raises:
            SettingsError: The loss is no number any more; the weights are as they were.
        """
        rate = self._settings.rate * rate_factor(step, self._steps, self._settings.warm_up)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.zero_grad()
        count = self._settings.accumulated
        sums: dict[str, float] = {}
        for number in range(step * count, (step + 1) * count):
            torch.manual_seed(lessons.noise_seed(number, self._processes.number))
            terms = self.losses(lessons.draw(number, self._processes.share))
            torch.autograd.backward(terms["total"] / count)
            for name, value in terms.items():
                sums[name] = sums.get(name, 0.0) + float(value.detach()) / count
        if not math.isfinite(sums["total"]):
            raise SettingsError(
                "The training diverged: its loss is no number any more.",
                remedy="Lower `rate` in the recipe and train again in another folder.",
            )
        parameters = [p for p in self.network.parameters() if p.requires_grad]
        self._processes.add_gradients(parameters)
        length = nn.utils.clip_grad_norm_(parameters, self._settings.clip)
        self._optimiser.step()
        self._update_average(step)
        return {**sums, "gradient": float(length), "rate": rate}

    def losses(self, lesson: Lesson) -> dict[str, Tensor]:
        """The terms of one lesson, and their weighted sum as `total`."""
        films, texts = self._seen(lesson), lesson.texts
        share = part(len(texts.ids), self._processes.share)
        ids, mask = texts.ids[share].to(self._device), texts.mask[share].to(self._device)
        images, tokens = self._features(self.network, films, ids, mask)
        reports = tokens.sum(1) / self.network.text_encoder.max_tokens
        sentences = gather_units(tokens, texts.sentences, is_mean=True)
        words = gather_units(tokens, texts.words, is_mean=False)
        also_true = type(texts.also_true)(*(known.to(self._device) for known in texts.also_true))
        found = afloc_losses(images, reports, sentences, words, self._losses, also_true)
        terms = dict(zip(found._fields, found, strict=True))
        if self._teacher is not None:
            with torch.no_grad():
                wanted = self._features(self._teacher, films, ids, mask)
            terms["teacher"] = _distance(images, tokens, *wanted)
            terms["total"] = terms["total"] + self._settings.teacher_weight * terms["teacher"]
        return terms

    def tensors(self) -> dict[str, Tensor]:
        """All numbers that training goes on from, by name."""
        return snapshots.take(self.network, self.average, self._optimiser)

    def restore(self, tensors: Mapping[str, Tensor], step: int) -> None:
        """Go on from `tensors` as they were after `step` steps."""
        snapshots.restore(tensors, step, self.network, self.average, self._optimiser)

    def _seen(self, lesson: Lesson) -> Tensor | Stages:
        """The films, or what a frozen trunk makes of them."""
        films = lesson.films.to(self._device).contiguous(memory_format=self._layout)
        return films if self._trunk is None else self._trunk.stages(films, lesson.cases)

    def _features(
        self, network: Afloc, films: Tensor | Stages, ids: Tensor, mask: Tensor
    ) -> tuple[ImageVectors | FrozenVectors, Tensor]:
        """Of the whole batch, though this process computes its share alone."""
        is_alone = self._processes.count == 1
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._is_half):
            tokens = network.text_encoder.packed_tokens(ids, mask).float()
            if is_alone and not isinstance(films, Tensor):
                return frozen_vectors(network.img_encoder, films), tokens
            own = self._images(network.img_encoder, films)
        images = ImageVectors(*(self._processes.gathered(part.float()) for part in own))
        return images, self._processes.gathered(tokens)

    def _images(self, encoder: ImageEncoder, films: Tensor | Stages) -> ImageVectors:
        if not isinstance(films, Tensor):
            return encoder.embedded(films)
        most = self._settings.films_at_once or len(films)
        if len(films) <= most:
            vectors: ImageVectors = encoder(films)
            return vectors
        parts = [
            checkpoint(
                encoder,
                some,
                use_reentrant=False,
                context_fn=lambda: (nullcontext(), _unmoved_statistics(encoder)),
            )
            for some in torch.split(films, most)
        ]
        return ImageVectors(*(torch.cat(pieces) for pieces in zip(*parts, strict=True)))

    @torch.no_grad()
    def _update_average(self, step: int) -> None:
        decay = min(self._settings.average_decay, (1 + step) / (10 + step))
        for value, own in self._moving:
            if value.is_floating_point():
                value.lerp_(own, 1 - decay)
            else:
                value.copy_(own)


def rate_factor(step: int, steps: int, warm_up: float) -> float:
    """Share of the peak rate at a step counted from 0: a line up, then a cosine down."""
    rising = warm_up * steps
    if step + 1 < rising:
        return (step + 1) / rising
    done = min(1.0, (step + 1 - rising) / max(1.0, steps - rising))
    return _LOWEST_RATE + (1 - _LOWEST_RATE) * 0.5 * (1 + math.cos(math.pi * done))


def _optimiser(network: Afloc, settings: FitSettings) -> torch.optim.Optimizer:
    """Weights of norms and biases are not decayed."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.rate, fused=True)


def _moving(network: Afloc, average: Afloc, is_frozen: bool) -> list[tuple[Tensor, Tensor]]:
    """Numbers of the average beside the network's; those of a frozen trunk do not move."""
    own, prefix = network.state_dict(), "img_encoder.model."
    values = average.state_dict().items()
    return [(v, own[n]) for n, v in values if not (is_frozen and n.startswith(prefix))]


def _distance(
    images: ImageVectors | FrozenVectors,
    tokens: Tensor,
    wanted: ImageVectors | FrozenVectors,
    said: Tensor,
) -> Tensor:
    """How far patches and reports have turned away from the teacher's: 0 not at all, 4 at most."""
    patches = 1 - functional.cosine_similarity(images.local, wanted.local, dim=1).mean()
    reports = 1 - functional.cosine_similarity(tokens.sum(1), said.sum(1), dim=1).mean()
    return patches + reports


@contextmanager
def _unmoved_statistics(encoder: nn.Module) -> Iterator[None]:
    """What is computed a second time for the gradient does not count a second time."""
    norms = [module for module in encoder.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
