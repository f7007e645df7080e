"""Writing so that a name holds either the whole new content or what it held before."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import ExportError

if TYPE_CHECKING:
    from pathlib import Path

_REMEDY = "Choose another folder, or free some space, and try again."


def write_atomically(path: Path, data: bytes, *, is_private: bool = False) -> None:
    """Write `data` as `path`: a temporary file beside it, flushed to disk, then renamed.

    Args:
        path: In a folder that exists.
        data: All of it.
        is_private: Nobody but its owner may read it; else the umask decides.

    Raises:
        ExportError: The folder or the disk refuses; `path` is as it was.
    """
    part = path.with_name(f".part-{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(part, flags, 0o600 if is_private else 0o666)
    except OSError as error:
        raise _refused(path, error) from error
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _refused(path, error) from error


def make_folder(path: Path) -> None:
    """Create a folder and its parents.

    Raises:
        ExportError: It cannot be created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> ExportError:
    return ExportError(f"{path} cannot be written: {error.strerror}.", remedy=_REMEDY)
