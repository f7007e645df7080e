"""A series of single-frame grey slices, read straight into one array.

A slice that is written as the first one is costs one look at its header and one read into its
place. Whatever is unusual about a slice, it takes the ordinary path of `read`.
"""

from __future__ import annotations

import io
import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.dicom.archive import open_source
from afloc_desktop.core.dicom.decode import Decoded, decode
from afloc_desktop.core.dicom.files import READ_ONLY, open_regular
from afloc_desktop.core.dicom.frames import frame_bytes
from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.header import parse
from afloc_desktop.core.dicom.read import assemble, describe, read
from afloc_desktop.core.dicom.shapes import Shapes
from afloc_desktop.core.dicom.walker import LARGER_READS, LAYOUT
from afloc_desktop.core.dicom.workers import decode_frame
from afloc_desktop.core.domain import read_only
from afloc_desktop.core.errors import AflocError, Cancelled, UnsupportedImage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from afloc_desktop.core.dicom.decode import Stored
    from afloc_desktop.core.dicom.header import Header
    from afloc_desktop.core.dicom.read import Film
    from afloc_desktop.core.domain import Image, ImageRef

# Rows of an overlay (60xx,0010): it may lie in the pixels. What only looks like it is no harm.
_OVERLAY_END = b"\x60\x10\x00"
_OVERLAY = re.compile(rb"[\x00-\x1e]" + _OVERLAY_END)


@dataclass(frozen=True, slots=True)
class _Slice:
    """What is kept of one file.

    Attributes:
        head: The header as bytes, empty where `film` is there.
        film: What was understood of it.
        size: Of what `head` is the start of.
        version: Size and time of the file on disk.
    """

    head: bytes
    film: Film | None
    size: int
    version: tuple[int, int]


class Stack:
    """Slices in memory.

    Attributes:
        refs: In the order of `values`.
        values: Stored values, shape (slices, rows, columns), read-only. Zero where `missing`.
        missing: Places of the slices that are not in `values`: unreadable, or of another kind.
    """

    def __init__(
        self,
        refs: tuple[ImageRef, ...],
        header: Header,
        values: Stored,
        slices: tuple[_Slice | None, ...],
    ) -> None:
        self.refs = refs
        self.values = read_only(values)
        self.missing = tuple(place for place, kept in enumerate(slices) if kept is None)
        self._header = header
        self._slices = slices

    def image(self, place: int) -> Image:
        """The slice as `read` gives it; from its file only where that has changed since.

        Raises:
            UnreadableFile: A missing slice cannot be read.
            UnsupportedImage: A missing slice is not one that is read.
        """
        ref, kept = self.refs[place], self._slices[place]
        if kept is None or _has_changed(ref.path, kept):
            return read(ref)
        film = kept.film
        if film is None:
            with quiet_pydicom():
                film = describe(parse(io.BytesIO(kept.head), kept.size), ref.frame)
        decoded = Decoded(self.values[place], self._header.photometric)
        return assemble(ref, self._header, film, decoded)


def open_stack(
    refs: Sequence[ImageRef],
    *,
    should_stop: Callable[[], bool] | None = None,
    on_slice: Callable[[int], None] | None = None,
) -> Stack:
    """Read slices of one size and kind into one array.

    Args:
        refs: Of one series.
        should_stop: Asked before each slice.
        on_slice: Told the place of each slice once it is in its place.

    Raises:
        UnsupportedImage: None of them is a grey image.
        Cancelled: `should_stop` said so.
    """
    loader = _Loader(tuple(refs))
    for place in range(len(loader.refs)):
        if should_stop is not None and should_stop():
            raise Cancelled
        loader.load(place)
        if on_slice is not None:
            on_slice(place)
    return loader.finish()


class _Loader:
    """Fills the array; the first slice that can be read says how the others have to be."""

    def __init__(self, refs: tuple[ImageRef, ...]) -> None:
        self.refs = refs
        self._slices: list[_Slice | None] = [None] * len(refs)
        self._header: Header | None = None
        self._values: Stored = np.empty(0)
        self._layout: tuple[bytes | None, ...] | None = None
        self._shapes = Shapes()

    def load(self, place: int) -> None:
        """Read one slice; one that cannot be is left out."""
        try:
            kept = self._load_alike(place) if self._layout is not None else None
            self._slices[place] = kept or self._load_any(place)
        except (AflocError, OSError):
            self._slices[place] = None  # told again by `read` to whoever asks for it

    def finish(self) -> Stack:
        """All slices."""
        if self._header is None:
            raise UnsupportedImage(
                "No slice of this series could be read as a grey image.",
                remedy="Open its images one by one.",
            )
        for place, kept in enumerate(self._slices):
            if kept is None:
                self._values[place] = 0
        return Stack(self.refs, self._header, self._values, tuple(self._slices))

    def _load_alike(self, place: int) -> _Slice | None:
        """The slice, None where it is written in any other way than the first one."""
        ref, header = self.refs[place], self._header
        assert header is not None
        if ref.member or ref.frame != 1:
            return None
        room = memoryview(self._values[place]).cast("B")
        with io.FileIO(os.open(ref.path, READ_ONLY)) as file:
            status = os.fstat(file.fileno())
            # What is not the last of the file is not written like the first slice.
            head = bytearray(max(0, status.st_size - len(room)))
            if not stat.S_ISREG(status.st_mode) or not 0 < len(head) <= LARGER_READS[-1]:
                return None
            if file.readinto(head) != len(head) or file.readinto(room) != len(room):
                return None
        if not self._is_alike(bytes(head), status.st_size):
            return None
        if header.bits_stored < 16:
            values = decode(header, room).values
            if not np.may_share_memory(values, self._values):
                self._values[place] = values
        return _Slice(bytes(head), None, status.st_size, _version(status))

    def _load_any(self, place: int) -> _Slice | None:
        """The slice by the ordinary path, None where it does not go with the first one."""
        ref = self.refs[place]
        with open_source(ref.path, ref.member) as (file, size), quiet_pydicom():
            parsed = parse(file, size)
            header = parsed.header
            data = frame_bytes(parsed, ref.frame)
            film = describe(parsed, ref.frame)
        values = decode_frame(header, data).values
        if self._header is None and values.ndim == 2 and header.photometric != "PALETTE COLOR":
            self._header = header
            self._values = np.empty((len(self.refs), *values.shape), values.dtype)
            self._layout = self._find_layout(ref, header)
        if self._header is None or not _is_alike(header, self._header):
            return None
        self._values[place] = values
        return _Slice(b"", film, size, _version(os.stat(ref.path)))

    def _find_layout(self, ref: ImageRef, header: Header) -> tuple[bytes | None, ...] | None:
        """The elements that describe the pixels, None where those are not plain words."""
        is_plain = header.syntax.codec == "native" and header.syntax.is_little_endian
        if not is_plain or header.bits_allocated != 16 or header.is_float or ref.member:
            return None
        with open_regular(ref.path) as (file, size):
            walked = self._shapes.walk(file.read(LARGER_READS[-1]), size)
        return None if walked is None else walked.shared[LAYOUT]

    def _is_alike(self, head: bytes, size: int) -> bool:
        """Whether pixels described like those of the first slice follow these bytes."""
        walked = self._shapes.walk(head, size)
        if walked is None or walked.shared[LAYOUT] != self._layout:
            return False
        is_last = walked.offset == len(head) and walked.length == size - len(head)
        return is_last and (_OVERLAY_END not in head or not _OVERLAY.search(head))


def _is_alike(header: Header, first: Header) -> bool:
    """Whether values of the one can stand among those of the other."""
    return (
        (header.rows, header.columns, header.samples) == (first.rows, first.columns, first.samples)
        and (header.photometric, header.is_signed) == (first.photometric, first.is_signed)
        and (header.bits_allocated, header.bits_stored, header.is_float)
        == (first.bits_allocated, first.bits_stored, first.is_float)
    )


def _version(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _has_changed(path: Path, kept: _Slice) -> bool:
    try:
        return _version(os.stat(path)) != kept.version
    except OSError:
        return False  # the disc is out: what is here is what was on it
