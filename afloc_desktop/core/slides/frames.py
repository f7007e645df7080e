"""Where the bytes of each frame of a slide are: found by index, without reading the file."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from afloc_desktop.core.dicom.fragments import END, FRAME_STARTS, ITEM
from afloc_desktop.core.dicom.guard import FETCH_AGAIN
from afloc_desktop.core.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedIOBase

    from afloc_desktop.core.dicom.codestream import Bytes
    from afloc_desktop.core.dicom.header import Header
    from afloc_desktop.core.dicom.slide_header import SlideHeader

_HEAD = 8
_MOST_BYTES = 1 << 26  # of one compressed tile
_MOST_ITEMS = 8_000_000

Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The frames of one file.

    Attributes:
        starts: Of each compressed frame, where the item of its first fragment begins in the
            file; None of native pixels.
        first: Where the first frame begins.
        bits: Of one native frame.
        end: No frame reaches beyond.
    """

    starts: Offsets | None
    first: int
    bits: int
    end: int

    def read(self, file: BinaryIO, frame: int) -> Bytes:
        """The bytes of one frame as `decode` takes them.

        Args:
            file: Any position; one thread at a time.
            frame: 0-based.

        Raises:
            UnreadableFile: They are not there.
        """
        if self.starts is None:
            size = self.bits // 8
            if self.first + (frame + 1) * size > self.end:
                raise _lost()
            return _exactly(file, self.first + frame * size, size)
        here = int(self.starts[frame])
        end = int(self.starts[frame + 1]) if frame + 1 < len(self.starts) else self.end
        parts: list[Bytes] = []
        total = 0
        while here + _HEAD <= end:
            head = _exactly(file, here, _HEAD)
            if head[:4] == END and parts:
                break
            length = struct.unpack_from("<L", head, 4)[0]
            total += length
            is_beyond = here + _HEAD + length > self.end
            if head[:4] != ITEM or total > _MOST_BYTES or is_beyond:
                raise _lost()
            parts.append(_exactly(file, here + _HEAD, length))
            here += _HEAD + length
        if not parts:
            raise _lost()
        return parts[0] if len(parts) == 1 else b"".join(parts)


def find_frames(file: BinaryIO, size: int, described: SlideHeader) -> Frames:
    """Find the frames of an open file: by its tables, else from fragment to fragment.

    Raises:
        UnreadableFile: It is not certain which bytes belong to which frame.
    """
    header, pixels = described.header, described.pixels
    if pixels.length is not None:
        return Frames(
            None, pixels.offset, header.frame_bits, min(size, pixels.offset + pixels.length)
        )
    file.seek(pixels.offset)
    head = file.read(_HEAD)
    if len(head) < _HEAD or head[:4] != ITEM:
        raise _lost()
    length = struct.unpack("<L", head[4:])[0]
    first = pixels.offset + _HEAD + length
    extended = described.offsets
    offsets = _table(file, pixels.offset + _HEAD, length, "<u4")
    if extended is not None and extended.length:
        offsets = _table(file, extended.offset, extended.length, "<u8")
    if _is_plausible(offsets, header.frames):
        return Frames(offsets + first, first, 0, size)
    return Frames(_scanned(file, first, size, header), first, 0, size)


def _table(file: BinaryIO, offset: int, length: int, kind: str) -> Offsets:
    """An offset table; no longer than the longest slide has one."""
    file.seek(offset)
    data = file.read(min(length, _MOST_ITEMS * 8))
    count = len(data) // np.dtype(kind).itemsize
    return np.frombuffer(data, kind, count).astype(np.int64)


def _is_plausible(offsets: Offsets, frames: int) -> bool:
    """Whether a table tells where every frame is; one of four bytes overflows at 4 GB."""
    return len(offsets) == frames and offsets[0] == 0 and bool((np.diff(offsets) > 0).all())


def _scanned(file: BinaryIO, first: int, size: int, header: Header) -> Offsets:
    """Where each frame begins, from one fragment to the next; `size` of those that are cut off."""
    items: list[int] = []
    starts: list[int] = []
    for here, content in _items(file, first, size):
        items.append(here)
        if content.startswith(FRAME_STARTS):
            starts.append(here)
    is_one_each = header.syntax.codec == "rle" or len(starts) == len(items)
    found = starts if len(starts) == header.frames else items
    if len(found) != header.frames and not is_one_each:
        raise UnreadableFile(
            f"The file claims {header.frames} tiles and holds {len(starts)}.", remedy=FETCH_AGAIN
        )
    missing = [size] * (header.frames - len(found))
    return np.array(found[: header.frames] + missing, np.int64)


def _items(file: BinaryIO, first: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Where each fragment is, and how it begins."""
    # Past the buffer, which fetches 8 kB for every 16 bytes and takes 1.7 times as long.
    raw = getattr(file, "raw", file)
    before, here, count = raw.tell(), first, 0
    try:
        while here + _HEAD <= size and count < _MOST_ITEMS:
            raw.seek(here)
            head = raw.read(2 * _HEAD)
            if head[:4] != ITEM or len(head) < _HEAD:
                break
            yield here, head[_HEAD:]
            here += _HEAD + int.from_bytes(head[4:8], "little")
            count += 1
    finally:
        raw.seek(before)  # where the buffer believes it to be


def _exactly(file: BinaryIO, offset: int, size: int) -> memoryview:
    room = np.empty(size, np.uint8).data
    file.seek(offset)
    if cast("BufferedIOBase", file).readinto(room) < size:
        raise _lost()
    return room


def _lost() -> UnreadableFile:
    return UnreadableFile("The bytes of this tile are missing.", remedy=FETCH_AGAIN)
