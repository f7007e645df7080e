"""Files of pretrained weights, with random numbers in them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def published(trunk: nn.Module) -> dict[str, Tensor]:
    """A state as torchvision writes it: a batch normalisation behind every convolution."""
    generator = torch.Generator().manual_seed(0)
    state: dict[str, Tensor] = {}
    for name, module in trunk.named_modules():
        if isinstance(module, nn.Conv2d):
            before, _, number = name.rpartition(".")
            norm, outputs = f"{before}.{int(number) + 1}", module.out_channels
            shape = module.weight.shape
            state[f"{name}.weight"] = torch.randn(shape, generator=generator) / shape[1:].numel()
            for part in ("weight", "bias", "running_mean"):
                state[f"{norm}.{part}"] = torch.randn(outputs, generator=generator)
            state[f"{norm}.running_var"] = 0.5 + torch.rand(outputs, generator=generator)
            state[f"{norm}.num_batches_tracked"] = torch.tensor(1)
    return state
