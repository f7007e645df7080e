"""Writing so that a name holds either the whole new content or what it held before."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from afloc_desktop.core.errors import ExportError

_REMEDY = "Choose another folder, or free some space, and try again."


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` as `path`: a temporary file beside it, flushed to disk, then renamed.

    Raises:
        ExportError: The folder or the disk refuses; `path` is as it was.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    except OSError as error:
        raise _refused(path, error) from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp's 0600 would hide results from the people they are written for.
        umask = os.umask(0)
        os.umask(umask)
        part.chmod(0o666 & ~umask)
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
