"""The pace of a training: when to save and to speak, how long it will take, who asks it to stop."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SECONDS_BETWEEN_SAVES = 120.0
_SECONDS_BETWEEN_LINES = 2.0


class Clock:
    """What the time says: when to save, when to speak, how long it will take."""

    def __init__(self, step: int, steps_between_saves: int) -> None:
        """Start the clock at a step, counted from 0."""
        self._begin = self._saved = time.monotonic()
        self._first, self._saved_step = step, step
        self._steps_between = steps_between_saves
        self._spoken = 0.0

    def is_time_to_save(self, step: int) -> bool:
        """Whether much would be lost with this step; then the count begins anew."""
        moment = time.monotonic()
        is_late = moment - self._saved >= _SECONDS_BETWEEN_SAVES
        if not is_late and step - self._saved_step < self._steps_between:
            return False
        self._saved, self._saved_step = moment, step
        return True

    def is_time_to_speak(self) -> bool:
        """Whether the last line is a while ago; then the count begins anew."""
        moment = time.monotonic()
        if moment - self._spoken < _SECONDS_BETWEEN_LINES:
            return False
        self._spoken = moment
        return True

    def seconds_left(self, step: int, steps: int) -> float:
        """At the pace so far."""
        each = (time.monotonic() - self._begin) / max(1, step - self._first)
        return each * (steps - step)


@contextmanager
def stop_signals() -> Iterator[Callable[[], bool]]:
    """While a training runs, an interrupt means: finish the step, save, end."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(kind, lambda *_: asked.set()) for kind in kinds]
    try:
        yield asked.is_set
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)
