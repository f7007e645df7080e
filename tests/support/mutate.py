"""Damaged files, the same for the same seed: what transport, disks and attackers do to DICOM."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

HEADER = 132  # preamble and magic stay: behind them damage is more interesting
REPRESENTATIONS = (b"SQ", b"UN", b"OB", b"US", b"DS", b"FD", b"AT", b"UT", b"OW", b"PN")
MARKS = (
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\xff\xff\xff\x7f",
    b"\xfe\xff\0\xe0",
    b"\xfe\xff\xdd\xe0",
)

Random = np.random.Generator
Damage = Callable[[Random, bytearray], None]


def mutants(seeds: list[Path], count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """A name that says how to make it again, and the bytes, `count` times.

    Every mutant has a generator of its own, so that one can be made without those before.
    """
    for number in range(count):
        random = np.random.default_rng((seed, number))
        path = seeds[int(random.integers(len(seeds)))]
        yield f"{seed}_{number}_{path.stem}", damaged(random, path.read_bytes())


def damaged(random: Random, content: bytes) -> bytes:
    """One to three damages on top of each other."""
    data = bytearray(content)
    for _ in range(int(random.integers(1, 4))):
        if len(data) > HEADER + 28:
            DAMAGES[int(random.integers(len(DAMAGES)))](random, data)
    return bytes(data)


def _place(random: Random, data: bytearray, before: int = 0) -> int:
    return int(random.integers(HEADER, len(data) - before))


def flip_bits(random: Random, data: bytearray) -> None:
    for _ in range(int(random.integers(1, 9))):
        data[int(random.integers(len(data)))] ^= 1 << int(random.integers(8))


def change_bytes(random: Random, data: bytearray) -> None:
    for _ in range(int(random.integers(1, 40))):
        data[_place(random, data)] = int(random.integers(256))


def delete(random: Random, data: bytearray) -> None:
    start = _place(random, data)
    del data[start : start + int(random.integers(1, 200))]


def repeat(random: Random, data: bytearray) -> None:
    start = _place(random, data)
    data[start:start] = data[start : start + int(random.integers(1, 300))]


def insert(random: Random, data: bytearray) -> None:
    start = _place(random, data)
    data[start:start] = random.bytes(int(random.integers(1, 64)))


def mark(random: Random, data: bytearray) -> None:
    start = _place(random, data, 4)
    data[start : start + 4] = MARKS[int(random.integers(len(MARKS)))]


def change_length(random: Random, data: bytearray) -> None:
    places = _representations(data)
    if places:
        start = places[int(random.integers(len(places)))] + 2
        lengths = (0, 1, 2, 0xFFFF, 0xFFFE, 0x7FFF, int(random.integers(65_536)))
        data[start : start + 2] = struct.pack("<H", lengths[int(random.integers(len(lengths)))])


def change_representation(random: Random, data: bytearray) -> None:
    places = _representations(data)
    if places:
        start = places[int(random.integers(len(places)))]
        chosen = REPRESENTATIONS[int(random.integers(len(REPRESENTATIONS)))]
        data[start : start + 2] = chosen


def truncate(random: Random, data: bytearray) -> None:
    del data[int(random.integers(1, len(data))) :]


def _representations(data: bytearray) -> list[int]:
    """Where two capital letters follow a small byte, as behind a tag."""
    return [
        n
        for n in range(HEADER, len(data) - 8)
        if 65 <= data[n] <= 90 and 65 <= data[n + 1] <= 90 and data[n - 1] < 0x80
    ]


DAMAGES: tuple[Damage, ...] = (
    flip_bits, change_bytes, delete, repeat, insert, mark, change_length, change_representation,
    truncate,
)  # fmt: skip
