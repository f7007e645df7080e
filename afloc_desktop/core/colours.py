"""Colours: those of a heatmap, and whether an image has any.

A heatmap has one perceptually even map, from a dark violet to a pale yellow. Lightness rises
linearly, so the order is read right in grey and by colour-blind readers; a rainbow would draw
borders where the similarity has none.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

# Screenshots of radiographs are stored in colours that are all greys, or nearly so.
_HUE, _SPARSE = 12.0, 16  # mean difference of the channels, on every 16th pixel

# Oklab (lightness, green-red, blue-yellow): violet, magenta, red-orange, amber, pale yellow.
_STOPS = np.array(
    [
        [0.38, 0.080, -0.150],
        [0.52, 0.170, -0.060],
        [0.66, 0.150, 0.080],
        [0.80, 0.050, 0.150],
        [0.94, -0.030, 0.120],
    ]
)


@lru_cache(maxsize=1)
def heat() -> npt.NDArray[np.uint8]:
    """Colours from the lowest to the highest value: uint8, shape (256, 3), RGB."""
    at = np.linspace(0, len(_STOPS) - 1, 256)
    lab = np.stack([np.interp(at, np.arange(len(_STOPS)), _STOPS[:, i]) for i in range(3)], 1)
    return (np.clip(_srgb(lab), 0, 1) * 255 + 0.5).astype(np.uint8)


def _srgb(lab: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Oklab to sRGB, B. Ottosson 2020; shape (n, 3), sRGB in about [0, 1]."""
    to_cones = np.array([[1, 0.3963377774, 0.2158037573],
                         [1, -0.1055613458, -0.0638541728],
                         [1, -0.0894841775, -1.2914855480]])  # fmt: skip
    to_linear = np.array([[4.0767416621, -3.3077115913, 0.2309699292],
                          [-1.2684380046, 2.6097574011, -0.3413193965],
                          [-0.0041960863, -0.7034186147, 1.7076147010]])  # fmt: skip
    return encode_srgb(np.clip((lab @ to_cones.T) ** 3 @ to_linear.T, 0, None))


def encode_srgb(linear: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Linear light, at least 0, as sRGB, IEC 61966-2-1; [0, 1] stays [0, 1]; any shape."""
    curved = 1.055 * linear ** (1 / 2.4) - 0.055
    srgb: npt.NDArray[np.float64] = np.where(linear <= 0.0031308, 12.92 * linear, curved)
    return srgb


def has_hues(colour: npt.NDArray[np.uint8] | None) -> bool:
    """Whether an image shows colours, and not greys that are stored as colours.

    Args:
        colour: RGB, shape (rows, columns, 3); None of an image that has one plane.
    """
    if colour is None:
        return False
    seen = colour[::_SPARSE, ::_SPARSE].astype(np.int16)
    # Purple tissue is as red as it is blue: all three count.
    return float(np.ptp(seen, axis=2).mean()) > _HUE


def is_tissue(colour: npt.NDArray[np.uint8]) -> bool:
    """Whether a picture in colour looks like stained tissue rather than like a retina.

    Stains of pink and violet hold more blue than green, a retina seen through its blood less.

    Args:
        colour: RGB, shape (rows, columns, 3).
    """
    _, green, blue = colour[::_SPARSE, ::_SPARSE].reshape(-1, 3).mean(axis=0)
    return bool(blue > green)


def wrong_kind(
    colour: npt.NDArray[np.uint8] | None, modality: str
) -> Literal["colour", "grey"] | None:
    """Whether an image is a photograph and the model one of radiographs, or the other way round.

    Args:
        colour: RGB, shape (rows, columns, 3); None of an image that has one plane.
        modality: What the model was trained on, as in its manifest.
    """
    is_of_films, is_coloured = modality == "cxr", has_hues(colour)
    if is_of_films != is_coloured:
        return None
    return "colour" if is_coloured else "grey"
