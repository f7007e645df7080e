"""Files of named tensors, read without trusting them: torch's zip archives and safetensors."""

from __future__ import annotations

import math
import re
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import torch
from torch import Tensor

from afloc_desktop.core.errors import CheckpointError
from afloc_desktop.core.strict_json import strict_object
from afloc_training.afloc.unpickle import REMEDY, TensorClaim, plain_settings, unpickle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_MAX_BYTES = 8 << 30  # the published network with its optimiser is 1.6 GB
_MAX_ENTRIES = 20_000
_MAX_PICKLE_BYTES = 8 << 20  # the published network with its optimiser needs half a megabyte
_MAX_HEADER_BYTES = 32 << 20
_PLAIN_NAME = re.compile(r"[^/\\\x00]+(?:/[^/\\\x00]+)*")
_SAFETENSORS_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
}


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor that is still in its file.

    Attributes:
        shape: Checked against the bytes that are there.
        read: Gives it; a copy of its own.
    """

    shape: tuple[int, ...]
    read: Callable[[], Tensor]


@dataclass(frozen=True, slots=True)
class TensorFile:
    """What a checkpoint holds.

    Attributes:
        tensors: By name, in file order.
        others: Names in the state dict that stand for no tensor.
        settings: The training's own settings where the file has them, plain values.
    """

    tensors: Mapping[str, StoredTensor]
    others: tuple[str, ...]
    settings: Mapping[str, Any]


@contextmanager
def open_tensor_file(path: Path) -> Iterator[TensorFile]:
    """A checkpoint, open for reading its tensors one by one.

    Args:
        path: A zip archive as torch.save writes it since 1.6, or safetensors.

    Raises:
        CheckpointError: Of another kind, damaged, or meant to harm.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(0)
            head = stream.read(512)
            if size > _MAX_BYTES:
                raise _refused("is larger than 8 GB")
            if head.startswith(b"PK\x03\x04"):
                with zipfile.ZipFile(stream) as archive:
                    yield _from_archive(archive, size)
            else:
                _refuse_old_kinds(head)
                yield _from_safetensors(stream, size)
    except OSError as error:
        raise _refused(f"cannot be read: {error.strerror or 'the file ends too early'}") from error
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise _refused("is a damaged zip archive") from error


def _refuse_old_kinds(head: bytes) -> None:
    if head[257:262] == b"ustar" or head.startswith(b"\x1f\x8b"):
        raise _refused("is a tar archive; PyTorch has not written such files for years")
    if head.startswith(b"\x80"):
        raise CheckpointError(
            "The checkpoint is a bare pickle, as PyTorch wrote before version 1.6.",
            remedy="Ask its maker for a file saved by PyTorch 1.6 or later, or for safetensors.",
        )


def _from_archive(archive: zipfile.ZipFile, size: int) -> TensorFile:
    root = _check_entries(archive, size)
    names = set(archive.namelist())
    if f"{root}/byteorder" in names and archive.read(f"{root}/byteorder") != b"little":
        raise _refused("was written on a machine of another byte order")
    if archive.getinfo(f"{root}/data.pkl").file_size > _MAX_PICKLE_BYTES:
        raise _refused("has a list of contents of more than 8 MB")
    value = unpickle(archive.read(f"{root}/data.pkl"))
    if not isinstance(value, dict):
        raise _refused("holds no table of tensors")
    state = value.get("state_dict", value)
    if not isinstance(state, dict):
        raise _refused("holds no table of tensors")
    tensors, others = {}, []
    for name, claim in state.items():
        if isinstance(claim, TensorClaim) and claim.storage.dtype is not None:
            tensors[str(name)] = _stored(archive, root, claim)
        elif state is not value:
            others.append(str(name))
    if not tensors:
        raise _refused("holds no table of tensors")
    settings = plain_settings(value.get("hyper_parameters"))
    return TensorFile(tensors, tuple(others), settings if isinstance(settings, dict) else {})


def _check_entries(archive: zipfile.ZipFile, size: int) -> str:
    """Refuse traps of zip archives; the folder that all entries lie in."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > _MAX_ENTRIES or len(set(names)) != len(names):
        raise _refused("is an archive with too many entries, or with one name twice")
    for entry in entries:
        parts = entry.filename.split("/")
        if not _PLAIN_NAME.fullmatch(entry.filename) or ".." in parts or "." in parts:
            raise _refused("is an archive whose entries lead out of it")
        # torch stores tensors as they are; compressed entries could unpack to any size.
        if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
            raise _refused("is an archive with compressed or encrypted entries")
    if sum(entry.file_size for entry in entries) > size:
        raise _refused("is an archive that claims more than it holds")
    roots = {name.rpartition("/data.pkl")[0] for name in names if name.endswith("/data.pkl")}
    if len(roots) != 1:
        raise _refused("is an archive, but none that torch.save has written")
    return roots.pop()


def _stored(archive: zipfile.ZipFile, root: str, claim: TensorClaim) -> StoredTensor:
    dtype = claim.storage.dtype
    assert dtype is not None
    try:
        entry = archive.getinfo(f"{root}/data/{claim.storage.key}")
    except KeyError as error:
        raise _refused("lacks the numbers of a tensor") from error
    count = entry.file_size // dtype.itemsize
    last = sum((n - 1) * step for n, step in zip(claim.shape, claim.stride, strict=False))
    is_inside = (
        len(claim.shape) == len(claim.stride)
        and claim.storage.count <= count
        and math.prod(claim.shape) <= count
        and (0 in claim.shape or claim.offset + last < count)
    )
    if not is_inside:
        raise _refused("has a tensor that reaches beyond its numbers")

    def read() -> Tensor:
        numbers = torch.frombuffer(bytearray(archive.read(entry)), dtype=dtype)
        return numbers.as_strided(claim.shape, claim.stride, claim.offset).clone()

    return StoredTensor(claim.shape, read)


def _from_safetensors(stream: BinaryIO, size: int) -> TensorFile:
    """A header of JSON, then the numbers, without gaps and overlaps."""
    stream.seek(0)
    length = int.from_bytes(stream.read(8), "little")
    if size < 10 or not 2 <= length <= min(_MAX_HEADER_BYTES, size - 8):
        raise _refused("is neither a torch archive nor safetensors")
    try:
        header = strict_object(stream.read(length).decode())
        header.pop("__metadata__", None)
        entries = sorted(header.items(), key=lambda item: item[1]["data_offsets"])
        tensors, reached = {}, 0
        for name, entry in entries:
            start, end = entry["data_offsets"]
            if start != reached:
                raise ValueError("gaps or overlaps")
            tensors[name] = _safe_tensor(stream, 8 + length, entry)
            reached = end
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _refused("has a damaged safetensors header") from error
    if reached != size - 8 - length or not tensors:
        raise _refused("does not hold what its safetensors header says")
    return TensorFile(tensors, (), {})


def _safe_tensor(stream: BinaryIO, base: int, entry: dict[str, Any]) -> StoredTensor:
    dtype, shape = _SAFETENSORS_DTYPES[entry["dtype"]], tuple(entry["shape"])
    start, end = entry["data_offsets"]
    if not all(type(n) is int and n >= 0 for n in (*shape, start, end)):
        raise ValueError("sizes that are none")
    if end - start != math.prod(shape) * dtype.itemsize:
        raise ValueError("a size that does not fit the shape")

    def read() -> Tensor:
        stream.seek(base + start)
        data = bytearray(stream.read(end - start))
        numbers = torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
        return numbers.reshape(shape)

    return StoredTensor(shape, read)


def _refused(what: str) -> CheckpointError:
    return CheckpointError(f"The checkpoint {what}.", remedy=REMEDY)
