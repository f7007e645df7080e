"""Low-rank pairs (Hu et al. 2022): a big text encoder learns by few numbers and forgets little.

Each linear layer of the attention stays as it is and has a product of two thin matrices added,
the second of which begins at zero. What is kept of a training has the products added into the
layers, so that nothing else need know of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from afloc_training.afloc.bert import Layer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from afloc_training.afloc.network import TextEncoder

_LAYERS = ("query", "key", "value")
_BASE, _DOWN, _UP = ".base.", ".down", ".up"


class LowRank(nn.Module):
    """A linear layer that is not trained, and a pair that is."""

    def __init__(self, base: nn.Linear, rank: int, generator: torch.Generator) -> None:
        """Add nothing yet.

        Args:
            base: Stays as it is.
            rank: Rows of the first matrix, columns of the second.
            generator: On the processor; of the first matrix.
        """
        super().__init__()
        self.base = base
        drawn = torch.randn(rank, base.in_features, generator=generator)
        self.down = nn.Parameter(drawn * base.in_features**-0.5)
        self.up = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.base(x)
        return y + functional.linear(functional.linear(x, self.down), self.up)


def attach(encoder: TextEncoder, rank: int, seed: int) -> None:
    """Give the attention of an encoder low-rank pairs; nothing else of it is trained any more.

    Args:
        encoder: On the processor.
        rank: Of each pair.
        seed: Of what the pairs begin with.
    """
    encoder.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    for layer in encoder.model.encoder.layer:
        assert isinstance(layer, Layer)
        for owner, names in ((layer.attention.self, _LAYERS), (layer.attention.output, ("dense",))):
            for name in names:
                setattr(owner, name, LowRank(getattr(owner, name), rank, generator))


def merged(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights of a network with pairs under the names of one without; others as they are."""
    found = {}
    for name, value in weights.items():
        if name.endswith((_DOWN, _UP)):
            continue
        owner, is_based, rest = name.rpartition(_BASE)
        if is_based and rest == "weight":
            value = value + weights[owner + _UP] @ weights[owner + _DOWN]
        found[f"{owner}.{rest}" if is_based else name] = value
    return found
