"""What a long run says while it works: lines for a person, or one JSON object a line."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

from contextlib import contextmanager

_SECONDS_BETWEEN_LINES = 10.0


class Reporter:
    """Human lines on stderr, or JSON lines on stdout.

    Attributes:
        seconds: Time of every finished stage, by name.
    """

    def __init__(self, *, is_json: bool, stream: TextIO | None = None) -> None:
        self._is_json = is_json
        self._stream = stream or (sys.stdout if is_json else sys.stderr)
        self._last_line = 0.0
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Announce a stage and time it."""
        self.event("stage", f"{name} ...", name=name)
        start = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - start
        text = f"{name}: {self.seconds[name]:.0f} s"
        self.event("stage_done", text, name=name, seconds=round(self.seconds[name], 1))

    def count(self, done: int, total: int, losses: dict[str, float] | None = None) -> None:
        """How far the stage is; said at most every ten seconds, and at its end."""
        now = time.monotonic()
        if now - self._last_line < _SECONDS_BETWEEN_LINES and done < total:
            return
        self._last_line = now
        values = losses or {}
        shown = "  ".join(f"{name} {value:.3f}" for name, value in values.items())
        self.event("progress", f"  {done}/{total}  {shown}", done=done, total=total, losses=values)

    def warning(self, text: str) -> None:
        """Something to know that does not stop the run; programs are told the words too."""
        self.event("warning", text, message=text)

    def event(self, kind: str, text: str, **values: Any) -> None:
        """One line: `text` for a person, `values` for a program."""
        line = json.dumps({"event": kind, **values}) if self._is_json else text.rstrip()
        self._stream.write(line + "\n")
        self._stream.flush()
