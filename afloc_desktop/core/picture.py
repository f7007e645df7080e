"""Pictures without a DICOM identity (JPEG, PNG), as films: for evaluation and training."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.domain import Image, ImageRef, read_only
from afloc_desktop.core.errors import UnreadableFile

if TYPE_CHECKING:
    from pathlib import Path


_COLOUR = ("RGB", "RGBA", "P", "CMYK", "YCbCr", "LAB", "HSV")


def read_picture(path: Path) -> Image:
    """A film from a picture; it has no UID, no spacing and no known direction.

    Raises:
        UnreadableFile: Absent or no picture.
    """
    import PIL.Image

    try:
        with PIL.Image.open(path) as picture:
            values = np.asarray(picture.convert("L"))
            colour = np.array(picture.convert("RGB")) if picture.mode in _COLOUR else None
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
        warnings=(),
        colour=None if colour is None else read_only(colour),
    )
