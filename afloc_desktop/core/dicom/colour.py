"""From stored colour samples to red, green and blue (PS3.3 C.7.6.3.1.2), 8 bits each, in sRGB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from afloc_desktop.core.dicom.guard import FETCH_AGAIN
from afloc_desktop.core.dicom.palette import Palette, find_palette
from afloc_desktop.core.errors import UnreadableFile, UnsupportedImage
from afloc_desktop.core.icc import Profile, way_to_srgb

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.dicom.decode import Decoded, Stored
    from afloc_desktop.core.dicom.header import Header
    from afloc_desktop.core.dicom.tags import Tags
    from afloc_desktop.core.domain import ColourArray, FloatArray

_GREY = ("MONOCHROME1", "MONOCHROME2")
_BLOCK = 256  # rows worked on at a time: YBR needs 24 bytes a pixel on the way
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
# From Y - 16, CB - 128 and CR - 128 to red, green and blue (ITU-R BT.601), where Y has 16 to 235
# and CB and CR have 16 to 240.
_PARTIAL = np.array([[1.164384, 0, 1.596027], [1.164384, -0.391762, -0.812968],
                     [1.164384, 2.017232, 0]])  # fmt: skip
_MOST = 255


def is_colour(header: Header) -> bool:
    """Whether the image is one of colours and not of grey values."""
    return header.photometric not in _GREY


def palette_of(header: Header, tags: Tags) -> Palette | None:
    """The palette of an image that needs one.

    Raises:
        UnreadableFile: It needs one, and the file has none that can be used.
        UnsupportedImage: Colours of a kind that was retired before 2000 and is not read.
    """
    if header.photometric == "ARGB":
        raise UnsupportedImage(
            "The colours are stored as ARGB, which was retired and is not read.",
            remedy="Export the image again as RGB.",
        )
    if header.photometric != "PALETTE COLOR":
        return None
    palette = find_palette(tags, header)
    if palette is None:
        raise UnreadableFile(
            "The colour palette of the image is missing or damaged.", remedy=FETCH_AGAIN
        )
    return palette


def find_profile(tags: Tags, header: Header) -> tuple[Profile | None, tuple[str, ...]]:
    """The profile of a colour image that is not sRGB, where it can be applied; and what to tell."""
    data = tags.raw("ICCProfile")
    is_held = isinstance(data, bytes) and is_colour(header)
    return way_to_srgb(data) if is_held else (None, ())


def to_rgb(header: Header, decoded: Decoded, palette: Palette | None) -> ColourArray:
    """Red, green and blue of a colour image.

    Args:
        header: Of the file.
        decoded: Its frame; one sample per pixel with a palette, else three or four.
        palette: From `palette_of`.

    Returns:
        uint8, shape (rows, columns, 3).
    """
    if palette is not None:
        return palette.apply(decoded.values)
    samples = _eight_bits(header, decoded.values)
    if decoded.photometric.startswith("YBR_FULL"):
        return _in_blocks(_from_full, samples)
    if decoded.photometric.startswith("YBR_PARTIAL"):
        return _in_blocks(_from_partial, samples)
    if decoded.photometric == "CMYK":
        light = 255 - samples.astype(np.uint16)
        rgb: ColourArray = ((light[..., :3] * light[..., 3:] + 127) // 255).astype(np.uint8)
        return rgb
    if decoded.photometric == "HSV":
        return _from_hsv(samples)
    return samples  # RGB; YBR_RCT and YBR_ICT exist inside a codestream only


def luminance(colour: ColourArray) -> FloatArray:
    """How bright a colour is: float32 in [0, 255], shape (rows, columns)."""
    grey: FloatArray = colour @ _LUMA
    return grey


def _eight_bits(header: Header, samples: Stored) -> ColourArray:
    """The highest eight bits of every sample, as DCMTK shows them; fewer are spread."""
    if header.is_signed:
        samples = samples.astype(np.int64) + (1 << (header.bits_stored - 1))
    if header.bits_stored > 8:
        return (samples >> (header.bits_stored - 8)).astype(np.uint8)
    if header.bits_stored < 8:
        most = (1 << header.bits_stored) - 1
        return (samples.astype(np.uint16) * 255 // most).astype(np.uint8)
    return samples.astype(np.uint8, copy=False)


def _in_blocks(
    convert: Callable[[ColourArray], npt.NDArray[Any]], samples: ColourArray
) -> ColourArray:
    rgb = np.empty(samples.shape, np.uint8)
    for start in range(0, len(samples), _BLOCK):
        part = convert(samples[start : start + _BLOCK])
        np.clip(part, 0, _MOST, out=rgb[start : start + _BLOCK], casting="unsafe")
    return rgb


def _from_full(samples: ColourArray) -> npt.NDArray[np.int16]:
    """C.7.6.3.1.2 in whole numbers, with the middle of CB and CR where DCMTK has it: at 127.5.

    The standard has it at 128. References and other workstations are half a level from there.
    """
    level = np.arange(256)
    y, cb, cr = np.moveaxis(samples.astype(np.int16), -1, 0)
    red = y + np.trunc(1.402 * level - 0.701 * _MOST).astype(np.int16)[cr]
    blue = y + np.trunc(1.772 * level - 0.8859 * _MOST).astype(np.int16)[cb]
    less = np.trunc(0.3441 * level).astype(np.int16)[cb]
    less += np.trunc(0.7141 * level - 0.5291 * _MOST).astype(np.int16)[cr]
    return np.stack([red, y - less, blue], axis=-1)


def _from_partial(samples: ColourArray) -> npt.NDArray[np.float64]:
    rgb: npt.NDArray[np.float64] = np.rint((samples - np.array([16, 128, 128])) @ _PARTIAL.T)
    return rgb


def _from_hsv(samples: ColourArray) -> ColourArray:
    """Hue once round in 256 steps, saturation and value in [0, 255]."""
    hue, saturation, value = np.moveaxis(samples.astype(np.float32), -1, 0)
    # Each primary is `value` within a sixth of a turn of its hue, less further off.
    turns = (np.array([5, 3, 1], np.float32) + hue[..., None] * (6 / 256)) % 6
    share = np.clip(np.minimum(turns, 4 - turns), 0, 1)
    rgb = value[..., None] * (1 - saturation[..., None] / 255 * share)
    whole: ColourArray = np.rint(rgb).astype(np.uint8)
    return whole
