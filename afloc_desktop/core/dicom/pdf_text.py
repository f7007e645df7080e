"""Words of a PDF document, read in a process of its own: a hostile one costs itself alone."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from afloc_desktop.core.dicom import PDF_READER_VERB
from afloc_desktop.core.dicom.limits import limit_memory, set_alarm
from afloc_desktop.core.errors import Cancelled, UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Callable

_LARGEST = 50_000_000
_MOST_PAGES = 100
_LONGEST = 200_000
_TIMEOUT_S = 30
_POLL_S = 0.1
_LIMIT_BYTES = 1 << 30  # of address space; a report takes 0.1 GB, and the largest file 0.4 GB
# The search path of this process and nothing else: not the folder a document happens to be in.
_START = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from afloc_desktop.core.dicom.pdf_text import serve; sys.exit(serve())"
)


def pdf_text(data: bytes, *, should_stop: Callable[[], bool] | None = None) -> str:
    """The text of a PDF document; empty where it holds scanned pages alone.

    Args:
        data: The document.
        should_stop: Asked every now and then by whoever waits for no answer any more.

    Raises:
        UnreadableFile: Damaged, encrypted, too large, or too slow.
        Cancelled: `should_stop` said so.
    """
    if len(data) > _LARGEST:
        raise UnreadableFile("The document is too large for a report.", remedy="Leave it out.")
    answer = _answer(data, should_stop)
    if not isinstance(answer, dict) or not isinstance(answer.get("text"), str):
        raise UnreadableFile(
            "The words of the PDF document cannot be read.",
            remedy="Give the report as text, or without a password.",
        )
    # Half a letter, as a damaged table of letters gives, can be neither shown nor written.
    return str(answer["text"]).encode("utf-8", "replace").decode().replace("\0", " ")


def serve() -> int:
    """Be the reader: a document on stdin, its words as JSON on stdout."""
    limit_memory(_LIMIT_BYTES)
    set_alarm(2 * _TIMEOUT_S)
    sys.stdout.write(json.dumps({"text": _read(sys.stdin.buffer.read())}))
    return 0


def _answer(data: bytes, should_stop: Callable[[], bool] | None) -> object:
    """What the reader says; None where it fails, takes too long or cannot be started."""
    try:
        with _start() as process:
            said = _said(process, data, should_stop)
        return json.loads(said) if process.returncode == 0 else None
    except (OSError, ValueError):
        return None


def _said(
    process: subprocess.Popen[bytes], data: bytes, should_stop: Callable[[], bool] | None
) -> bytes:
    latest = time.monotonic() + _TIMEOUT_S
    # `communicate` forgets the rest of its input once it has timed out.
    pipe, process.stdin = process.stdin, None
    threading.Thread(target=_give, args=(pipe, data), daemon=True).start()
    while True:
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=_POLL_S)[0]
        is_unwanted = should_stop is not None and should_stop()
        if is_unwanted or time.monotonic() > latest:
            process.kill()
        if is_unwanted:
            raise Cancelled


def _give(pipe: IO[bytes], data: bytes) -> None:
    with suppress(OSError), pipe:  # the reader may have ended
        pipe.write(data)


def _start() -> subprocess.Popen[bytes]:
    if getattr(sys, "frozen", False):
        command = [sys.executable, PDF_READER_VERB]
    else:
        command = [sys.executable, "-c", _START, *map(os.path.abspath, sys.path)]
    # The reader complains at length, and quotes.
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    options["stderr"] = subprocess.DEVNULL
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NO_WINDOW
    else:  # Ctrl+C in a terminal is for the application
        options["start_new_session"] = True
    return subprocess.Popen(command, **options)


def _read(data: bytes) -> str:
    from pypdf import PdfReader

    pages = PdfReader(io.BytesIO(data)).pages
    texts: list[str] = []
    for number in range(min(len(pages), _MOST_PAGES)):
        texts.append(pages[number].extract_text())
        if sum(map(len, texts)) > _LONGEST:
            break
    return "\n\n".join(texts)[:_LONGEST]
