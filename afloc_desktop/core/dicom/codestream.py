"""What a compressed frame says about itself, read before any decoder sees it.

A codestream of 5 kB can claim 65,520 x 65,520 pixels, and decoders believe it (5.7 GB).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from afloc_desktop.core.dicom.guard import FETCH_AGAIN
from afloc_desktop.core.errors import UnreadableFile

_NOT_FRAMES = (0xC4, 0xC8, 0xCC)  # tables and extensions among the SOF numbers
_STANDALONE = (0x01, *range(0xD0, 0xD9))  # markers without a length
_MOST_TILES = 65_535  # ISO 15444-1 A.4.2


class Claim(NamedTuple):
    """Size of the image in a codestream; `precision` in bits."""

    rows: int
    columns: int
    samples: int
    precision: int


def jpeg_claim(stream: bytes) -> Claim:
    """The frame header (SOF) of a JPEG of any process.

    Raises:
        UnreadableFile: There is none, or the stream has no end.
    """
    _require(stream.startswith(b"\xff\xd8"))
    _require_end(stream)
    here = 2
    while here + 4 <= len(stream):
        _require(stream[here] == 0xFF)
        marker = stream[here + 1]
        if marker == 0xFF:
            here += 1
        elif marker in _STANDALONE:
            here += 2
        elif 0xC0 <= marker <= 0xCF and marker not in _NOT_FRAMES:
            _require(here + 10 <= len(stream))
            precision, rows, columns, samples = struct.unpack_from(">BHHB", stream, here + 4)
            return Claim(rows, columns, samples, precision)
        else:
            here += 2 + max(2, int.from_bytes(stream[here + 2 : here + 4], "big"))
    raise _damaged()


def jpeg2000_claim(stream: bytes) -> Claim:
    """The size segment (SIZ) of a JPEG 2000 codestream, bare or in a JP2 box.

    Raises:
        UnreadableFile: There is none, it contradicts itself, or the stream has no end.
    """
    start = stream.find(b"\xff\x4f\xff\x51", 0, 4096)
    _require(start >= 0 and start + 44 <= len(stream))
    _require_end(stream)
    x1, y1, x0, y0, tile_x, tile_y, tile_x0, tile_y0, samples, depth = struct.unpack_from(
        ">8LHB", stream, start + 8
    )
    _require(x1 > x0 and y1 > y0 and tile_x > 0 and tile_y > 0)
    tiles = -(-(x1 - tile_x0) // tile_x) * -(-(y1 - tile_y0) // tile_y)
    _require(tile_x0 <= x0 and tile_y0 <= y0 and tiles <= _MOST_TILES)
    return Claim(y1 - y0, x1 - x0, samples, (depth & 0x7F) + 1)


def _require_end(stream: bytes) -> None:
    """Decoders fill what is missing with grey and say nothing. Streams are padded with 0 or FF."""
    if not stream.rstrip(b"\0\xff").endswith(b"\xff\xd9"):
        raise UnreadableFile(
            "The file is incomplete: its compressed pixels end early.", remedy=FETCH_AGAIN
        )


def _require(is_sound: bool) -> None:
    if not is_sound:
        raise _damaged()


def _damaged() -> UnreadableFile:
    return UnreadableFile("The compressed pixels are damaged.", remedy=FETCH_AGAIN)
