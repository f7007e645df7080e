"""Runs `survival.py` over files and says which of them broke a promise."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from bars import allowed

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_S, MOST_MB = 10.0, 500.0
PROGRAM = Path(__file__).with_name("survival.py")


class Reader:
    """A process that looks at files. One that dies or hangs is named by the file it was given."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def look_at(self, path: Path) -> dict:
        """The report of one file; `fatal` says what happened where there is none."""
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        try:
            line = self._lines.get(timeout=6 * MOST_S)
        except Empty:
            return {"file": str(path), "fatal": "hung"}
        if not line:
            return {"file": str(path), "fatal": f"ended with {self._process.wait()}"}
        return {"fatal": "", **json.loads(line)}

    def close(self) -> str:
        """End it; what it printed to stderr."""
        self._process.kill()
        self._thread.join()
        with self._process as process:
            return process.stderr.read()

    def _collect(self) -> None:
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")


def look_at_all(paths: Iterable[Path]) -> list[dict]:
    """Reports of all files, in their order."""
    reader, reports = Reader(), []
    try:
        for path in paths:
            reports.append(reader.look_at(path))
            if reports[-1]["fatal"]:
                reader.close()
                reader = Reader()
        return reports
    finally:
        noise = reader.close()
        assert noise == "", noise


def broken_promise(report: dict) -> str:
    """What must never happen and did; empty where nothing."""
    if report["fatal"]:
        return report["fatal"]
    if report["error"]:
        return report["error"]
    if report["seconds"] > allowed(MOST_S):
        return f"took {report['seconds']:.1f} s"
    if report["growth_mb"] > MOST_MB:
        return f"grew by {report['growth_mb']:.0f} MB"
    if report["written"]:
        return f"wrote {report['written']}"
    if any(len(reason) < 12 for reason in report["reasons"]):
        return "gave no reason"
    return ""
