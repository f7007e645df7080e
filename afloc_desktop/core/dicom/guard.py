"""The one boundary around code that is not ours: pydicom and the pixel decoders.

A damaged file makes them raise nearly every class there is, even a `BaseException` from a
compiled decoder, and their messages quote the file. Here it becomes an error for the reader,
which names the cause and repeats no value of the file.
"""

from __future__ import annotations

import logging
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import AflocError, Cancelled, UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterator

FETCH_AGAIN = "Fetch the file again from where it came from."

_pydicom_lock = threading.RLock()


@contextmanager
def foreign_code(reason: str, *, remedy: str = FETCH_AGAIN) -> Iterator[None]:
    """Turn whatever escapes from a parser or decoder into `UnreadableFile`.

    Keep the block around the foreign call alone: inside it, a defect of ours looks like a
    damaged file.

    Raises:
        UnreadableFile: `reason`, with the class of what escaped and not its text.
    """
    try:
        yield
    except (AflocError, Cancelled, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise UnreadableFile(f"{reason} ({type(error).__name__}).", remedy=remedy) from None


@contextmanager
def quiet_pydicom() -> Iterator[None]:
    """Use pydicom without its warnings and log, which quote the file, reaching anyone.

    One thread at a time: the warning filters belong to the whole process. pydicom is plain
    Python, so threads would take turns anyway.
    """
    log = logging.getLogger("pydicom")
    with _pydicom_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        was_disabled, log.disabled = log.disabled, True
        try:
            yield
        finally:
            log.disabled = was_disabled
