"""Checkpoints of a training: tensors and plain values in one safetensors file, whole or absent.

A new file is written under another name, flushed, read back and compared before it gets its own;
only then the oldest goes. Whatever is killed or full in between, the one before stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from afloc_desktop.core.errors import CheckpointError, ExportError
from afloc_desktop.core.export.atomic import make_folder
from afloc_desktop.core.strict_json import strict_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from torch import Tensor

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

_FORMAT = "afloc-checkpoint-1"
_KEPT = 2
_NAME = re.compile(r"checkpoint-(\d{6})\.safetensors")
_PART = ".part-"


class _Damaged(Exception):
    """A file that does not hold what it says."""


def save(folder: Path, tensors: Mapping[str, Tensor], state: Mapping[str, JSON]) -> None:
    """Add a checkpoint and keep one before it. One process at a time.

    Args:
        folder: Made where it is not there.
        tensors: At least one; copies of the numbers, wherever they live.
        state: Everything else; no NaN, no infinity.

    Raises:
        ExportError: The folder or the disk refuses, or did not keep what was written; earlier
            checkpoints are as they were.
    """
    make_folder(folder)
    text = json.dumps(state, allow_nan=False, ensure_ascii=True)
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    digest = _digest(plain.items(), text)
    part = folder / f"{_PART}{secrets.token_hex(8)}"
    try:
        for left in folder.glob(f"{_PART}*"):  # of a killed process
            left.unlink(missing_ok=True)
        save_file(plain, part, {"format": _FORMAT, "state": text, "sha256": digest})
        _flush(part)
        _read(part)
        earlier = _numbered(folder)
        number = max(earlier, default=0) + 1
        part.rename(folder / f"checkpoint-{number:06d}.safetensors")
        _flush(folder)
        for old in sorted(earlier)[: 1 - _KEPT]:
            earlier[old].unlink(missing_ok=True)
    except (OSError, SafetensorError, _Damaged, CheckpointError) as error:
        raise ExportError(
            "The checkpoint could not be written.",
            remedy="Free some space and resume; the checkpoint before it is kept.",
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def load(
    folder: Path, *, passed_over: Callable[[str], None] | None = None
) -> tuple[dict[str, Tensor], dict[str, JSON]] | None:
    """The newest checkpoint that is whole; None where none was ever written.

    Args:
        folder: As given to `save`.
        passed_over: Told the names of newer files that are damaged.

    Raises:
        CheckpointError: Of another version or another program, or none of them is whole.
    """
    found = _numbered(folder)
    for number in sorted(found, reverse=True):
        try:
            return _read(found[number])
        except (_Damaged, OSError):
            if passed_over is not None:
                passed_over(found[number].name)
    if found:
        raise CheckpointError(
            "No checkpoint of this training is whole.", remedy="Train again in another folder."
        )
    return None


def _numbered(folder: Path) -> dict[int, Path]:
    matches = ((_NAME.fullmatch(path.name), path) for path in folder.glob("checkpoint-*"))
    return {int(match[1]): path for match, path in matches if match}


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, JSON]]:
    """One file, compared with its own hash."""
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            _check_version(about.get("format"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise _Damaged from error
    text = about.get("state", "")
    if _digest(tensors.items(), text) != about.get("sha256"):
        raise _Damaged
    try:
        return tensors, strict_object(text)
    except ValueError as error:
        raise _Damaged from error


def _check_version(found: str | None) -> None:
    if found != _FORMAT:
        raise CheckpointError(
            "The checkpoint was written by another version or another program.",
            remedy="Resume with the version that wrote it, or train in another folder.",
        )


def _digest(tensors: Iterable[tuple[str, Tensor]], text: str) -> str:
    """SHA-256 over the state and over names, types, shapes and bytes, in order of names."""
    total = hashlib.sha256(text.encode())
    for name, tensor in sorted(tensors, key=lambda item: item[0]):
        total.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        total.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return total.hexdigest()


def _flush(path: Path) -> None:
    """To the disk, past every cache; folders only where the system can flush them."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
