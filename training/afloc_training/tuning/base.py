"""The bundle that fine-tuning begins with: its trained weights beside its graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from onnx import load_model_from_string
from onnx.numpy_helper import to_array
from safetensors import SafetensorError
from safetensors.torch import load

from afloc_desktop.core.errors import CheckpointError
from afloc_desktop.core.model.bundle import MANIFEST, open_bundle
from afloc_desktop.core.model.session import WHOLE
from afloc_desktop.core.model.tokenizer import load_tokenizer
from afloc_training.bundle_files import WEIGHTS
from afloc_training.fundus.network import EyeMatcher
from afloc_training.network import Matcher

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from afloc_desktop.core.model.bundle import Bundle
    from afloc_desktop.core.text import WordPiece


_TRUNK = "trunk."


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """A bundle and the weights it was exported from.

    Attributes:
        bundle: Checked as far as it was read.
        tokenizer: Its own.
        weights: Under the names of `network.Matcher`.
    """

    bundle: Bundle
    tokenizer: WordPiece
    weights: Mapping[str, Tensor]


def is_tunable(source: Path) -> bool:
    """Whether a path is a bundle that holds its weights."""
    return (source / MANIFEST).is_file() and (source / WEIGHTS).is_file()


def open_base(folder: Path) -> Base:
    """Read a bundle with weights.

    Raises:
        BundleError: The bundle cannot be used.
        CheckpointError: It holds no weights of the default network.
    """
    bundle = open_bundle(folder)
    if WEIGHTS not in bundle.manifest.files:
        raise CheckpointError(
            f"The bundle {bundle.manifest.id} holds graphs to run and no weights to train.",
            remedy="Begin with a bundle that holds them, such as the shipped one.",
        )
    try:
        weights = load(bundle.read(WEIGHTS))
        if not any(name.startswith(_TRUNK) for name in weights):
            weights |= _trunk(bundle)
        new_matcher(weights)
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise CheckpointError(
            f"The weights of the bundle {bundle.manifest.id} are of another network.",
            remedy="Begin with a bundle of this version of the application.",
        ) from error
    return Base(bundle, load_tokenizer(bundle), weights)


def _trunk(bundle: Bundle) -> dict[str, Tensor]:
    """The trunk as the image graph holds it, under the names of `network.Matcher`."""
    graph = load_model_from_string(bundle.read(WHOLE)).graph
    return {
        tensor.name.removeprefix(_TRUNK): torch.from_numpy(to_array(tensor).copy())
        for tensor in graph.initializer
        if tensor.name.startswith(2 * _TRUNK)
    }


def new_matcher(weights: Mapping[str, Tensor]) -> Matcher:
    """A matcher as wide as the weights, holding a copy of them, for evaluation.

    That of photographs has a finer grid than that of films.

    Raises:
        KeyError, RuntimeError: They are of another network.
    """
    channels = weights["image.enter.weight"].shape[0]
    dimensions = weights["image.local.weight"].shape[0]
    kind = EyeMatcher if "image.detail.weight" in weights else Matcher
    matcher = kind(channels, dimensions)
    matcher.load_state_dict(dict(weights))
    return matcher.eval()
