"""Graphics that a file holds besides its pixels: planes of the groups 60xx (PS3.3 C.9.2)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.dicom.frames import frame_bytes
from afloc_desktop.core.dicom.header import MAX_PIXELS
from afloc_desktop.core.domain import BoolArray, Overlay, read_only

if TYPE_CHECKING:
    from collections.abc import Iterator

    from afloc_desktop.core.dicom.header import Header, Parsed

_GROUPS = tuple(range(0x6000, 0x6020, 2))
_ROWS, _COLUMNS, _FRAMES, _TYPE, _ORIGIN = 0x10, 0x11, 0x15, 0x40, 0x50
_FIRST_FRAME, _BITS, _POSITION, _LABEL, _DATA = 0x51, 0x100, 0x102, 0x1500, 0x3000
_MOST_MASKED = 2 * MAX_PIXELS  # of all planes together, one byte each

SHOWN = "The file holds graphics of its own, which are drawn over the image."
_UNUSABLE = "A graphic of the file is damaged or impossible and was left out."


class _Spoilt(Exception):
    """A plane that claims what is not there."""


def find_overlays(parsed: Parsed, frame: int) -> tuple[tuple[Overlay, ...], tuple[str, ...]]:
    """The planes of one frame, and what to tell about them.

    Args:
        parsed: From the file that is still open.
        frame: 1-based.
    """
    size = parsed.header.rows * parsed.header.columns
    planes: list[Overlay] = []
    is_spoilt = False
    for group in _groups(parsed):
        try:
            plane = _Plane(parsed, group).at(frame) if size * len(planes) < _MOST_MASKED else None
            is_spoilt |= size * len(planes) >= _MOST_MASKED
        except _Spoilt:
            is_spoilt = True
            continue
        if plane is not None:
            planes.append(plane)
    notes = (SHOWN,) if planes else ()
    return tuple(planes), (*notes, _UNUSABLE) if is_spoilt else notes


def _groups(parsed: Parsed) -> Iterator[int]:
    """Groups that say anything of a plane, as the number of their first element."""
    for group in _GROUPS:
        if any((group << 16) + element in parsed.tags for element in (_ROWS, _DATA)):
            yield group << 16


class _Plane:
    """One group of a file, read as far as its claims are true."""

    def __init__(self, parsed: Parsed, group: int) -> None:
        self._parsed = parsed
        self._tags = parsed.tags
        self._group = group
        rows, columns = self._integer(_ROWS), self._integer(_COLUMNS)
        if not rows or not columns or min(rows, columns) < 0 or rows * columns > MAX_PIXELS:
            raise _Spoilt
        self._rows, self._columns = rows, columns

    def at(self, frame: int) -> Overlay | None:
        """What it shows on a frame of the image (1-based); None where it is for others."""
        number = 0
        if self._group + _FRAMES in self._tags:
            first, count = self._integer(_FIRST_FRAME) or 1, self._integer(_FRAMES) or 1
            number = frame - first
            if not 0 <= number < count:
                return None
        if self._group + _DATA in self._tags:
            bits = self._unpacked(number)
        else:
            bits = self._embedded(frame)
        return Overlay(
            mask=read_only(self._placed(bits)),
            kind="R" if self._tags.text(self._group + _TYPE).upper() == "R" else "G",
            label=self._tags.text(self._group + _LABEL),
        )

    def _integer(self, element: int) -> int | None:
        return self._tags.integer(self._group + element)

    def _unpacked(self, number: int) -> BoolArray:
        """A plane of its own, one bit a pixel; frames follow each other without a gap."""
        data = self._tags.raw(self._group + _DATA)
        size = self._rows * self._columns
        start = number * size
        if not isinstance(data, bytes) or len(data) * 8 < start + size:
            raise _Spoilt
        if not self._parsed.header.syntax.is_little_endian and len(data) % 2 == 0:
            data = np.frombuffer(data, ">u2").astype("<u2").tobytes()  # bits fill words
        part = np.frombuffer(data, np.uint8)[start // 8 : -(-(start + size) // 8)]
        bits = np.unpackbits(part, bitorder="little")[start % 8 :][:size]
        return bits.view(np.bool_).reshape(self._rows, self._columns)

    def _embedded(self, frame: int) -> BoolArray:
        """A bit of the pixel cells that the value does not use; retired in 2004."""
        header, position = self._parsed.header, self._integer(_POSITION)
        if position is None or not _is_spare(header, position):
            raise _Spoilt
        if self._integer(_BITS) != header.bits_allocated:
            raise _Spoilt
        if (self._rows, self._columns) != (header.rows, header.columns):
            raise _Spoilt
        order = "<" if header.syntax.is_little_endian else ">"
        kind = f"{order}u{header.bits_allocated // 8}"
        cells = np.frombuffer(frame_bytes(self._parsed, frame), kind, self._rows * self._columns)
        is_set: BoolArray = (cells >> position) & 1 == 1
        return is_set.reshape(self._rows, self._columns)

    def _placed(self, bits: BoolArray) -> BoolArray:
        """The part that lies on the image, in an array of the image's size."""
        header = self._parsed.header
        mask = np.zeros((header.rows, header.columns), np.bool_)
        top, left = self._origin()
        rows = slice(max(0, top), min(header.rows, top + self._rows))
        columns = slice(max(0, left), min(header.columns, left + self._columns))
        if rows.start < rows.stop and columns.start < columns.stop:
            mask[rows, columns] = bits[
                rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
            ]
        return mask

    def _origin(self) -> tuple[int, int]:
        """Row and column of its first pixel in the image; 0-based, may be negative."""
        if self._group + _ORIGIN not in self._tags:
            return 0, 0
        numbers = self._tags.numbers(self._group + _ORIGIN)
        if len(numbers) != 2:
            raise _Spoilt
        with suppress(ValueError, OverflowError):
            return int(numbers[0]) - 1, int(numbers[1]) - 1
        raise _Spoilt


def _is_spare(header: Header, position: int) -> bool:
    """Whether a bit of a cell holds nothing of the value, in pixels that are not compressed."""
    is_cell = header.syntax.codec == "native" and header.samples == 1 and not header.is_float
    lowest = header.high_bit + 1 - header.bits_stored
    is_outside = header.high_bit < position < header.bits_allocated or 0 <= position < lowest
    return is_cell and header.bits_allocated >= 8 and is_outside
