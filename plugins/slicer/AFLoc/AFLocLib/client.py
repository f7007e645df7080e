"""The engine process, held by a front end: requests out, answers in. Knows nothing of Slicer.

Nothing here blocks: threads read what the engine says, and `poll`, called on the main thread,
hands the answers to whoever asked. A request has to be short, because it is written at once.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PROTOCOL = 1
_END_S = 2.0
_LONGEST_WORD = 300  # as much as a panel has room for
_NO_ENGINE = "Choose AFLoc's program `afloc-engine` under Engine, and Test connection."


class EngineError(Exception):
    """Something the person in front of the screen can act on.

    Attributes:
        reason: What happened.
        remedy: What to do about it.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason} {remedy}")
        self.reason = reason
        self.remedy = remedy


class Cancelled(EngineError):
    """The request was stopped because somebody asked for it."""


class Ended(EngineError):
    """The engine has ended, or is none, although nobody closed it."""


@dataclass(frozen=True)
class _Asked:
    """Who waits for the answers to one request."""

    done: Callable[[dict[str, Any]], None]
    failed: Callable[[EngineError], None]
    progress: Callable[[float], None]


class EngineClient:
    """One engine process. Called from one thread."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None) -> None:
        """Start the process.

        Args:
            command: The program and its arguments.
            environment: Of the process; None for this one's.

        Raises:
            EngineError: It cannot be started.
        """
        self._asked: dict[int, _Asked] = {}
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._last_word = ""
        self._last_id = 0
        self._is_over = False
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        window = {"creationflags": subprocess.CREATE_NO_WINDOW} if os.name == "nt" else {}
        try:
            self._process = subprocess.Popen(list(command), env=environment, **pipes, **window)
        except OSError as error:
            reason = f"The engine cannot be started ({error.strerror or error})."
            raise EngineError(reason, _NO_ENGINE) from error
        self._drain = threading.Thread(target=self._listen, name="afloc-stderr", daemon=True)
        self._drain.start()
        threading.Thread(target=self._read, name="afloc-engine", daemon=True).start()

    @property
    def is_running(self) -> bool:
        """Whether it can be asked something."""
        return not self._is_over

    @property
    def is_waiting(self) -> bool:
        """Whether answers are still to come."""
        return bool(self._asked)

    def request(
        self,
        fields: Mapping[str, Any],
        *,
        done: Callable[[dict[str, Any]], None],
        failed: Callable[[EngineError], None],
        progress: Callable[[float], None] = lambda share: None,
    ) -> int:
        """Ask; exactly one of `done` and `failed` is called by a later `poll`.

        Returns:
            A number to cancel it by.
        """
        self._last_id += 1
        self._asked[self._last_id] = _Asked(done, failed, progress)
        self._send({**fields, "id": self._last_id})
        return self._last_id

    def cancel(self, request: int) -> None:
        """Stop a request; it fails with `Cancelled`, unless it was answered before."""
        if request in self._asked:
            self._send({"id": 0, "do": "cancel", "request": request})

    def poll(self, timeout_s: float = 0.0) -> None:
        """Hand out what was answered, waiting at most this long for the first of it."""
        wait_s = timeout_s
        while True:
            try:
                line = self._lines.get(timeout=wait_s) if wait_s else self._lines.get_nowait()
            except queue.Empty:
                return
            wait_s = 0.0
            if line is not None:
                self._hand_out(line)
            else:
                said = f" ({self._last_word})" if self._last_word else ""
                self._end(Ended(f"The engine has ended{said}.", _NO_ENGINE))

    def close(self) -> None:
        """End the process: it ends by itself when its input does."""
        with suppress(OSError):  # it has ended already
            self._process.stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._end(EngineError("The engine was closed.", _NO_ENGINE))

    def _read(self) -> None:
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._drain.join(_END_S)  # why it ended comes on the other pipe
        self._lines.put(None)

    def _listen(self) -> None:
        """Keep the last line: where a program cannot start, it says why."""
        with self._process.stderr as lines:
            for line in lines:
                self._last_word = line.decode(errors="replace").strip()[:_LONGEST_WORD]

    def _send(self, request: dict[str, Any]) -> None:
        if self._is_over:  # its input may be open for a moment longer than its output
            self._lines.put(None)
            return
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            self._lines.put(None)  # told by the next poll, as any other end

    def _hand_out(self, line: bytes) -> None:
        try:
            answer = json.loads(line)
            number = answer["id"]
        except (ValueError, TypeError, KeyError):
            reason = "The program does not answer as AFLoc's engine does."
            self._end(Ended(reason, _NO_ENGINE))
            return
        if number not in self._asked:
            return
        if "progress" in answer:
            self._asked[number].progress(float(answer["progress"]))
            return
        asked = self._asked.pop(number)
        if "error" in answer:
            asked.failed(EngineError(answer["reason"], answer["remedy"]))
        elif answer.get("cancelled"):
            asked.failed(Cancelled("Cancelled.", ""))
        else:
            asked.done(answer)

    def _end(self, error: EngineError) -> None:
        self._is_over = True
        waiting, self._asked = self._asked, {}
        for asked in waiting.values():
            asked.failed(error)
