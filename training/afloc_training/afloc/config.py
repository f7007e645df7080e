"""One description for networks of every size (Yang et al., Nature Biomedical Engineering 2026)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class VisionConfig:
    """A residual network whose second, third and fourth stages are tapped.

    Attributes:
        block: Two 3 × 3 convolutions, or 1 × 1, 3 × 3, 1 × 1 with four times the width.
        layers: Blocks of the four stages.
        width: Channels of the first stage.
        channels: Planes of the input.
        net_side: Inputs of any size are resized to this square inside the network.
    """

    block: Literal["basic", "bottleneck"]
    layers: tuple[int, int, int, int]
    width: int
    channels: int
    net_side: int

    @property
    def expansion(self) -> int:
        """Channels a block gives, over its width."""
        return 4 if self.block == "bottleneck" else 1

    def stage_channels(self, stage: int) -> int:
        """Channels after stage 1, 2, 3 or 4."""
        return int(self.width * 2 ** (stage - 1) * self.expansion)


@dataclass(frozen=True, slots=True)
class TextConfig:
    """A BERT; its width is the dimension of the joint space.

    Attributes:
        width: Of a token's vector.
        layers, heads, feed_forward: Of the transformer.
        vocabulary: Word pieces.
        positions: Tokens it has place vectors for.
        max_tokens: Texts are cut here, [CLS] and [SEP] included; a report's vector is the sum of
            its tokens over this number, however short the report.
        summed_layers: The last so many hidden states are added up.
        dropout: Share of numbers left out while training.
    """

    width: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    max_tokens: int
    summed_layers: int
    dropout: float = 0.1


@dataclass(frozen=True, slots=True)
class AflocConfig:
    """Both encoders."""

    vision: VisionConfig
    text: TextConfig

    @property
    def dimensions(self) -> int:
        """Of the space that films and words share."""
        return self.text.width


PRESETS: Mapping[str, AflocConfig] = MappingProxyType(
    {
        "paper": AflocConfig(
            VisionConfig("bottleneck", (3, 4, 6, 3), 64, 3, 299),
            TextConfig(768, 12, 12, 3072, 28996, 512, 97, 4),
        ),
        "small": AflocConfig(
            VisionConfig("basic", (2, 2, 2, 2), 64, 1, 320),
            TextConfig(256, 6, 8, 1024, 8192, 128, 97, 4),
        ),
        "tiny": AflocConfig(
            VisionConfig("basic", (2, 2, 2, 2), 32, 1, 288),
            TextConfig(128, 4, 4, 512, 4096, 128, 97, 4),
        ),
    }
)
"""`paper` is the published network, ResNet-50 and BERT-base; the others fit smaller machines."""
