"""Transfer syntaxes: how the bytes of a file are laid out, and which decoder reads its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from afloc_desktop.core.errors import UnsupportedImage

Codec = Literal["native", "rle", "jpeg", "jpeg2000", "htj2k", "jpeg-ls", "video"]

_PREFIX = "1.2.840.10008.1.2"


@dataclass(frozen=True, slots=True)
class Syntax:
    """A transfer syntax (PS3.5 section 10).

    Attributes:
        uid: Empty where the file does not say.
        codec: How pixels are compressed; `native` is not at all.
        is_implicit: Value representations are not in the file.
        is_little_endian: Of the header and of native pixels.
        is_deflated: Everything after the meta header is one deflate stream.
    """

    uid: str
    codec: Codec
    is_implicit: bool = False
    is_little_endian: bool = True
    is_deflated: bool = False


IMPLICIT_LITTLE = Syntax(_PREFIX, "native", is_implicit=True)
EXPLICIT_LITTLE = Syntax(_PREFIX + ".1", "native")
EXPLICIT_BIG = Syntax(_PREFIX + ".2", "native", is_little_endian=False)
DEFLATED = Syntax(_PREFIX + ".1.99", "native", is_deflated=True)
_NATIVE = (IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED)

_CODECS: tuple[tuple[Codec, tuple[str, ...]], ...] = (
    ("rle", (".5",)),
    # Baseline, extended, the retired progressive ones, and both lossless processes 14.
    ("jpeg", (".4.50", ".4.51", ".4.53", ".4.55", ".4.57", ".4.70")),
    ("jpeg-ls", (".4.80", ".4.81")),
    ("jpeg2000", (".4.90", ".4.91", ".4.92", ".4.93")),
    ("htj2k", (".4.201", ".4.202", ".4.203")),
    ("video", tuple(f".4.{n}" for n in range(100, 109))),
)


def no_video() -> UnsupportedImage:
    """The error for pixels that are compressed as a film strip."""
    return UnsupportedImage(
        "The pixels are compressed as video, which is not read.",
        remedy="Export the wanted frames as single images.",
    )


def syntax_of(uid: str) -> Syntax:
    """The transfer syntax a UID names.

    Raises:
        UnsupportedImage: A UID that this application does not know.
    """
    for syntax in _NATIVE:
        if syntax.uid == uid:
            return syntax
    for codec, endings in _CODECS:
        if uid.startswith(_PREFIX) and uid[len(_PREFIX) :] in endings:
            return Syntax(uid, codec)
    raise UnsupportedImage(
        "The file uses a transfer syntax that this application does not know.",
        remedy="Export the image again as Explicit VR Little Endian.",
    )
