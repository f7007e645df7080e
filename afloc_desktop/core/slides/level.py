"""One file of a slide, open: its tiles by column and row, decoded elsewhere."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.dicom.archive import open_source
from afloc_desktop.core.dicom.colour import is_colour, to_rgb
from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.slide_header import SlideHeader, describe_slide
from afloc_desktop.core.dicom.workers import decode_frame
from afloc_desktop.core.slides.frames import Frames, find_frames

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.domain import ColourArray, ImageRef


class SlideFile:
    """One open file. Any thread may read tiles."""

    def __init__(self, ref: ImageRef) -> None:
        """Open it and read its header.

        Raises:
            UnreadableFile: Absent, damaged, or claiming what cannot be.
            UnsupportedImage: Written or coloured in a way that is not read.
        """
        self.ref = ref
        self._lock = threading.Lock()
        self._frames: Frames | None = None
        self._stack = ExitStack()
        with ExitStack() as opening:
            self._file, self._size = opening.enter_context(open_source(ref.path, ref.member))
            with quiet_pydicom():
                self.described: SlideHeader = describe_slide(self._file, self._size)
            self._stack = opening.pop_all()

    @property
    def size(self) -> int:
        """Of the file, bytes."""
        return self._size

    def frame(self, number: int, should_stop: Callable[[], bool] | None = None) -> ColourArray:
        """One frame (0-based), uint8, shape (tile rows, tile columns, 3).

        Raises:
            UnreadableFile: Missing or damaged.
            UnsupportedImage: No decoder for it.
            Cancelled: `should_stop` said so.
        """
        with self._lock:
            if self._frames is None:
                self._frames = find_frames(self._file, self._size, self.described)
            data = self._frames.read(self._file, number)
        # One frame is what a decoder is told: the others are none of its business.
        header = replace(self.described.header, frames=1)
        decoded = decode_frame(header, data, should_stop=should_stop)
        if not is_colour(header):
            return _grey(header.bits_stored, header.photometric, decoded.values)
        colour = to_rgb(header, decoded, self.described.palette)
        profile = self.described.profile
        return colour if profile is None else profile.apply(colour)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._stack.close()


def _grey(bits: int, photometric: str, values: np.ndarray) -> ColourArray:
    """Grey of a fluorescence slide in three equal channels: the highest eight bits."""
    levels = (values >> max(0, bits - 8)).astype(np.uint8)
    if photometric == "MONOCHROME1":
        levels = 255 - levels
    return np.repeat(levels[..., None], 3, axis=-1)
