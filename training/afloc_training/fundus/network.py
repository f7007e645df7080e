"""The network for eyes: the chest model's, with a finer grid and in colour.

Microaneurysms are two pixels wide on a photograph of 512, so places are cells of 4 pixels: even a
perfect answer in cells of 8 has its highest place beside the dot three times out of four. What the
trunk says at strides 4 and 8 reaches them directly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from afloc_training.backbone import IMAGENET_MEAN, IMAGENET_STD, STEM_CHANNELS
from afloc_training.network import (
    FilmVectors,
    ImageAdapter,
    Matcher,
    ResidualBlock,
    TrunkFeatures,
    summarised,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from afloc_training.backbone import MobileNetV2

SIDE, GRID = 512, 128
SHALLOW_CHANNELS = 24
_DOT_CHANNELS = 32
_SHALLOW_END, _STEM_END = 4, 7  # blocks 0 to 3 answer at stride 4, 4 to 6 at stride 8


class EyeFeatures(NamedTuple):
    """What the trunk says of photographs of side 512.

    Attributes:
        shallow: (N, 24, 128, 128).
        coarse: Stem (N, 32, 64, 64), middle (N, 96, 32, 32), deep (N, 320, 16, 16).
    """

    shallow: Tensor
    coarse: TrunkFeatures


class EyeAdapter(ImageAdapter):
    """Trunk features at four strides to unit vectors on a 128 x 128 grid.

    What a place is like is told on 64 x 64; what its four quarters add comes from stride 4 alone.
    """

    fine_centre: Tensor
    fine_spread: Tensor
    dot_centre: Tensor
    dot_spread: Tensor

    def __init__(self, channels: int, dimensions: int) -> None:
        super().__init__(channels, dimensions, grid=GRID // 4)
        fine = SHALLOW_CHANNELS * 4 + STEM_CHANNELS
        self.register_buffer("fine_centre", torch.zeros(fine, 1, 1))
        self.register_buffer("fine_spread", torch.ones(fine, 1, 1))
        self.detail = nn.Conv2d(fine, channels, 1)
        self.fine = ResidualBlock(channels, dilation=1)
        self.register_buffer("dot_centre", torch.zeros(SHALLOW_CHANNELS, 1, 1))
        self.register_buffer("dot_spread", torch.ones(SHALLOW_CHANNELS, 1, 1))
        self.dots = nn.Conv2d(SHALLOW_CHANNELS, _DOT_CHANNELS, 3, padding=1)
        self.dot_norm = nn.GroupNorm(8, _DOT_CHANNELS)
        self.quarters = nn.Conv2d(_DOT_CHANNELS, dimensions, 1, bias=False)

    def answer(self, features: EyeFeatures) -> FilmVectors:
        """Vectors of places and of the whole."""
        x = self.wide(self.surroundings(features.coarse))
        x = _doubled(x)
        near = (self.near_features(features) - self.fine_centre) / self.fine_spread
        x = functional.relu(self.norm(self.fine(x + self.detail(near))))
        dots = self.dots((features.shallow - self.dot_centre) / self.dot_spread)
        quarters = self.quarters(functional.relu(self.dot_norm(dots)))
        local = _doubled(self.local(x)) + quarters
        return FilmVectors(
            functional.normalize(local, dim=1),
            functional.normalize(self.overall(summarised(x)), dim=1),
        )

    @staticmethod
    def near_features(features: EyeFeatures) -> Tensor:
        """Strides 4 and 8 on the 64 x 64 grid, (N, 128, 64, 64)."""
        shallow = functional.pixel_unshuffle(features.shallow, 2)
        return torch.cat((shallow, features.coarse.stem), dim=1)

    def fit_scales(self, sample: EyeFeatures) -> None:
        """Fix the scale of every channel from a sample of eyes."""
        self.standardise(sample.coarse)
        for centre, spread, seen in (
            (self.fine_centre, self.fine_spread, self.near_features(sample)),
            (self.dot_centre, self.dot_spread, sample.shallow),
        ):
            channels = seen.transpose(0, 1).flatten(1)
            centre.copy_(channels.mean(1)[:, None, None])
            spread.copy_(channels.std(1)[:, None, None] + 1e-3)


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class EyeMatcher(Matcher):
    """Everything that is trained, and the trunk, which is not."""

    image: EyeAdapter

    def __init__(self, channels: int, dimensions: int) -> None:
        super().__init__(channels, dimensions)
        self.image = EyeAdapter(channels, dimensions)

    def frozen_features(self, films: Tensor) -> tuple[Tensor, ...]:
        """Strides 4 and 8 of photographs, (N, 3, 512, 512), ImageNet-normalised."""
        return shallow_and_stem(self.trunk, films)

    def vectors(self, frozen: Sequence[Tensor]) -> FilmVectors:
        """Vectors of photographs from what `frozen_features` said of them."""
        shallow, stem = frozen
        return self.image.answer(EyeFeatures(shallow, self.trunk_features(stem)))


def shallow_and_stem(trunk: MobileNetV2, films: Tensor) -> tuple[Tensor, Tensor]:
    """What the trunk says at strides 4 and 8 of photographs, ImageNet-normalised."""
    shallow: Tensor = trunk.features[:_SHALLOW_END](films)
    stem: Tensor = trunk.features[_SHALLOW_END:_STEM_END](shallow)
    return shallow, stem


class EyeTrunk(nn.Module):
    """`image` (N, 3, 512, 512) in [0, 1], red first, to the trunk's features."""

    mean: Tensor
    std: Tensor

    def __init__(self, trunk: MobileNetV2) -> None:
        super().__init__()
        self.trunk = trunk
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        shallow, stem = shallow_and_stem(self.trunk, (image - self.mean) / self.std)
        middle = self.trunk.middle(stem)
        return shallow, stem, middle, self.trunk.deep(middle)


class EyeEncoder(nn.Module):
    """`image` (N, 3, 512, 512) in [0, 1] to unit vectors, local and global."""

    def __init__(self, matcher: EyeMatcher) -> None:
        super().__init__()
        self.trunk = EyeTrunk(matcher.trunk)
        self.adapter = matcher.image

    def forward(self, image: Tensor) -> FilmVectors:
        return self.adapter.answer(eye_features(self.trunk(image)))


def eye_features(outputs: Sequence[Tensor]) -> EyeFeatures:
    """From the outputs of `EyeTrunk`, in its order."""
    shallow, *coarse = outputs
    return EyeFeatures(shallow, TrunkFeatures(*coarse))


def new_matcher(
    channels: int,
    dimensions: int,
    backbone: Mapping[str, Tensor],
    sample: EyeFeatures,
    seed: int,
) -> EyeMatcher:
    """A matcher with a pretrained trunk, its adapter scaled to the features of some eyes.

    Args:
        channels, dimensions: Widths.
        backbone: Torchvision's state.
        sample: Of some tens of eyes.
        seed: Of the weights that are not pretrained.
    """
    torch.manual_seed(seed)
    matcher = EyeMatcher(channels, dimensions)
    matcher.trunk.load_torchvision(backbone)
    matcher.image.fit_scales(sample)
    return matcher
