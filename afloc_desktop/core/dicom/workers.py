"""Decoders in processes of their own: a bad file costs one image and not the reading session.

A process is started by its command line and not by `multiprocessing.Process`, which would run
the main program again in it and cannot be used from a daemonic process, such as the loaders of a
training. Where the system has anonymous shared memory (Linux), frames and values cross in that;
elsewhere in the connection.
"""

from __future__ import annotations

import atexit
import os
import queue
import threading
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.decode import Decoded, decode
from afloc_desktop.core.dicom.worker import Limits, Worker
from afloc_desktop.core.errors import AflocError, Cancelled, UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.dicom.codestream import Bytes
    from afloc_desktop.core.dicom.header import Header

_COUNT = 2
_LIMIT_BYTES = 3 << 30  # the largest film allowed takes JPEG 2000 1.5 GB
_TIMEOUT_S = 8.0  # 27 million pixels of JPEG 2000 take 1.5 s
_POLL_S = 0.05


def decode_frame(
    header: Header, data: Bytes, *, should_stop: Callable[[], bool] | None = None
) -> Decoded:
    """Stored values of one frame: `decode`, with its dangers elsewhere.

    Native samples are only looked at with numpy and stay in this process.

    Raises:
        UnreadableFile: Damaged, of another size than the header says, or the decoder crashed,
            hung or wanted too much memory.
        UnsupportedImage: No decoder for this transfer syntax.
        Cancelled: `should_stop` said so.
    """
    if header.syntax.codec == "native":
        return decode(header, data)
    return workers().decode(header, data, should_stop=should_stop)


def workers() -> Workers:
    """The decoder processes of this process, started when they are first used."""
    return _workers_of(os.getpid())  # a fork must not talk through its parent's connections


@cache
def _workers_of(process: int) -> Workers:
    pool = Workers(_COUNT)
    atexit.register(pool.close)
    return pool


class Workers:
    """A few decoder processes; any thread may call. One that breaks is replaced at once."""

    def __init__(
        self, count: int, limit_bytes: int = _LIMIT_BYTES, timeout_s: float = _TIMEOUT_S
    ) -> None:
        """Start nothing yet.

        Args:
            count: Frames that are decoded at the same time.
            limit_bytes: Address space of a process, libraries included; not kept on Windows.
            timeout_s: Longest time for one frame.
        """
        self._limits = Limits(limit_bytes, timeout_s)
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._is_closed = False
        self._living: set[Worker] = set()
        # Last in, first out: one reader keeps one process busy, and its memory warm.
        self._places: queue.LifoQueue[Worker | None] = queue.LifoQueue()
        for _ in range(count):
            self._places.put(None)

    def start(self) -> None:
        """Start all processes without waiting until they are ready.

        One that the system refuses to start is tried again, and missed aloud, by a frame.
        """
        free: list[Worker | None] = []
        with suppress(queue.Empty):
            while True:
                free.append(self._places.get_nowait())
        for place in free:
            self._places.put(place or self._try_to_hire())

    def decode(
        self, header: Header, data: Bytes, *, should_stop: Callable[[], bool] | None = None
    ) -> Decoded:
        """What `decode.decode` gives.

        Raises:
            UnreadableFile: As there, or the process crashed, hung or wanted too much memory.
            UnsupportedImage: As there.
            Cancelled: `should_stop` said so.
        """
        worker = self._take(should_stop)
        answer: Decoded | AflocError | None = None
        try:
            if worker is not None and not worker.is_alive:  # the system may be short of memory
                worker = self._replace(worker)
            worker = worker or self._hire()
            answer = worker.ask(header, data, should_stop)
        finally:
            if worker is not None and (answer is None or worker.is_heavy):
                worker = self._replace(worker)
            self._places.put(worker)
        if isinstance(answer, AflocError):
            raise answer
        return answer

    def close(self) -> None:
        """End all processes, busy or not; calls that are under way fail."""
        if os.getpid() != self._owner:
            return
        with self._lock:
            self._is_closed = True
            living = tuple(self._living)
        for worker in living:
            self._dismiss(worker)

    def _take(self, should_stop: Callable[[], bool] | None) -> Worker | None:
        while True:
            with suppress(queue.Empty):
                return self._places.get(timeout=_POLL_S)
            if should_stop is not None and should_stop():
                raise Cancelled

    def _hire(self) -> Worker:
        with self._lock:
            if self._is_closed:
                raise UnreadableFile(
                    "The image was not decoded: the application is closing.",
                    remedy="Open it again.",
                )
            worker = Worker(self._limits)
            self._living.add(worker)
        return worker

    def _try_to_hire(self) -> Worker | None:
        with suppress(UnreadableFile):
            return self._hire()
        return None

    def _replace(self, worker: Worker) -> Worker | None:
        self._dismiss(worker)
        return self._try_to_hire()

    def _dismiss(self, worker: Worker) -> None:
        worker.kill()
        with self._lock:
            self._living.discard(worker)
