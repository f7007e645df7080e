"""One step of fine-tuning: the matcher, its moving average, the base as teacher, the optimiser."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from afloc_desktop.core.errors import SettingsError
from afloc_training.backbone import IMAGENET_MEAN, IMAGENET_STD
from afloc_training.fitting import snapshots
from afloc_training.fitting.learner import rate_factor
from afloc_training.losses import balanced_loss, mask_loss, pooled
from afloc_training.network import FilmVectors
from afloc_training.tuning.chest import FIELD as CHEST
from afloc_training.tuning.routing import routed_target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from afloc_training.network import Matcher
    from afloc_training.tuning.field import Field
    from afloc_training.tuning.lessons import TuneLesson
    from afloc_training.tuning.settings import TuneSettings

_FILMS_AT_ONCE = 4
# Depthwise convolutions are twice as fast with the channels last.
_LAST = torch.channels_last


class Tuner:
    """A matcher in training; on the processor equal seeds give equal bits."""

    def __init__(
        self,
        matcher: Matcher,
        bank_features: Tensor,
        settings: TuneSettings,
        *,
        is_half: bool,
        field: Field = CHEST,
    ) -> None:
        """Take a matcher as the base left it.

        Args:
            matcher: Trained in place; as it is now it becomes the teacher.
            bank_features: Of all sentences, (sentences, 768).
            settings: Of the recipe.
            is_half: Films are computed in bfloat16 where that is safe.
            field: What kind of images these are.
        """
        self._is_half, self._field = is_half, field
        self.matcher = matcher.to(memory_format=_LAST)  # type: ignore[call-overload]
        self.average = copy.deepcopy(matcher).eval().requires_grad_(False)
        self._teacher = copy.deepcopy(self.average)
        self._kept = copy.deepcopy(self.average)
        self._mean, self._std = (
            torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD)
        )
        self._features, self._settings = bank_features, settings
        self._optimiser = _optimiser(matcher, settings)
        self.matcher.train()

    def step(self, lesson: TuneLesson, step: int) -> dict[str, float]:
        """Learn from the lesson of a step, counted from 0; weighted losses and their sum.

        Raises:
            SettingsError: The loss is no number any more; the weights are as they were.
        """
        settings = self._settings
        factor = rate_factor(step, settings.steps, settings.warm_up)
        for group in self._optimiser.param_groups:
            group["lr"] = group["initial_lr"] * factor
        torch.manual_seed(lesson.noise_seed)
        terms = self.losses(lesson)
        total = torch.stack(list(terms.values())).sum()
        _check_finite(float(total.detach()))
        self._optimiser.zero_grad()
        torch.autograd.backward(total)
        parameters = [p for group in self._optimiser.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(parameters, settings.clip)
        self._optimiser.step()
        self._update_average(step)
        named = {name: float(value.detach()) for name, value in terms.items()}
        return named | {"total": float(total.detach())}

    @torch.no_grad()
    def held_out_loss(self, lesson: TuneLesson) -> float:
        """What the weights that would be kept now come to on films they do not learn from.

        The pull towards the base has no part in it: it says what was forgotten, not what was
        learned.

        Raises:
            SettingsError: The loss is no number any more.
        """
        self._kept.load_state_dict(self.kept())
        terms = self.losses(lesson, self._kept)
        terms.pop("teacher", None)
        loss = float(torch.stack(list(terms.values())).sum())
        _check_finite(loss)
        return loss

    def losses(self, lesson: TuneLesson, matcher: Matcher | None = None) -> dict[str, Tensor]:
        """The weighted terms of one lesson, for the matcher in training or another."""
        settings, matcher = self._settings, matcher or self.matcher
        frozen = self._frozen(lesson.films)
        films = self._film_vectors(matcher, frozen)
        sentences = self._features[torch.from_numpy(lesson.sentences)]
        words = matcher.text(sentences)
        logits = matcher.local_logits(films, words)
        overall = matcher.overall_logits(films, words)
        presence, agreement = map(torch.from_numpy, (lesson.presence, lesson.agreement))
        terms = {
            "presence": settings.presence_weight * balanced_loss(pooled(logits), presence),
            "global": settings.global_weight * balanced_loss(overall, agreement),
        }
        masks = {
            "mask": (settings.mask_weight, lesson.mask_pairs, lesson.mask_targets),
            "drawn": (settings.drawn_weight, lesson.drawn_pairs, lesson.drawn_targets),
        }
        for name, (weight, pairs, wanted) in masks.items():
            if len(pairs):
                n, k = torch.from_numpy(pairs).T
                terms[name] = weight * mask_loss(logits[n, k], torch.from_numpy(wanted))
        has_replay = len(lesson.films) > lesson.site_films
        if lesson.routed or not has_replay:
            own = [some[: lesson.site_films] for some in frozen]
            base = self._base_logits(own, sentences)
        if lesson.routed:
            n, k = torch.tensor([(r.film, r.sentence) for r in lesson.routed]).T
            targets, found = self._routed_targets(lesson, base), logits[n, k]
            terms["routed"] = settings.routed_weight * mask_loss(found, targets)
        if not has_replay:
            is_free = torch.from_numpy(lesson.plain & (lesson.presence == -1))
            terms["teacher"] = settings.teacher_weight * _distance(logits, base, is_free)
        return terms

    @torch.no_grad()
    def kept(self) -> dict[str, Tensor]:
        """What comes of the training: the average, part of the way back to the base."""
        share, base = self._settings.base_share, self._teacher.state_dict()
        return {n: value.lerp(base[n], share) for n, value in self.average.state_dict().items()}

    def tensors(self) -> dict[str, Tensor]:
        """All numbers that training goes on from, by name."""
        return snapshots.take(self.matcher, self.average, self._optimiser)

    def restore(self, tensors: Mapping[str, Tensor], step: int) -> None:
        """Go on from `tensors` as they were after `step` steps."""
        snapshots.restore(tensors, step, self.matcher, self.average, self._optimiser)

    @torch.no_grad()
    def _frozen(self, films: Tensor) -> list[Tensor]:
        """From blocks 0 to 6, which are never trained."""
        found = []
        for film in torch.split(films, 1):
            scaled = (film.expand(-1, 3, -1, -1) - self._mean) / self._std
            found.append(self._teacher.frozen_features(scaled.contiguous(memory_format=_LAST)))
        return [
            torch.cat(some).contiguous(memory_format=_LAST) for some in zip(*found, strict=True)
        ]

    def _film_vectors(self, matcher: Matcher, frozen: Sequence[Tensor]) -> FilmVectors:
        """Of all films, a few at a time: what lies between two layers then fits a cache."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self._is_half):
            split = (torch.split(some, _FILMS_AT_ONCE) for some in frozen)
            parts = [matcher.vectors(some) for some in zip(*split, strict=True)]
        return FilmVectors(*(torch.cat(some).float() for some in zip(*parts, strict=True)))

    @torch.no_grad()
    def _base_logits(self, frozen: Sequence[Tensor], sentences: Tensor) -> Tensor:
        films = self._film_vectors(self._teacher, frozen)
        return self._teacher.local_logits(films, self._teacher.text(sentences))

    def _routed_targets(self, lesson: TuneLesson, base: Tensor) -> Tensor:
        share, grid = self._settings.routed_share, self._field.grid
        sigma_cells = self._field.target_sigma_cells
        maps = base.reshape(*base.shape[:2], grid, grid).numpy()
        targets = [
            routed_target(maps[r.film, r.sentence], r.frame, r.where, share, sigma_cells).ravel()
            for r in lesson.routed
        ]
        return torch.from_numpy(np.stack(targets))

    @torch.no_grad()
    def _update_average(self, step: int) -> None:
        decay = min(self._settings.average_decay, (1 + step) / (10 + step))
        own = self.matcher.state_dict()
        for name, value in self.average.state_dict().items():
            value.lerp_(own[name], 1 - decay)


def _check_finite(loss: float) -> None:
    if not math.isfinite(loss):
        raise SettingsError(
            "The training diverged: its loss is no number any more.",
            remedy="Lower the rates of the recipe and train again in another folder.",
        )


def _distance(logits: Tensor, base: Tensor, is_free: Tensor) -> Tensor:
    """How far maps that no report speaks of have moved from the base's."""
    if not is_free.any():
        return logits.sum() * 0
    return functional.mse_loss(logits[is_free], base[is_free])


def _optimiser(matcher: Matcher, settings: TuneSettings) -> torch.optim.Optimizer:
    """Blocks 0 to 6 stay as they are: features of theirs are what all others rest on."""
    for parameter in matcher.parameters():
        parameter.requires_grad_(False)
    trunk = list(matcher.trunk.trainable_blocks().parameters()) if settings.trunk_rate else []
    own = [p for name, p in matcher.named_parameters() if not name.startswith("trunk.")]
    for parameter in (*own, *trunk):
        parameter.requires_grad_(True)
    groups = [{"params": own, "lr": settings.adapter_rate, "initial_lr": settings.adapter_rate}]
    if trunk:
        rate = settings.trunk_rate
        groups.append({"params": trunk, "lr": rate, "initial_lr": rate})
    return torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
