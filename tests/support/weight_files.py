"""Files of pretrained weights, with random numbers in them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def published(trunk: nn.Module, unevenness: float = 0.0) -> dict[str, Tensor]:
    """A state as torchvision writes it: a batch normalisation behind every convolution.

    `unevenness` is how much the normalisations differ from doing nothing.
    """
    generator = torch.Generator().manual_seed(0)
    state: dict[str, Tensor] = {}
    for name, module in trunk.named_modules():
        if isinstance(module, nn.Conv2d):
            before, _, number = name.rpartition(".")
            norm, outputs = f"{before}.{int(number) + 1}", module.out_channels
            state[f"{name}.weight"] = module.weight.detach().clone()
            for part, centre in (("weight", 1), ("bias", 0), ("running_mean", 0)):
                noise = torch.randn(outputs, generator=generator)
                state[f"{norm}.{part}"] = centre + unevenness * noise
            state[f"{norm}.running_var"] = torch.full((outputs,), 1 + unevenness)
            state[f"{norm}.num_batches_tracked"] = torch.tensor(1)
    return state
