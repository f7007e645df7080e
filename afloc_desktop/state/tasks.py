"""Background work: submit, supersede, cancel. Knows nothing of Qt; `ui.loop` carries results home.

Two lanes: one worker that alone touches the model, and a few that read files.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from afloc_desktop.core.errors import AflocError, Cancelled

Lane = Literal["infer", "files"]
Post = Callable[[Callable[[], None]], None]
T = TypeVar("T")

# One inference worker: the model's caches need no lock, and the runtime has its own threads.
WORKERS: Mapping[Lane, int] = MappingProxyType({"infer": 1, "files": 3})


class Token:
    """How a piece of work learns that nobody wants it any more."""

    __slots__ = ("_is_cancelled",)

    def __init__(self) -> None:
        self._is_cancelled = False

    @property
    def is_cancelled(self) -> bool:
        """Whether the work should stop."""
        return self._is_cancelled

    def cancel(self) -> None:
        """Ask the work to stop at its next check."""
        self._is_cancelled = True

    def check(self) -> None:
        """Stop here where nobody wants the result.

        Raises:
            Cancelled: The work was superseded or cancelled.
        """
        if self._is_cancelled:
            raise Cancelled


@dataclass(frozen=True, slots=True)
class _Job:
    key: str
    token: Token
    work: Callable[[Token], Any]
    done: Callable[[Any], None]
    failed: Callable[[AflocError], None]


class Tasks:
    """Runs work on two lanes and delivers results on the main thread.

    All methods are called on the main thread. `post` is called on worker threads and must run
    what it is given on the main thread, in order. `on_busy` is told the keys still to come
    whenever they change.
    """

    def __init__(self, post: Post, on_busy: Callable[[frozenset[str]], None]) -> None:
        self._post = post
        self._on_busy = on_busy
        self._current: dict[str, Token] = {}
        self._is_closed = False
        self._lanes: dict[Lane, queue.SimpleQueue[_Job | None]] = {}
        self._threads: list[threading.Thread] = []
        for lane, count in WORKERS.items():
            jobs = self._lanes[lane] = queue.SimpleQueue()
            for number in range(count):
                # Daemons: a native call that cannot be interrupted must not keep the process.
                name = f"afloc-{lane}-{number}"
                thread = threading.Thread(target=self._run, args=(jobs,), name=name, daemon=True)
                thread.start()
                self._threads.append(thread)

    def submit(
        self,
        key: str,
        work: Callable[[Token], T],
        done: Callable[[T], None],
        failed: Callable[[AflocError], None],
        *,
        lane: Lane,
    ) -> None:
        """Start `work` on a lane; older work under the same key is dropped, finished or not.

        Args:
            key: What the result is for.
            work: Runs on a worker thread; should call `token.check()` between steps.
            done, failed: Exactly one of them runs, on the main thread, unless the work is
                superseded or cancelled before that.
            lane: Where it runs.
        """
        if self._is_closed:
            return
        if key in self._current:
            self._current[key].cancel()
        token = self._current[key] = Token()
        self._on_busy(frozenset(self._current))
        self._lanes[lane].put(_Job(key, token, work, done, failed))

    def cancel(self, key: str) -> None:
        """Nobody wants the result of `key` any more."""
        token = self._current.pop(key, None)
        if token is not None:
            token.cancel()
            self._on_busy(frozenset(self._current))

    def is_running(self, key: str) -> bool:
        """Whether a result of `key` is still to come."""
        return key in self._current

    def close(self, timeout_s: float = 0.5) -> bool:
        """Cancel everything, deliver nothing more, and wait for the workers at most this long.

        Returns:
            Whether every worker has ended.
        """
        self._is_closed = True
        for token in self._current.values():
            token.cancel()
        self._current.clear()
        for lane, count in WORKERS.items():
            for _ in range(count):
                self._lanes[lane].put(None)
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, jobs: queue.SimpleQueue[_Job | None]) -> None:
        while (job := jobs.get()) is not None:
            if not job.token.is_cancelled:
                self._work(job)

    def _work(self, job: _Job) -> None:
        try:
            call = partial(job.done, job.work(job.token))
        except Cancelled:
            return
        except AflocError as error:
            call = partial(job.failed, error)
        except Exception as error:  # boundary: a defect of ours is raised on the main thread
            call = partial(_raise, error)
        if not self._is_closed:
            self._post(partial(self._deliver, job, call))

    def _deliver(self, job: _Job, call: Callable[[], None]) -> None:
        # The last moment to notice that something newer was asked for.
        if self._current.get(job.key) is not job.token:
            return
        del self._current[job.key]
        self._on_busy(frozenset(self._current))
        call()


def _raise(error: Exception) -> None:
    raise error
