"""One file of a slide, open: its frames by number, decoded in a process of their own."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.dicom.archive import open_source
from afloc_desktop.core.dicom.colour import is_colour, to_rgb
from afloc_desktop.core.dicom.folders import unreadable
from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.slide_header import SlideHeader, describe_slide
from afloc_desktop.core.dicom.workers import decode_frame
from afloc_desktop.core.errors import Cancelled, UnreadableFile
from afloc_desktop.core.slides.frames import Frames, find_frames
from afloc_desktop.core.slides.places import Places, find_places

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.dicom.codestream import Bytes
    from afloc_desktop.core.dicom.decode import Decoded
    from afloc_desktop.core.domain import ColourArray, ImageRef

_SCREEN_BITS = 8
_ENDS = 4096  # bytes of the start and the end of the pixels that tell files apart


class SlideFile:
    """One open file of a slide. Any thread may read frames.

    Attributes:
        ref: Where it is.
        size: Bytes.
        described: Its header.
        places: Where its frames lie; None where they follow each other row by row.
        tell_tale: Bytes in which files of the same header but other pixels differ.
        white: Stored value, of grey pixels, that is shown as white.
    """

    def __init__(self, ref: ImageRef) -> None:
        """Open it and read its header.

        Raises:
            UnreadableFile: Absent, damaged, or claiming what cannot be.
            UnsupportedImage: Written or coloured in a way that is not read.
        """
        self.ref = ref
        self._lock = threading.Lock()
        self._is_closed = False
        self._frames: Frames | UnreadableFile | None = None
        with ExitStack() as opening:
            self._file, self.size = opening.enter_context(open_source(ref.path, ref.member))
            with quiet_pydicom():
                self.described: SlideHeader = describe_slide(self._file, self.size)
            self.places: Places | None = find_places(self._file, self.described)
            self.tell_tale = self._ends()
            self.white = (1 << self.described.header.bits_stored) - 1
            self._opened = opening.pop_all()

    def frame(self, number: int, should_stop: Callable[[], bool] | None = None) -> ColourArray:
        """One frame (0-based), uint8, shape (tile rows, tile columns, 3).

        Raises:
            UnreadableFile: Missing or damaged.
            UnsupportedImage: No decoder for it.
            Cancelled: `should_stop` said so, or the file was closed.
        """
        if should_stop is not None and should_stop():
            raise Cancelled
        decoded = self._decoded(number, should_stop)
        header = self.described.header
        if not is_colour(header):
            return _grey(self.white, header.photometric, decoded)
        colour = to_rgb(header, decoded, None)
        profile = self.described.profile
        return colour if profile is None else profile.apply(colour)

    @property
    def is_deep_grey(self) -> bool:
        """Whether it is grey, of more steps than a screen has."""
        header = self.described.header
        return not is_colour(header) and header.bits_stored > _SCREEN_BITS

    def brightest(self, most: int) -> int:
        """The highest stored value among so many of its frames, evenly chosen.

        Raises:
            UnreadableFile: A frame is missing or damaged.
            UnsupportedImage: No decoder for it.
        """
        frames = self.described.header.frames
        chosen = range(0, frames, max(1, -(-frames // most)))
        return max(int(self._decoded(n, None).values.max()) for n in chosen)

    def _decoded(self, number: int, should_stop: Callable[[], bool] | None) -> Decoded:
        # One frame is what a decoder is told: the others are none of its business.
        header = replace(self.described.header, frames=1)
        return decode_frame(header, self._bytes(number), should_stop=should_stop)

    def close(self) -> None:
        """Let go of the file; who still reads is told to stop."""
        with self._lock:
            self._is_closed = True
            self._opened.close()

    def _bytes(self, number: int) -> Bytes:
        with self._lock:
            if self._is_closed:
                raise Cancelled
            try:
                return self._found().read(self._file, number)
            except OSError as error:
                raise unreadable("file", error) from None

    def _found(self) -> Frames:
        # Not when the slide is opened: without a table, every fragment has to be stepped over.
        if self._frames is None:
            try:
                self._frames = find_frames(self._file, self.size, self.described)
            except UnreadableFile as error:
                self._frames = error
        if isinstance(self._frames, UnreadableFile):
            raise UnreadableFile(self._frames.reason, remedy=self._frames.remedy)
        return self._frames

    def _ends(self) -> bytes:
        parts = []
        for offset in (self.described.pixels.offset, max(0, self.size - _ENDS)):
            self._file.seek(offset)
            parts.append(self._file.read(_ENDS))
        return b"".join(parts)


def _grey(white: int, photometric: str, decoded: Decoded) -> ColourArray:
    """Grey of a fluorescence slide in three equal channels."""
    share = np.minimum(decoded.values.astype(np.float32) / white, 1)
    levels = (share * 255 + 0.5).astype(np.uint8)
    if photometric == "MONOCHROME1":
        levels = 255 - levels
    return np.repeat(levels[..., None], 3, axis=-1)
