"""The fast header path: the raw bytes of the few elements a listing needs, or None on any doubt.

It understands the ordinary and leaves the rest to `header.parse`: what both answer is the same.
Knows bytes only; what they mean is in `recognise`.
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError  # noqa: N812 - it is a class
from typing import NamedTuple

FIRST_READ = 4096
LARGER_READS = (1 << 16, 1 << 19)  # with at most 65,536 elements, whatever the bytes say

_DEEPEST = 64
_UNDEFINED = 0xFFFFFFFF
_PIXELS = 0x7FE00010
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_IMPLICIT = b"1.2.840.10008.1.2"
_NOT_WALKED = (b"1.2.840.10008.1.2.2", b"1.2.840.10008.1.2.1.99")  # big endian, deflated
_SLIDE = b"1.2.840.10008.5.1.4.1.1.77.1.6"  # whatever begins so is looked at with care
_BEFORE_PIXELS = 0x7FE00000

_short = Struct("<HH2sH").unpack_from
_long = Struct("<L").unpack_from
_plain = Struct("<HHL").unpack_from
_SHORT_VRS = frozenset(
    (b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT", b"PN",
     b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US")
)  # fmt: skip
LONG_VRS = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)

# Wanted elements, in the order of `Walked`. Those that a whole series shares stand
# together, so that each such run is understood once and found again by its bytes.
_ORDER: tuple[tuple[int, bytes], ...] = (
    (0x00080005, b"CS"), (0x0020000D, b"UI"), (0x0020000E, b"UI"), (0x00100010, b"PN"),
    (0x00100020, b"LO"), (0x00080020, b"DA"), (0x00081030, b"LO"), (0x00080050, b"SH"),
    (0x00200011, b"IS"), (0x00080060, b"CS"), (0x0008103E, b"LO"), (0x00180015, b"CS"),
    (0x00185101, b"CS"),
    (0x00280002, b"US"), (0x00280004, b"CS"), (0x00280008, b"IS"), (0x00280010, b"US"),
    (0x00280011, b"US"), (0x00280100, b"US"), (0x00280101, b"US"), (0x00280102, b"US"),
    (0x00280103, b"US"), (0x00020010, b"UI"),
    (0x00200037, b"DS"), (0x00280030, b"DS"), (0x00200052, b"UI"),
    (0x00200100, b"IS"), (0x00180081, b"DS"),
    (0x00080018, b"UI"), (0x00200013, b"IS"), (0x00200032, b"DS"),
)  # fmt: skip
LABELS, LAYOUT, PLACE, PHASE = slice(0, 13), slice(13, 23), slice(23, 26), slice(26, 28)
SHARED = 28  # the rest are the instance's own: UID, number, position
ORDER = tuple(tag for tag, _ in _ORDER)
_WANTED = {tag: (place, vr) for place, (tag, vr) in enumerate(_ORDER)}
_SYNTAX = ORDER.index(0x00020010)


class Walked(NamedTuple):
    """The ordinary header of an image.

    Attributes:
        shared: Raw bytes of the first `SHARED` elements in `ORDER`, None where absent; often
            the very tuple of the file before.
        own: Of those behind.
        vr: Of the pixel element, empty where implicit.
        offset: Of its first byte.
        length: As claimed, None for a sequence of fragments.
    """

    shared: tuple[bytes | None, ...]
    own: tuple[bytes | None, ...]
    vr: bytes
    offset: int
    length: int | None


Marks = list[tuple[int, int, int]]
"""Of every value in the file: tag (0 inside sequences), first byte, byte behind the last."""


def walk(data: bytes, size: int, marks: Marks | None = None) -> Walked | None:
    """Find the wanted elements and the pixels.

    Args:
        data: The file from its start, as much of it as was read.
        size: Of the whole file.
        marks: Filled with the place of every value.

    Returns:
        None where anything is unusual, damaged, or beyond `data`.
    """
    if data[128:132] != b"DICM":
        return None
    values: list[bytes | None] = [None] * len(ORDER)
    try:
        marks = [] if marks is None else marks
        start = _walk_meta(data, values, marks)
        syntax = values[_SYNTAX]
        if not start or syntax is None:
            return None
        name = syntax.rstrip(b"\0")
        if name in _NOT_WALKED:
            return None
        if name == _IMPLICIT:
            return _walk_implicit(data, start, size, values, marks)
        return _walk_explicit(data, start, size, values, marks)
    except (StructError, RecursionError):  # the element lies beyond `data`
        return None


def _walk_meta(data: bytes, values: list[bytes | None], marks: Marks) -> int:
    """Step over group 2, which is always explicit; where the data set starts, 0 on doubt."""
    pos, last = 132, 0
    while data[pos : pos + 2] == b"\x02\x00":
        _, element, vr, length = _short(data, pos)
        if element <= last and pos > 132:
            return 0
        last, pos = element, pos + 8
        if vr in LONG_VRS:
            length = _long(data, pos)[0]
            pos += 4
        elif vr not in _SHORT_VRS:
            return 0
        if element == 0x0010:
            values[_SYNTAX] = data[pos : pos + length]
        elif element == 0x0002 and data.startswith(b"1.2.840.10008.1.3.10", pos):
            return 0  # an index of files
        elif element == 0x0002 and data.startswith(_SLIDE, pos):
            return 0  # thousands of frames that are one picture
        marks.append((0x00020000 | element, pos, pos + length))
        pos += length
    return pos


def _walk_explicit(
    data: bytes, pos: int, size: int, values: list[bytes | None], marks: Marks
) -> Walked | None:
    last, wanted = 0x00080000 - 1, _WANTED.get
    while True:
        group, element, vr, length = _short(data, pos)
        tag = group << 16 | element
        if tag <= last:
            return None
        last = tag
        if vr in _SHORT_VRS:
            start = pos + 8
            pos = start + length
        elif vr in LONG_VRS:
            start = pos + 12
            length = _long(data, pos + 8)[0]
            if tag >= _BEFORE_PIXELS:
                if tag != _PIXELS or vr not in (b"OB", b"OW"):
                    return None
                return _at_pixels(values, vr, start, length, size)
            if length == _UNDEFINED:
                if vr != b"SQ":
                    return None
                pos = _skip_items(data, start, 1, False, marks)
            else:
                pos = start + length
        else:
            return None
        if pos > size:
            return None
        if length != _UNDEFINED:
            marks.append((tag, start, pos))
        found = wanted(tag)
        if found is not None:
            slot, expected = found
            if vr != expected:
                return None
            values[slot] = data[start:pos]


def _walk_implicit(
    data: bytes, pos: int, size: int, values: list[bytes | None], marks: Marks
) -> Walked | None:
    if data[pos + 4 : pos + 6].isalpha():
        return None  # it may be explicit after all
    last, wanted = 0x00080000 - 1, _WANTED.get
    while True:
        group, element, length = _plain(data, pos)
        tag, start = group << 16 | element, pos + 8
        if tag <= last:
            return None
        last = tag
        if tag >= _BEFORE_PIXELS:
            if tag != _PIXELS:
                return None
            return _at_pixels(values, b"", start, length, size)
        is_open = length == _UNDEFINED
        pos = _skip_items(data, start, 1, True, marks) if is_open else start + length
        if pos > size:
            return None
        if length != _UNDEFINED:
            marks.append((tag, start, pos))
        found = wanted(tag)
        if found is not None:
            values[found[0]] = data[start:pos]


def _at_pixels(
    values: list[bytes | None], vr: bytes, start: int, length: int, size: int
) -> Walked | None:
    if start > size:
        return None
    return Walked(
        tuple(values[:SHARED]),
        tuple(values[SHARED:]),
        vr,
        start,
        None if length == _UNDEFINED else length,
    )


def sequence_end(data: bytes, start: int, *, is_implicit: bool) -> int | None:
    """Where a sequence of undefined length ends; None where it does not, or is damaged.

    Args:
        data: Little endian.
        start: Of its first item in `data`.
        is_implicit: How it is written.
    """
    try:
        return _skip_items(data, start, 1, is_implicit, _Unmarked())
    except (StructError, RecursionError):
        return None


class _Unmarked(Marks):
    """Keeps no marks: forty thousand items have half a million."""

    def append(self, _: tuple[int, int, int], /) -> None:
        """Forget it."""


def _skip_items(data: bytes, pos: int, depth: int, is_implicit: bool, marks: Marks) -> int:
    """Where a sequence of undefined length ends; raises what `walk` turns into a doubt."""
    if depth > _DEEPEST:
        raise RecursionError
    while True:
        group, element, length = _plain(data, pos)
        tag, pos = group << 16 | element, pos + 8
        if tag == _SEQUENCE_END and length == 0:
            return pos
        if tag != _ITEM:
            raise StructError
        pos = _skip_elements(data, pos, length, depth, is_implicit, marks)


def _skip_elements(
    data: bytes, pos: int, length: int, depth: int, is_implicit: bool, marks: Marks
) -> int:
    """Where an item ends."""
    end = len(data) if length == _UNDEFINED else pos + length
    while pos < end:
        group, element, size = _plain(data, pos)
        tag = group << 16 | element
        if tag == _ITEM_END and length == _UNDEFINED and size == 0:
            return pos + 8
        if group == 0xFFFE:
            raise StructError
        pos, vr = pos + 8, b"SQ"
        if not is_implicit:
            _, _, vr, size = _short(data, pos - 8)
            if vr in LONG_VRS:
                size = _long(data, pos)[0]
                pos += 4
            elif vr not in _SHORT_VRS:
                raise StructError
        if size != _UNDEFINED:
            marks.append((0, pos, pos + size))
            pos += size
        elif vr == b"SQ":
            pos = _skip_items(data, pos, depth + 1, is_implicit, marks)
        else:
            raise StructError
    if pos != end or length == _UNDEFINED:
        raise StructError
    return pos
