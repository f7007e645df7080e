"""Compressed pixel data: which fragments make up a frame (PS3.5 section A.4)."""

from __future__ import annotations

import itertools
import struct
from typing import BinaryIO, NamedTuple

from afloc_desktop.core.dicom.guard import FETCH_AGAIN
from afloc_desktop.core.errors import UnreadableFile

ITEM = b"\xfe\xff\x00\xe0"
END = b"\xfe\xff\xdd\xe0"
_MOST_ITEMS = 1_000_000  # empty ones would fill the memory
# What a frame begins with: JPEG and JPEG-LS, JPEG 2000 codestream, JP2 box.
FRAME_STARTS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP")


class Fragment(NamedTuple):
    """One item of compressed pixel data.

    Attributes:
        item: Offset of the item's tag from that of the first fragment, as offset tables count.
        offset: Of its first byte in the file.
        length: Bytes.
    """

    item: int
    offset: int
    length: int


class Fragments(NamedTuple):
    """All items of compressed pixel data.

    Attributes:
        table: The basic offset table; empty where the file has none.
        items: What follows it, in file order.
    """

    table: tuple[int, ...]
    items: tuple[Fragment, ...]


def find_fragments(file: BinaryIO, offset: int, size: int) -> Fragments:
    """Walk the items of a pixel element without reading their content.

    Args:
        file: Any position.
        offset: Of the pixel element's value.
        size: Of the file, bytes.

    Raises:
        UnreadableFile: An item reaches beyond the file, or is no item.
    """
    table: tuple[int, ...] | None = None
    items: list[Fragment] = []
    first, here = 0, offset
    while here != size:  # an end without its delimiter is tolerated, between two items
        file.seek(here)
        head = file.read(8)
        if head[:4] == END:
            break
        if len(head) < 8:
            raise _cut_off()
        length = struct.unpack("<L", head[4:])[0]
        if len(items) >= _MOST_ITEMS or head[:4] != ITEM or here + 8 + length > size:
            raise _cut_off()
        if table is None:
            content = file.read(length)
            table = struct.unpack(f"<{length // 4}L", content[: length // 4 * 4])
            first = here + 8 + length
        else:
            items.append(Fragment(here - first, here + 8, length))
        here += 8 + length
    return Fragments(table or (), tuple(items))


def frame_of(
    file: BinaryIO, fragments: Fragments, frame: int, frames: int, extended: bytes
) -> bytes:
    """The codestream of one frame (1-based), its fragments joined.

    Args:
        file: Any position.
        fragments: As `find_fragments` gave them, at least `frames`.
        frame, frames: The wanted one, and how many there are.
        extended: Value of the extended offset table, empty where the file has none.

    Raises:
        UnreadableFile: It is not certain which fragments belong to the frame.
    """
    if frames == 1:
        return _join(file, fragments.items)
    starts = _starts_by_table(fragments, extended)
    if starts is None and len(fragments.items) == frames:
        starts = tuple(range(frames))
    if starts is None:
        starts = _starts_by_content(file, fragments)
    if len(starts) != frames or starts[0] != 0:
        raise _uncertain()
    end = starts[frame] if frame < frames else len(fragments.items)
    return _join(file, fragments.items[starts[frame - 1] : end])


def _starts_by_table(fragments: Fragments, extended: bytes) -> tuple[int, ...] | None:
    """Index of each frame's first fragment as the offset tables say, None where there is none."""
    offsets = fragments.table
    if extended:
        offsets = struct.unpack(f"<{len(extended) // 8}Q", extended[: len(extended) // 8 * 8])
    if not offsets:
        return None
    index = {fragment.item: n for n, fragment in enumerate(fragments.items)}
    starts = tuple(index.get(offset, -1) for offset in offsets)
    if -1 in starts or any(b <= a for a, b in itertools.pairwise(starts)):
        raise _uncertain()
    return starts


def _starts_by_content(file: BinaryIO, fragments: Fragments) -> tuple[int, ...]:
    starts = []
    for n, fragment in enumerate(fragments.items):
        file.seek(fragment.offset)
        if file.read(min(8, fragment.length)).startswith(FRAME_STARTS):
            starts.append(n)
    return tuple(starts) or (0,)


def _join(file: BinaryIO, items: tuple[Fragment, ...]) -> bytes:
    parts = []
    for fragment in items:
        file.seek(fragment.offset)
        parts.append(file.read(fragment.length))
    return b"".join(parts)


def _cut_off() -> UnreadableFile:
    return UnreadableFile(
        "The file is incomplete: its compressed pixels are cut off.", remedy=FETCH_AGAIN
    )


def _uncertain() -> UnreadableFile:
    return UnreadableFile(
        "It is not certain which parts of the pixel data belong to which frame.",
        remedy=FETCH_AGAIN,
    )
