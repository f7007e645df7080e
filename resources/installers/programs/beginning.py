"""What every frozen program does first."""

from __future__ import annotations

import multiprocessing
import os
import sys

from afloc_desktop.core.dicom import DECODER_VERB, PDF_READER_VERB

_SEARCH_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def begin() -> None:
    """Become a child process where this program was started as one, and prepare the rest.

    A frozen program is its own Python: decoders, the reader of PDF documents and the workers of a
    training are started by starting it again.
    """
    multiprocessing.freeze_support()
    _give_back_search_paths()
    if sys.argv[1:2] == [DECODER_VERB]:
        from afloc_desktop.core.dicom.serve import serve

        serve(*map(int, sys.argv[2:]))
        sys.exit(0)
    if sys.argv[1:2] == [PDF_READER_VERB]:
        from afloc_desktop.core.dicom.pdf_text import serve as read

        sys.exit(read())


def _give_back_search_paths() -> None:
    """Programs of the system that we start, such as a file browser, must find their libraries."""
    for name in _SEARCH_PATHS:
        original = os.environ.pop(f"{name}_ORIG", None)
        if original is not None:
            os.environ[name] = original
        else:
            os.environ.pop(name, None)
