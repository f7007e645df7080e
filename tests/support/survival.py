"""Lists and reads files as the application does, and prints what became of each as JSON lines.

A program of its own, so that a crash, a hang or too much memory is seen from outside:
`python survival.py < paths`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import time
import traceback
from pathlib import Path

FRAMES = 3  # of a multi-frame file: enough to see every path through the decoders


def main() -> None:
    from afloc_desktop.core.dicom import stack  # noqa: F401 - imports are not growth
    from afloc_desktop.core.dicom.workers import workers

    workers().start()
    written: list[str] = []
    sys.addaudithook(lambda event, args: _note_writing(written, event, args))
    for line in sys.stdin:
        path = Path(line.rstrip("\n"))
        written.clear()
        report = {"file": str(path), **look_at(path)}
        report["written"] = [name for name in written if not name.startswith("/proc/")]
        print(json.dumps(report), flush=True)


def look_at(path: Path) -> dict:
    """What a reader would see of one file."""
    from afloc_desktop.core.errors import AflocError

    _reset_peak()
    before, started = _memory_mb("VmRSS"), time.monotonic()
    report: dict = {"images": 0, "notes": [], "reasons": [], "others": 0, "error": ""}
    try:
        _open(path, report)
    except AflocError as error:
        report["reasons"].append(error.reason)
    except BaseException as error:  # what must never happen
        report["error"] = f"{type(error).__name__}\n{traceback.format_exc()[-1500:]}"
    report["seconds"] = time.monotonic() - started
    report["growth_mb"] = _memory_mb("VmHWM") - before
    return report


def _open(path: Path, report: dict) -> None:
    from afloc_desktop.core.dicom.display import render
    from afloc_desktop.core.dicom.read import read
    from afloc_desktop.core.dicom.scan import scan
    from afloc_desktop.core.errors import AflocError

    listing = scan([path])
    report["reasons"] += [skipped.reason for skipped in listing.skipped]
    report["others"] += len(listing.indexes)
    for study in listing.studies:
        report["others"] += len(study.others)
        report["notes"] += study.notes
        for series in study.series:
            report["notes"] += series.notes
    for ref in listing.images[:FRAMES]:
        try:
            image = read(ref)
        except AflocError as error:
            report["reasons"].append(error.reason)
            continue
        assert render(image).shape[:2] == image.pixels.shape
        report["images"] += 1
        report["notes"] += image.warnings


def _note_writing(written: list[str], event: str, args: tuple) -> None:
    if event != "open" or not isinstance(args[0], (str, os.PathLike)):
        return
    _, mode, flags = args
    is_for_writing = bool(set(mode or "r") & set("wax+"))
    if is_for_writing or (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
        written.append(os.fspath(args[0]))


def _reset_peak() -> None:
    with contextlib.suppress(OSError):  # the peak is then that of the whole run
        Path("/proc/self/clear_refs").write_text("5")


def _memory_mb(field: str) -> float:
    status = Path("/proc/self/status").read_text()
    found = re.search(rf"{field}:\s+(\d+)", status)
    return int(found.group(1)) / 1e3 if found else 0.0


if __name__ == "__main__":
    main()
