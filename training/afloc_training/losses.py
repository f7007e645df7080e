"""The loss terms: is it there, and where. Truth is 1, 0, or -1 for unknown, which is left out."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

# A finding of 12 cells at logit x pools to about x.
_TYPICAL_CELLS = 12
_BCE_WEIGHT = 3.0
_SMALLEST_TARGET = 0.05


def pooled(logits: Tensor) -> Tensor:
    """Soft maximum over the places, (N, K, P) to (N, K): log of the sum over 12 typical cells."""
    return torch.logsumexp(logits, dim=2) - math.log(_TYPICAL_CELLS)


def balanced_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross entropy of the true pairs plus that of the false ones, each a mean of its own.

    Args:
        logits: Any shape.
        truth: int, same shape: 1 true, 0 false, -1 unknown.
    """
    is_true, is_false = truth == 1, truth == 0
    each = functional.binary_cross_entropy_with_logits(logits, is_true.float(), reduction="none")
    true_part = (each * is_true).sum() / is_true.sum().clamp(min=1)
    return true_part + (each * is_false).sum() / is_false.sum().clamp(min=1)


def mask_loss(logits: Tensor, target: Tensor) -> Tensor:
    """3 x cross entropy + Dice: the map has the extent of the lesion, or is empty.

    Args:
        logits: (M, P), one map a row.
        target: (M, P), share of each cell the lesion covers; all zero where there is none. Empty
            targets have no Dice: there is nothing to overlap with.
    """
    cross_entropy = functional.binary_cross_entropy_with_logits(logits, target)
    probability = logits.sigmoid()
    overlap = 2 * (probability * target).sum(1) + 1
    dice = 1 - overlap / (probability.sum(1) + target.sum(1) + 1)
    has_lesion = target.amax(1) > _SMALLEST_TARGET
    return _BCE_WEIGHT * cross_entropy + (dice * has_lesion).sum() / has_lesion.sum().clamp(min=1)
