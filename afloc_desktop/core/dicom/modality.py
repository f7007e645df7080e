"""From stored values to modality values: Modality LUT or rescale (PS3.3 C.11.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.dicom.tables import read_table

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.decode import Stored
    from afloc_desktop.core.dicom.header import Header
    from afloc_desktop.core.dicom.tags import Tags
    from afloc_desktop.core.domain import FloatArray, VoiLut

_LARGEST = 3e38  # of a modality value: float32 ends there; NaN is not below it either
_LONGEST_UNIT = 16
_IGNORED = "The file's rescale values are not usable; grey values are shown as stored."


@dataclass(frozen=True, slots=True)
class Modality:
    """How stored values become modality values: by `table` where there is one, else linearly.

    Attributes:
        table: Has the same form as a VOI LUT.
        slope, intercept: Both finite, slope not 0; 1 and 0 change nothing.
        unit: Of the modality values; empty where unknown.
        is_spoilt: The file says how, but in a way that cannot be followed.
    """

    table: VoiLut | None
    slope: float
    intercept: float
    unit: str = ""
    is_spoilt: bool = False

    @property
    def rescale(self) -> tuple[float, float] | None:
        """Slope and intercept; None where a table takes their place."""
        return None if self.table is not None else (self.slope, self.intercept)

    def apply(self, stored: Stored) -> FloatArray:
        """Modality values, float32, same shape, in new memory."""
        if self.table is not None:
            last = len(self.table.values) - 1
            # int64: an unsigned 32-bit value minus the first entry must not wrap.
            index = np.clip(stored.astype(np.int64) - self.table.first, 0, last)
            return self.table.values[index].astype(np.float32)
        if self.slope == 1 and self.intercept == 0:
            with np.errstate(over="ignore"):  # double floats beyond float32 become infinite
                return stored.astype(np.float32)
        # In double precision: 0.0123 x 40,000 is seven grey levels off in PET otherwise.
        with np.errstate(over="ignore"):
            scaled: FloatArray = (stored * self.slope + self.intercept).astype(np.float32)
        return scaled


def find_modality(tags: Tags, header: Header) -> tuple[Modality, tuple[str, ...]]:
    """What the header says, with a warning where it cannot be used."""
    warnings: tuple[str, ...] = ()
    for item in tags.items("ModalityLUTSequence")[:1]:
        table = read_table(
            item,
            may_be_negative=header.is_signed,
            is_little_endian=header.syntax.is_little_endian,
        )
        if table is not None and not header.is_float:
            return Modality(table, 1.0, 0.0, _unit(item.text("ModalityLUTType"))), ()
        warnings = ("The file's modality table is not usable and was left out.",)
    if "RescaleSlope" not in tags and "RescaleIntercept" not in tags:
        return Modality(None, 1.0, 0.0, is_spoilt=bool(warnings)), warnings
    slope, intercept = tags.number("RescaleSlope"), tags.number("RescaleIntercept")
    if not slope or intercept is None or not abs(slope) * 2**32 + abs(intercept) < _LARGEST:
        return Modality(None, 1.0, 0.0, is_spoilt=True), (*warnings, _IGNORED)
    is_ct = tags.text("Modality").upper() == "CT" and "RescaleType" not in tags
    unit = "HU" if is_ct else _unit(tags.text("RescaleType"))
    return Modality(None, slope, intercept, unit), warnings


def _unit(named: str) -> str:
    """A unit as it is written behind a number (PS3.3 C.11.1.1.2); empty where unspecified."""
    name = named.strip()
    is_plain = name.isascii() and name.isprintable() and len(name) <= _LONGEST_UNIT
    return name if is_plain and name.upper() != "US" else ""
