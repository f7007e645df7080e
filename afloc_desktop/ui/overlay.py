"""From a similarity map to coloured screen pixels.

The scalar is interpolated to the screen first and coloured last: interpolating colours would
invent values between the steps of a map with a threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.colours import heat
from afloc_desktop.core.geometry import Box, Point

if TYPE_CHECKING:
    import numpy.typing as npt

    from afloc_desktop.core.domain import FloatArray, Heatmap
    from afloc_desktop.ui.viewport import Viewport

_LEAST_RANGE = 0.1  # so that a map just above its threshold does not glow like a strong one


@dataclass(frozen=True, slots=True)
class Look:
    """How a map is coloured.

    Attributes:
        threshold: Similarity below which nothing is painted.
        low, high: Similarity of the first and the last colour.
        line_px: Width of a line at the threshold, device pixels; 0 for colours above it.
    """

    threshold: float
    low: float
    high: float
    line_px: float


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Painted pixels and where they go.

    Attributes:
        argb: uint32 premultiplied, shape (rows, columns).
        left, top: On the screen, device pixels.
    """

    argb: npt.NDArray[np.uint32]
    left: int
    top: int


def colour_range(floor: float, highest: float) -> tuple[float, float]:
    """Similarities of the first and the last colour.

    They depend on the finding and the film, not on the slider: moving the threshold never
    changes what a colour means.
    """
    if highest != highest:
        return floor, floor + _LEAST_RANGE
    return floor, max(highest, floor + _LEAST_RANGE)


def paint(heatmap: Heatmap, view: Viewport, look: Look) -> Layer | None:
    """Colour the part of a map that is on screen and may reach the threshold; None if none is."""
    extent = _extent(heatmap, look.threshold)
    if extent is None:
        return None
    left, top, right, bottom = on_screen(view, extent)
    if right <= left or bottom <= top:
        return None
    # Centres of the screen pixels, as source points, as fractional map pixels.
    near = view.to_source(Point(left + 0.5, top + 0.5))
    far = view.to_source(Point(right - 0.5, bottom - 0.5))
    wide, high = right - left, bottom - top
    if view.turn.is_sideways:
        wide, high = high, wide
    across = np.linspace(near.x, far.x, wide) / heatmap.scale[0] - 0.5
    down = np.linspace(near.y, far.y, high) / heatmap.scale[1] - 0.5
    values = _sampled(heatmap.similarity, down, across)
    if view.turn.is_sideways:
        values = np.ascontiguousarray(values.T)
    return Layer(_contour(values, look) if look.line_px else coloured(values, look), left, top)


def _extent(heatmap: Heatmap, threshold: float) -> Box | None:
    """The source pixels that interpolation can lift to the threshold.

    A finding covers a tenth of a film: interpolating and colouring the rest was nine tenths of
    the time of a frame.
    """
    above = heatmap.similarity >= threshold
    rows, columns = np.flatnonzero(above.any(axis=1)), np.flatnonzero(above.any(axis=0))
    if not rows.size:
        return None
    scale_x, scale_y = heatmap.scale
    return Box(
        max(0, columns[0] - 1) * scale_x,
        max(0, rows[0] - 1) * scale_y,
        min(above.shape[1], columns[-1] + 2) * scale_x,
        min(above.shape[0], rows[-1] + 2) * scale_y,
    )


def on_screen(view: Viewport, box: Box) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the screen pixels whose middles a source rectangle holds."""
    seen = view.box_on_screen(box)
    return (
        max(0, floor(seen.x0 + 0.5)),
        max(0, floor(seen.y0 + 0.5)),
        min(view.width, ceil(seen.x1 - 0.5)),
        min(view.height, ceil(seen.y1 - 0.5)),
    )


def _sampled(
    similarity: FloatArray, down: npt.NDArray[np.float64], across: npt.NDArray[np.float64]
) -> FloatArray:
    """Bilinear values at fractional rows and columns; the edge continues outwards."""
    r0, r1, r = _neighbours(down, similarity.shape[0])
    c0, c1, c = _neighbours(across, similarity.shape[1])
    mixed: FloatArray = similarity[r0] * (1 - r[:, None]) + similarity[r1] * r[:, None]
    values: FloatArray = mixed.take(c0, axis=1) * (1 - c) + mixed.take(c1, axis=1) * c
    return values


def _neighbours(
    at: npt.NDArray[np.float64], count: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], FloatArray]:
    inside = np.clip(at, 0, count - 1)
    low = np.floor(inside).astype(np.intp)
    weight: FloatArray = (inside - low).astype(np.float32)
    return low, np.minimum(low + 1, count - 1), weight


def coloured(values: FloatArray, look: Look) -> npt.NDArray[np.uint32]:
    argb = _table()[_index(values, look)]
    argb[~(values >= look.threshold)] = 0  # also where the network never looked
    return argb


def _contour(values: FloatArray, look: Look) -> npt.NDArray[np.uint32]:
    """A line where the similarity crosses the threshold, soft at its edges."""
    padded = np.pad(values, 1, mode="edge")
    slope = np.hypot(
        padded[2:, 1:-1] - padded[:-2, 1:-1], padded[1:-1, 2:] - padded[1:-1, :-2]
    ) / np.float32(2)
    distance = np.abs(values - np.float32(look.threshold)) / np.maximum(slope, np.float32(1e-9))
    cover = np.nan_to_num(np.clip((look.line_px + 1) / 2 - distance, 0, 1), nan=0.0)
    cover[slope == 0] = 0
    red, green, blue = heat()[216].astype(np.float32)
    alpha = cover * 255
    parts = [(alpha, 24), (cover * red, 16), (cover * green, 8), (cover * blue, 0)]
    argb = np.zeros(values.shape, np.uint32)
    for part, shift in parts:
        argb |= part.astype(np.uint32) << np.uint32(shift)
    return argb


def _index(values: FloatArray, look: Look) -> npt.NDArray[np.uint8]:
    span = max(look.high - look.low, 1e-6)
    share = np.nan_to_num((values - np.float32(look.low)) * np.float32(255 / span), nan=0.0)
    index: npt.NDArray[np.uint8] = np.clip(share, 0, 255).astype(np.uint8)
    return index


def _table() -> npt.NDArray[np.uint32]:
    red, green, blue = heat().T.astype(np.uint32)
    table: npt.NDArray[np.uint32] = 0xFF000000 | red << 16 | green << 8 | blue
    return table
