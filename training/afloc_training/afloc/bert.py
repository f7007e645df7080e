"""BERT (Devlin et al. 2019) under the parameter names of its common implementation.

Plain matrix products: the graph that is exported has nothing a runtime could not know.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from afloc_training.afloc.config import TextConfig

_EPSILON = 1e-12
_TYPES = 2  # first and second text of a pair; only the first is used
_MASKED = -1e9


class Packing(NamedTuple):
    """Tokens of K texts one below the other, without the padding between them.

    Attributes:
        places: Where each token stands among the K × T places, int64 (N,).
        texts, length: K and T.
    """

    places: Tensor
    texts: int
    length: int

    def spread(self, x: Tensor) -> Tensor:
        """(N, width) to (K, T, width), zero for padding."""
        there = x.new_zeros(self.texts * self.length, x.shape[1])
        return there.index_copy(0, self.places, x).view(self.texts, self.length, -1)

    def picked(self, x: Tensor) -> Tensor:
        """(K, T, width) to (N, width)."""
        return x.flatten(0, 1)[self.places]


class Embeddings(nn.Module):
    """Word, place and type vectors, added and normalised."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocabulary, config.width, padding_idx=0)
        self.position_embeddings = nn.Embedding(config.positions, config.width)
        self.token_type_embeddings = nn.Embedding(_TYPES, config.width)
        self.LayerNorm = nn.LayerNorm(config.width, eps=_EPSILON)
        self.dropout = config.dropout

    def forward(self, ids: Tensor, packing: Packing | None = None) -> Tensor:
        places = self.position_embeddings.weight[: ids.shape[1]]
        x = self.word_embeddings(ids) + places + self.token_type_embeddings.weight[0]
        if packing is not None:
            x = packing.picked(x)
        return functional.dropout(self.LayerNorm(x), self.dropout, self.training)


class SelfAttention(nn.Module):
    """Every token looks at every token the mask lets it see."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.dropout = config.dropout
        self.query = nn.Linear(config.width, config.width)
        self.key = nn.Linear(config.width, config.width)
        self.value = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, hidden: Tensor, packing: Packing | None = None) -> Tensor:
        asked = (self.query(x), self.key(x), self.value(x))
        if packing is not None:
            asked = (packing.spread(asked[0]), packing.spread(asked[1]), packing.spread(asked[2]))
        query, key, value = map(self._split, asked)
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1]) + hidden
        weights = functional.dropout(scores.softmax(-1), self.dropout, self.training)
        seen = (weights @ value).transpose(1, 2).flatten(2)
        return seen if packing is None else packing.picked(seen)

    def _split(self, x: Tensor) -> Tensor:
        """(K, T, width) to (K, heads, T, width / heads)."""
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)


class Mixer(nn.Module):
    """A dense layer added to what entered, then normalised."""

    def __init__(self, entering: int, config: TextConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(entering, config.width)
        self.LayerNorm = nn.LayerNorm(config.width, eps=_EPSILON)
        self.dropout = config.dropout

    def forward(self, x: Tensor, beside: Tensor) -> Tensor:
        mixed: Tensor = self.LayerNorm(
            functional.dropout(self.dense(x), self.dropout, self.training) + beside
        )
        return mixed


class Attention(nn.Module):
    """Self-attention and its mixer."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.self = SelfAttention(config)
        self.output = Mixer(config.width, config)

    def forward(self, x: Tensor, hidden: Tensor, packing: Packing | None = None) -> Tensor:
        mixed: Tensor = self.output(self.self(x, hidden, packing), x)
        return mixed


class Dense(nn.Module):
    """One linear layer under the name `dense`."""

    def __init__(self, entering: int, leaving: int) -> None:
        super().__init__()
        self.dense = nn.Linear(entering, leaving)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.dense(x)
        return y


class Layer(nn.Module):
    """One transformer layer."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.intermediate = Dense(config.width, config.feed_forward)
        self.output = Mixer(config.feed_forward, config)

    def forward(self, x: Tensor, hidden: Tensor, packing: Packing | None = None) -> Tensor:
        x = self.attention(x, hidden, packing)
        mixed: Tensor = self.output(functional.gelu(self.intermediate(x)), x)
        return mixed


class Encoder(nn.Module):
    """The stack of layers."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer(config) for _ in range(config.layers))

    def forward(self, x: Tensor, hidden: Tensor, packing: Packing | None = None) -> list[Tensor]:
        states = [x]
        for layer in self.layer:
            states.append(layer(states[-1], hidden, packing))
        return states


class Bert(nn.Module):
    """Token ids to hidden states.

    `pooler` belongs to the published weights; AFLoc does not use it.
    """

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config)
        self.pooler = Dense(config.width, config.width)
        self.apply(_initialise)

    def forward(self, ids: Tensor, mask: Tensor, packing: Packing | None = None) -> list[Tensor]:
        """Hidden states, each (K, T, width), or (N, width) packed: of the embeddings, then layers.

        Args:
            ids: int64 (K, T).
            mask: 1 for tokens, 0 for padding, int64 (K, T).
            packing: Of the mask; padding is not computed then.
        """
        hidden = (1.0 - mask.to(torch.float32))[:, None, None, :] * _MASKED
        states: list[Tensor] = self.encoder(self.embeddings(ids, packing), hidden, packing)
        return states


def _initialise(module: nn.Module) -> None:
    """The published scheme: weights of standard deviation 0.02, biases zero."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
