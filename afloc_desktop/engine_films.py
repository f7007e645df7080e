"""The film that a request to the engine is about: one frame of a file, or an array.

A file is the better way: it is read as the window reads it. An array is for front ends whose film
has no file behind it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from afloc_desktop.core.domain import Image, ImageRef, Orientation, Spacing, read_only
from afloc_desktop.core.errors import InputError, UnreadableFile

if TYPE_CHECKING:
    from afloc_desktop.core.domain import FloatArray

_DTYPES = {"uint8": "u1", "uint16": "<u2", "int16": "<i2", "float32": "<f4"}
_MOST_PIXELS = 1 << 27  # as much as any radiograph needs, ten times over
_REMEDY = "See 'Arrays' in the documentation of afloc-engine."


def read_film(request: dict[str, Any]) -> Image:
    """The film of a `localize` request.

    Args:
        request: With either `file` (and `frame`, 1-based) or `array`.

    Raises:
        InputError: It has neither or both, or what it has cannot be used.
    """
    if ("file" in request) == ("array" in request):
        raise InputError("The request needs either 'file' or 'array'.", remedy=_REMEDY)
    return _from_array(request["array"]) if "array" in request else _from_file(request)


def _from_file(request: dict[str, Any]) -> Image:
    from afloc_desktop.core.dicom.read import read
    from afloc_desktop.core.dicom.scan import find_frame

    file, frame = request["file"], request.get("frame", 1)
    if not isinstance(file, str) or not file or type(frame) is not int:
        raise InputError("'file' is no path, or 'frame' no number.", remedy=_REMEDY)
    return read(find_frame(Path(file), frame))


def _from_array(given: object) -> Image:
    if not isinstance(given, dict):
        raise InputError("'array' describes no array.", remedy=_REMEDY)
    shape, dtype = _shape(given.get("shape")), given.get("dtype")
    if dtype not in _DTYPES:
        raise InputError(f"'dtype' is none of: {', '.join(_DTYPES)}.", remedy=_REMEDY)
    kind = np.dtype(_DTYPES[dtype])
    data, source = _bytes(given, shape[0] * shape[1] * kind.itemsize)
    values = np.frombuffer(data, kind).reshape(shape)
    spacing = _spacing(given.get("spacing"))
    is_inverted = given.get("is_inverted", False)
    if not isinstance(is_inverted, bool):
        raise InputError("'is_inverted' is neither true nor false.", remedy=_REMEDY)
    digest = hashlib.sha256(f"array {shape[0]}x{shape[1]} {dtype} ".encode() + data)
    return Image(
        ref=ImageRef(source, 1, "", shape[0], shape[1], None),
        pixels=read_only(_pixels(values, is_inverted)),
        is_inverted=is_inverted,
        padding=None,
        voi=(),
        spacing=spacing,
        pixel_sha256=digest.hexdigest(),
        orientation=_orientation(given.get("orientation")),
        warnings=(),
        pixel_aspect=spacing.row_mm / spacing.column_mm if spacing else 1.0,
    )


def _shape(given: object) -> tuple[int, int]:
    """Rows and columns."""
    if (
        isinstance(given, list)
        and len(given) == 2
        and all(type(n) is int and n > 0 for n in given)
        and given[0] * given[1] <= _MOST_PIXELS
    ):
        return given[0], given[1]
    raise InputError("'shape' is not [rows, columns] of one film.", remedy=_REMEDY)


def _bytes(given: dict[str, Any], size: int) -> tuple[bytes, Path]:
    """The values, and where they are from."""
    data, source = b"", Path("array")
    if isinstance(given.get("base64"), str):
        try:
            data = base64.b64decode(given["base64"], validate=True)
        except (binascii.Error, ValueError):
            raise InputError("'base64' is not base64.", remedy=_REMEDY) from None
    elif isinstance(given.get("raw"), str):
        source = Path(given["raw"])
        data = _read_raw(source, size)
    if len(data) != size:
        raise InputError(
            f"The array holds {len(data)} bytes; its shape and type need {size}.", remedy=_REMEDY
        )
    return data, source


def _read_raw(path: Path, size: int) -> bytes:
    try:
        # A pipe would never end, and a longer file is not what the request says.
        if not path.is_file() or path.stat().st_size != size:
            raise InputError(f"The raw file is no file of {size} bytes.", remedy=_REMEDY)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise UnreadableFile(
            f"The raw file cannot be read ({type(error).__name__}).", remedy=_REMEDY
        ) from None


def _pixels(values: np.ndarray, is_inverted: bool) -> FloatArray:
    pixels: FloatArray = values.astype(np.float32)
    if not np.isfinite(pixels).all():
        raise InputError("The array holds values that are not finite.", remedy=_REMEDY)
    if is_inverted:
        np.subtract(0, pixels, out=pixels)  # as films of MONOCHROME1 are read
    return pixels


def _spacing(given: object) -> Spacing | None:
    """Millimetres between rows and between columns; nothing is known of where they are true."""
    if given is None:
        return None
    if (
        isinstance(given, list)
        and len(given) == 2
        and all(isinstance(n, int | float) and 1e-6 < n < 1e6 for n in given)
    ):
        return Spacing(float(given[0]), float(given[1]), "unknown")
    raise InputError("'spacing' is not [row_mm, column_mm].", remedy=_REMEDY)


def _orientation(given: object) -> Orientation | None:
    """The patient's sides towards increasing columns and rows, in the letters of DICOM."""
    if given is None:
        return None
    if (
        isinstance(given, list)
        and len(given) == 2
        and all(isinstance(w, str) and 1 <= len(w) <= 3 and set(w) <= set("RLAPHF") for w in given)
    ):
        return Orientation(given[0], given[1])
    raise InputError("'orientation' is not two directions such as L and F.", remedy=_REMEDY)
