"""Names of files that cannot collide, escape their folder or name a patient; of series."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LONGEST = 40
_LONG = 64  # characters of LO
_OURS = "AFLoc: "
_DISCLAIMER = "image-text similarity, research use"
# Windows takes these for devices, whatever their suffix.
_DEVICES = frozenset(
    ("con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)))
)


def safe_name(text: str, fallback: str) -> str:
    """A file name from any text: at most 40 ASCII letters, digits, `-` and `_`.

    Args:
        text: From a bundle or a plugin; never a patient's name or a path.
        fallback: A safe name for where nothing is left of `text`.
    """
    name = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-_")[:_LONGEST].rstrip("-_")
    return f"{name}-" if name.lower() in _DEVICES else name or fallback


def object_name(kind: str, uid: str) -> str:
    """Name of a DICOM file. The UID is hashed: whose it is, only the file itself says.

    Args:
        kind: Of the exporter.
        uid: SOP Instance UID of the object, unique in itself.
    """
    digest = hashlib.sha256(uid.encode()).hexdigest()[:16]
    return f"AFLoc_{safe_name(kind, 'object')}_{digest}.dcm"


def free_path(folder: Path, stem: str, suffix: str) -> Path:
    """A path in `folder` that nothing holds yet: `stem`, else with a number behind it."""
    path, number = folder / f"{stem}{suffix}", 1
    while path.exists() or path.is_symlink():
        number += 1
        path = folder / f"{stem}-{number}{suffix}"
    return path


def describe_series(labels: Iterable[str]) -> str:
    """A series description that says what it is, how sure, and for what use."""
    known = list(dict.fromkeys(labels))
    what = known[0] if len(known) == 1 else f"{len(known)} findings" if known else "no finding"
    room = _LONG - len(f"{_OURS}, {_DISCLAIMER}")
    return f"{_OURS}{short(what, room)}, {_DISCLAIMER}"


def is_own(description: str) -> bool:
    """Whether a series is called as ours are; only its objects tell whether it is."""
    return description.startswith(_OURS)


def short(text: str, most: int = _LONG) -> str:
    """Text as short DICOM elements take it: printable, no backslash, at most so long."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    plain = plain.replace("\\", "/")
    return plain if len(plain) <= most else plain[: most - 2].rstrip() + ".."
