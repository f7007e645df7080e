"""A defect of ours, for whoever looks after the station: where it happened, never with which words.

The message of an error may hold what a file said; its kind and its place in our code do not.
"""

from __future__ import annotations

import traceback
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop import __version__
from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.export.atomic import make_folder, write_atomically

if TYPE_CHECKING:
    from types import TracebackType

_MOST = 20  # files kept


def note_crash(folder: Path, kind: type[BaseException], where: TracebackType | None) -> None:
    """Write one file about a crash; a folder that cannot be written is not another crash."""
    now = datetime.now(UTC)
    lines = [f"AFLoc Desktop {__version__}", now.isoformat(timespec="seconds"), kind.__name__]
    lines += [
        f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(where)
    ]
    with suppress(ExportError, OSError):
        make_folder(folder)
        name = f"crash-{now.strftime('%Y%m%d-%H%M%S-%f')}.txt"
        write_atomically(folder / name, "\n".join(lines).encode())
        for old in sorted(folder.glob("crash-*.txt"))[:-_MOST]:
            old.unlink()
