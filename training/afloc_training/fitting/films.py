"""Prepared films as network inputs, each a little changed every time it is shown."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from afloc_desktop.core.preprocess import PreprocessSpec
    from afloc_training.fitting.settings import VariationSettings
    from afloc_training.site.store import Store

MEAN = STD = 0.5  # AFLoc sees films in [-1, 1]


def network_spec(store: PreprocessSpec, channels: int) -> PreprocessSpec:
    """How the desktop has to prepare films for a network trained on a store."""
    return dataclasses.replace(store, channels=channels, mean=MEAN, std=STD)


def grey(store: Store, numbers: Sequence[int]) -> Tensor:
    """Films of some cases, float32 (N, 1, side, side) in [0, 1]."""
    spec = store.info.preprocess
    values = torch.from_numpy(store.batch(numbers)[:, :1])
    return values * spec.std + spec.mean


def shown(store: Store, numbers: Sequence[int]) -> Tensor:
    """Films of some cases, float32 (N, planes, side, side) in [0, 1]; photographs in colour."""
    if not store.has_colour:
        return grey(store, numbers)
    spec = store.info.preprocess
    return torch.from_numpy(store.batch(numbers)) * spec.std + spec.mean


def varied(
    films: Tensor, rngs: Sequence[np.random.Generator], settings: VariationSettings, pad: float
) -> Tensor:
    """Turned, shifted, scaled and with another gamma, each film by its own generator.

    Args:
        films: (N, planes, side, side) in [0, 1].
        rngs: One a film.
        settings: The largest changes.
        pad: Grey value outside the films.
    """
    there = moved(films - pad, rngs, settings) + pad
    gammas = [settings.gamma ** rng.uniform(-1, 1) for rng in rngs]
    powers = torch.tensor(gammas, dtype=torch.float32).view(-1, 1, 1, 1)
    return there.clamp(0, 1) ** powers


def moved(maps: Tensor, rngs: Sequence[np.random.Generator], settings: VariationSettings) -> Tensor:
    """Turned, shifted and scaled as `varied` does it with generators in the same state.

    Args:
        maps: (N, any, rows, columns); 0 comes in at the edges.
        rngs: One for each of N.
        settings: The largest changes.
    """
    matrices = []
    for rng in rngs:
        angle = np.deg2rad(rng.uniform(-1, 1) * settings.turn_degrees)
        scale = 1 + rng.uniform(-1, 1) * settings.scale
        right, down = 2 * rng.uniform(-1, 1, 2) * settings.shift
        cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
        matrices.append([[cos, -sin, right], [sin, cos, down]])
    matrix = torch.tensor(np.array(matrices, np.float32))
    grid = functional.affine_grid(matrix, list(maps.shape), align_corners=False)
    return functional.grid_sample(maps, grid, align_corners=False)


def as_input(films: Tensor, channels: int) -> Tensor:
    """What the network takes: (N, channels, side, side) in [-1, 1]."""
    return ((films - MEAN) / STD).expand(-1, channels, -1, -1).contiguous()
