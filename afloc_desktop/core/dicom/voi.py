"""The grey scales a file offers: its VOI tables and windows (PS3.3 C.11.2)."""

from __future__ import annotations

import math
from itertools import zip_longest
from typing import TYPE_CHECKING, Literal

from afloc_desktop.core.dicom.tables import read_table
from afloc_desktop.core.domain import Voi, VoiLut, VoiWindow

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.tags import Tags

Function = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]

_BAD_WINDOW = "A grey-scale window of the file is not usable and was left out."
_AUTO = "No grey scale of the file is usable; an automatic window is shown."
_NARROW = "A grey-scale window of the file is narrower than allowed and not used at first."
_BAD_TABLE = "A grey-scale table of the file is not usable and was left out."
_BAD_FUNCTION = "The file names an unknown window function; it is shown as linear."


def find_voi(
    tags: Tags, *, may_be_negative: bool, is_little_endian: bool
) -> tuple[tuple[Voi, ...], tuple[str, ...]]:
    """Tables first, then windows, each in file order, and what was wrong with the others."""
    tables, bad_tables = _tables(tags, may_be_negative, is_little_endian)
    windows, bad_windows = _windows(tags)
    warnings = (*bad_tables, *bad_windows)
    if warnings and not tables and not windows:
        warnings = (_AUTO,)
    return (*tables, *windows), warnings


def _tables(
    tags: Tags, may_be_negative: bool, is_little_endian: bool
) -> tuple[list[VoiLut], tuple[str, ...]]:
    read = [
        read_table(item, may_be_negative=may_be_negative, is_little_endian=is_little_endian)
        for item in tags.items("VOILUTSequence")
    ]
    return [table for table in read if table], (_BAD_TABLE,) if None in read else ()


def _windows(tags: Tags) -> tuple[list[VoiWindow], tuple[str, ...]]:
    centres, widths = tags.numbers("WindowCenter"), tags.numbers("WindowWidth")
    function, warnings = _function(tags)
    is_bad = len(centres) != len(widths) or not tags.spoilt.isdisjoint(
        ("WindowCenter", "WindowWidth")
    )
    explanations = tags.text("WindowCenterWidthExplanation").split("\\")
    windows = []
    for centre, width, explanation in zip_longest(centres, widths, explanations):
        if centre is None or width is None:
            continue
        if not math.isfinite(centre) or not math.isfinite(width) or width <= 0:
            is_bad = True
            continue
        if function == "LINEAR" and width < 1 and _NARROW not in warnings:
            warnings = (*warnings, _NARROW)
        windows.append(VoiWindow(centre, width, function, (explanation or "").strip()))
    is_bad |= not windows and "WindowCenter" in tags  # there, and empty
    return windows, (*warnings, _BAD_WINDOW) if is_bad else warnings


def _function(tags: Tags) -> tuple[Function, tuple[str, ...]]:
    named = tags.text("VOILUTFunction").upper()
    if named == "SIGMOID":
        return "SIGMOID", ()
    if named == "LINEAR_EXACT":
        return "LINEAR_EXACT", ()
    return "LINEAR", () if named in ("", "LINEAR") else (_BAD_FUNCTION,)
