"""Every format and the audit trail, each in a forked child that met a fault or did not.

`python fault_run.py SELECTION FOLDER OUTCOMES [LIMIT]`: writes what SELECTION holds, a pickle; each
format has a folder of its own below FOLDER. OUTCOMES gets a line a format: how its child ended.
LIMIT is the largest file a child may write.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.export.exporter import exporters
from afloc_desktop.state.audit import Audit

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.export.selection import Selection

WRITTEN, REFUSED = 0, 3
AUDIT, TRAIL, PDF = "audit", "audit.jsonl", "pdf"


def formats() -> list[str]:
    """Everything that leaves the station, and the trail."""
    return [*exporters(), PDF, AUDIT]


def write(format_id: str, selection: Selection, folder: Path) -> None:
    """Write one format, or a line of the trail, into a folder."""
    if format_id == AUDIT:
        Audit(folder / TRAIL).note("exported", selection.films[0], ["sr"])
    elif format_id == PDF:
        from afloc_desktop.ui.summary import PdfExporter

        PdfExporter().write(selection, folder)
    else:
        exporters()[format_id].write(selection, folder)


def main(given: Path, folder: Path, outcomes: Path, limit: int) -> None:
    """Write every format, each in a child of its own."""
    selection = pickle.loads(given.read_bytes())
    lines = []
    for format_id in formats():
        (folder / format_id).mkdir(exist_ok=True, parents=True)
        ended = _in_child(partial(write, format_id, selection, folder / format_id), limit)
        lines.append(f"{format_id} {ended}")
    # A call that no format makes: the fault is not for us.
    handle = os.open(outcomes, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.writev(handle, ["\n".join(lines).encode()])
    os.close(handle)


def _in_child(work: Callable[[], None], limit: int) -> int:
    """How it ended: its exit status, or minus the signal that killed it."""
    child = os.fork()
    if not child:
        status = 1
        try:
            if limit:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            work()
            status = WRITTEN
        except ExportError:
            status = REFUSED
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]), int(sys.argv[4]) if len(sys.argv) > 4 else 0)
