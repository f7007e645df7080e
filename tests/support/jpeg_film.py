"""A JPEG as the reader of DICOM would give a film of 256 levels; loads nothing heavy."""

import hashlib
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image as Picture

from afloc_desktop.core.domain import Image, ImageRef, read_only

_NUMBERS = count()


def read_film(path: Path) -> Image:
    """Another film for whoever remembers films, though its pixels are the same."""
    with Picture.open(path) as opened:
        assert opened.mode == "L"
        levels = np.asarray(opened)
    rows, columns = levels.shape
    return Image(
        ref=ImageRef(path.with_name(f"{path.name} {next(_NUMBERS)}"), 1, "1.2.3", rows, columns, 1),
        pixels=read_only(levels.astype(np.float32)),
        is_inverted=False,
        padding=None,
        voi=(),
        spacing=None,
        pixel_sha256=hashlib.sha256(levels).hexdigest(),
        orientation=None,
        warnings=(),
    )


def write_film(path: Path, rows: int, columns: int) -> Path:
    """A smooth picture with noise, as hard to unpack as a radiograph."""
    y, x = np.mgrid[:rows, :columns] / rows
    noise = np.random.default_rng(0).normal(0, 3, (rows, columns))
    film = 120 + 70 * np.sin(9 * y) * np.cos(7 * x) + 30 * np.exp(-((x - 0.3) ** 2) / 0.01) + noise
    Picture.fromarray(np.clip(film, 0, 255).astype(np.uint8)).save(path, quality=90)
    return path
