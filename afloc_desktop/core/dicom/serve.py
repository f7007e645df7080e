"""A decoder process: takes one compressed frame after the other from the application.

It trusts nothing that a codestream says, and the application trusts nothing that comes from here:
a decoder may be hit by a hostile stream. What goes back is one line of JSON and an array of the
size that the application itself worked out.
"""

from __future__ import annotations

import json
import mmap
import sys
from multiprocessing import connection
from typing import TYPE_CHECKING, Any

import numpy as np

from afloc_desktop.core.dicom.decode import Decoded, decode, warm_up
from afloc_desktop.core.dicom.guard import FETCH_AGAIN
from afloc_desktop.core.dicom.header import Header
from afloc_desktop.core.dicom.limits import limit_memory, set_alarm
from afloc_desktop.core.dicom.syntax import Syntax
from afloc_desktop.core.errors import AflocError, UnreadableFile

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

READY = b"ready"


def serve(handle: int, shared: int, limit_bytes: int) -> None:
    """Decode until the application ends or closes the connection.

    Args:
        handle: Of the connection.
        shared: Descriptor of the memory that frames and values cross in, -1 for none.
        limit_bytes: Of address space, all libraries included.
    """
    limit_memory(limit_bytes)
    line, memory = _connection(handle), memoryview(b"")
    warm_up()
    try:
        line.send_bytes(READY)
        while True:
            request = json.loads(line.recv_bytes())
            if request["shared"] != len(memory):
                memory.release()
                memory = memoryview(mmap.mmap(shared, request["shared"]))
            _answer(line, request, memory)
    except (EOFError, OSError):
        return  # the application has ended


def _connection(handle: int) -> Connection:
    if sys.platform == "win32":
        return connection.PipeConnection(handle)
    return connection.Connection(handle)


def _answer(line: Connection, request: dict[str, Any], memory: memoryview) -> None:
    fields = request["header"]
    header = Header(**{**fields, "syntax": Syntax(**fields["syntax"])})
    data = memory[slice(*request["frame"])] if memory else line.recv_bytes()
    set_alarm(request["alarm_s"])
    try:
        decoded = _decode(header, data)
    except AflocError as error:
        reply = {"error": type(error).__name__, "reason": error.reason, "remedy": error.remedy}
        line.send_bytes(json.dumps(reply).encode())
        return
    finally:
        set_alarm(0)
    values = decoded.values
    if memory:
        out = np.frombuffer(memory, values.dtype, values.size)
        out.reshape(values.shape)[...] = values
    line.send_bytes(json.dumps({"photometric": decoded.photometric}).encode())
    if not memory:
        line.send_bytes(np.ascontiguousarray(values).data.cast("B"))


def _decode(header: Header, data: bytes | memoryview) -> Decoded:
    try:
        return decode(header, data)
    except MemoryError:
        raise UnreadableFile(
            "The compressed pixels need more memory to decode than any image should.",
            remedy=FETCH_AGAIN,
        ) from None
