"""DICOMDIR, the index of a medium (PS3.3 F): which files it names, and what is wrong with it.

A record points at the next one and at the first below it by offset, so that a damaged index can
lead round in circles, and it names files in words, so that a hostile one can name any file of the
machine. Every record is therefore visited once, and only files below the index are believed.
"""

from __future__ import annotations

import os
from struct import Struct
from struct import error as StructError  # noqa: N812 - it is a class
from typing import TYPE_CHECKING, NamedTuple

from afloc_desktop.core.dicom.files import find_body, open_regular
from afloc_desktop.core.dicom.guard import FETCH_AGAIN
from afloc_desktop.core.dicom.walker import LONG_VRS
from afloc_desktop.core.errors import UnreadableFile

if TYPE_CHECKING:
    from pathlib import Path

_MOST_RECORDS = 100_000
_LARGEST = 100_000_000  # bytes; 100,000 records take 30 million
_UNDEFINED = 0xFFFFFFFF
_FIRST, _SEQUENCE, _NEXT, _LOWER, _FILE = 0x1200, 0x1220, 0x1400, 0x1420, 0x1500
_head = Struct("<HH2sH").unpack_from
_plain = Struct("<HHL").unpack_from
_long = Struct("<L").unpack_from

_CIRCLE = "it leads round in a circle"
_ASTRAY = "it points to places where there is no record"
_OUTSIDE = "it names files outside its own folder, which are not opened"


class Index(NamedTuple):
    """What an index leads to.

    Attributes:
        files: Paths below the folder of the index, in its order, each once.
        problems: What is wrong with it, clauses that follow "This index (DICOMDIR) is not in
            order: ".
    """

    files: tuple[str, ...]
    problems: tuple[str, ...]


def read_index(path: Path) -> Index:
    """Follow the records of a DICOMDIR.

    Raises:
        UnreadableFile: It cannot be read, or its header is damaged.
    """
    with open_regular(path) as (file, size):
        body = find_body(file, size)
        start = body.file.tell()
        if size > _LARGEST or not body.syntax.is_little_endian or body.syntax.is_deflated:
            raise _damaged()
        body.file.seek(0)
        data = body.file.read(size)
    try:
        first = _root(data, start, body.syntax.is_implicit)
    except (StructError, RecursionError):
        raise _damaged() from None
    ids, problems = _follow(data, first, body.syntax.is_implicit)
    return _resolve(path, ids, problems)


def _root(data: bytes, pos: int, is_implicit: bool) -> int:
    """Offset of the first record, 0 where there is none."""
    while pos < len(data):
        tag, start, length = _element(data, pos, is_implicit)
        if tag == 0x00040000 | _FIRST:
            return int(_long(data, start)[0])
        if length == _UNDEFINED or tag >= 0x00040000 | _SEQUENCE:
            break
        pos = start + length
    return 0


def _follow(data: bytes, first: int, is_implicit: bool) -> tuple[list[bytes], dict[str, None]]:
    """File IDs in the order of the records, and what is wrong."""
    ids: list[bytes] = []
    problems: dict[str, None] = {}
    seen: set[int] = set()
    waiting = [first]
    while waiting:
        offset = waiting.pop()
        if offset == 0:
            continue
        if offset in seen or len(seen) >= _MOST_RECORDS:
            problems[_CIRCLE] = None
            continue
        seen.add(offset)
        try:
            following, lower, file_id = _record(data, offset, is_implicit)
        except StructError:
            problems[_ASTRAY] = None
            continue
        waiting += (following, lower)  # what is below comes before what follows
        if file_id:
            ids.append(file_id)
    return ids, problems


def _record(data: bytes, pos: int, is_implicit: bool) -> tuple[int, int, bytes]:
    """Offsets of the next record and of the first below, and the file ID, of a record."""
    group, element, length = _plain(data, pos)
    if (group, element) != (0xFFFE, 0xE000):
        raise StructError
    pos += 8
    end = len(data) if length == _UNDEFINED else min(len(data), pos + length)
    following, lower, file_id = 0, 0, b""
    while pos < end:
        tag, start, size = _element(data, pos, is_implicit)
        if tag > 0x0004FFFF or size == _UNDEFINED:
            break  # all that matters is in group 4
        value = data[start : start + size]
        if tag == 0x00040000 | _NEXT:
            following = int.from_bytes(value[:4], "little")
        elif tag == 0x00040000 | _LOWER:
            lower = int.from_bytes(value[:4], "little")
        elif tag == 0x00040000 | _FILE:
            file_id = value
        pos = start + size
    return following, lower, file_id


def _element(data: bytes, pos: int, is_implicit: bool) -> tuple[int, int, int]:
    """Tag, first byte and length of the element at `pos`."""
    if is_implicit:
        group, element, length = _plain(data, pos)
        return group << 16 | element, pos + 8, length
    group, element, vr, length = _head(data, pos)
    if vr in LONG_VRS:
        return group << 16 | element, pos + 12, _long(data, pos + 8)[0]
    return group << 16 | element, pos + 8, length


def _resolve(path: Path, ids: list[bytes], problems: dict[str, None]) -> Index:
    root = os.path.dirname(path) or os.curdir
    real_root = os.path.realpath(root)
    names: dict[str, dict[str, str]] = {}
    files: dict[str, None] = {}
    missing = 0
    for file_id in ids:
        parts = _parts(file_id)
        if not parts:
            problems[_OUTSIDE] = None
            continue
        found = _match(root, parts, names)
        if found is None:
            missing += 1
        elif not os.path.realpath(found).startswith(os.path.join(real_root, "")):
            problems[_OUTSIDE] = None
        else:
            files[found] = None
    clauses = list(problems)
    if missing:
        clauses.append(
            f"it names {missing} file{'s that are' if missing > 1 else ' that is'} not there"
        )
    return Index(tuple(files), tuple(clauses))


def _parts(file_id: bytes) -> list[str]:
    """Folders and name of a file ID; none where it is no plain path downwards."""
    parts = [part.strip(" ") for part in file_id.decode("latin-1").rstrip(" \0").split("\\")]
    if any(not p or p in (".", "..") or any(c in "/:\0" or c < " " for c in p) for p in parts):
        return []
    return parts


def _match(folder: str, parts: list[str], names: dict[str, dict[str, str]]) -> str | None:
    """The file of that name; media are written without regard to case."""
    for part in parts:
        exact = os.path.join(folder, part)
        if not os.path.lexists(exact):
            if folder not in names:
                names[folder] = _folded(folder)
            known = names[folder].get(part.casefold())
            if known is None:
                return None
            exact = os.path.join(folder, known)
        folder = exact
    return folder if os.path.isfile(folder) else None


def _folded(folder: str) -> dict[str, str]:
    try:
        return {name.split(";")[0].rstrip(".").casefold(): name for name in os.listdir(folder)}
    except OSError:
        return {}


def _damaged() -> UnreadableFile:
    return UnreadableFile(
        "This index (DICOMDIR) is damaged.", remedy=f"Open the folder instead, or: {FETCH_AGAIN}"
    )
