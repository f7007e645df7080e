"""AFLoc's three symmetric losses, and our own cosine alignment beside them.

The formulas are those of Yang et al. (Nature Biomedical Engineering 2026), whose attention is
GLoRIA's (Huang et al. 2021). Computed for all texts at once: the units of a batch stand in one
ragged matrix, one product an image, and a softmax over a text's own units only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from afloc_training.afloc.attending import Attention, agreement

if TYPE_CHECKING:
    from afloc_training.afloc.network import ImageVectors
    from afloc_training.afloc.units import Units

_EPSILON = 1e-8
_NEVER = -1e4  # far below any logit, and small enough for half precision


@dataclass(frozen=True, slots=True)
class LossSettings:
    """Constants of the losses.

    Attributes:
        attention: Multiplies the softmax over units before the softmax over places (temp1).
        gathering: Weight of the best unit when similarities are gathered (temp2).
        contrast: Multiplies similarities before the cross entropy (temp3).
        cosine_temperature: Divides the cosines of our own alignment.
        cosine_weight: Of our own alignment in the total; 0 is AFLoc and nothing else.
        most_kept: Attention with more numbers (films × units × places) than this is computed
            again for the gradient instead of being kept: two arrays of as many numbers, 160 MB.
    """

    attention: float = 4.0
    gathering: float = 5.0
    contrast: float = 10.0
    cosine_temperature: float = 0.07
    cosine_weight: float = 0.0
    most_kept: int = 20_000_000


class Unprojected(NamedTuple):
    """Patches before their last linear map, where what comes before it is not trained.

    Products with units cost less there, and nothing has to flow back through them.

    Attributes:
        places: (B, C, h, w), C at most D.
        projection: (D, C).
    """

    places: Tensor
    projection: Tensor


class FrozenVectors(NamedTuple):
    """As `ImageVectors`, of a trunk that is not trained."""

    local: Tensor
    local2: Unprojected
    overall: Tensor


class Losses(NamedTuple):
    """The terms and their weighted sum, scalars.

    Attributes:
        report: Whole film with whole report.
        sentences: Deep patches with sentences.
        words: Shallow patches with words.
        cosine: Deep patches with sentences by cosine; zero where its weight is.
        total: What is trained.
    """

    report: Tensor
    sentences: Tensor
    words: Tensor
    cosine: Tensor
    total: Tensor


class AlsoTrue(NamedTuple):
    """What holds of a film beside its own text, because its report says it in the same words.

    Such pairs are no mistakes, so nothing is contrasted with them.

    Attributes:
        texts: bool (B, B): all that text j says stands in the report of film i.
        sentences: bool (B, M): unit k stands in the report of film i.
    """

    texts: Tensor
    sentences: Tensor


def afloc_losses(
    images: ImageVectors | FrozenVectors,
    reports: Tensor,
    sentences: Units,
    words: Units,
    settings: LossSettings,
    also_true: AlsoTrue | None = None,
) -> Losses:
    """All terms of a batch of B films and their B reports.

    Args:
        images: From `ImageEncoder` or `FrozenTrunk`.
        reports: (B, D), from `TextEncoder`.
        sentences, words: Units of the B reports.
        settings: Constants.
        also_true: None takes every text for a mistake but the film's own, as AFLoc does.
    """
    texts = None if also_true is None else also_true.texts
    report = global_loss(images.overall, reports, settings, texts)
    by_sentence = local_loss(images.local, sentences, settings, texts)
    by_word = local_loss(images.local2, words, settings, texts)
    total = report + by_sentence + by_word
    cosine = torch.zeros_like(total)
    if settings.cosine_weight > 0:
        units = None if also_true is None else also_true.sentences
        cosine = cosine_alignment(images.local, sentences, settings, units)
        total = total + settings.cosine_weight * cosine
    return Losses(report, by_sentence, by_word, cosine, total)


def global_loss(
    films: Tensor, reports: Tensor, settings: LossSettings, also_true: Tensor | None = None
) -> Tensor:
    """Film i belongs to report i: cross entropy of scaled cosines, both ways.

    Args:
        films, reports: (B, D).
        settings: Constants.
        also_true: See `AlsoTrue.texts`.
    """
    lengths = films.norm(dim=1)[:, None] * reports.norm(dim=1)[None, :]
    cosines = films @ reports.T / lengths.clamp(min=_EPSILON)
    return symmetric_cross_entropy(cosines * settings.contrast, also_true)


def local_loss(
    patches: Tensor | Unprojected,
    units: Units,
    settings: LossSettings,
    also_true: Tensor | None = None,
) -> Tensor:
    """Film i belongs to text i: cross entropy of their gathered local similarities, both ways.

    Args:
        patches: (B, D, h, w), or what they are made of.
        units: Of B texts.
        settings: Constants.
        also_true: See `AlsoTrue.texts`.
    """
    return symmetric_cross_entropy(local_similarities(patches, units, settings), also_true)


def local_similarities(
    patches: Tensor | Unprojected, units: Units, settings: LossSettings
) -> Tensor:
    """Every film with every text, (films, texts).

    With unit vectors t and patches v: a = softmax over a text's units of ⟨v, t⟩, times temp1, then
    softmax over places; c = Σ a v; similarity = temp3 · log Σ exp(temp2 · cos(t, c)).

    Args:
        patches: (B, D, h, w), or what they are made of.
        units: Of any number of texts.
        settings: Constants.
    """
    asking, metric = units.vectors, None
    if isinstance(patches, Unprojected):
        # ⟨t, Wv⟩ = ⟨Wᵀt, v⟩, and |Wc|² = cᵀ(WᵀW)c.
        patches, projection = patches
        asking, metric = asking @ projection, projection.T @ projection
    flat = patches.flatten(2)
    counts = torch.bincount(units.owner, minlength=units.texts).tolist()
    is_kept = len(flat) * len(asking) * flat.shape[2] <= settings.most_kept
    how = Attention(counts, settings.attention, is_kept)
    cosines = agreement(flat, asking, metric, how)
    cosines = cosines / units.vectors.norm(dim=1).clamp(min=_EPSILON)
    odds = (settings.gathering * cosines).exp()
    gathered: Tensor = odds.new_zeros(len(odds), units.texts).index_add(1, units.owner, odds)
    similarities: Tensor = gathered.log() * settings.contrast
    return similarities


def symmetric_cross_entropy(similarities: Tensor, also_true: Tensor | None = None) -> Tensor:
    """Cross entropy over rows plus over columns of (B, B); the diagonal is right.

    Args:
        similarities: (B, B).
        also_true: bool (B, B); what is left out of every sum, the diagonal apart.
    """
    target = torch.arange(len(similarities), device=similarities.device)
    if also_true is not None:
        left_out = also_true & (target[:, None] != target[None, :])
        similarities = similarities.masked_fill(left_out, -torch.inf)
    return functional.cross_entropy(similarities, target) + functional.cross_entropy(
        similarities.T, target
    )


def cosine_alignment(
    patches: Tensor, units: Units, settings: LossSettings, also_true: Tensor | None = None
) -> Tensor:
    """Our own term: sentences find their patches by cosine, so that a map has a fixed scale.

    A sentence's places are weighed by softmax(cosine / τ); the cosine of the sentence with their
    sum, over τ, is a logit. A film has several right sentences, so each of them is contrasted
    with the wrong ones alone.

    Args:
        patches: (B, D, h, w).
        units: Of B texts.
        settings: Constants.
        also_true: See `AlsoTrue.sentences`.
    """
    places = functional.normalize(patches.flatten(2), dim=1)
    sentences = functional.normalize(units.vectors, dim=1)
    cosines = sentences @ places
    weights = (cosines / settings.cosine_temperature).softmax(2)
    pooled = functional.normalize(weights @ places.transpose(1, 2), dim=2)
    logits = (pooled * sentences).sum(2) / settings.cosine_temperature
    films = torch.arange(len(patches), device=patches.device)
    is_right = units.owner[None, :] == films[:, None]
    is_wrong = ~is_right if also_true is None else ~(is_right | also_true)
    return multi_positive_loss(logits, is_right, is_wrong) + multi_positive_loss(
        logits.T, is_right.T, is_wrong.T
    )


def multi_positive_loss(logits: Tensor, is_right: Tensor, is_wrong: Tensor) -> Tensor:
    """Each right entry of a row against all wrong ones of that row, mean over right entries.

    Args:
        logits: (rows, columns).
        is_right, is_wrong: bool, same shape, never both. A row without wrong ones costs nothing.
    """
    # Not infinite: the gradient of a sum of nothing would be no number.
    wrong = logits.masked_fill(~is_wrong, _NEVER).logsumexp(1, keepdim=True)
    each = functional.softplus(wrong - logits)
    return each[is_right].mean()
