"""Pictures without a DICOM identity (JPEG, PNG), as films: for evaluation and training."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.domain import Image, ImageRef, read_only
from afloc_desktop.core.errors import UnreadableFile

if TYPE_CHECKING:
    from pathlib import Path


def read_picture(path: Path) -> Image:
    """A grey film from a picture; it has no UID, no spacing and no known direction.

    Raises:
        UnreadableFile: Absent or no picture.
    """
    import PIL.Image

    try:
        with PIL.Image.open(path) as picture:
            values = np.asarray(picture.convert("L"))
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
        pixel_sha256=hashlib.sha256(values.tobytes() + str(values.shape).encode()).hexdigest(),
        orientation=None,
        warnings=(),
    )
