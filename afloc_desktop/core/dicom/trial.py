"""Do the decoders of this installation work? Each unpacks a frame whose values are known."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.dicom.guard import foreign_code
from afloc_desktop.core.dicom.header import Header
from afloc_desktop.core.dicom.syntax import syntax_of
from afloc_desktop.core.dicom.workers import decode_frame
from afloc_desktop.core.errors import AflocError, UnreadableFile

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.decode import Stored

_PREFIX = "1.2.840.10008.1.2"
# Lossless ones alone: a value that comes back is the value that went in.
_SYNTAXES = {
    "RLE": ".5",
    "JPEG": ".4.70",
    "JPEG-LS": ".4.80",
    "JPEG 2000": ".4.90",
    "High-Throughput JPEG 2000": ".4.201",
}
_BITS = 12
_REMEDY = "Install the application again."
_SHAPE = (48, 64)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a decoder made of its frame.

    Attributes:
        name: Of the compression.
        error: Why it does not work; None where it does.
    """

    name: str
    error: AflocError | None


def try_decoders() -> tuple[Trial, ...]:
    """Unpack one frame of each compression in a decoder process, as films are unpacked."""
    values = (np.arange(_SHAPE[0] * _SHAPE[1]) * 37 % (1 << _BITS)).astype(np.uint16)
    frame = values.reshape(_SHAPE)
    return tuple(Trial(name, _fault(name, frame)) for name in _SYNTAXES)


def _fault(name: str, frame: Stored) -> AflocError | None:
    header = Header(
        syntax=syntax_of(_PREFIX + _SYNTAXES[name]),
        rows=_SHAPE[0],
        columns=_SHAPE[1],
        samples=1,
        frames=1,
        photometric="MONOCHROME2",
        bits_allocated=16,
        bits_stored=_BITS,
        high_bit=_BITS - 1,
        is_signed=False,
        is_float=False,
        vr="OB",
    )
    try:
        decoded = decode_frame(header, _packed(name, frame))
    except AflocError as error:
        return error
    if np.array_equal(decoded.values, frame):
        return None
    return UnreadableFile(
        f"The decoder of {name} gives other values than were packed.",
        remedy=_REMEDY,
    )


def _packed(name: str, frame: Stored) -> bytes:
    if name == "RLE":
        return _run_lengths(frame)
    import imagecodecs

    with foreign_code(f"The encoder of {name} does not work", remedy=_REMEDY):
        if name == "JPEG":
            return bytes(imagecodecs.jpeg8_encode(frame, lossless=True, bitspersample=_BITS))
        if name == "JPEG-LS":
            return bytes(imagecodecs.jpegls_encode(frame))
        if name == "JPEG 2000":
            return bytes(imagecodecs.jpeg2k_encode(frame, codecformat="j2k", reversible=True))
        return bytes(imagecodecs.htj2k_encode(frame, reversible=True))


def _run_lengths(frame: Stored) -> bytes:
    """PS3.5 annex G: literal runs alone, the high bytes first, then the low ones."""
    planes = [_literal(plane.astype(np.uint8).tobytes()) for plane in (frame >> 8, frame & 255)]
    return struct.pack("<3L52x", len(planes), 64, 64 + len(planes[0])) + b"".join(planes)


def _literal(data: bytes) -> bytes:
    runs = (data[start : start + 128] for start in range(0, len(data), 128))
    return b"".join(bytes([len(run) - 1]) + run for run in runs)
