"""The log of a training as an event file that TensorBoard reads; written without it.

A record is its length, a checksum of the length, the bytes, a checksum of the bytes; the bytes are
a protocol buffer `Event` with a wall time, a step and named numbers.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAME = "events.out.tfevents.0000000000.afloc"
"""What the file is called: TensorBoard looks for the beginning."""
_VERSION = b"brain.Event:2"
_POLYNOMIAL = 0x82F63B78  # CRC-32C, reflected
_MASK = 0xA282EAD8
_ALL_ONES = 0xFFFFFFFF


def event_file(lines: Iterable[Mapping[str, object]]) -> bytes:
    """The whole file.

    Args:
        lines: Of the log; each has `step`, and numbers by name. A second of wall time stands for a
            step, so that equal trainings write equal files.
    """
    records = [_record(_field(3, _VERSION))]
    for line in lines:
        step = line["step"]
        assert isinstance(step, int)
        values = [
            _field(1, _field(1, name.encode()) + b"\x15" + struct.pack("<f", value))
            for name, value in line.items()
            if name != "step" and isinstance(value, int | float)
        ]
        event = b"\x09" + struct.pack("<d", step) + b"\x10" + _whole(step)
        records.append(_record(event + _field(5, b"".join(values))))
    return b"".join(records)


def _field(number: int, content: bytes) -> bytes:
    return _whole(number << 3 | 2) + _whole(len(content)) + content


def _whole(value: int) -> bytes:
    """A varint: seven bits a byte, the lowest first."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _record(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    return length + _checksum(length) + content + _checksum(content)


def _checksum(content: bytes) -> bytes:
    crc = _ALL_ONES
    for byte in content:
        crc = _table()[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= _ALL_ONES
    return struct.pack("<I", ((crc >> 15 | crc << 17) + _MASK) & _ALL_ONES)


@lru_cache(maxsize=1)
def _table() -> tuple[int, ...]:
    """What eight steps of the division do to a byte."""
    found = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        found.append(value)
    return tuple(found)
