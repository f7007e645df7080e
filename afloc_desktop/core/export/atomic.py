"""Writing so that a name holds either the whole new content or what it held before."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Callable

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_REMEDY = "Choose another folder, or free some space, and try again."


def write_atomically(
    path: Path,
    data: bytes,
    *,
    is_private: bool = False,
    check: Callable[[Path, bytes], None] | None = None,
) -> None:
    """Write `data` as `path`: a file without a name, flushed to disk, checked, then named.

    Where the system has no files without a name, a temporary one beside it. There, and between
    the two names of a file that replaces another, a killed process can leave a `.part-` behind.

    Args:
        path: In a folder that exists.
        data: All of it.
        is_private: Nobody but its owner may read it; else the umask decides.
        check: Gets where the content can be read back, and `data`. What it raises leaves `path`
            as it was.

    Raises:
        ExportError: The folder or the disk refuses; `path` is as it was.
    """
    part = path.with_name(f".part-{secrets.token_hex(8)}")
    mode = 0o600 if is_private else 0o666
    try:
        handle = _open_nameless(path.parent, mode)
        is_nameless = handle is not None
        with os.fdopen(os.open(part, _NEW, mode) if handle is None else handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            if check is not None:
                check(_place_of(stream.fileno()) if is_nameless else part, data)
            is_done = is_nameless and _name(stream.fileno(), path, part)
        if not is_done:
            part.replace(path)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Create a folder and its parents.

    Raises:
        ExportError: It cannot be created.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(path, error) from error


def _open_nameless(folder: Path, mode: int) -> int | None:
    """A new file without a name in `folder`; None where the system has none."""
    flag = getattr(os, "O_TMPFILE", None)
    if flag is None or not _place_of(0).parent.is_dir():
        return None
    try:
        return os.open(folder, os.O_WRONLY | flag, mode)
    except OSError:
        return None  # network drives, memory cards: the named way says what is wrong, if anything


def _place_of(handle: int) -> Path:
    return Path(f"/proc/self/fd/{handle}")


def _name(handle: int, path: Path, part: Path) -> bool:
    """Give a nameless file its name, or `part` where that is taken; whether it was free."""
    for name in (path, part):
        try:
            # The folder makes Python follow the link to the file; an absolute path ignores it.
            os.link(_place_of(handle), name, src_dir_fd=handle, follow_symlinks=True)
        except FileExistsError:
            if name == part:
                raise
        else:
            break
    return name == path


def _refused(path: Path, error: OSError) -> ExportError:
    return ExportError(f"{path} cannot be written: {error.strerror}.", remedy=_REMEDY)
