"""Pictures without a DICOM identity (JPEG, PNG, TIFF), as films."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.domain import Image, ImageRef, read_only
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.icc import way_to_srgb

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import PIL.Image

    from afloc_desktop.core.domain import ColourArray

_FORMATS = ("JPEG", "PNG", "TIFF")
_ORIENTATION = 0x0112
_LYING = (5, 6, 7, 8)  # orientations that stand a picture on its side
_DEEP = ("I", "F")  # modes of grey beyond 8 bits
_COLOUR = ("RGB", "RGBA", "P", "CMYK", "YCbCr", "LAB", "HSV")


def size_of(picture: PIL.Image.Image) -> tuple[int, int]:
    """Columns and rows of an open picture, turned as its camera says; nothing is decoded."""
    columns, rows = picture.size
    is_lying = picture.getexif().get(_ORIENTATION) in _LYING
    return (rows, columns) if is_lying else (columns, rows)


def read_picture(path: Path) -> Image:
    """A film from a picture, turned as its camera says; it has no UID and no spacing.

    Colours are those of sRGB, by the picture's profile where it has one of matrix and curves;
    transparency is left out; grey keeps its 16 bits.

    Raises:
        UnreadableFile: Absent or no picture.
    """
    import PIL.Image
    import PIL.ImageOps

    try:
        with PIL.Image.open(path, formats=_FORMATS) as opened:
            if opened.format == "TIFF" and opened.getexif().get(_ORIENTATION, 1) != 1:
                raise ValueError("Pillow 13 mixes up the rows of a TIFF that lies on its side")
            remarks = tuple(_remarks(opened))
            picture = PIL.ImageOps.exif_transpose(opened)
            colour = None
            if picture.mode in _COLOUR:
                colour, told = _in_srgb(picture)
                picture, remarks = PIL.Image.fromarray(colour), remarks + told
            is_deep = picture.mode.startswith(_DEEP)
            values = np.asarray(picture if is_deep else picture.convert("L"))
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise UnreadableFile(
            f"{path.name} is no readable picture.", remedy="Check the path and the file."
        ) from error
    rows, columns = values.shape
    return Image(
        ref=ImageRef(path, 1, "", rows, columns, None),
        pixels=read_only(values.astype(np.float32)),
        is_inverted=False,
        padding=None,
        voi=(),
        spacing=None,
        pixel_sha256=hashlib.sha256(
            (values if colour is None else colour).tobytes() + str(values.shape).encode()
        ).hexdigest(),
        orientation=None,
        warnings=remarks,
        colour=None if colour is None else read_only(colour),
    )


def _in_srgb(picture: PIL.Image.Image) -> tuple[ColourArray, tuple[str, ...]]:
    """Colours, shape (rows, columns, 3), and what to tell of the way they went."""
    profile, told = way_to_srgb(picture.info.get("icc_profile") or b"")
    colour = np.array(picture.convert("RGB"))
    return (colour if profile is None else profile.apply(colour)), told


def _remarks(picture: PIL.Image.Image) -> Iterator[str]:
    """What a reader must be told of an open picture."""
    pages = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
    if pages > 1:
        yield f"The file holds {pages} pictures; the first is shown."
