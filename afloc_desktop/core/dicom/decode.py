"""From the bytes of one frame to stored values: one pinned decoder per transfer syntax.

Pure: a checked header and bytes in, an array out, so that it can run in another process.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from afloc_desktop.core.dicom.codestream import jpeg2000_claim, jpeg_claim
from afloc_desktop.core.dicom.guard import FETCH_AGAIN, foreign_code
from afloc_desktop.core.errors import UnreadableFile, UnsupportedImage

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.dicom.header import Header

Stored = npt.NDArray[Any]

_J2K_THREADS = 2  # 3000 x 2500: 385 ms instead of 764; more threads gain little


class Decoded(NamedTuple):
    """What a decoder gave.

    Attributes:
        values: Shape (rows, columns) of one sample per pixel, (rows, columns, samples) of more;
            integers of `bits_allocated` in native byte order, sign extended and without anything
            above the stored bits; or float32 or float64.
        photometric: What the samples mean now: a decoder may have turned YBR into RGB.
    """

    values: Stored
    photometric: str


def decode(header: Header, data: bytes) -> Decoded:
    """Stored values of one frame.

    Args:
        header: Checked.
        data: Of this frame alone: native samples from the first bit, or one codestream.

    Raises:
        UnreadableFile: Damaged, or of another size than the header says.
        UnsupportedImage: No decoder for this transfer syntax.
    """
    codec = header.syntax.codec
    if codec == "native":
        cells = _native(header, data)
    elif codec == "rle":
        cells = _rle(header, data)
    else:
        cells = _codestream(header, data)
    if cells.shape != (header.rows, header.columns):
        raise _mismatch("size")
    return Decoded(_stored(header, cells), header.photometric)


def _stored(header: Header, cells: Stored) -> Stored:
    if header.is_float:
        return cells
    size = max(1, header.bits_allocated // 8)
    raw = cells.astype(f"{cells.dtype.kind}{size}", copy=False).view(f"u{size}")
    if header.syntax.codec in ("native", "rle"):
        return _values(header, raw >> header.shift)
    return _whole_values(header, raw)


def _values(header: Header, raw: Stored) -> Stored:
    """The lowest stored bits, sign extended. What is above them may be an old overlay."""
    spare = raw.dtype.itemsize * 8 - header.bits_stored
    values: Stored
    if header.is_signed:
        # The sign bit to the top and back down again spreads it.
        values = (raw << spare).view(f"i{raw.dtype.itemsize}") >> spare
    else:
        values = raw & raw.dtype.type((1 << header.bits_stored) - 1)
    return values


def _whole_values(header: Header, raw: Stored) -> Stored:
    """The same for what a decoder gave: anything above the stored bits is a contradiction."""
    values = _values(header, raw)
    is_spread = values.view(raw.dtype) == raw
    if not (is_spread | (raw >> (header.bits_stored - 1) <= 1)).all():
        raise _mismatch("bits")
    return values


def _native(header: Header, data: bytes) -> Stored:
    count = header.rows * header.columns
    if header.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count, bitorder="little")
        return bits.reshape(header.rows, header.columns)
    kind = "f" if header.is_float else "u"
    order = "<" if header.syntax.is_little_endian else ">"
    stored = np.frombuffer(data, f"{order}{kind}{header.bits_allocated // 8}", count)
    native = stored.astype(stored.dtype.newbyteorder("="))
    return native.reshape(header.rows, header.columns)


def _rle(header: Header, data: bytes) -> Stored:
    """PS3.5 annex G: one PackBits segment per byte of a sample, most significant first."""
    count, planes = header.rows * header.columns, header.bits_allocated // 8
    if len(data) < 64:
        raise _damaged()
    segments, *offsets = struct.unpack_from("<16L", data)
    if segments != planes or planes == 0:
        raise _damaged()
    cells = np.empty((count, planes), np.uint8)
    ends = [*offsets[1:segments], len(data)]
    for plane, (start, end) in enumerate(zip(offsets[:segments], ends, strict=True)):
        if not 64 <= start <= end <= len(data):
            raise _damaged()
        cells[:, planes - 1 - plane] = np.frombuffer(_unpack_bits(data[start:end], count), np.uint8)
    return cells.view(f"<u{planes}").reshape(header.rows, header.columns)


def _unpack_bits(packed: bytes, count: int) -> bytes:
    out, here, last = bytearray(), 0, len(packed)
    while len(out) < count and here < last:
        code = packed[here]
        if code < 128:
            out += packed[here + 1 : here + 2 + code]
            here += 2 + code
        elif code > 128:
            out += packed[here + 1 : here + 2] * (257 - code)
            here += 2
        else:
            here += 1
    if len(out) < count:
        raise _damaged()
    return bytes(out[:count])


def _codestream(header: Header, data: bytes) -> Stored:
    decoder = _decoder(header.syntax.codec)
    is_jpeg = header.syntax.codec == "jpeg"
    claim = jpeg_claim(data) if is_jpeg else jpeg2000_claim(data)
    if (claim.rows, claim.columns, claim.samples) != (header.rows, header.columns, 1):
        raise _mismatch("size")
    if claim.precision > header.bits_allocated:
        raise _mismatch("bits")
    with foreign_code("The compressed pixels cannot be decoded"):
        cells: Stored = np.asarray(decoder(data))
    if cells.dtype.kind not in "iu":
        raise _damaged()
    return cells


def _decoder(codec: str) -> Callable[[bytes], Any]:
    # Imported here: a start-up lists files and decodes none.
    import imagecodecs

    if codec == "jpeg":
        return imagecodecs.jpeg8_decode
    if codec == "jpeg2000":
        return lambda data: imagecodecs.jpeg2k_decode(data, numthreads=_J2K_THREADS)
    raise no_decoder(codec)


def no_decoder(codec: str) -> UnsupportedImage:
    """The error for pixels that are compressed in a way this application does not read.

    On damaged streams the decoder of JPEG-LS burns seconds, and that of HTJ2K reports its
    errors to nobody and eats all memory: both need a process that can be killed.
    """
    name = {"jpeg-ls": "JPEG-LS", "htj2k": "HTJ2K"}.get(codec, codec)
    return UnsupportedImage(
        f"The pixels are compressed as {name}, which is not read yet.",
        remedy="Export the image again uncompressed or as JPEG 2000.",
    )


def _mismatch(what: str) -> UnreadableFile:
    return UnreadableFile(
        f"The header and the compressed pixels disagree about the {what} of the image.",
        remedy=FETCH_AGAIN,
    )


def _damaged() -> UnreadableFile:
    return UnreadableFile("The compressed pixels are damaged.", remedy=FETCH_AGAIN)
