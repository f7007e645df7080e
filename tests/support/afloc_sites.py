"""What a site would bring to an import, made up: weights, a vocabulary and prompts."""

from __future__ import annotations

import torch
from afloc_training.afloc.config import PRESETS, AflocConfig, TextConfig, VisionConfig
from afloc_training.afloc.network import Afloc

# The published layout in small: same grids, channels and limits.
SMALL = AflocConfig(
    VisionConfig("bottleneck", (1, 1, 2, 1), 8, 3, 299), TextConfig(32, 5, 4, 64, 84, 512, 97, 4)
)
PAPER = PRESETS["paper"]
WORDS = (
    "findings", "suggesting", "left", "right", "lower", "lobe", "opacity", "small", "large",
    "effusion", "pneumonia", "mass", "an", "example", "of", "cancer", "pattern", "with", "in",
    "the", "fundus", "photograph", "showing",
)  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"
# Words as typed; what the authors' cleaning leaves; what the one that keeps words and digits does.
PROMPTS = (
    ("Findings suggesting Pneumonia.", "findings suggesting pneumonia", None),
    ("left lower-lobe opacity", "left lower lobe opacity", None),
    ("Small right effusion. Large mass in the left lobe.",
     "small right effusion large mass in the left lobe", None),
    ("Pneumothorax", "", "findings suggesting pneumothorax"),
    ("edema", "", "findings suggesting edema"),
    ("cancer, gleason pattern 3.", "cancer gleason pattern", "cancer gleason pattern 3"),
    ("an example of gleason 4", "an example of gleason 4", None),
    ("opacity " * 120, ("opacity " * 120).strip(), None),
)  # fmt: skip


def vocabulary(size: int) -> list[str]:
    """As many pieces as the network has vectors for: words, letters, digits, filling."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "."]
    pieces += [*WORDS, *LETTERS, *("##" + c for c in LETTERS[:20]), *"345"]
    return [*pieces[:size], *(f"filling{n}" for n in range(size - len(pieces)))]


def trained(config: AflocConfig, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random weights with statistics as training leaves them: nothing is exactly 0 or 1."""
    torch.manual_seed(seed)
    network = Afloc(config).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.6, 1.6)
            torch.nn.init.uniform_(module.weight, 0.3, 0.7)
            torch.nn.init.normal_(module.bias, std=0.1)
        if isinstance(module, torch.nn.LayerNorm):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.1)
    return {f"afloc.{name}": tensor for name, tensor in network.state_dict().items()}
