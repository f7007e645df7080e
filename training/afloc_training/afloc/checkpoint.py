"""An official AFLoc checkpoint as a state dict that fits: names, shapes and numbers checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from afloc_desktop.core.errors import CheckpointError
from afloc_training.afloc.network import Afloc
from afloc_training.afloc.tensor_files import open_tensor_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from afloc_training.afloc.config import AflocConfig
    from afloc_training.afloc.tensor_files import StoredTensor, TensorFile

# "afloc.", "model.afloc.", "module." and whatever else training wrapped the network in.
_OWN_NAME = re.compile(r"(?:.*\.)?((?:img_encoder|text_encoder)\..+)")
_COUNTER = "num_batches_tracked"
_SHOWN = 5
_REMEDY = "Give the checkpoint of AFLoc's pretraining, as its authors publish it."


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """What an import has to say of a file.

    Attributes:
        state: Fits `Afloc` of the configuration it was read for; float32.
        missing: Names the file lacks and the network can do without.
        unexpected: Names of the file that are not used.
        warnings: What differs from the published network, for the reader.
    """

    state: dict[str, Tensor]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    warnings: tuple[str, ...]


def read_checkpoint(path: Path, config: AflocConfig) -> Checkpoint:
    """Read the weights of a checkpoint; nothing it contains is run.

    Args:
        path: Lightning checkpoint, bare state dict or safetensors.
        config: Of the network the weights must fit.

    Raises:
        CheckpointError: Unreadable, hostile, or not the weights of this network.
    """
    with torch.device("meta"):
        wanted = {name: tuple(t.shape) for name, t in Afloc(config).state_dict().items()}
    with open_tensor_file(path) as file:
        own, unexpected = _own_names(file, wanted)
        missing = _check(own, wanted)
        state = {name: _number_checked(name, tensor) for name, tensor in own.items()}
        warnings = _setting_warnings(file.settings, config)
    for name in missing:
        state[name] = torch.zeros(wanted[name])
    return Checkpoint(state, missing, unexpected, warnings)


def _own_names(
    file: TensorFile, wanted: Mapping[str, tuple[int, ...]]
) -> tuple[dict[str, StoredTensor], tuple[str, ...]]:
    """Tensors under the network's own names, and the names that belong to nothing."""
    own: dict[str, StoredTensor] = {}
    unexpected = list(file.others)
    for name, tensor in file.tensors.items():
        match = _OWN_NAME.fullmatch(name)
        if match is None or match[1] not in wanted:
            unexpected.append(name)
        elif match[1] in own:
            raise CheckpointError(f"The checkpoint has {match[1]} twice.", remedy=_REMEDY)
        else:
            own[match[1]] = tensor
    return own, tuple(name for name in unexpected if not name.endswith("embeddings.position_ids"))


def _check(
    own: Mapping[str, StoredTensor], wanted: Mapping[str, tuple[int, ...]]
) -> tuple[str, ...]:
    """The absent names that nothing depends on; any other difference is refused."""
    absent = [name for name in wanted if name not in own]
    needed = [name for name in absent if not _is_unused(name)]
    if needed:
        raise CheckpointError(
            f"The checkpoint lacks {len(needed)} of {len(wanted)} tensors: {_some(needed)}.",
            remedy=_REMEDY,
        )
    wrong = [
        f"{name} is {_shape(own[name].shape)} instead of {_shape(wanted[name])}"
        for name in wanted
        if name in own and own[name].shape != wanted[name]
    ]
    if wrong:
        raise CheckpointError(
            f"The checkpoint has tensors of other shapes: {_some(wrong)}.", remedy=_REMEDY
        )
    return tuple(absent)


def _is_unused(name: str) -> bool:
    """Counters of training steps, and BERT's pooler, which AFLoc never asks."""
    return name.endswith(_COUNTER) or ".pooler." in name


def _number_checked(name: str, stored: StoredTensor) -> Tensor:
    tensor = stored.read()
    if name.endswith(_COUNTER):
        return tensor.to(torch.int64)
    tensor = tensor.to(torch.float32)
    if not bool(torch.isfinite(tensor).all()) or (
        name.endswith("running_var") and bool((tensor < 0).any())
    ):
        raise CheckpointError(
            f"The checkpoint's {name} holds numbers that no training leaves.", remedy=_REMEDY
        )
    return tensor


def _setting_warnings(settings: Mapping[str, object], config: AflocConfig) -> tuple[str, ...]:
    """Where the training's own settings say that the network is another one."""
    published = {
        "model.norm": False,
        "model.text.norm": False,
        "model.text.aggregate_method": "sum",
        "model.text.last_n_layers": config.text.summed_layers,
        "data.text.word_num": config.text.max_tokens,
        "transforms.norm": "half",
    }
    warnings = []
    for place, expected in published.items():
        value: object = settings
        for part in place.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None and value != expected:
            warnings.append(
                f"the checkpoint was trained with {place} = {value!r}, the published network "
                f"with {expected!r}; maps may differ from those of its own code"
            )
    return tuple(warnings)


def _some(entries: list[str]) -> str:
    more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
    return ", ".join(entries[:_SHOWN]) + more


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "a number"
