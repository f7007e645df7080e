"""Colours of a camera's profile (ICC.1:2022, matrix and tone curves) as those of sRGB.

Our own few lines, because the usual library would parse foreign bytes in the reading process.
Profiles made of tables, and all that is unusual, are left to the caller: None is the answer.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.colours import encode_srgb

if TYPE_CHECKING:
    import numpy.typing as npt

    from afloc_desktop.core.domain import ColourArray

_LONGEST = 1 << 20  # bytes; camera profiles of this kind have some hundred
_MOST_TAGS, _MOST_POINTS = 100, 4096
_BLOCK = 256  # rows worked on at a time
_SRGB = (b"sRGB", "sRGB".encode("utf-16-be"))  # as profiles of version 2 and 4 spell it
_SAME_COLOURS = 2  # levels
_CONVERTED = "The colours were converted from the profile of their device (ICC) to sRGB."
_OTHER_PROFILE = "The colours have a profile (ICC) that is not applied; hues may differ slightly."
# From XYZ under D50, in which profiles speak, to linear sRGB (Bradford adaptation).
_TO_SRGB = np.array([[3.1338561, -1.6168667, -0.4906146], [-0.9787684, 1.9161415, 0.0334540],
                     [0.0719453, -0.2289914, 1.4052427]])  # fmt: skip
_D50 = (0.9642, 1.0, 0.8249)  # XYZ of white
_UNSTATED = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)  # a to f of a parametric curve
_STEPS = 4095  # linear light in twelve bits, on its way to eight
_ONE = _STEPS + 1
_BLACK = 6 * _ONE  # what stands for no light: colours of a wide profile lie below and above


@dataclass(frozen=True, eq=False)
class Profile:
    """How the samples of an image become light.

    Attributes:
        curves: Linear light of each of 256 levels, for red, green and blue, shape (3, 256).
        matrix: From that light to linear sRGB, shape (3, 3).
    """

    curves: npt.NDArray[np.float64]
    matrix: npt.NDArray[np.float64]

    def apply(self, colour: ColourArray) -> ColourArray:
        """The same picture in sRGB, uint8, shape (rows, columns, 3)."""
        of_red_green, of_blue = self._light
        out = np.empty(colour.shape, np.uint8)
        for start in range(0, len(colour), _BLOCK):
            part = colour[start : start + _BLOCK]
            pair = part[..., 0].astype(np.uint16) << 8 | part[..., 1]
            mixed = of_red_green.take(pair)
            mixed += of_blue.take(part[..., 2])
            shares = mixed.view(np.uint16).reshape(*mixed.shape, 4)[..., :3]
            _ENCODED.take(shares, out=out[start : start + _BLOCK])
        return out

    @cached_property
    def _light(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """What each pair of red and green gives, and each blue: three shares in one number.

        One addition then mixes all three, a third of the time of three matrix products.
        """
        red, green, blue = np.rint(self.curves[:, :, None] * self.matrix.T[:, None, :] * _STEPS)
        pairs = (red[:, None] + green[None]).reshape(-1, 3)
        # Together they stay within 16 bits, whatever a profile says; real ones are far inside.
        low, high = -4 * _ONE, 6 * _ONE - 1
        return _packed(np.clip(pairs, low, high) + _BLACK), _packed(
            np.clip(blue, -2 * _ONE, 4 * _ONE)
        )


def _packed(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Three whole numbers of 16 bits in one of 64, shape (n, 3) to (n,)."""
    weights = np.array([1 << 16 * n for n in range(3)], np.int64)
    packed: npt.NDArray[np.int64] = shares.astype(np.int64) @ weights
    return packed


def read_profile(data: bytes) -> Profile | None:
    """A profile of red, green and blue by matrix and curves; None of any other, or damaged."""
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused
            return _read(data)
    except (struct.error, ValueError, IndexError):
        return None


def way_to_srgb(data: bytes) -> tuple[Profile | None, tuple[str, ...]]:
    """The profile of an image in colour, where it is not sRGB and can be applied; what to tell.

    It is sRGB where it changes no colour, whatever its name.
    """
    profile = read_profile(data)
    if profile is None:
        is_named = any(name in data for name in _SRGB)
        return None, (_OTHER_PROFILE,) if data and not is_named else ()
    changed = np.abs(profile.apply(_SAMPLES).astype(np.int16) - _SAMPLES).max()
    return (None, ()) if changed <= _SAME_COLOURS else (profile, (_CONVERTED,))


def of_lab(lightness: float, a: float, b: float) -> tuple[int, int, int]:
    """CIELab under D50, in which DICOM names colours, as sRGB in [0, 255]."""
    middle = (lightness + 16) / 116
    cubes = (middle + a / 500, middle, middle - b / 200)
    # CIE 15: a straight line near black, a cube above.
    xyz = [c**3 if c > 6 / 29 else (c - 4 / 29) * 3 * (6 / 29) ** 2 for c in cubes]
    light = np.clip(_TO_SRGB @ (np.array(xyz) * _D50), 0, 1)
    red, green, blue = np.rint(encode_srgb(light) * 255).astype(int).tolist()
    return red, green, blue


def _read(data: bytes) -> Profile | None:
    if len(data) > _LONGEST or data[16:24] != b"RGB XYZ " or data[36:40] != b"acsp":
        return None
    (count,) = struct.unpack_from(">L", data, 128)
    if count > _MOST_TAGS:
        return None
    entries = (struct.unpack_from(">4sLL", data, 132 + 12 * n) for n in range(count))
    tags = {name: data[offset : offset + size] for name, offset, size in entries}
    needed = [c + kind for kind in (b"XYZ", b"TRC") for c in (b"r", b"g", b"b")]
    if b"A2B0" in tags or any(name not in tags for name in needed):
        return None
    columns = [_xyz(tags[name]) for name in needed[:3]]
    curves = np.stack([_curve(tags[name]) for name in needed[3:]])
    matrix = _TO_SRGB @ np.stack(columns, axis=1)
    if not np.isfinite(curves).all() or not np.isfinite(matrix).all():
        return None
    return Profile(np.clip(curves, 0, 1), matrix)


def _xyz(tag: bytes) -> npt.NDArray[np.float64]:
    if tag[:4] != b"XYZ ":
        raise ValueError
    return np.array(struct.unpack_from(">3l", tag, 8)) / 65536


def _curve(tag: bytes) -> npt.NDArray[np.float64]:
    """Linear light of each of 256 levels, by a table, a gamma or a parametric curve (10.6, 10.18).

    Raises:
        ValueError: Of another type.
    """
    levels = np.arange(256) / 255
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">L", tag, 8)
        if count > _MOST_POINTS:
            raise ValueError
        points = np.array(struct.unpack_from(f">{count}H", tag, 12), np.float64)
        if count == 0:
            return levels
        if count == 1:
            return levels ** float(points[0] / 256)
        return np.interp(levels, np.linspace(0, 1, count), points / 65535)
    if tag[:4] != b"para":
        raise ValueError
    (kind,) = struct.unpack_from(">H", tag, 8)
    sizes = (1, 3, 4, 5, 7)
    g, *stated = (v / 65536 for v in struct.unpack_from(f">{sizes[kind]}l", tag, 12))
    return _parametric(levels, kind, g, (*stated, *_UNSTATED[len(stated) :]))


def _parametric(
    levels: npt.NDArray[np.float64], kind: int, g: float, numbers: tuple[float, ...]
) -> npt.NDArray[np.float64]:
    a, b, c, d, e, f = numbers
    power = np.maximum(a * levels + b, 0) ** g
    if kind == 0:
        return levels**g
    if kind in (1, 2):  # zero, or a constant, below where the base is zero
        return np.where(a * levels + b >= 0, power + c, c) if kind == 2 else power
    # 3 and 4: a straight line below d
    return np.where(levels >= d, power + e, c * levels + f)


_ENCODED = np.rint(
    encode_srgb(np.clip(np.arange(1 << 16) - _BLACK, 0, _STEPS) / _STEPS) * 255
).astype(np.uint8)
_ENCODED.flags.writeable = False
_SAMPLES = (np.indices((6, 6, 6)).T.reshape(-1, 6, 3) * 51).astype(np.uint8)  # a cube of colours
_SAMPLES.flags.writeable = False
