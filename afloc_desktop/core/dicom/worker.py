"""The application's end of one decoder process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from math import prod
from multiprocessing import connection
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from afloc_desktop.core.dicom import DECODER_VERB
from afloc_desktop.core.dicom.block import IS_AVAILABLE, Block
from afloc_desktop.core.dicom.decode import Decoded, dtype_of, shape_of
from afloc_desktop.core.dicom.guard import FETCH_AGAIN
from afloc_desktop.core.dicom.serve import READY
from afloc_desktop.core.errors import AflocError, Cancelled, UnreadableFile, UnsupportedImage

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.dicom.codestream import Bytes
    from afloc_desktop.core.dicom.header import Header

_START_S = 60.0  # from a cold disk, with a virus scanner in between
_POLL_S = 0.05
_LONGEST_REPLY = 10_000
_MOST_KEPT = 1 << 27  # bytes of shared memory; a mammogram takes 90 MB
_KINDS = {kind.__name__: kind for kind in (UnreadableFile, UnsupportedImage)}
# The search path of this process and nothing else: not the folder a film happens to be in.
_START = (
    "import sys; sys.path[:] = sys.argv[4:]; "
    "from afloc_desktop.core.dicom.serve import serve; "
    "serve(*map(int, sys.argv[1:4]))"
)


class Limits(NamedTuple):
    """What a decoder process may use.

    Attributes:
        address_bytes: Address space, libraries included; not kept on Windows.
        seconds: For one frame.
    """

    address_bytes: int
    seconds: float


class Worker:
    """One decoder process. Used by one thread at a time; broken once a call raises."""

    def __init__(self, limits: Limits, *, is_shared: bool = IS_AVAILABLE) -> None:
        self._limits = limits
        self._is_ready = False
        self._block = Block() if is_shared else None
        self._line, far_end = connection.Pipe()
        shared = -1 if self._block is None else self._block.descriptor
        try:
            self.process = _start(far_end.fileno(), shared, limits.address_bytes)
        except OSError as error:
            self._release()
            raise UnreadableFile(
                f"The decoder could not be started ({error.strerror or type(error).__name__}).",
                remedy="Close other programs and open the image again.",
            ) from None
        finally:
            far_end.close()

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    @property
    def is_heavy(self) -> bool:
        """Whether it holds on to more memory than a usual film takes."""
        return self._block is not None and self._block.size > _MOST_KEPT

    def ask(
        self, header: Header, data: Bytes, should_stop: Callable[[], bool] | None
    ) -> Decoded | AflocError:
        """Decode one frame; an error that is returned is about the frame alone.

        Raises:
            UnreadableFile: The process crashed, hung or answered nonsense.
            Cancelled: `should_stop` said so.
        """
        try:
            if not self._is_ready:
                self._await(_START_S, should_stop)
                self._is_ready = self._line.recv_bytes(_LONGEST_REPLY) == READY
            return self._exchange(header, data, should_stop)
        except (OSError, EOFError):
            # Not our defect: what comes from there is as foreign as the file.
            raise _stopped() from None

    def kill(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)
        self._release()

    def _release(self) -> None:
        self._line.close()
        if self._block is not None:
            self._block.close()
            self._block = None

    def _exchange(
        self, header: Header, data: Bytes, should_stop: Callable[[], bool] | None
    ) -> Decoded | AflocError:
        shape, dtype = shape_of(header), dtype_of(header)
        size = prod(shape) * dtype.itemsize
        self._send(header, data, size)
        self._await(self._limits.seconds, should_stop)
        answer = _understand(self._line.recv_bytes(_LONGEST_REPLY))
        if isinstance(answer, AflocError):
            return answer
        if answer not in (header.photometric, "RGB", "YBR_FULL"):
            raise _stopped()
        raw = self._line.recv_bytes(size) if self._block is None else self._block.memory[:size]
        if len(raw) != size:
            raise _stopped()
        # A copy: the block is for the next frame, and nobody else can change what is ours.
        return Decoded(np.frombuffer(raw, dtype).reshape(shape).copy(), answer)

    def _send(self, header: Header, data: Bytes, size: int) -> None:
        block, end = self._block, size + len(data)
        if block is not None:
            block.reserve(end)
            block.memory[size:end] = data
        request = {
            "header": asdict(header),
            "frame": [size, end],
            "shared": block.size if block is not None else 0,
            "alarm_s": 2 * self._limits.seconds,
        }
        self._line.send_bytes(json.dumps(request).encode())
        if block is None:
            self._line.send_bytes(data)

    def _await(self, seconds: float, should_stop: Callable[[], bool] | None) -> None:
        deadline = time.monotonic() + seconds
        while not self._line.poll(_POLL_S):
            if should_stop is not None and should_stop():
                raise Cancelled
            if time.monotonic() > deadline:
                raise UnreadableFile(
                    f"Decoding this image took longer than {seconds:.0f} seconds; it was stopped.",
                    remedy=FETCH_AGAIN,
                )


def _understand(reply: bytes) -> str | AflocError:
    """What the values mean, or why there are none.

    Raises:
        UnreadableFile: The reply is not one of ours.
    """
    try:
        fields = json.loads(reply)
        if "photometric" in fields:
            return str(fields["photometric"])
        kind = _KINDS[fields["error"]]
        return kind(str(fields["reason"]), remedy=str(fields["remedy"]))
    except (ValueError, KeyError, TypeError):  # foreign, like the file itself
        raise _stopped() from None


def _start(handle: int, shared: int, limit_bytes: int) -> subprocess.Popen[bytes]:
    words = [str(handle), str(shared), str(limit_bytes)]
    if getattr(sys, "frozen", False):
        command = [sys.executable, DECODER_VERB, *words]
    else:
        command = [sys.executable, "-c", _START, *words, *map(os.path.abspath, sys.path)]
    # Decoders print; the threads of a library that is not used here cost address space.
    options: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    options["env"] = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    if sys.platform == "win32":
        os.set_handle_inheritable(handle, True)
        startup = subprocess.STARTUPINFO()
        startup.lpAttributeList = {"handle_list": [handle]}
        options |= {"startupinfo": startup, "creationflags": subprocess.CREATE_NO_WINDOW}
    else:
        # A session of its own: Ctrl+C in a terminal is for the application.
        options |= {"pass_fds": {handle, shared} - {-1}, "start_new_session": True}
    process: subprocess.Popen[bytes] = subprocess.Popen(command, **options)
    return process


def _stopped() -> UnreadableFile:
    return UnreadableFile(
        "The decoder stopped on this file: its compressed pixels are damaged.",
        remedy=FETCH_AGAIN,
    )
