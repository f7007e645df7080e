"""Whether values are written as their value representation asks (PS3.5 table 6.2-1)."""

from __future__ import annotations

import datetime
import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.dicom.elements import Element

_DATE = re.compile(rb"(\d{4})\.?(\d{2})\.?(\d{2})")  # with points as it was written before 1993
_TIME = re.compile(rb"([01]\d|2[0-3]):?(([0-5]\d):?(([0-5]\d|60)(\.\d{1,6})?)?)?")
_AGE = re.compile(rb"\d{3}[DWMY]")
_WHOLE = re.compile(rb"[+-]?\d{1,11}")
_DECIMAL = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_CODE = re.compile(rb"[A-Z0-9_ ]{0,16}")
_LARGEST = 2**31
_DECIMAL_LENGTH = 16
# Codes that decide how a film is shown or listed; others are often written in small letters.
_CODES = frozenset((0x00080060, 0x00180015, 0x00185101, 0x00280004, 0x00200060, 0x00200062))
# Of an implicit header, which names no representations; those that are shown or used.
_IMPLICIT = {
    0x00080020: b"DA", 0x00080030: b"TM", 0x00101010: b"AS", 0x00200011: b"IS",
    0x00200013: b"IS", 0x00280008: b"IS", 0x00281050: b"DS", 0x00281051: b"DS",
    0x00281052: b"DS", 0x00281053: b"DS", 0x00280030: b"DS", 0x00080060: b"CS",
}  # fmt: skip


def breaks_its_rule(element: Element) -> str:
    """What is written against the rules, in a reader's words; empty where nothing is."""
    rule = _RULES.get(element.vr or _IMPLICIT.get(element.tag, b""))
    if rule is None or (rule is _CODE_RULE and element.tag not in _CODES):
        return ""
    name, is_legal = rule
    values = (value.strip(b" \0") for value in element.value.split(b"\\"))
    return "" if all(not value or is_legal(value) for value in values) else name


def _is_date(value: bytes) -> bool:
    found = _DATE.fullmatch(value)
    if found is None:
        return False
    year, month, day = map(int, found.groups())
    try:
        datetime.date(max(1, year), month, day)
    except ValueError:
        return False
    return True


def _is_time(value: bytes) -> bool:
    return _TIME.fullmatch(value) is not None


def _is_age(value: bytes) -> bool:
    return _AGE.fullmatch(value) is not None


def _is_whole(value: bytes) -> bool:
    return _WHOLE.fullmatch(value) is not None and -_LARGEST <= int(value) < _LARGEST


def _is_decimal(value: bytes) -> bool:
    is_written = len(value) <= _DECIMAL_LENGTH and _DECIMAL.fullmatch(value) is not None
    return is_written and math.isfinite(float(value))


def _is_code(value: bytes) -> bool:
    return _CODE.fullmatch(value) is not None


_CODE_RULE: tuple[str, Callable[[bytes], bool]] = ("a code", _is_code)
_RULES = {
    b"DA": ("a date", _is_date),
    b"TM": ("a time", _is_time),
    b"AS": ("an age", _is_age),
    b"IS": ("a whole number", _is_whole),
    b"DS": ("a decimal number", _is_decimal),
    b"CS": _CODE_RULE,
}
