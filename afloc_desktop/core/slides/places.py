"""Where the frames of a slide lie that says so frame by frame (TILED_SPARSE, PS3.3 C.7.6.17.3).

Forty thousand functional groups are not parsed as data sets: the few elements that are needed are
found by their tags, which must come exactly as often as there are frames.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

from afloc_desktop.core.dicom.guard import FETCH_AGAIN
from afloc_desktop.core.dicom.slide_header import MOST_ACROSS, UM_PER_MM
from afloc_desktop.core.errors import UnreadableFile, UnsupportedImage

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.slide_header import SlideHeader

Whole = npt.NDArray[np.int64]

_MOST_BYTES = 1 << 28  # of all functional groups; some 200 bytes are usual for a frame
# Column and row of the upper left pixel; the two stand next to each other.
_POSITIONS = {
    False: rb"\x48\0\x1e\x02SL\x04\0(.{4})\x48\0\x1f\x02SL\x04\0(.{4})",
    True: rb"\x48\0\x1e\x02\x04\0\0\0(.{4})\x48\0\x1f\x02\x04\0\0\0(.{4})",
}
# Tag and value representation of elements in text.
_DEPTH, _PATH, _SPACING = (
    (rb"\x40\0\x4a\x07", b"DS"),
    (rb"\x48\0\x06\x01", b"SH"),
    (rb"\x28\0\x30\0", b"DS"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where each frame of a file lies, in its order.

    Attributes:
        x, y: Of its upper left pixel in the whole matrix, from 0, shape (frames,).
        um_per_pixel: (x, y) of each, shape (frames, 2); None where all share the header's.
        is_shown: False of the frames of another focal plane or optical path than the first.
    """

    x: Whole
    y: Whole
    um_per_pixel: npt.NDArray[np.float64] | None
    is_shown: npt.NDArray[np.bool_]


def find_places(file: BinaryIO, described: SlideHeader) -> Places | None:
    """Where the frames of an open file lie; None where they follow each other row by row.

    Raises:
        UnreadableFile: Not every frame has a possible position.
        UnsupportedImage: The positions take more room than is looked through.
    """
    part = described.per_frame
    if part is None or described.is_full:
        return None
    if part.length is None or part.length > _MOST_BYTES:
        raise UnsupportedImage(
            "The list of the slide's tiles is longer than is looked through.",
            remedy="Export the slide again, fully tiled (TILED_FULL).",
        )
    file.seek(part.offset)
    data = file.read(part.length)
    is_implicit, frames = described.header.syntax.is_implicit, described.header.frames
    found = re.findall(_POSITIONS[is_implicit], data, re.DOTALL)
    if len(found) != frames:
        raise _wrong()
    pairs = np.frombuffer(b"".join(map(b"".join, found)), "<i4").reshape(-1, 2).astype(np.int64) - 1
    if pairs.min() < 0 or pairs.max() >= MOST_ACROSS:
        raise _wrong()
    depths, paths, spacings = (
        _texts(data, *kind, is_implicit) for kind in (_DEPTH, _PATH, _SPACING)
    )
    return Places(
        pairs[:, 0],
        pairs[:, 1],
        _micrometres(spacings, frames) if spacings else None,
        _as_the_first(depths, frames) & _as_the_first(paths, frames),
    )


def _texts(data: bytes, tag: bytes, vr: bytes, is_implicit: bool) -> list[bytes]:
    """The values of an element wherever it stands."""
    head = re.compile(tag + (rb"(..)\0\0" if is_implicit else vr + b"(..)"), re.DOTALL)
    return [
        data[found.end() : found.end() + int.from_bytes(found[1], "little")].strip(b" \0")
        for found in head.finditer(data)
    ]


def _micrometres(found: list[bytes], frames: int) -> npt.NDArray[np.float64]:
    known: dict[bytes, tuple[float, float]] = {}
    try:
        for text in set(found):
            row, column = map(float, text.split(b"\\"))
            known[text] = (column * UM_PER_MM, row * UM_PER_MM)
    except ValueError:
        raise _wrong() from None
    spacings = np.array([known[text] for text in found])
    if len(found) != frames or not (spacings > 0).all() or not np.isfinite(spacings).all():
        raise _wrong()
    return spacings


def _as_the_first(found: list[bytes], frames: int) -> npt.NDArray[np.bool_]:
    """Which frames say the same as the first; all where not every frame says anything."""
    if len(found) != frames:
        return np.ones(frames, np.bool_)
    return np.array([text == found[0] for text in found])


def _wrong() -> UnreadableFile:
    return UnreadableFile(
        "The header is wrong about where the tiles of the slide lie.", remedy=FETCH_AGAIN
    )
