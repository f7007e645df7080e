"""What a frozen trunk makes of each film, computed once: most of a step is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from afloc_training.afloc.losses import FrozenVectors, Unprojected
from afloc_training.afloc.resnet import Stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from afloc_training.afloc.network import ImageEncoder


def frozen_vectors(encoder: ImageEncoder, stages: Stages) -> FrozenVectors:
    """As `ImageEncoder.embedded` in float32; shallow patches as the losses take them quickest."""
    deep, overall = encoder.deeply_embedded(stages)
    projection = encoder.local2_embedder.weight.flatten(1)
    return FrozenVectors(deep.float(), Unprojected(stages.shallow, projection), overall.float())


class FrozenTrunk:
    """Features by the number of a case, in half precision."""

    def __init__(self, encoder: ImageEncoder) -> None:
        """Freeze the trunk of an encoder, its statistics too."""
        encoder.model.requires_grad_(False).eval()
        self._encoder = encoder
        self._kept: dict[int, Stages] = {}

    @torch.no_grad()
    def stages(self, films: Tensor, cases: Sequence[int]) -> Stages:
        """Features of films, the last stage as its mean; the network sees each film once.

        Args:
            films: (N, channels, side, side).
            cases: Their numbers; equal numbers are equal films.
        """
        for place, case in enumerate(cases):
            if case not in self._kept:
                shallow, deep, last = self._encoder.stages(films[place : place + 1])
                mean = functional.adaptive_avg_pool2d(last, 1)
                self._kept[case] = Stages(*(each.half() for each in (shallow, deep, mean)))
        parts = zip(*(self._kept[case] for case in cases), strict=True)
        return Stages(*(torch.cat(part).float() for part in parts))
