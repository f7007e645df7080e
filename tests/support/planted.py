"""Strings that must not leave: planted in every element of a film, found in whatever form."""

from __future__ import annotations

import base64
import io
import re
import zipfile
import zlib
from typing import TYPE_CHECKING

from pydicom.datadict import DicomDictionary
from pydicom.dataset import Dataset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

STRINGS = [f"KX{n:02d}CANARY" for n in range(40)]
DAY = "19881224"
_TEXTS = ("PN", "LO", "SH", "LT", "ST", "UT", "UC", "AE", "CS", "UR")
# Without them it is no film, or one in characters that nobody can read.
_NEEDED = ("SpecificCharacterSet", "PhotometricInterpretation", "PixelDataProviderURL", "Modality")
_PACKED = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_DEEPEST = 3


def elements(strings: list[str]) -> dict[str, object]:
    """Every element of the standard that holds words or days, with one of the strings in each."""
    found: dict[str, object] = {}
    for tag, (vr, _, _, is_retired, keyword) in DicomDictionary.items():
        if is_retired or not keyword or tag >> 16 in (0x0000, 0x0002, 0x0004) or keyword in _NEEDED:
            continue
        if vr in _TEXTS:
            found[keyword] = strings[len(found) % len(strings)]
        elif vr in ("DA", "DT"):
            found[keyword] = DAY
    nested = Dataset()
    nested.RequestedProcedureDescription = nested.PatientName = strings[0]
    found["RequestAttributesSequence"] = [nested]
    return found


def held(data: bytes, strings: Iterable[str]) -> set[str]:
    """The strings that bytes hold: plain, in UTF-16 or base64, packed, in archives and pages."""
    layers = list(_layers(data, 0))
    return {text for text in strings if any(f in layer for f in _forms(text) for layer in layers)}


def held_below(folder: Path, strings: Iterable[str]) -> dict[str, set[str]]:
    """The strings that files below a folder hold, in their names too."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        data = name.encode() + (path.read_bytes() if path.is_file() else b"")
        hits = held(data, strings)
        if hits:
            found[name] = hits
    return found


def _forms(text: str) -> list[bytes]:
    raw = text.encode()
    # The digits at either end depend on what stands beside it.
    shifted = [base64.b64encode(b"\0" * n + raw)[4 if n else 0 : -4] for n in range(3)]
    wide = [text.encode(code) for code in ("utf-16-le", "utf-16-be", "utf-32-le")]
    return [raw, raw.hex().encode(), *wide, *shifted]


def _layers(data: bytes, depth: int) -> Iterator[bytes]:
    yield data
    if depth == _DEEPEST:
        return
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield from _layers(name.encode() + archive.read(name), depth + 1)
        return
    for start in (match.start() for match in _PACKED.finditer(data)):
        try:
            unpacked = zlib.decompressobj().decompress(data[start:], 1 << 26)
        except zlib.error:
            continue
        if len(unpacked) > 8:
            yield from _layers(unpacked, depth + 1)
