"""What a compressed frame says about itself, read before any decoder sees it.

A codestream of 5 kB can claim 65,520 x 65,520 pixels, and decoders believe it (5.7 GB).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

from afloc_desktop.core.dicom.guard import FETCH_AGAIN
from afloc_desktop.core.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterator

Bytes = bytes | bytearray | memoryview

# SOF numbers; tables and extensions are among them.
_FRAMES = tuple(marker for marker in range(0xC0, 0xD0) if marker not in (0xC4, 0xC8, 0xCC))
_LOSSLESS = (0xC3, 0xC7, 0xCB, 0xCF)
_SOF_LS = 0xF7
_START_OF_SCAN = 0xDA
_PADDING = (0, 0xFF)
_STANDALONE = (0x01, *range(0xD0, 0xD9))  # markers without a length
MOST_TILES = 65_535  # ISO 15444-1 A.4.2


class Claim(NamedTuple):
    """Size of the image in a codestream; `precision` in bits."""

    rows: int
    columns: int
    samples: int
    precision: int
    is_lossless: bool = False
    tiles: int = 1


def jpeg_claim(stream: Bytes, *, is_ls: bool = False) -> Claim:
    """The frame header (SOF) of a JPEG of any process, or with `is_ls` of a JPEG-LS.

    Raises:
        UnreadableFile: There is none, or the stream has no end.
    """
    _require_end(stream)
    for marker, here, length in _segments(stream):
        is_frame = marker == _SOF_LS if is_ls else marker in _FRAMES
        if is_frame:
            _require(length >= 8)
            precision, rows, columns, samples = struct.unpack_from(">BHHB", stream, here)
            return Claim(rows, columns, samples, precision, marker in _LOSSLESS)
    raise _damaged()


def jpeg_says_rgb(stream: Bytes) -> bool | None:
    """Whether a JPEG of three components holds RGB (False: YCbCr); None where it does not say.

    JFIF is YCbCr by definition, Adobe's segment says which, and the components may be named
    R, G, B.
    """
    for marker, here, length in _segments(stream):
        content = bytes(stream[here : here + length])
        if marker == 0xE0 and content.startswith(b"JFIF\0"):
            return False
        if marker == 0xEE and content.startswith(b"Adobe") and len(content) >= 12:
            return {0: True, 1: False}.get(content[11])
        if marker in _FRAMES:
            return True if content[6::3][:3] == b"RGB" else None
    return None


def _segments(stream: Bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, offset and length of the content of each segment before the first scan.

    Raises:
        UnreadableFile: Something stands where a marker belongs, or a segment is cut off.
    """
    _require(bytes(stream[:2]) == b"\xff\xd8")
    here = 2
    while here + 4 <= len(stream):
        _require(stream[here] == 0xFF)
        marker = stream[here + 1]
        if marker == 0xFF:
            here += 1
        elif marker in _STANDALONE:
            here += 2
        else:
            length = int.from_bytes(stream[here + 2 : here + 4], "big")
            _require(length >= 2 and here + 2 + length <= len(stream))
            yield marker, here + 4, length - 2
            if marker == _START_OF_SCAN:
                return
            here += 2 + length


def jpeg2000_claim(stream: Bytes) -> Claim:
    """The size segment (SIZ) of a JPEG 2000 codestream, bare or in a JP2 box.

    Raises:
        UnreadableFile: There is none, it contradicts itself, or the stream has no end.
    """
    _require_end(stream)
    start = bytes(stream[:4096]).find(b"\xff\x4f\xff\x51")
    _require(start >= 0 and start + 44 <= len(stream))
    x1, y1, x0, y0, tile_x, tile_y, tile_x0, tile_y0, samples, depth = struct.unpack_from(
        ">8LHB", stream, start + 8
    )
    _require(x1 > x0 and y1 > y0 and tile_x > 0 and tile_y > 0)
    tiles = -(-(x1 - tile_x0) // tile_x) * -(-(y1 - tile_y0) // tile_y)
    _require(tile_x0 <= x0 and tile_y0 <= y0)
    # Components of different size or depth are legal, but not in DICOM (PS3.5 A.4.4).
    components = bytes(stream[start + 42 : start + 42 + 3 * samples])
    _require(components == bytes([depth, 1, 1]) * samples)
    return Claim(y1 - y0, x1 - x0, samples, (depth & 0x7F) + 1, tiles=tiles)


def _require_end(stream: Bytes) -> None:
    """Decoders fill what is missing with grey and say nothing. Streams are padded with 0 or FF."""
    end = len(stream)
    while end and stream[end - 1] in _PADDING:
        end -= 1
    if bytes(stream[max(0, end - 2) : end]) != b"\xff\xd9":
        raise ends_early()


def ends_early() -> UnreadableFile:
    """The error for a stream that is cut off."""
    return UnreadableFile(
        "The file is incomplete: its compressed pixels end early.", remedy=FETCH_AGAIN
    )


def _require(is_sound: bool) -> None:
    if not is_sound:
        raise _damaged()


def _damaged() -> UnreadableFile:
    return UnreadableFile("The compressed pixels are damaged.", remedy=FETCH_AGAIN)
