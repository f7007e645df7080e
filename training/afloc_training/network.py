"""The network: trunk features and sentence features into one space where a cosine means a match."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from afloc_training.backbone import DEEP_CHANNELS, MIDDLE_CHANNELS, STEM_CHANNELS, MobileNetV2

if TYPE_CHECKING:
    from collections.abc import Sequence

GRID = 24
TEXT_FEATURES = 768
_FEATURES = STEM_CHANNELS * 4 + MIDDLE_CHANNELS + DEEP_CHANNELS


class TrunkFeatures(NamedTuple):
    """What the trunk says of films of side 384, before the adapter.

    Attributes:
        stem: (N, 32, 48, 48).
        middle: (N, 96, 24, 24).
        deep: (N, 320, 12, 12).
    """

    stem: Tensor
    middle: Tensor
    deep: Tensor


class FilmVectors(NamedTuple):
    """`local` (N, D, 24, 24) and `overall` (N, D), both of unit length over D."""

    local: Tensor
    overall: Tensor


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions added to their input; starts as the identity."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.first_norm = nn.GroupNorm(8, channels)
        self.first = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.second_norm = nn.GroupNorm(8, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.first(functional.relu(self.first_norm(x)))
        y = self.second(functional.relu(self.second_norm(y)))
        return x + y


class ImageAdapter(nn.Module):
    """Trunk features at three strides, and where they are, to unit vectors on a 24 x 24 grid."""

    centre: Tensor
    spread: Tensor
    place: Tensor

    def __init__(self, channels: int, dimensions: int, grid: int = GRID) -> None:
        super().__init__()
        self._grid = grid
        self.register_buffer("centre", torch.zeros(_FEATURES, 1, 1))
        self.register_buffer("spread", torch.ones(_FEATURES, 1, 1))
        ticks = torch.linspace(-1.5, 1.5, grid)
        rows, columns = torch.meshgrid(ticks, ticks, indexing="ij")
        self.register_buffer("place", torch.stack((columns, rows))[None])
        self.enter = nn.Conv2d(_FEATURES + 2, channels, 1)
        self.near = ResidualBlock(channels, dilation=1)
        self.context = nn.Sequential(
            nn.Linear(2 * channels, channels), nn.ReLU(), nn.Linear(channels, channels)
        )
        self.wide = ResidualBlock(channels, dilation=2)
        self.norm = nn.GroupNorm(8, channels)
        self.local = nn.Conv2d(channels, dimensions, 1)
        self.overall = nn.Sequential(
            nn.Linear(2 * channels, channels), nn.ReLU(), nn.Linear(channels, dimensions)
        )

    def stacked(self, features: TrunkFeatures) -> Tensor:
        """All three strides on the 24 x 24 grid, (N, 544, 24, 24)."""
        stem = functional.pixel_unshuffle(features.stem, 2)
        deep = functional.interpolate(
            features.deep, size=(self._grid, self._grid), mode="bilinear", align_corners=False
        )
        return torch.cat((stem, features.middle, deep), dim=1)

    def standardise(self, sample: TrunkFeatures) -> None:
        """Fix the scale of every channel from a sample of films."""
        channels = self.stacked(sample).transpose(0, 1).flatten(1)
        self.centre.copy_(channels.mean(1)[:, None, None])
        self.spread.copy_(channels.std(1)[:, None, None] + 1e-3)

    def forward(self, features: TrunkFeatures) -> FilmVectors:
        return self.vectors(functional.relu(self.norm(self.wide(self.surroundings(features)))))

    def surroundings(self, features: TrunkFeatures) -> Tensor:
        """What each place is like among its neighbours and on the whole film."""
        x = (self.stacked(features) - self.centre) / self.spread
        # Added to zeros, not expanded: a batch size in `expand` is baked into an export.
        x = torch.cat((x, self.place + torch.zeros_like(x[:, :2])), dim=1)
        x = self.near(self.enter(x))
        placed: Tensor = x + self.context(summarised(x))[:, :, None, None]
        return placed

    def vectors(self, x: Tensor) -> FilmVectors:
        """Unit vectors from what places are like, on a grid of any size."""
        local, overall = self.local(x), self.overall(summarised(x))
        return FilmVectors(functional.normalize(local, dim=1), functional.normalize(overall, dim=1))


def summarised(x: Tensor) -> Tensor:
    """Mean and maximum over the grid, (N, 2C)."""
    return torch.cat((x.mean((2, 3)), x.amax((2, 3))), dim=1)


class TextHead(nn.Module):
    """Sentence features (K, 768) to unit vectors (K, D)."""

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.LayerNorm(TEXT_FEATURES),
            nn.Dropout(0.1),
            nn.Linear(TEXT_FEATURES, 256),
            nn.GELU(),
            nn.Linear(256, dimensions),
        )

    def forward(self, features: Tensor) -> Tensor:
        return functional.normalize(self.layers(features), dim=1)


class Matcher(nn.Module):
    """Everything that is trained, and the trunk.

    Logits are exp(gain) x cosine + bias with learned gain and bias: a fixed scale, so that one
    cosine threshold means the same on every film.
    """

    def __init__(self, channels: int, dimensions: int) -> None:
        super().__init__()
        self.trunk = MobileNetV2()
        self.image = ImageAdapter(channels, dimensions)
        self.text = TextHead(dimensions)
        self.local_gain = nn.Parameter(torch.tensor(2.5))
        self.local_bias = nn.Parameter(torch.tensor(-3.0))
        self.overall_gain = nn.Parameter(torch.tensor(2.0))
        self.overall_bias = nn.Parameter(torch.tensor(-1.0))

    def trunk_features(self, stem: Tensor) -> TrunkFeatures:
        """From the cached stem onwards."""
        middle = self.trunk.middle(stem)
        return TrunkFeatures(stem, middle, self.trunk.deep(middle))

    def frozen_features(self, films: Tensor) -> tuple[Tensor, ...]:
        """What blocks 0 to 6, which fine-tuning leaves alone, say of films.

        Args:
            films: (N, 3, side, side), ImageNet-normalised.
        """
        return (self.trunk.stem(films),)

    def vectors(self, frozen: Sequence[Tensor]) -> FilmVectors:
        """Vectors of films from what `frozen_features` said of them."""
        vectors: FilmVectors = self.image(self.trunk_features(*frozen))
        return vectors

    def local_logits(self, films: FilmVectors, words: Tensor) -> Tensor:
        """(N, K, 576): each place of each film against each sentence."""
        cosine = torch.einsum("ndp,kd->nkp", films.local.flatten(2), words)
        return self.local_gain.exp() * cosine + self.local_bias

    def overall_logits(self, films: FilmVectors, words: Tensor) -> Tensor:
        """(N, K): each film as a whole against each sentence."""
        return self.overall_gain.exp() * films.overall @ words.T + self.overall_bias
