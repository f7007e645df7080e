"""Units look for their places on films: the heart of the local losses, with its own gradient.

Automatic differentiation keeps five arrays of (films × units × places) numbers and writes each of
them several times. Written out, two are kept or none, a few films at a time pass through a cache,
and a film that needs no gradient costs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPSILON = 1e-8
_NUMBERS_AT_ONCE = {"cpu": 500_000, "cuda": 30_000_000}


class Attention(NamedTuple):
    """What does not depend on numbers that are trained.

    Attributes:
        counts: Units of each text, in their order.
        temperature: Multiplies the softmax over units before the softmax over places.
        is_kept: Keeps the attention for the gradient; else it is computed again.
    """

    counts: Sequence[int]
    temperature: float
    is_kept: bool


def agreement(films: Tensor, asking: Tensor, metric: Tensor | None, how: Attention) -> Tensor:
    """⟨t, c⟩ / |c| of every film and unit, (N, M).

    a = softmax over a text's units of ⟨t, v⟩, times the temperature, then softmax over places v;
    c = Σ a v.

    Args:
        films: Places, (N, C, P).
        asking: Units t, (M, C).
        metric: Symmetric (C, C): |c|² is cᵀ metric c. None is the unit matrix.
        how: Settings.
    """
    found: Tensor = _Agreement.apply(films, asking, metric, how)  # type: ignore[no-untyped-call]
    return found


class _Agreement(torch.autograd.Function):
    @staticmethod
    def forward(
        context: Any, films: Tensor, asking: Tensor, metric: Tensor | None, how: Attention
    ) -> Tensor:
        context.how = how
        kept: list[Tensor] = []
        found = []
        for some in _parts(films, asking):
            shares, weights, gathered = _attended(some, asking, how)
            lengths = _lengths(gathered, _measured(gathered, metric))
            found.append(((gathered * asking[:, None]).sum(2) / lengths).T)
            if how.is_kept:
                kept += [shares, weights, gathered]
        context.save_for_backward(films, asking, metric, *kept)
        return torch.cat(found)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, wanted: Tensor) -> tuple[Tensor | None, ...]:
        films, asking, metric, *kept = context.saved_tensors
        how: Attention = context.how
        for_films = torch.empty_like(films) if context.needs_input_grad[0] else None
        for_asking = torch.zeros_like(asking)
        for_metric = None if metric is None else torch.zeros_like(metric)
        start = 0
        for some in _parts(films, asking):
            rows = slice(start, start + len(some))
            start = rows.stop
            if kept:
                (shares, weights, gathered), kept = kept[:3], kept[3:]
            else:
                shares, weights, gathered = _attended(some, asking, how)
            pull = _pull(wanted[rows].T, gathered, asking, metric, for_asking, for_metric)
            back = None if for_films is None else for_films[rows]
            _send_back(some, asking, (shares, weights, gathered), pull, how, (back, for_asking))
        return for_films, for_asking, for_metric, None


def _parts(films: Tensor, asking: Tensor) -> Sequence[Tensor]:
    """So few films that what is computed of them stays near the processor."""
    most = _NUMBERS_AT_ONCE.get(films.device.type, _NUMBERS_AT_ONCE["cpu"])
    return torch.split(films, max(1, most // max(1, len(asking) * films.shape[2])))


def _attended(films: Tensor, asking: Tensor, how: Attention) -> tuple[Tensor, Tensor, Tensor]:
    """Softmax over units and over places, (M, n, P), and what they gather, (M, n, C)."""
    shares = asking.new_empty(len(asking), len(films), films.shape[2])
    gathered = asking.new_empty(len(asking), len(films), films.shape[1])
    for number, film in enumerate(films):
        torch.mm(asking, film, out=shares[:, number])
    for own in torch.split(shares, list(how.counts)):
        own.sub_(own.amax(0)).exp_()
        own.div_(own.sum(0))
    weights = torch.mul(shares, how.temperature).exp_()  # shares are 1 at most
    weights.div_(weights.sum(2, keepdim=True))
    for number, film in enumerate(films):
        torch.mm(weights[:, number], film.T, out=gathered[:, number])
    return shares, weights, gathered


def _measured(gathered: Tensor, metric: Tensor | None) -> Tensor:
    return gathered if metric is None else gathered @ metric


def _lengths(gathered: Tensor, measured: Tensor) -> Tensor:
    """|c|, (M, n)."""
    return (gathered * measured).sum(2).clamp(min=_EPSILON**2).sqrt()


def _pull(
    wanted: Tensor,
    gathered: Tensor,
    asking: Tensor,
    metric: Tensor | None,
    for_asking: Tensor,
    for_metric: Tensor | None,
) -> Tensor:
    """Gradient of what was gathered, (M, n, C); adds those of units and metric on the way."""
    measured = _measured(gathered, metric)
    lengths = _lengths(gathered, measured)
    straight = (wanted / lengths)[:, :, None]
    for_asking += (gathered * straight).sum(1)
    shrinking = (straight[:, :, 0] * (gathered * asking[:, None]).sum(2) / lengths**2)[:, :, None]
    if for_metric is not None:
        for_metric.addmm_(
            (gathered * shrinking).flatten(0, 1).T, gathered.flatten(0, 1), alpha=-0.5
        )
    return torch.addcmul(straight * asking[:, None], shrinking, measured, value=-1)


def _send_back(
    films: Tensor,
    asking: Tensor,
    attended: tuple[Tensor, Tensor, Tensor],
    pull: Tensor,
    how: Attention,
    gradients: tuple[Tensor | None, Tensor],
) -> None:
    """Through both softmaxes to places and units; what comes of it is added to the gradients."""
    shares, weights, gathered = attended
    for_films, for_asking = gradients
    back = torch.empty_like(weights)
    for number, film in enumerate(films):
        torch.mm(pull[:, number], film, out=back[:, number])
    # The sum over places of weight times gradient, without a pass over places.
    back.sub_((pull * gathered).sum(2, keepdim=True)).mul_(weights).mul_(shares)
    back.mul_(how.temperature)
    counts = list(how.counts)
    for own, share in zip(torch.split(back, counts), torch.split(shares, counts), strict=True):
        own.addcmul_(share, own.sum(0, keepdim=True), value=-1)
    for number, film in enumerate(films):
        for_asking.addmm_(back[:, number], film.T)
        if for_films is not None:
            torch.mm(asking.T, back[:, number], out=for_films[number])
            for_films[number].addmm_(pull[:, number].T, weights[:, number])
