"""Bytes of a text file as text, whatever program wrote it."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import DatasetError

if TYPE_CHECKING:
    from pathlib import Path

_LARGEST = 1_000_000_000  # bytes; a million reports
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def read_text(path: Path) -> tuple[str, bool]:
    """Text of a file in UTF-8, in UTF-16 with its mark, or else in Windows-1252.

    Returns:
        The text, and whether its encoding had to be guessed.

    Raises:
        DatasetError: Absent, not a regular file, too large, or refused by the system.
    """
    return decode_text(read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """All of a regular file.

    Raises:
        DatasetError: Absent, not a regular file, too large, or refused by the system.
    """
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            raise DatasetError(
                "A file is missing, too large, or no regular file.",
                remedy="Check the path; split tables beyond one gigabyte.",
            )
        return path.read_bytes()
    except OSError as error:
        raise DatasetError(
            f"A file cannot be read ({error.strerror or type(error).__name__}).",
            remedy="Check the permissions and the connection to the drive.",
        ) from error


def decode_text(data: bytes) -> tuple[str, bool]:
    """As `read_text`, of bytes in memory."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace"), False
    try:
        return data.decode("utf-8"), False
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), True


def plain(text: str) -> str:
    """Text in which what looks alike is alike: accents in one piece, no ligatures, nothing unseen.

    Rules that look for names would miss one that is written with loose accents or a soft hyphen.
    """
    whole = unicodedata.normalize("NFKC", text)
    return "".join(c for c in whole if unicodedata.category(c) not in ("Cf", "Cs"))
