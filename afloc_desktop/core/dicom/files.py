"""Opening a file read-only and finding where its data set starts. Knows nothing of pixels."""

from __future__ import annotations

import io
import os
import stat
import struct
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from afloc_desktop.core.dicom.guard import FETCH_AGAIN
from afloc_desktop.core.dicom.syntax import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Syntax,
    syntax_of,
)
from afloc_desktop.core.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DICOMDIR = "1.2.840.10008.1.3.10"
# A pipe that took the place of a file must not block; of a file the last flag means nothing.
READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)

# A deflate stream of 0.4 MB can hold 0.4 GB; a large deflated film is 30 MB.
_MOST_INFLATED = 200_000_000
_LONGEST_UID = 128  # bytes read of a meta element; 64 are allowed
_INFLATE_STEP = 1 << 20
_MAGIC = (
    (b"PK\x03\x04", "a zip archive", "Unpack it and open the folder; archives are not read yet."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it and open the folder; archives are not read yet."),
    (b"\x89PNG", "a PNG picture", "Open the DICOM file it was made from."),
    (b"\xff\xd8\xff", "a JPEG picture", "Open the DICOM file it was made from."),
    (b"%PDF", "a PDF document", "Open the DICOM file of the film."),
)
_LONG_VRS = (b"OB", b"OW", b"UN", b"SQ", b"UT", b"OF", b"OD", b"OL", b"OV", b"UC", b"UR")


class BoundedFile(io.BufferedReader):
    """A file whose `read` never asks for more than is left, whatever length a header claims."""

    def __init__(self, raw: io.FileIO, size: int) -> None:
        super().__init__(raw)
        self._size = size

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to `size` bytes; everything that is left where `size` is negative or None."""
        left = max(0, self._size - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left))


@dataclass(frozen=True, slots=True)
class Body:
    """Where a data set starts and how it is written.

    Attributes:
        file: Positioned at the first element.
        size: Bytes in `file`.
        syntax: Stated, or the plausible one where the file does not say.
        media_class: SOP class of the meta header; may be empty.
        has_magic: The file says `DICM`; without, its content must prove that it is DICOM.
    """

    file: BinaryIO
    size: int
    syntax: Syntax
    media_class: str
    has_magic: bool


@contextmanager
def open_regular(path: Path) -> Iterator[tuple[BoundedFile, int]]:
    """Open a regular file; devices and pipes are never opened, they may block for ever.

    Yields:
        The file and its size in bytes.

    Raises:
        UnreadableFile: Absent, not a regular file, empty, or refused by the system.
    """
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFile("This is not a regular file.", remedy="Choose a file or folder.")
        if status.st_size == 0:
            raise UnreadableFile("The file is empty.", remedy=FETCH_AGAIN)
        with BoundedFile(io.FileIO(path), status.st_size) as file:
            yield file, status.st_size
    except FileNotFoundError:
        raise UnreadableFile("The path does not exist.", remedy="Check the spelling.") from None
    except OSError as error:
        raise UnreadableFile(
            f"The file cannot be read ({error.strerror or type(error).__name__}).",
            remedy="Check the permissions and the connection to the drive.",
        ) from None


def find_body(file: BinaryIO, size: int) -> Body:
    """Step over preamble and meta header, with or without them.

    Raises:
        UnreadableFile: Not DICOM, or damaged before the data set starts.
        UnsupportedImage: An unknown transfer syntax.
    """
    start = file.read(132)
    has_magic = start[128:132] == b"DICM"
    if not has_magic:
        _refuse_other_kinds(start)
    file.seek(132 if has_magic else 0)
    syntax_uid, media_class = _read_meta(file)
    here = file.tell()
    syntax = syntax_of(syntax_uid) if syntax_uid else _guess_syntax(file.read(8))
    file.seek(here)
    if syntax.is_deflated:
        inflated = _inflate(file)
        return Body(io.BytesIO(inflated), len(inflated), syntax, media_class, has_magic)
    return Body(file, size, syntax, media_class, has_magic)


def _refuse_other_kinds(start: bytes) -> None:
    for magic, kind, remedy in _MAGIC:
        if start.startswith(magic):
            raise UnreadableFile(f"This is {kind}, not a DICOM file.", remedy=remedy)
    group = start[:2]
    # Without a preamble, the first element is of group 2 or 8, or it is not DICOM.
    if len(start) < 16 or group not in (b"\x02\x00", b"\x08\x00", b"\x00\x08"):
        raise not_dicom()


def not_dicom() -> UnreadableFile:
    """The error for bytes that are nothing this application knows."""
    return UnreadableFile("This is not a DICOM file.", remedy="Choose DICOM files.")


def _read_meta(file: BinaryIO) -> tuple[str, str]:
    """Transfer syntax and SOP class of the meta header, always explicit little endian.

    Leaves the file at the first element behind it. The stated length of the group is not
    trusted: it is wrong in real files.
    """
    syntax, media_class = "", ""
    while True:
        here = file.tell()
        head = file.read(8)
        if len(head) < 8 or head[:2] != b"\x02\x00":
            file.seek(here)
            return syntax, media_class
        element, vr, length = struct.unpack("<2xH2sH", head)
        if vr in _LONG_VRS:
            rest = file.read(4)
            length = struct.unpack("<L", rest)[0] if len(rest) == 4 else 0
        end = file.tell() + length
        value = file.read(min(length, _LONGEST_UID))
        if len(value) < min(length, _LONGEST_UID):
            raise UnreadableFile("The file ends inside its header.", remedy=FETCH_AGAIN)
        file.seek(end)
        if element == 0x0010:
            syntax = _uid(value)
        elif element == 0x0002:
            media_class = _uid(value)


def _uid(value: bytes) -> str:
    return value.decode("ascii", "replace").strip(" \0")


def _guess_syntax(element: bytes) -> Syntax:
    """Layout of a data set that does not state it, from its first element."""
    if element[:2] == b"\x00\x08":
        return EXPLICIT_BIG
    is_explicit = element[4:6].isalpha() and element[4:6].isupper()
    return EXPLICIT_LITTLE if is_explicit else IMPLICIT_LITTLE


def _inflate(file: BinaryIO) -> bytes:
    """Undo a raw deflate stream, stopping where it grows beyond any film."""
    inflater, out = zlib.decompressobj(-zlib.MAX_WBITS), bytearray()
    try:
        while not inflater.eof:
            packed = inflater.unconsumed_tail or file.read(_INFLATE_STEP)
            if not packed:
                break
            out += inflater.decompress(packed, _INFLATE_STEP)
            if len(out) > _MOST_INFLATED:
                raise UnreadableFile(
                    "The compressed file grows beyond any film; it may be malicious.",
                    remedy="Do not open it; ask where it came from.",
                )
    except zlib.error:
        raise UnreadableFile("The compressed file is damaged.", remedy=FETCH_AGAIN) from None
    return bytes(out)
