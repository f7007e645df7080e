"""What the reader must be told about a header that can be read, but is not as it should be.

It looks at the bytes: pydicom repairs in silence, and of two values of an element it keeps the
last. No value of the file is repeated in a remark.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.elements import Element, Extent, elements
from afloc_desktop.core.dicom.text import text_problems
from afloc_desktop.core.dicom.values import breaks_its_rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from afloc_desktop.core.dicom.header import Parsed

_MOST_READ = 2_000_000  # bytes of a header; what is behind is not looked at
_LARGE_PRIVATE = 500_000  # bytes; the largest that vendors write are some 200,000
_MANY_ELEMENTS = 2_000
_LONG_TEXT = 32_000  # bytes
_TEXTS = frozenset((b"DS", b"IS", b"UT", b"UC", b"LO", b"LT", b"ST"))
_MANY_ITEMS = 5_000
_DEEP = 16
_NAME, _PATIENT_ID = 0x00100010, 0x00100020
_IDENTITY = {_NAME: "name", _PATIENT_ID: "patient ID"}
_UIDS = frozenset((0x00080018, 0x0020000D, 0x0020000E))
_INSTANCE_NUMBER = 0x00200013
# Legal behind the pixels: digital signatures and padding.
_LEGAL_BEHIND = ((0xFA, 0xFF, 0xFA, 0xFF), (0xFC, 0xFF, 0xFC, 0xFF))
_PIXELS_AGAIN = (0xE0, 0x7F, 0x10, 0x00)

_TWICE = "The file gives the patient's {} twice; the last one is shown. Check whose film this is."
_REPEATED = "The file gives an element of its header twice; the last value was used."
_DISORDER = "The elements of the header are not in order; the file may have been altered."
_BEHIND = "The file goes on behind its pixels; what it says there was not used."
_SECOND = "The file holds pixels twice; the first were used."
_RULES = "The header breaks the rules of DICOM: {}. It is shown as written."
_IDENTIFIERS = (
    "An identifier (UID) of this film is missing or illegal; it may be mistaken for another."
)
_DEEP_NOTE = "The header holds lists in lists, far deeper than usual."
_MANY_NOTE = "The header is far longer than usual; not all of it was looked at."
_PRIVATE_NOTE = "The file holds a very large private element, which was not looked at."
_NEGATIVE = "The number of this image in its series is negative."


def find_remarks(parsed: Parsed) -> tuple[str, ...]:
    """What is odd about the header of a file that is still open; empty for most."""
    parsed.file.seek(parsed.start)
    data = parsed.file.read(min(parsed.element.offset - parsed.start, _MOST_READ))
    extent = Extent()
    found = tuple(e for e in elements(data, parsed.header.syntax, extent) if e.tag < 0x7FE00000)
    return (
        *_order_remarks(found),
        *_value_remarks(found),
        *text_problems(found),
        *_size_remarks(found, extent),
        *_tail_remarks(parsed),
    )


def _order_remarks(found: tuple[Element, ...]) -> Iterable[str]:
    tags = [element.tag for element in found]
    if all(a < b for a, b in pairwise(tags)):
        return
    twice = {tag for tag in set(tags) if tags.count(tag) > 1} if len(tags) < _MANY_ELEMENTS else ()
    for tag, name in _IDENTITY.items():
        if tag in twice:
            yield _TWICE.format(name)
    if any(tag not in _IDENTITY for tag in twice):
        yield _REPEATED
    if any(a > b for a, b in pairwise(tags)):
        yield _DISORDER


def _value_remarks(found: tuple[Element, ...]) -> Iterable[str]:
    broken = dict.fromkeys(filter(None, map(breaks_its_rule, found)))
    if broken:
        yield _RULES.format(", ".join(broken))
    uids = {e.tag: e.value.rstrip(b"\0 ") for e in found if e.tag in _UIDS}
    if any(not re.fullmatch(rb"[0-9]+(\.[0-9]+)+", uid) or len(uid) > 64 for uid in uids.values()):
        yield _IDENTIFIERS
    if any(e.tag == _INSTANCE_NUMBER and b"-" in e.value for e in found):
        yield _NEGATIVE


def _size_remarks(found: tuple[Element, ...], extent: Extent) -> Iterable[str]:
    if extent.deepest > _DEEP:
        yield _DEEP_NOTE
    is_long = extent.empty_items > _MANY_ITEMS or len(found) > _MANY_ELEMENTS
    if is_long or any(e.length > _LONG_TEXT for e in found if e.vr in _TEXTS):
        yield _MANY_NOTE
    if any(e.tag >> 16 & 1 and e.length > _LARGE_PRIVATE for e in found):
        yield _PRIVATE_NOTE


def _tail_remarks(parsed: Parsed) -> Iterable[str]:
    length = parsed.element.length
    if length is None or not parsed.header.syntax.is_little_endian:
        return
    parsed.file.seek(parsed.element.offset + length)
    tail = tuple(parsed.file.read(4))
    if tail == _PIXELS_AGAIN:
        yield _SECOND
    elif len(tail) == 4 and any(tail) and tail not in _LEGAL_BEHIND:
        yield _BEHIND
