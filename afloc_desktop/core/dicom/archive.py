"""Zip archives: members are read where they are, and nothing is ever unpacked to a disk.

A member's name is a label and never a path; no patient data reach a temporary folder.
"""

from __future__ import annotations

import io
import os
import threading
import zipfile
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, BinaryIO

from afloc_desktop.core.dicom.files import BoundedFile, open_regular
from afloc_desktop.core.dicom.guard import FETCH_AGAIN, foreign_code
from afloc_desktop.core.errors import UnreadableFile, UnsupportedImage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    _Key = tuple[Path, str, int, int]  # archive, member, and the archive's size and time

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # the second is an empty archive
MOST_MEMBERS = 100_000
MOST_UNPACKED = 400_000_000  # of one member; it is held in memory
MOST_KEPT = 100_000_000  # of the members unpacked last
_LARGEST_DIRECTORY = 64_000_000
_STEP = 1 << 20
# Deflate reaches 1,032; a blank film stays far below, and a small member cannot do harm.
_STEEPEST, _STEEP_FROM = 500, 20_000_000
_ENTRY = b"PK\x01\x02"


class _Guarded(BoundedFile):
    """A file that refuses a directory of more members than anyone archives."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to `size` bytes.

        Raises:
            UnsupportedImage: The bytes are a directory of too many members.
        """
        if size is not None and size > _LARGEST_DIRECTORY:
            raise _too_many()
        data = super().read(size)
        if data.startswith(_ENTRY) and data.count(_ENTRY) > MOST_MEMBERS:
            raise _too_many()
        return data


class Archive:
    """An open zip archive; made by `open_archive`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    @property
    def members(self) -> tuple[str, ...]:
        """Names of everything that is not a folder, each once, in the archive's order."""
        names = (info.filename for info in self._archive.infolist() if not info.is_dir())
        return tuple(dict.fromkeys(names))

    def size(self, member: str) -> int:
        """Bytes of a member once unpacked, as the archive claims."""
        return self._archive.getinfo(member).file_size

    def start(self, member: str, length: int) -> bytes:
        """The first bytes of a member, at most `length`.

        Raises:
            UnreadableFile: Encrypted, damaged, or growing beyond any film.
            UnsupportedImage: Compressed in a way that is not read.
        """
        info = self._checked(member)
        with foreign_code("This part of the archive is damaged"), self._archive.open(info) as file:
            parts: list[bytes] = []
            while length > 0 and (part := file.read(min(length, _STEP))):
                parts.append(part)
                length -= len(part)
        return b"".join(parts)

    def unpack(self, member: str) -> bytes:
        """All bytes of a member.

        Raises:
            UnreadableFile: Empty, encrypted, damaged, or growing beyond any film.
            UnsupportedImage: Compressed in a way that is not read.
        """
        data = self.start(member, MOST_UNPACKED + 1)
        if len(data) > MOST_UNPACKED:
            raise _bomb()
        if not data:
            raise UnreadableFile("The file is empty.", remedy=FETCH_AGAIN)
        return data

    def in_memory(self, member: str) -> tuple[BinaryIO, int]:
        """A member as an open file, and its bytes.

        Raises:
            UnreadableFile: Empty, encrypted, damaged, or growing beyond any film.
            UnsupportedImage: Compressed in a way that is not read.
        """
        data = self.unpack(member)
        return io.BytesIO(data), len(data)

    def _checked(self, member: str) -> zipfile.ZipInfo:
        try:
            info = self._archive.getinfo(member)
        except KeyError:
            raise UnreadableFile(
                "The archive no longer holds this file.", remedy="Open the archive again."
            ) from None
        if info.flag_bits & 1:
            raise UnreadableFile(
                "This part of the archive is encrypted.", remedy="Unpack it with its password."
            )
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnsupportedImage(
                "This part of the archive is compressed in a way that is not read.",
                remedy="Unpack the archive and open the folder.",
            )
        is_steep = info.file_size > _STEEPEST * max(1, info.compress_size)
        if info.file_size > MOST_UNPACKED or (is_steep and info.file_size > _STEEP_FROM):
            raise _bomb()
        return info


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip archive read-only.

    Raises:
        UnreadableFile: Not to be read, or damaged.
        UnsupportedImage: With more members than can be listed.
    """
    with open_regular(path) as (_, size), _Guarded(io.FileIO(path), size) as file:
        with foreign_code("The zip archive is damaged"):
            archive = zipfile.ZipFile(file)
        with archive:
            yield Archive(archive)


@contextmanager
def open_source(path: Path, member: str = "") -> Iterator[tuple[BinaryIO, int]]:
    """Open a file, or a member of an archive in memory.

    Args:
        path: The file, or the archive.
        member: Name inside the archive; empty for the file itself.

    Yields:
        The bytes and how many they are.

    Raises:
        UnreadableFile: Absent, refused by the system, empty, encrypted or damaged.
        UnsupportedImage: Compressed in a way that is not read.
    """
    if not member:
        with open_regular(path) as opened:
            yield opened
        return
    with open_regular(path) as (file, size):
        key = (path, member, size, os.fstat(file.fileno()).st_mtime_ns)
    data = _last_unpacked().get(key)
    if data is None:
        with open_archive(path) as archive:
            data = archive.unpack(member)
        _last_unpacked().keep(key, data)
    yield io.BytesIO(data), len(data)


class _LastUnpacked:
    """The members unpacked last: the next frame of a film needs the same bytes again."""

    def __init__(self) -> None:
        self._members: dict[_Key, bytes] = {}
        self._lock = threading.Lock()

    def get(self, key: _Key) -> bytes | None:
        with self._lock:
            data = self._members.pop(key, None)
            if data is not None:
                self._members[key] = data  # the last to go
            return data

    def keep(self, key: _Key, data: bytes) -> None:
        with self._lock:
            self._members[key] = data
            while sum(map(len, self._members.values())) > MOST_KEPT:
                del self._members[next(iter(self._members))]


@cache
def _last_unpacked() -> _LastUnpacked:
    return _LastUnpacked()


def _too_many() -> UnsupportedImage:
    return UnsupportedImage(
        f"The zip archive holds more than {MOST_MEMBERS} files.",
        remedy="Unpack it and open the folder.",
    )


def _bomb() -> UnreadableFile:
    return UnreadableFile(
        "This part of the archive grows beyond any film; it may be malicious.",
        remedy="Do not unpack it; ask where it came from.",
    )
