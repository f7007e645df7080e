"""What the raw bytes of a walked header mean, read as pydicom would; None on any doubt.

Plain ASCII is read here. Whatever else a text holds goes through pydicom, once per value.
"""

from __future__ import annotations

import io
import re
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple

from afloc_desktop.core.dicom.entry import Labels, Place
from afloc_desktop.core.dicom.header import MAX_PIXELS, MOST_FRAMES
from afloc_desktop.core.dicom.syntax import Codec, syntax_of
from afloc_desktop.core.dicom.tags import Tags
from afloc_desktop.core.dicom.walker import LABELS, ORDER
from afloc_desktop.core.errors import AflocError, UnsupportedImage

if TYPE_CHECKING:
    from collections.abc import Sequence

Raw = bytes | None

EYE = "OP"  # modality of ophthalmic photography

_PADDING = b" \0"
# A backslash separates values and "=" the parts of a name: no plain text.
_clean = re.compile(rb"[ -<>-\[\]-~]*").fullmatch
# Character sets in which ASCII bytes without escapes are ASCII; others could be any codec.
_ASCII_COMPATIBLE = frozenset(
    (None, b"", b"ISO_IR 6", b"ISO_IR 100", b"ISO_IR 101", b"ISO_IR 109", b"ISO_IR 110",
     b"ISO_IR 126", b"ISO_IR 127", b"ISO_IR 138", b"ISO_IR 144", b"ISO_IR 148", b"ISO_IR 166",
     b"ISO_IR 192", b"GB18030", b"GBK", b"ISO 2022 IR 100", b"\\ISO 2022 IR 87",
     b"\\ISO 2022 IR 149", b"\\ISO 2022 IR 58", b"ISO 2022 IR 6\\ISO 2022 IR 87")
)  # fmt: skip
_LABEL_TAGS = ORDER[LABELS]
_VRS = (b"CS", b"UI", b"UI", b"PN", b"LO", b"DA", b"LO", b"SH", b"IS", b"CS", b"LO", b"CS", b"CS")
_GREY = (b"MONOCHROME1", b"MONOCHROME2", b"PALETTE COLOR")
# YBR_FULL_422 shares samples between pixels, where the writer meant it: not plain enough.
_COLOUR = (b"RGB", b"YBR_FULL")
_COMPRESSED_COLOUR = (*_COLOUR, b"YBR_FULL_422", b"YBR_RCT", b"YBR_ICT")


class Layout(NamedTuple):
    """How pixels are stored.

    Attributes:
        bytes: Of all frames where native, 0 where compressed.
        codec: How they are compressed.
    """

    rows: int
    columns: int
    frames: int
    bytes: int
    codec: Codec


def labels_of(raw: Sequence[Raw]) -> Labels | None:
    """Labels from the values `walker.LABELS`; None where a UID is missing."""
    charset = raw[0].strip(_PADDING) if raw[0] else raw[0]
    is_ascii = charset in _ASCII_COMPATIBLE
    texts: list[str] = []
    try:
        number = whole(raw[8])
        for tag, vr, value in zip(_LABEL_TAGS, _VRS, raw, strict=True):
            stripped = value.strip(_PADDING) if value else b""
            is_plain = is_ascii and _clean(stripped)
            text = stripped.decode("ascii") if is_plain else _foreign_text(raw[0], tag, vr, value)
            texts.append(text)
    except (ValueError, AflocError):
        return None
    if not texts[1] or not texts[2] or texts[9] == EYE:
        return None  # which eye it is stands in elements that are not walked
    _, study, series, name, patient, date, description, accession, _, *rest = texts
    return Labels(study, series, name, patient, date, description, accession, number, *rest)


def layout_of(raw: Sequence[Raw]) -> Layout | None:
    """The layout from the values `walker.LAYOUT`; None where anything is unusual."""
    samples, photometric, frames, *numbers, syntax_uid = raw
    if any(number is not None and len(number) != 2 for number in (samples, *numbers)):
        return None
    rows, columns, allocated, stored, high, signed = (
        None if number is None else int.from_bytes(number, "little") for number in numbers
    )
    if not rows or not columns or rows * columns > MAX_PIXELS or allocated not in (8, 16):
        return None
    stored = allocated if stored is None else stored
    if not 1 <= stored <= allocated or high not in (None, stored - 1) or signed not in (None, 0, 1):
        return None
    try:
        count = whole(frames)
        syntax = syntax_of((syntax_uid or b"").strip(_PADDING).decode("ascii", "replace"))
    except (ValueError, UnsupportedImage):
        return None
    count = 1 if count is None else count
    colours = _COLOUR if syntax.codec == "native" else _COMPRESSED_COLOUR
    name = (photometric or b"").strip(_PADDING)
    per_pixel = 1 if name in _GREY else 3 if name in colours else 0
    stated = 1 if samples is None else int.from_bytes(samples, "little")
    if stated != per_pixel or not 1 <= count <= MOST_FRAMES or syntax.codec == "video":
        return None
    size = rows * columns * per_pixel * allocated // 8 * count
    return Layout(rows, columns, count, size if syntax.codec == "native" else 0, syntax.codec)


def place_of(raw: Sequence[Raw]) -> Place | None:
    """The place from the values `walker.PLACE`."""
    uid = (raw[2] or b"").strip(_PADDING)
    if not _clean(uid):
        return None
    return Place(numbers(raw[0], 6), numbers(raw[1], 2), uid.decode("ascii"))


def phase_in_text(raw: Sequence[Raw]) -> tuple[float, ...] | None:
    """The phase from the values `walker.PHASE`; None where they are written in an unusual way."""
    echo = numbers(raw[1], 1)
    try:
        return phase_of(whole(raw[0]), echo[0] if echo else None)
    except ValueError:
        return None


def phase_of(temporal: float | None, echo: float | None) -> tuple[float, ...]:
    """Temporal position and echo time, to order by; empty where neither is given."""
    return () if temporal is None and echo is None else (temporal or 0.0, echo or 0.0)


def numbers(value: Raw, count: int) -> tuple[float, ...]:
    """So many finite decimal numbers; empty where absent or anything else."""
    if not value:
        return ()
    try:
        found = tuple(map(float, str(value, "latin-1").rstrip(" \0").split("\\")))
    except ValueError:
        return ()
    return found if len(found) == count and isfinite(sum(found)) else ()


def exactly(found: tuple[float, ...], count: int) -> tuple[float, ...]:
    """The numbers where they are so many and finite, else none."""
    return found if len(found) == count and isfinite(sum(found)) else ()


def whole(value: Raw) -> int | None:
    """A whole number in text, None where absent.

    Raises:
        ValueError: It is written in an unusual way.
    """
    stripped = value.strip(_PADDING) if value else b""
    if not stripped:
        return None
    if not stripped.isdigit() or len(stripped) > 9:
        raise ValueError
    return int(stripped)


@lru_cache(maxsize=4096)
def _foreign_text(charset: Raw, tag: int, vr: bytes, value: Raw) -> str:
    """Text that is not plain ASCII, by pydicom; as a file with this element alone would give."""
    from pydicom.datadict import keyword_for_tag
    from pydicom.filereader import read_dataset

    from afloc_desktop.core.dicom.guard import foreign_code, quiet_pydicom

    data = _element(0x00080005, b"CS", charset) if charset is not None else b""
    if tag != 0x00080005:
        data += _element(tag, vr, value or b"")
    with quiet_pydicom(), foreign_code("The header is damaged"):
        return Tags(read_dataset(io.BytesIO(data), False, True)).text(keyword_for_tag(tag))


def _element(tag: int, vr: bytes, value: bytes) -> bytes:
    head = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")
    return head + vr + len(value).to_bytes(2, "little") + value
