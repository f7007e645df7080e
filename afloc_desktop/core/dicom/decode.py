"""From the bytes of one frame to stored values: one pinned decoder per transfer syntax.

Pure: a checked header and bytes in, an array out, so that it can run in another process.
"""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from afloc_desktop.core.dicom.codestream import (
    MOST_TILES,
    Bytes,
    Claim,
    ends_early,
    jpeg2000_claim,
    jpeg_claim,
    jpeg_says_rgb,
)
from afloc_desktop.core.dicom.guard import FETCH_AGAIN, foreign_code
from afloc_desktop.core.dicom.syntax import no_video
from afloc_desktop.core.errors import UnreadableFile

if TYPE_CHECKING:
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


def decode(header: Header, data: Bytes) -> Decoded:
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
        cells, photometric = _native(header, data)
    elif codec == "rle":
        cells, photometric = _rle(header, data), header.photometric
    else:
        cells, photometric = _codestream(header, data)
    if cells.shape != shape_of(header):
        raise _mismatch("size")
    return Decoded(_stored(header, cells), photometric)


def shape_of(header: Header) -> tuple[int, ...]:
    """Of the stored values of one frame."""
    size = (header.rows, header.columns)
    return size if header.samples == 1 else (*size, header.samples)


def dtype_of(header: Header) -> np.dtype[Any]:
    """Of the stored values of one frame, native byte order."""
    size = max(1, header.bits_allocated // 8)
    return np.dtype(f"{'f' if header.is_float else 'i' if header.is_signed else 'u'}{size}")


def _stored(header: Header, cells: Stored) -> Stored:
    if header.is_float:
        return cells
    size = max(1, header.bits_allocated // 8)
    raw = cells.astype(f"{cells.dtype.kind}{size}", copy=False).view(f"u{size}")
    if header.shift:
        raw = raw >> header.shift
    # Most files have nothing above the value: one look instead of several passes.
    is_plain = header.bits_stored == size * 8
    if is_plain or not int(raw.max()) >> (header.bits_stored - header.is_signed):
        return raw.view(dtype_of(header))
    values = _values(header, raw)
    is_decoded = header.syntax.codec not in ("native", "rle")
    if is_decoded and not ((values.view(raw.dtype) == raw) | _is_sign_unspread(header, raw)).all():
        # What a decoder gave cannot hold an old overlay: this is a contradiction.
        raise _mismatch("bits")
    return values


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


def _is_sign_unspread(header: Header, raw: Stored) -> Stored:
    """Where a decoder that knows no sign gave exactly the stored bits of a value."""
    is_within: Stored = raw >> (header.bits_stored - 1) <= 1
    return is_within


def _native(header: Header, data: Bytes) -> tuple[Stored, str]:
    shape = shape_of(header)
    if header.photometric == "YBR_FULL_422":
        return _shared_colour(header, np.frombuffer(data, np.uint8)), "YBR_FULL"
    count = header.rows * header.columns * header.samples
    if header.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count, bitorder="little")
        return bits.reshape(shape), header.photometric
    order: Literal["<", ">"] = "<" if header.syntax.is_little_endian else ">"
    stored = np.frombuffer(data, dtype_of(header).newbyteorder(order), count)
    native = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    if header.is_planar:
        return _interleaved(native.reshape(header.samples, -1)).reshape(shape), header.photometric
    return native.reshape(shape), header.photometric


def _shared_colour(header: Header, data: Stored) -> Stored:
    """PS3.3 C.7.6.3.1.2: two pixels in four bytes, Y1 Y2 CB CR, become three bytes each."""
    pairs = data[: header.rows * header.columns * 2].reshape(header.rows, -1, 4)
    out = np.empty((header.rows, pairs.shape[1], 2, 3), np.uint8)
    out[..., 0] = pairs[..., :2]
    out[..., 1:] = pairs[..., None, 2:]
    return out.reshape(shape_of(header))


def _interleaved(planes: Stored) -> Stored:
    """One plane after the other, shape (samples, n), as (n, samples)."""
    return np.ascontiguousarray(planes.T)


def _rle(header: Header, data: Any) -> Stored:
    """PS3.5 annex G: one PackBits segment per byte of a sample, most significant first."""
    count, size = header.rows * header.columns, header.bits_allocated // 8
    planes = header.samples * size
    if len(data) < 64:
        raise ends_early()
    if planes == 0 or struct.unpack_from("<L", data)[0] != planes:
        raise _damaged()
    ends = (*struct.unpack_from(f"<{planes}L", data, 4), len(data)) if planes < 16 else ()
    if not ends or ends[0] < 64 or any(b < a for a, b in itertools.pairwise(ends)):
        raise _damaged()
    import imagecodecs

    with foreign_code("The compressed pixels cannot be decoded"):
        cells = np.frombuffer(imagecodecs.dicomrle_decode(data, f"<u{size}"), f"<u{size}")
    if cells.size != count * header.samples:
        raise _damaged()
    native = cells.astype(cells.dtype.newbyteorder("="), copy=False)
    return _interleaved(native.reshape(header.samples, count)).reshape(shape_of(header))


def _codestream(header: Header, data: Bytes) -> tuple[Stored, str]:
    codec = header.syntax.codec
    _compare(header, _claim(codec, data))
    photometric = header.photometric
    if codec == "jpeg" and header.samples == 3:
        return _colour_jpeg(header, data)
    with foreign_code("The compressed pixels cannot be decoded"):
        cells: Stored = np.asarray(_run_decoder(codec, data))
    if cells.dtype.kind not in "iu":
        raise _damaged()
    if photometric in ("YBR_RCT", "YBR_ICT"):
        photometric = "RGB"  # undone inside the codec: both are transforms of JPEG 2000
    return cells, photometric


def _claim(codec: str, data: Bytes) -> Claim:
    if codec in ("jpeg", "jpeg-ls"):
        return jpeg_claim(data, is_ls=codec == "jpeg-ls")
    if codec in ("jpeg2000", "htj2k"):
        return jpeg2000_claim(data)
    raise no_video()


def _compare(header: Header, claim: Claim) -> None:
    """Before any decoder runs: they allocate what the codestream claims."""
    if (claim.rows, claim.columns, claim.samples) != (header.rows, header.columns, header.samples):
        raise _mismatch("size")
    if claim.precision > header.bits_allocated:
        raise _mismatch("bits")
    if claim.tiles > MOST_TILES:
        raise _damaged()


def warm_up() -> None:
    """Load the decoders, so that the first frame does not wait for them."""
    import imagecodecs

    for name in ("jpeg8", "jpegls", "jpeg2k", "htj2k", "dicomrle"):
        getattr(imagecodecs, f"{name}_decode")


def _run_decoder(codec: str, data: Any) -> Any:
    # Imported here: a start-up lists files and decodes none.
    import imagecodecs

    if codec == "jpeg":
        return imagecodecs.jpeg8_decode(data)
    if codec == "jpeg-ls":
        return imagecodecs.jpegls_decode(data)
    if codec == "htj2k":
        return imagecodecs.htj2k_decode(data)
    return imagecodecs.jpeg2k_decode(data, numthreads=_J2K_THREADS)


def _colour_jpeg(header: Header, data: Any) -> tuple[Stored, str]:
    """RGB of a lossy JPEG; the samples of a lossless one as they are.

    What the codestream says of its colours goes before the header, which is more often wrong.
    """
    import imagecodecs

    stated = jpeg_says_rgb(data)
    is_rgb = not header.photometric.startswith("YBR") if stated is None else stated
    is_lossless = _claim("jpeg", data).is_lossless
    space = "RGB" if is_rgb or is_lossless else "YCBCR"
    with foreign_code("The compressed pixels cannot be decoded"):
        cells = imagecodecs.jpeg8_decode(data, colorspace=space, outcolorspace="RGB")
    return np.asarray(cells), header.photometric if is_lossless else "RGB"


def _mismatch(what: str) -> UnreadableFile:
    return UnreadableFile(
        f"The header and the compressed pixels disagree about the {what} of the image.",
        remedy=FETCH_AGAIN,
    )


def _damaged() -> UnreadableFile:
    return UnreadableFile("The compressed pixels are damaged.", remedy=FETCH_AGAIN)
