"""The elements of a header as they stand in the file, for what pydicom does not tell.

Bounded and without recursion; it stops where it does not understand.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from afloc_desktop.core.dicom.syntax import Syntax

    _Reader = Callable[[bytes, int], tuple[Any, ...]]

_UNDEFINED = 0xFFFFFFFF
_ITEM, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE0DD
_EMPTY_ITEM = b"\xfe\xff\x00\xe0\x00\x00\x00\x00"
_MOST = 100_000
_LONG_VRS = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)


class Element(NamedTuple):
    """One element outside of sequences.

    Attributes:
        tag: Group and element in one number.
        vr: As written, empty where implicit.
        value: Its bytes; empty of a sequence.
        length: In bytes; 0 of a sequence of undefined length.
    """

    tag: int
    vr: bytes
    value: bytes
    length: int


@dataclass(slots=True)
class Extent:
    """How far it went.

    Attributes:
        deepest: Sequences in each other.
        empty_items: Of all sequences.
        elements: Inside sequences of undefined length and outside.
    """

    deepest: int = 0
    empty_items: int = 0
    elements: int = 0


def elements(data: bytes, syntax: Syntax, extent: Extent) -> Iterator[Element]:
    """Elements that stand in no sequence, in file order.

    Args:
        data: A data set from its first element.
        syntax: How it is written.
        extent: Kept up to date.
    """
    short, long, plain = _readers(syntax)
    here, depth = 0, 0
    while here + 8 <= len(data) and extent.elements < _MOST:
        group, number, length = plain(data, here)
        tag, vr, start = group << 16 | number, b"", here + 8
        if group != 0xFFFE and not syntax.is_implicit:
            _, _, vr, length = short(data, here)
            if vr in _LONG_VRS:
                if here + 12 > len(data):
                    return
                length, start = long(data, here + 8)[0], here + 12
        extent.elements += 1
        if tag == _ITEM:
            extent.empty_items += not length
            length = 0  # what is in it follows
        elif tag == _SEQUENCE_END:
            depth = max(0, depth - 1)
        is_outside = depth == 0 and group != 0xFFFE
        if length == _UNDEFINED:
            depth += 1
            extent.deepest = max(extent.deepest, depth)
            length = 0
        here = start + length
        if vr == b"SQ":
            extent.empty_items += data.count(_EMPTY_ITEM, start, here)
        if is_outside:
            yield Element(tag, vr, data[start:here] if vr != b"SQ" else b"", length)


def _readers(syntax: Syntax) -> tuple[_Reader, _Reader, _Reader]:
    order = "<" if syntax.is_little_endian else ">"
    return (
        struct.Struct(order + "HH2sH").unpack_from,
        struct.Struct(order + "L").unpack_from,
        struct.Struct(order + "HHL").unpack_from,
    )
