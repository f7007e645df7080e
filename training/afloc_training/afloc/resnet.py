"""Residual network (He et al. 2016) under torchvision's parameter names, stride in the 3 × 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from afloc_training.afloc.config import VisionConfig


class Stages(NamedTuple):
    """What the taps give for inputs of side s.

    Attributes:
        shallow: After stage 2, (N, C, s/8, s/8), rounded up.
        deep: After stage 3, (N, 2C, s/16, s/16), rounded up.
        last: After stage 4, (N, 4C, s/32, s/32), rounded up.
    """

    shallow: Tensor
    deep: Tensor
    last: Tensor


class BasicBlock(nn.Module):
    """Two 3 × 3 convolutions beside a short cut."""

    def __init__(self, entering: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(entering, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _short_cut(entering, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    """1 × 1, 3 × 3 and 1 × 1 convolutions beside a short cut; gives four times its width."""

    def __init__(self, entering: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(entering, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = _short_cut(entering, 4 * width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn1(self.conv1(x)))
        y = functional.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """The trunk, without a classifier."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(config.channels, config.width, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(config.width)
        self.layer1 = _stage(config, 1, config.width)
        self.layer2 = _stage(config, 2, config.stage_channels(1))
        self.layer3 = _stage(config, 3, config.stage_channels(2))
        self.layer4 = _stage(config, 4, config.stage_channels(3))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Stages:
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer1(functional.max_pool2d(x, 3, 2, padding=1))
        shallow = self.layer2(x)
        deep = self.layer3(shallow)
        return Stages(shallow, deep, self.layer4(deep))


def _stage(config: VisionConfig, number: int, entering: int) -> nn.Sequential:
    block = Bottleneck if config.block == "bottleneck" else BasicBlock
    width = config.width * 2 ** (number - 1)
    blocks = [block(entering, width, 1 if number == 1 else 2)]
    leaving = config.stage_channels(number)
    blocks += [block(leaving, width, 1) for _ in range(config.layers[number - 1] - 1)]
    return nn.Sequential(*blocks)


def _short_cut(entering: int, leaving: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and entering == leaving:
        return None
    return nn.Sequential(
        nn.Conv2d(entering, leaving, 1, stride, bias=False), nn.BatchNorm2d(leaving)
    )
