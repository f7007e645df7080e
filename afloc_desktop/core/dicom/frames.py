"""The bytes of one frame, wherever they are in the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from afloc_desktop.core.dicom.fragments import frame_of
from afloc_desktop.core.dicom.guard import FETCH_AGAIN
from afloc_desktop.core.errors import UnreadableFile

if TYPE_CHECKING:
    from io import BufferedIOBase

    from afloc_desktop.core.dicom.codestream import Bytes
    from afloc_desktop.core.dicom.header import Header, Parsed


def frame_bytes(parsed: Parsed, frame: int) -> Bytes:
    """One frame as `decode` takes it.

    Args:
        parsed: From the file that is still open.
        frame: 1-based.

    Raises:
        UnreadableFile: No such frame, or not certain which bytes are its.
    """
    header = parsed.header
    if not 1 <= frame <= header.frames:
        raise UnreadableFile(
            f"The file has no frame {frame}; it holds {header.frames}.",
            remedy="Choose another frame.",
        )
    if header.syntax.codec != "native":
        extended = parsed.tags.raw("ExtendedOffsetTable")
        table = extended if isinstance(extended, bytes) else b""
        return frame_of(parsed.file, parsed.fragments, frame, header.frames, table)
    first, last = header.frame_bits * (frame - 1), header.frame_bits * frame
    if header.bits_allocated == 1:
        return _align(_read(parsed, first // 8, -(-last // 8)), first % 8)
    if _is_swapped(header):
        pairs = _read(parsed, first // 16 * 2, -(-last // 16) * 2)
        return _swap(pairs)[first // 8 % 2 :]
    return _read(parsed, first // 8, last // 8)


def _read(parsed: Parsed, start: int, stop: int) -> memoryview:
    # Into an array: numpy asks for large pages, which halves the time for a large film.
    room = np.empty(stop - start, np.uint8).data
    parsed.file.seek(parsed.element.offset + start)
    if cast("BufferedIOBase", parsed.file).readinto(room) < len(room):
        raise UnreadableFile("The file changed while it was read.", remedy=FETCH_AGAIN)
    return room


def _align(data: Bytes, first_bit: int) -> Bytes:
    """Drop leading bits: one-bit frames follow each other without a gap."""
    if not first_bit:
        return data
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
    return np.packbits(bits[first_bit:], bitorder="little").tobytes()


def _is_swapped(header: Header) -> bool:
    """Bytes in big-endian words of two (PS3.5 8.1.1)."""
    return header.bits_allocated == 8 and header.vr == "OW" and not header.syntax.is_little_endian


def _swap(data: Bytes) -> bytes:
    return np.frombuffer(data, ">u2").astype("<u2").tobytes()
