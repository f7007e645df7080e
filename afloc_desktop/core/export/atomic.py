"""Writing so that a name holds either the whole new content or what it held before."""

from __future__ import annotations

import os
import re
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import ExportError, InvalidObject, WouldOverwrite
from afloc_desktop.core.export.names import free_path

if TYPE_CHECKING:
    from collections.abc import Callable

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
_PART = re.compile(r"\.part-[0-9a-f]{16}")
_REMEDY = "Choose another folder, or free some space, and try again."
_AGAIN = "Nothing was written; try again, and report it if it stays so."
_MOST_TRIES = 1000


def write_atomically(
    path: Path,
    data: bytes,
    *,
    is_private: bool = False,
    replaces: bool = True,
    check: Callable[[Path, bytes], None] | None = None,
) -> None:
    """Write `data` as `path`: a file without a name, flushed to disk, checked, then named.

    Where the system has no files without a name, a temporary one beside it. There, and between
    the two names of a file that replaces another, a killed process can leave a `.part-` behind;
    `sweep` takes it away.

    Args:
        path: In a folder that exists.
        data: All of it.
        is_private: Nobody but its owner may read it; else the umask decides.
        replaces: What already has the name is replaced.
        check: Gets where the content can be read back, and `data`. What it raises leaves `path`
            as it was.

    Raises:
        ExportError: The folder or the disk refuses; `path` is as it was.
        WouldOverwrite: The name is taken, and was not to be replaced.
    """
    part = path.with_name(f".part-{secrets.token_hex(8)}")
    mode = 0o600 if is_private else 0o666
    try:
        handle = _open_nameless(path.parent, mode)
        is_nameless = handle is not None
        with os.fdopen(os.open(part, _NEW, mode) if handle is None else handle, "wb") as stream:
            claim(stream.fileno())
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            if check is not None:
                check(_place_of(stream.fileno()) if is_nameless else part, data)
            is_done = is_nameless and _name(stream.fileno(), path, part, replaces=replaces)
        if not is_done:
            _move(part, path, replaces=replaces)
    except FileExistsError as error:
        raise WouldOverwrite(f"{path} is there already.", remedy=_REMEDY) from error
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write_free(folder: Path, stem: str, suffix: str, data: bytes) -> Path:
    """Write a file, checked, under a name that nothing has: `stem`, else with a number behind it.

    Args:
        folder: Exists.
        stem, suffix: Of the name.
        data: All of it.

    Raises:
        ExportError: The folder or the disk refuses.
        InvalidObject: The disk holds something else than was written.
        WouldOverwrite: A thousand such names are taken.
    """
    for _ in range(_MOST_TRIES):
        path = free_path(folder, stem, suffix)
        # Another process may take the name in between: then the next one is as good.
        with suppress(WouldOverwrite):
            write_atomically(path, data, replaces=False, check=check_held)
            return path
    raise WouldOverwrite(f"{folder} has no free name for {stem}{suffix}.", remedy=_REMEDY)


def check_held(path: Path, data: bytes) -> None:
    """Compare a file on the disk with what was meant to be written.

    Raises:
        InvalidObject: It cannot be read back, or is something else.
    """
    try:
        held = path.read_bytes()
    except OSError as error:
        raise _spoilt(f"it cannot be read back ({error.strerror})") from None
    if held != data:
        raise _spoilt("the disk holds other bytes")


def sweep(folder: Path) -> None:
    """Take away what killed processes were writing in a folder; what is being written stays."""
    try:
        names = [entry.name for entry in os.scandir(folder) if _PART.fullmatch(entry.name)]
    except OSError:
        return  # not there yet, or not ours to look into: nothing was left there by us
    for name in names:
        with suppress(OSError):
            if _is_abandoned(folder / name):
                (folder / name).unlink()


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


def _name(handle: int, path: Path, part: Path, *, replaces: bool) -> bool:
    """Give a nameless file its name, or `part` where that is to be replaced; whether it has it."""
    for name in (path, part) if replaces else (path,):
        try:
            # The folder makes Python follow the link to the file; an absolute path ignores it.
            os.link(_place_of(handle), name, src_dir_fd=handle, follow_symlinks=True)
        except FileExistsError:
            if name == part or not replaces:
                raise
        else:
            break
    return name == path


def _move(part: Path, path: Path, *, replaces: bool) -> None:
    if replaces:
        part.replace(path)
    elif sys.platform == "win32":
        part.rename(path)  # which refuses a name that is taken
    else:
        try:
            os.link(part, path)
        except FileExistsError:
            raise
        except OSError:  # memory cards have no links
            if path.exists():
                raise FileExistsError from None
            part.replace(path)


def _is_abandoned(part: Path) -> bool:
    """Whether nobody is writing it. On Windows a file that is written cannot be deleted."""
    if sys.platform == "win32":
        return True
    handle = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        return stat.S_ISREG(os.fstat(handle).st_mode) and claim(handle)
    finally:
        os.close(handle)


if sys.platform == "win32":

    def claim(handle: int) -> bool:
        """Hold an open file for as long as it is open; whether nobody else does."""
        return True

else:
    import fcntl

    def claim(handle: int) -> bool:
        """Hold an open file for as long as it is open; whether nobody else does."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False  # somebody else, or a drive without locks
        return True


def _spoilt(what: str) -> InvalidObject:
    return InvalidObject(f"The result did not pass its check: {what}.", remedy=_AGAIN)


def _refused(path: Path, error: OSError) -> ExportError:
    return ExportError(f"{path} cannot be written: {error.strerror}.", remedy=_REMEDY)
