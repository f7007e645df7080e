"""MobileNetV2 (Sandler et al., CVPR 2018), its layers named as in torchvision's weight file."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from afloc_desktop.core.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping

# Expansion, output channels, repeats, stride of the first: table 2 of the paper.
_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
STEM_CHANNELS, MIDDLE_CHANNELS, DEEP_CHANNELS = 32, 96, 320
# torchvision's preset for this weight file.
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_STEM_END, _MIDDLE_END = 7, 14


# torchvision's; part of what the normalisation layers compute.
_EPSILON = 1e-5


def _convolution(inputs: int, outputs: int, kernel: int, stride: int, groups: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups)
    # Position 1 is the batch normalisation of the weight file.
    return nn.Sequential(OrderedDict({"0": convolution, "2": nn.ReLU6(inplace=True)}))


class InvertedResidual(nn.Module):
    """Widen by 1x1, filter each channel by 3x3, narrow by 1x1; added to the input where it fits."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        layers: list[nn.Module] = []
        if expansion != 1:
            layers.append(_convolution(inputs, hidden, 1, 1, 1))
        layers += [_convolution(hidden, hidden, 3, stride, hidden), nn.Conv2d(hidden, outputs, 1)]
        self.conv = nn.Sequential(*layers)
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return x + y if self.is_residual else y


class MobileNetV2(nn.Module):
    """Blocks 0 to 17; the classifier and the layer before it are left out.

    Batch normalisation is folded into the convolutions: batches here are small and half synthetic,
    so its statistics stay those of ImageNet, and a fixed scale and offset need no layer of their
    own, which saves a quarter of a training step.
    """

    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = [_convolution(3, 32, 3, 2, 1)]
        channels = 32
        for expansion, outputs, repeats, first_stride in _STAGES:
            for repeat in range(repeats):
                stride = first_stride if repeat == 0 else 1
                blocks.append(InvertedResidual(channels, outputs, stride, expansion))
                channels = outputs
        self.features = nn.Sequential(*blocks)

    def stem(self, x: Tensor) -> Tensor:
        """(N, 3, side, side), ImageNet-normalised, to (N, 32, side/8, side/8)."""
        y: Tensor = self.features[:_STEM_END](x)
        return y

    def middle(self, stem: Tensor) -> Tensor:
        """Stem to (N, 96, side/16, side/16)."""
        y: Tensor = self.features[_STEM_END:_MIDDLE_END](stem)
        return y

    def deep(self, middle: Tensor) -> Tensor:
        """Middle to (N, 320, side/32, side/32)."""
        y: Tensor = self.features[_MIDDLE_END:](middle)
        return y

    def trainable_blocks(self) -> nn.Module:
        """Blocks 7 to 17, which the end-to-end stage trains."""
        return self.features[_STEM_END:]

    def load_torchvision(self, state: Mapping[str, Tensor]) -> None:
        """Take the weights of a torchvision state dict; its classifier is ignored.

        Raises:
            CheckpointError: A tensor is absent or has another shape.
        """
        own = self.state_dict()
        folded = {}
        for name in (key.removesuffix(".weight") for key in own if key.endswith(".weight")):
            weight = _tensor(state, f"{name}.weight", own[f"{name}.weight"].shape)
            norm = _after(name)
            gain, bias, mean, variance = (
                _tensor(state, f"{norm}.{part}", weight.shape[:1])
                for part in ("weight", "bias", "running_mean", "running_var")
            )
            scale = gain / torch.sqrt(variance + _EPSILON)
            folded[f"{name}.weight"] = weight * scale[:, None, None, None]
            folded[f"{name}.bias"] = bias - mean * scale
        self.load_state_dict(folded)


def _after(name: str) -> str:
    """Name of the normalisation layer that follows a convolution in the weight file."""
    before, _, number = name.rpartition(".")
    return f"{before}.{int(number) + 1}"


def _tensor(state: Mapping[str, Tensor], name: str, shape: torch.Size) -> Tensor:
    if name not in state or state[name].shape != shape:
        raise CheckpointError(
            f"The image backbone file has no fitting tensor {name}.",
            remedy="Use torchvision's mobilenet_v2 file of ImageNet weights.",
        )
    return state[name]
