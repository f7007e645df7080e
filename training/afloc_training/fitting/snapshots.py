"""The numbers a training goes on from: a network, its moving average, the optimiser's moments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

_AVERAGE, _NETWORK, _FIRST, _SECOND = "average.", "network.", "first.", "second."


def take(
    network: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer
) -> dict[str, Tensor]:
    """All numbers by name, not copied; `optimiser` is one of Adam's family."""
    found = {_NETWORK + name: value for name, value in network.state_dict().items()}
    found |= {_AVERAGE + name: value for name, value in average.state_dict().items()}
    for name, parameter in network.named_parameters():
        moments = optimiser.state.get(parameter)
        if moments:
            found[_FIRST + name] = moments["exp_avg"]
            found[_SECOND + name] = moments["exp_avg_sq"]
    return found


@torch.no_grad()
def restore(
    tensors: Mapping[str, Tensor],
    step: int,
    network: nn.Module,
    average: nn.Module,
    optimiser: torch.optim.Optimizer,
) -> None:
    """Put back what `take` gave after `step` steps."""
    network.load_state_dict(_under(tensors, _NETWORK))
    average.load_state_dict(_under(tensors, _AVERAGE))
    first, second = _under(tensors, _FIRST), _under(tensors, _SECOND)
    for name, parameter in network.named_parameters():
        if name in first:
            optimiser.state[parameter] = {
                "step": torch.tensor(float(step), device=parameter.device),
                "exp_avg": torch.empty_like(parameter).copy_(first[name]),
                "exp_avg_sq": torch.empty_like(parameter).copy_(second[name]),
            }


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
