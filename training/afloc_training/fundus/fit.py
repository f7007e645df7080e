"""Training the fundus model: one run of the optimiser, the trunk frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from afloc_training.fit import Average
from afloc_training.fundus.lessons import EyeCurriculum
from afloc_training.fundus.network import eye_features
from afloc_training.losses import balanced_loss, mask_loss, pooled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from afloc_training.fundus.features import EyeSet
    from afloc_training.fundus.lessons import EyeLesson
    from afloc_training.fundus.network import EyeFeatures, EyeMatcher
    from afloc_training.fundus.vocabulary import Sentence

_THREADS = 1
_WARM_UP = 0.15
_GRADIENT_LIMIT = 1.0

Losses = dict[str, float]


@dataclass(frozen=True, slots=True)
class EyeFit:
    """How the network is trained.

    Attributes:
        seed: Of everything random in training.
        held_out_share: Of each grade, for thresholds.
        painted: Eyes painted on photographs without a lesion.
        batch: Eyes a step, half of them painted.
        steps: In all.
        rate: Peak learning rate.
        weight_decay: Of AdamW.
        average_decay: Of the exponential moving average of the weights that is kept.
        presence_weight, mask_weight, global_weight: Of the three loss terms.
    """

    seed: int
    held_out_share: float
    painted: int
    batch: int
    steps: int
    rate: float
    weight_decay: float
    average_decay: float
    presence_weight: float
    mask_weight: float
    global_weight: float


def fit(
    matcher: EyeMatcher,
    eyes: EyeSet,
    bank: Sequence[Sentence],
    bank_features: Tensor,
    settings: EyeFit,
    progress: Callable[[int, int, Losses], None],
) -> None:
    """Train in place; the averaged weights are left in the matcher, in evaluation mode.

    Args:
        matcher: From `network.new_matcher`.
        eyes: What is shown.
        bank, bank_features: What is asked; features (sentences, 768).
        settings: Of the recipe.
        progress: Called every step with steps done, steps in all, and losses.
    """
    torch.set_num_threads(_THREADS)
    rng = np.random.default_rng(settings.seed)
    optimiser = _optimiser(matcher, settings)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser,
        settings.rate,
        total_steps=settings.steps,
        pct_start=_WARM_UP,
    )
    average = Average(matcher, settings.average_decay)
    curriculum = EyeCurriculum(eyes, bank)
    matcher.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    matcher.train()
    for step in range(settings.steps):
        lesson = curriculum.draw(rng, settings.batch)
        losses = lesson_losses(matcher, eyes, lesson, bank_features, settings)
        optimiser.zero_grad()
        torch.autograd.backward(torch.stack(list(losses.values())).sum())
        parameters = [p for group in optimiser.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(parameters, _GRADIENT_LIMIT)
        optimiser.step()
        schedule.step()
        average.update(matcher)
        progress(step + 1, settings.steps, {n: float(v.detach()) for n, v in losses.items()})
    average.put_into(matcher)
    matcher.to(memory_format=torch.contiguous_format).eval()  # type: ignore[call-overload]


def lesson_losses(
    matcher: EyeMatcher,
    eyes: EyeSet,
    lesson: EyeLesson,
    bank_features: Tensor,
    settings: EyeFit,
) -> dict[str, Tensor]:
    """The weighted loss terms of one lesson."""
    vectors = matcher.image.answer(chosen_features(eyes, lesson.eyes))
    words = matcher.text(bank_features[torch.from_numpy(lesson.sentences)])
    logits = matcher.local_logits(vectors, words)
    losses = {
        "presence": settings.presence_weight
        * balanced_loss(pooled(logits), torch.from_numpy(lesson.presence)),
        "global": settings.global_weight
        * balanced_loss(matcher.overall_logits(vectors, words), torch.from_numpy(lesson.agreement)),
    }
    if len(lesson.mask_pairs):
        n, k = torch.from_numpy(lesson.mask_pairs).T
        target = torch.from_numpy(lesson.mask_targets)
        losses["mask"] = settings.mask_weight * mask_loss(logits[n, k], target)
    return losses


def chosen_features(eyes: EyeSet, numbers: np.ndarray) -> EyeFeatures:
    """Features of some eyes of a set."""
    tensors = (torch.from_numpy(a[numbers].astype(np.float32)) for a in eyes.features)
    return eye_features([t.to(memory_format=torch.channels_last) for t in tensors])


def _optimiser(matcher: EyeMatcher, settings: EyeFit) -> torch.optim.Optimizer:
    trained = [p for name, p in matcher.named_parameters() if not name.startswith("trunk.")]
    return torch.optim.AdamW(trained, lr=settings.rate, weight_decay=settings.weight_decay)
