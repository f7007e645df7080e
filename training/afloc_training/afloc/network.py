"""AFLoc's network: films and words in one space (Yang et al., Nature Biomed. Eng. 2026).

The parameters carry the names of the official state dict, so that it loads by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from afloc_training.afloc.bert import Bert, Packing
from afloc_training.afloc.resnet import ResNet, Stages

if TYPE_CHECKING:
    from afloc_training.afloc.config import AflocConfig


class ImageVectors(NamedTuple):
    """Film features in the joint space, of no particular length.

    Attributes:
        local: Deep local features, (N, D, h, w); what heatmaps are made of.
        local2: Shallow local features, (N, D, 2h, 2w).
        overall: One vector a film, (N, D).
    """

    local: Tensor
    local2: Tensor
    overall: Tensor


class ImageEncoder(nn.Module):
    """Residual network, tapped after stages 2, 3 and 4.

    Attributes:
        is_unit: Answers with unit vectors, for bundles that compare by cosine.
    """

    is_unit = False

    def __init__(self, config: AflocConfig) -> None:
        super().__init__()
        self.net_side = config.vision.net_side
        stage = config.vision.stage_channels
        self.model = ResNet(config.vision)
        self.global_embedder = nn.Linear(stage(4), config.dimensions)
        self.local_embedder = nn.Conv2d(stage(3), config.dimensions, 1, bias=False)
        self.local2_embedder = nn.Conv2d(stage(2), config.dimensions, 1, bias=False)

    def forward(self, image: Tensor) -> ImageVectors:
        """Features of films of any size, (N, channels, rows, columns) in [-1, 1]."""
        return self.embedded(self.stages(image))

    def stages(self, image: Tensor) -> Stages:
        """What the trunk makes of the films of `forward`."""
        side = (self.net_side, self.net_side)
        x = functional.interpolate(image, size=side, mode="bilinear", align_corners=True)
        found: Stages = self.model(x)
        return found

    def embedded(self, stages: Stages) -> ImageVectors:
        """Vectors from what the trunk made."""
        deep, overall = self.deeply_embedded(stages)
        vectors = ImageVectors(deep, self.local2_embedder(stages.shallow), overall)
        if self.is_unit:
            vectors = ImageVectors(*(functional.normalize(each, dim=1) for each in vectors))
        return vectors

    def deeply_embedded(self, stages: Stages) -> tuple[Tensor, Tensor]:
        """Deep patches and the films as a whole."""
        overall = self.global_embedder(stages.last.mean((2, 3)))
        return self.local_embedder(stages.deep), overall


class TextEncoder(nn.Module):
    """BERT, the last hidden states added up.

    Attributes:
        is_unit: Answers with unit vectors, for bundles that compare by cosine.
    """

    is_unit = False

    def __init__(self, config: AflocConfig) -> None:
        super().__init__()
        self.summed_layers = config.text.summed_layers
        self.max_tokens = config.text.max_tokens
        self.model = Bert(config.text)

    def tokens(self, ids: Tensor, mask: Tensor) -> Tensor:
        """One vector a token, zero for padding, (K, T, D).

        Args:
            ids: int64 (K, T).
            mask: 1 for tokens, 0 for padding, int64 (K, T).
        """
        states = self.model(ids, mask)[-self.summed_layers :]
        return torch.stack(states).sum(0) * mask[:, :, None].to(torch.float32)

    def packed_tokens(self, ids: Tensor, mask: Tensor) -> Tensor:
        """As `tokens`, without computing padding: for training, not for graphs."""
        packing = Packing(mask.flatten().nonzero()[:, 0], *mask.shape)
        states = self.model(ids, mask, packing)[-self.summed_layers :]
        return packing.spread(torch.stack(states).sum(0))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """One vector a text, (K, D): the sum of its tokens over `max_tokens`.

        AFLoc gathers word pieces into words and averages over all rows, padding included. Both
        steps are linear, so this sum is the same vector at any padding.
        """
        vectors = self.tokens(ids, mask).sum(1) / self.max_tokens
        return functional.normalize(vectors, dim=1) if self.is_unit else vectors


class Afloc(nn.Module):
    """Both encoders."""

    def __init__(self, config: AflocConfig) -> None:
        super().__init__()
        self.config = config
        self.img_encoder = ImageEncoder(config)
        self.text_encoder = TextEncoder(config)
