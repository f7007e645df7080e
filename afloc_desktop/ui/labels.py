"""DICOM's way of writing names and dates, as people write them."""

from __future__ import annotations

from afloc_desktop.ui import strings


def person(name: str) -> str:
    """Family name, given names; from the alphabetic group of a DICOM person name."""
    parts = [part.strip() for part in name.split("=")[0].split("^")]
    family, given = parts[0], " ".join(p for p in parts[1:3] if p)
    return ", ".join(p for p in (family, given) if p) or strings.UNKNOWN_PATIENT


def day(date: str) -> str:
    """A DICOM date with dashes; anything else as it is."""
    is_date = len(date) == 8 and date.isdigit()
    return f"{date[:4]}-{date[4:6]}-{date[6:]}" if is_date else date
