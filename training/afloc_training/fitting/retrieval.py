"""How well films and reports of patients who were not trained on find each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional

from afloc_training.fitting.films import as_input, shown
from afloc_training.fitting.lessons import sentences_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from afloc_training.afloc.network import Afloc
    from afloc_training.fitting.texts import Reader
    from afloc_training.site.store import Store

_AT_ONCE = 16


class Retrieval(NamedTuple):
    """The mean of both directions; better is more, the first number first.

    Attributes:
        recall: Share of those whose partner is among the first k, in [0, 1].
        reciprocal: Mean of 1 / place of the partner, in (0, 1].
    """

    recall: float
    reciprocal: float


@torch.no_grad()
def retrieval(
    network: Afloc, store: Store, cases: Sequence[int], reader: Reader, at: int
) -> Retrieval:
    """Films look for their report among all and reports for their film, by global cosine.

    Args:
        network: In evaluation mode.
        store: Of the films.
        cases: At least one.
        reader: Of the network's text side.
        at: The k of recall at k.
    """
    device = next(network.parameters()).device
    channels = network.config.vision.channels
    reports = sentences_of(store, cases)
    films, texts = [], []
    for start in range(0, len(cases), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        batch = reader.batch(reports[some], [range(len(report)) for report in reports[some]])
        films.append(
            network.img_encoder(as_input(shown(store, cases[some]), channels).to(device))[2]
        )
        texts.append(network.text_encoder(batch.ids.to(device), batch.mask.to(device)))
    scores = functional.normalize(torch.cat(films)) @ functional.normalize(torch.cat(texts)).T
    known = [frozenset(report) for report in reports]
    is_right = torch.tensor([[a >= b for b in known] for a in known], device=scores.device)
    return found_partners(scores, is_right, at)


def found_partners(scores: Tensor, is_right: Tensor, at: int) -> Retrieval:
    """Recall at k and mean reciprocal rank, means of rows and of columns.

    Args:
        scores: (N, N).
        is_right: bool (N, N); each row and column has at least one.
        at: k.
    """
    places = torch.cat(
        [places_of_partners(scores, is_right), places_of_partners(scores.T, is_right.T)]
    ).double()
    return Retrieval(float((places <= at).double().mean()), float((1 / places).mean()))


def places_of_partners(scores: Tensor, is_right: Tensor) -> Tensor:
    """Where the best right one of each row stands, from 1; ties count against it.

    Args:
        scores: (N, N).
        is_right: bool (N, N); each row has at least one.

    Returns:
        Whole numbers, (N,).
    """
    best = scores.masked_fill(~is_right, -torch.inf).amax(1, keepdim=True)
    ahead = (scores >= best) & ~is_right
    places: Tensor = ahead.sum(1) + 1
    return places
