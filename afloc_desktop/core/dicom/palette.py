"""Palettes: an index becomes a colour (PS3.3 C.7.6.3.1.5, segmented C.7.9.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.decode import Stored
    from afloc_desktop.core.dicom.header import Header
    from afloc_desktop.core.dicom.tags import Tags
    from afloc_desktop.core.domain import ColourArray

_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2
_MOST_ENTRIES = 1 << 16
Words = npt.NDArray[np.integer]


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """Colours by index.

    Attributes:
        first: Stored value of the first colour; lower ones have it too, and those beyond the
            last have the last.
        colours: uint8 RGB, shape (entries, 3).
    """

    first: int
    colours: ColourArray

    def apply(self, stored: Stored) -> ColourArray:
        """The colour of every stored value: uint8, shape of `stored` and 3 more."""
        last = len(self.colours) - 1
        index = np.clip(stored.astype(np.int64) - self.first, 0, last)
        return self.colours[index]


def find_palette(tags: Tags, header: Header) -> Palette | None:
    """The palette of a header, None where it has none that can be used."""
    read = [_read(tags, header, name) for name in ("Red", "Green", "Blue")]
    firsts = {first for first, _ in read}
    curves = [curve for _, curve in read if curve is not None]
    if len(curves) < 3 or len(firsts) > 1 or len({len(curve) for curve in curves}) > 1:
        return None
    return Palette(firsts.pop(), np.stack(curves, axis=1))


def _read(tags: Tags, header: Header, name: str) -> tuple[int, npt.NDArray[np.uint8] | None]:
    """First stored value and 8-bit entries of one colour; None where not usable."""
    descriptor = tags.numbers(f"{name}PaletteColorLookupTableDescriptor")
    if len(descriptor) != 3 or not all(number.is_integer() for number in descriptor):
        return 0, None
    entries, first, bits = (int(number) for number in descriptor)
    entries = entries & 0xFFFF or 65_536  # 0 stands for 65,536
    if header.is_signed and first > 32_767:
        first -= 65_536
    if not 8 <= bits <= 16:
        return first, None
    order = "<" if header.syntax.is_little_endian else ">"
    plain = tags.raw(f"{name}PaletteColorLookupTableData")
    if isinstance(plain, bytes):
        values, bits = _plain(plain, entries, bits, order)
    else:
        segments = tags.raw(f"Segmented{name}PaletteColorLookupTableData")
        values = _segmented(segments, entries, bits, order)
    return first, None if values is None else (values >> (bits - 8)).astype(np.uint8)


def _plain(data: bytes, entries: int, bits: int, order: str) -> tuple[Words | None, int]:
    """Entries and their bits: words or, where there are not enough bytes for these, bytes."""
    if len(data) >= entries * 2:
        return np.frombuffer(data, f"{order}u2", entries), bits
    if len(data) < entries:
        return None, bits
    packed = np.frombuffer(data, np.uint8)
    if order == ">" and packed.size % 2 == 0:  # two in a word, the first one in its low byte
        packed = packed.reshape(-1, 2)[:, ::-1].ravel()
    return packed[:entries], 8


def _segmented(data: object, entries: int, bits: int, order: str) -> Words | None:
    """Entries of a segmented table, None where it does not give exactly as many."""
    if not isinstance(data, bytes):
        return None
    kind = np.dtype(f"{order}u2" if bits > 8 else np.uint8)
    cells = np.frombuffer(data[: len(data) // kind.itemsize * kind.itemsize], kind).tolist()
    try:
        values = _unfold(cells, entries, is_wide=bits > 8)
    except (IndexError, ValueError):
        return None
    return np.array(values, np.int64) if len(values) == entries else None


def _unfold(cells: list[int], entries: int, *, is_wide: bool) -> list[int]:
    """Carry out segments until there are `entries` values.

    Raises:
        IndexError: The segments end early.
        ValueError: A segment that is empty, unknown, or refers to another that refers on.
    """
    values: list[int] = []
    here = 0
    while len(values) < entries and here < len(cells):
        kind, count = cells[here], cells[here + 1]
        if kind != _INDIRECT:
            here = _append(values, cells, here)
            continue
        # The place of an earlier segment: bytes in two words, or cells in four bytes.
        parts = cells[here + 2 : here + (4 if is_wide else 6)]
        offset = sum(part << (i * (16 if is_wide else 8)) for i, part in enumerate(parts))
        there = offset // 2 if is_wide else offset
        for _ in range(count):
            there = _append(values, cells, there)
        if count == 0:
            raise ValueError("an empty segment")
        here += 2 + (2 if is_wide else 4)
    return values[:entries]


def _append(values: list[int], cells: list[int], here: int) -> int:
    """Carry out the discrete or linear segment at `here`; gives the place of the next one."""
    kind, count = cells[here], cells[here + 1]
    if count == 0 or len(values) > _MOST_ENTRIES:
        raise ValueError("an empty segment, or far too many")
    if kind == _DISCRETE:
        if here + 2 + count > len(cells):
            raise IndexError("the segment ends early")
        values += cells[here + 2 : here + 2 + count]
        return here + 2 + count
    if kind != _LINEAR or not values:
        raise ValueError("an unknown segment, or a line from nowhere")
    start, end = values[-1], cells[here + 2]
    values += [start + round((end - start) * step / count) for step in range(1, count + 1)]
    return here + 3
