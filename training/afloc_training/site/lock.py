"""One writer of a store at a time; the system lets go of the lock of a killed one."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from afloc_desktop.core.errors import DatasetError, ExportError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK = "lock"

if sys.platform == "win32":
    import msvcrt

    def _take(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def sole_writer(folder: Path, what: str = "store") -> Iterator[None]:
    """Be the only one who writes into a store, or what else the folder is.

    Raises:
        DatasetError: Another run is writing.
        ExportError: The folder refuses.
    """
    try:
        file = (folder / LOCK).open("ab")
    except OSError as error:
        raise ExportError(
            f"The {what} cannot be written: {error.strerror}.",
            remedy="Choose another folder, or change its permissions.",
        ) from error
    with file:
        try:
            _take(file)
        except OSError as error:
            raise DatasetError(
                f"Another run is writing this {what}.", remedy="Wait until it has ended."
            ) from error
        yield
