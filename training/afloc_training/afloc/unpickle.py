"""Reading the pickle inside a checkpoint without running anything it names.

A pickle is a program: it may name any function and call it. Here every name becomes an inert
stand-in, but for the two that put a tensor together and for ordered dictionaries. What is called
is the stand-in, so that objects of absent libraries (a Lightning checkpoint holds OmegaConf's)
can be built and filled, and nothing happens.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import struct
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import torch

from afloc_desktop.core.errors import CheckpointError

_MAX_DEPTH = 12
REMEDY = "Get the file again from its maker; use only checkpoints whose origin you know."
# What these do when called is no part of any checkpoint. They would be inert here as well; but a
# file that names them is meant to harm, and its owner must hear of it.
_HARMFUL_MODULES = frozenset(
    (
        "os", "io", "_io", "posix", "nt", "posixpath", "subprocess", "sys", "shutil", "socket",
        "ctypes", "importlib", "runpy", "pty", "pip", "code", "codeop", "webbrowser", "pickle",
        "_pickle", "marshal", "multiprocessing", "threading", "asyncio", "urllib", "http",
        "ftplib", "smtplib", "tempfile", "inspect", "operator", "_operator", "timeit", "pdb",
        "bdb", "cProfile", "profile", "trace", "commands", "signal",
    )
)  # fmt: skip
_HARMFUL_BUILTINS = frozenset(
    (
        "eval", "exec", "compile", "open", "__import__", "setattr", "delattr", "globals",
        "locals", "vars", "input", "breakpoint", "execfile", "file", "apply",
    )
)  # fmt: skip
_DTYPES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
}
# What unpickling arbitrary bytes raises.
_BROKEN = (
    pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, KeyError, TypeError,
    ValueError, OverflowError, MemoryError, RecursionError, struct.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Storage:
    """A run of numbers kept beside the pickle.

    Attributes:
        key: Its name in the archive.
        dtype: None where it is of a kind that no weights have.
        count: Numbers it claims to hold.
    """

    key: str
    dtype: torch.dtype | None
    count: int


@dataclass(frozen=True, slots=True)
class TensorClaim:
    """What a pickle says of a tensor; nothing of it is checked yet.

    Attributes:
        storage: Where its numbers are.
        offset: Of its first number in the storage.
        shape, stride: In numbers.
    """

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class Stub:
    """An instance of a class nobody looks for: takes anything, does nothing."""

    name = ""

    def __new__(cls, *arguments: object, **named: object) -> Stub:
        """Made of anything; `__init__` is not called by the pickle of a new object."""
        stub = super().__new__(cls)
        stub.arguments = arguments
        stub.state = None
        stub.items = {}
        return stub

    arguments: tuple[object, ...]
    state: object
    items: dict[object, object]

    def __init__(self, *arguments: object, **named: object) -> None: ...

    def __setstate__(self, state: object) -> None:
        self.state = state

    def __setitem__(self, key: object, value: object) -> None:
        self.items[key] = value

    def append(self, value: object) -> None:
        """Keep an entry of a list."""
        self.items[len(self.items)] = value

    def extend(self, values: Any) -> None:
        """Keep entries of a list."""
        for value in values:
            self.append(value)

    def add(self, value: object) -> None:
        """Keep an entry of a set."""
        self.append(value)


class _Rebuild:
    """The one call that is answered: storage, offset, shape and stride become a claim."""

    __slots__ = ()

    def __call__(
        self, storage: object, offset: object, shape: object, stride: object, *_: object
    ) -> TensorClaim:
        if not isinstance(storage, Storage) or not _is_whole(offset):
            raise pickle.UnpicklingError("a tensor without a storage")
        for numbers in (shape, stride):
            if not isinstance(numbers, tuple) or not all(map(_is_whole, numbers)):
                raise pickle.UnpicklingError("a tensor of no size")
        return TensorClaim(storage, offset, shape, stride)  # type: ignore[arg-type]


class _RebuildParameter:
    """A parameter is its tensor."""

    __slots__ = ()

    def __call__(self, data: object, *_: object) -> object:
        return data


class _Unpickler(pickle.Unpickler):
    """Names become stand-ins; storages become claims."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self._stubs: dict[str, type[Stub]] = {}

    def find_class(self, module: str, name: str) -> Any:
        """What a name stands for; never what it really names, but for ordered dictionaries."""
        refuse_harmful(module, name)
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Rebuild()
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _RebuildParameter()
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        # Classes of its own for every file: a hostile pickle can change none but its own.
        whole = f"{module}.{name}"
        return self._stubs.setdefault(whole, type("Stub", (Stub,), {"name": whole}))

    def persistent_load(self, claim: Any) -> Storage:
        """A storage from ("storage", type, key, place, count)."""
        if not isinstance(claim, tuple) or len(claim) < 5 or claim[0] != "storage":
            raise pickle.UnpicklingError("an unknown kind of storage")
        _, kind, key, _, count = claim[:5]
        if not isinstance(key, str) or not _is_whole(count):
            raise pickle.UnpicklingError("a storage without a name")
        module, _, name = str(getattr(kind, "name", "")).rpartition(".")
        return Storage(key, _DTYPES.get(name) if module == "torch" else None, count)


def unpickle(data: bytes) -> object:
    """The value a checkpoint's pickle describes, with stand-ins for all it names.

    Args:
        data: The whole pickle.

    Raises:
        CheckpointError: Damaged, or it names what no checkpoint needs.
    """
    try:
        _check_program(data)
        return _Unpickler(data).load()
    except _BROKEN as error:
        raise CheckpointError(
            f"The list of contents inside the checkpoint is damaged ({type(error).__name__}).",
            remedy=REMEDY,
        ) from error


def refuse_harmful(module: str, name: str) -> None:
    """Stop at names that only an attack has a use for.

    Raises:
        CheckpointError: This is one.
    """
    root = module.split(".")[0]
    is_builtin = root in ("builtins", "__builtin__") and name.split(".")[0] in _HARMFUL_BUILTINS
    if is_builtin or root in _HARMFUL_MODULES:
        shown = f"{module}.{name}"[:80].encode("unicode_escape").decode()
        raise CheckpointError(
            f"The checkpoint asks for {shown} to be run: it may be meant to harm. Nothing was run.",
            remedy=REMEDY,
        )


def plain_settings(value: object, depth: int = 0) -> object:
    """Dictionaries and values out of stand-ins of OmegaConf nodes, as deep as settings go."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(value, Stub):
        state = value.state if isinstance(value.state, dict) else value.items
        for inner in ("_content", "_val"):
            if inner in state:
                return plain_settings(state[inner], depth + 1)
        return plain_settings(state, depth + 1) if state else None
    if isinstance(value, dict):
        return {str(k): plain_settings(v, depth + 1) for k, v in value.items()}
    return value if isinstance(value, str | int | float | bool) else None


def _check_program(data: bytes) -> None:
    """Refuse instructions that make the reader itself misbehave: a memo of gigabytes."""
    for opcode, argument, _ in pickletools.genops(data):
        if "PUT" in opcode.name and isinstance(argument, int) and argument > len(data):
            raise pickle.UnpicklingError("a memo larger than the file")


def _is_whole(value: object) -> bool:
    return type(value) is int and value >= 0
