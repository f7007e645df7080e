"""DICOM's way of writing names and dates, as people write them."""

from __future__ import annotations

from unicodedata import category

from afloc_desktop.ui import strings


def one_line(text: str) -> str:
    """Text of a file without line breaks and invisible signs.

    Direction marks (U+202E and the like) could make a name read as another one.
    """
    visible = "".join(c for c in text if c.isspace() or category(c) not in ("Cc", "Cf"))
    return " ".join(visible.split())


def person(name: str) -> str:
    """Family name, given names; from the alphabetic group of a DICOM person name."""
    parts = [one_line(part) for part in name.split("=")[0].split("^")]
    family, given = parts[0], " ".join(p for p in parts[1:3] if p)
    return ", ".join(p for p in (family, given) if p) or strings.UNKNOWN_PATIENT


def day(date: str) -> str:
    """A DICOM date with dashes; anything else as it is."""
    is_date = len(date) == 8 and date.isdigit()
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if is_date else one_line(date)
