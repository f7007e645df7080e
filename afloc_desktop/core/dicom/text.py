"""Whether text says what it seems to say: its character set, its length, signs that hide others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from afloc_desktop.core.dicom.elements import Element

_CHARACTER_SET = 0x00080005
# PS3.3 C.12.1.1.2.
_SINGLE_BYTE = (13, 100, 101, 109, 110, 144, 126, 127, 138, 148, 166, 203)
_KNOWN = frozenset(
    (
        *("", "ISO_IR 6", "ISO_IR 192", "GB18030", "GBK", "ISO 2022 IR 6"),
        *(f"ISO 2022 IR {number}" for number in (58, 87, 149, 159, *_SINGLE_BYTE)),
        *(f"ISO_IR {number}" for number in _SINGLE_BYTE),
    )
)
_LONGEST = {b"LO": 64, b"SH": 16, b"PN": 64, b"CS": 16}  # characters
_PARAGRAPHS = frozenset((b"ST", b"LT", b"UT"))
# Of an implicit header: patient, study and series as they are shown.
_IMPLICIT = {
    0x00100010: b"PN", 0x00100020: b"LO", 0x00081030: b"LO", 0x0008103E: b"LO", 0x00080050: b"SH",
}  # fmt: skip
_CONTROL = re.compile(rb"[\x00-\x1a\x1c-\x1f\x7f]")
_CONTROL_IN_PARAGRAPHS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
# Marks that turn the direction of what follows, in UTF-8.
_DIRECTION = re.compile(rb"\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]")
_ESCAPE = re.compile(rb"\x1b([\x20-\x2f]+)[\x30-\x7e]")
_HIGH = re.compile(rb"[\x80-\xff]")

_UNKNOWN = "The character set of this file is unknown; names and descriptions may be shown wrong."
_CONTRADICTION = "Names or descriptions are not in the character set that the file states."
_HIDING = "A name or description holds control characters, which could hide or fake a part of it."
_LENGTH = "A name or description is longer than DICOM allows."


def text_problems(found: tuple[Element, ...]) -> Iterable[str]:
    """What a reader must know about the text of a header."""
    stated = next((e.value for e in found if e.tag == _CHARACTER_SET), b"")
    terms = [term.strip() for term in stated.decode("latin-1").strip(" \0").split("\\")]
    if not all(term in _KNOWN for term in terms):
        yield _UNKNOWN
        terms = [""]
    texts = [(e.vr or _IMPLICIT.get(e.tag, b""), e.value.rstrip(b" \0")) for e in found]
    texts = [(vr, value) for vr, value in texts if vr in _LONGEST or vr in _PARAGRAPHS]
    if any(_contradicts(terms, value) for vr, value in texts if vr != b"CS"):
        yield _CONTRADICTION
    if any(_hides(terms, vr, value) for vr, value in texts):
        yield _HIDING
    if any(_is_too_long(vr, value) for vr, value in texts):
        yield _LENGTH


def _contradicts(terms: list[str], value: bytes) -> bool:
    """Whether bytes cannot be, or are hardly meant to be, of the stated character set."""
    escapes = _ESCAPE.findall(value)
    if escapes and escapes[-1].startswith(b"$") and b"\x1b$)" not in value:
        return True  # never switched back: what follows is read as the wrong signs
    if not _HIGH.search(value):
        return False
    if terms == ["ISO_IR 192"]:
        return not _is_utf8(value)
    is_single_byte = len(terms) == 1 and terms[0] not in ("GB18030", "GBK")
    return is_single_byte and (terms[0] in ("", "ISO_IR 6") or _is_utf8(value))


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _hides(terms: list[str], vr: bytes, value: bytes) -> bool:
    pattern = _CONTROL_IN_PARAGRAPHS if vr in _PARAGRAPHS else _CONTROL
    is_escape = b"\x1b" in value and not any(term.startswith("ISO 2022") for term in terms)
    is_turned = terms == ["ISO_IR 192"] and _DIRECTION.search(value) is not None
    return is_escape or is_turned or pattern.search(value) is not None


def _is_too_long(vr: bytes, value: bytes) -> bool:
    longest = _LONGEST.get(vr)
    if longest is None or vr == b"CS":
        return False
    if b"\x1b" in value or _HIGH.search(value):
        longest *= 4  # bytes of a character
    parts = re.split(rb"[\\=]", value) if vr == b"PN" else value.split(b"\\")
    return any(len(part) > longest for part in parts)
