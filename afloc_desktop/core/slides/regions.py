"""Which parts of a slide a model is shown: windows side by side, where there is tissue.

A window is what the network sees at once, at the magnification of its training. The windows of a
slide count from its upper left corner, whichever region is asked about, so that what was computed
for one region serves every other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from afloc_desktop.core.domain import BoolArray, ColourArray, read_only
from afloc_desktop.core.eight_bit import resize_levels
from afloc_desktop.core.errors import UnsupportedImage
from afloc_desktop.core.geometry import Box
from afloc_desktop.core.slides.overview import overview

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from afloc_desktop.core.slides.slide import Slide

# 20x, at which the public tiles of prostate and lung cancer are cut or offered.
WORKING_UM = 0.5
# Of the network's input on every side, which is shown to it and not asked: convolutions see zeros
# beyond the edge. AFLoc's own evaluation leaves out as much, 14 of 224 pixels.
MARGIN = 1 / 16
# Stained tissue has a colour, glass and dust have none: a pixel is tissue where its channels lie
# this far apart (JPEG and lamps leave less than 10 on glass), and a window is looked at where at
# least this share of it is tissue.
STAIN_LEVELS = 15
TISSUE_SHARE = 0.05
# Of a slide in grey, as of fluorescence, tissue is what lies as far from the commonest grey. It is
# one where not even this share of it, seen as a whole, has a colour.
_NO_COLOUR = 0.001
_OVERVIEW = 512  # pixels of its longer side
_MASK_PIXELS = 8  # of a window's edge that suffice to tell tissue
_BLOCK = 2048  # pixels of an edge that are read at once for the mask
_MOST_WINDOWS = 1_000_000
_GREY = "grey slide: tissue is told by its contrast"


class Place(NamedTuple):
    """A window: column and row, counted from 0."""

    column: int
    row: int


@dataclass(frozen=True, slots=True)
class Tiling:
    """The windows of a whole slide.

    Attributes:
        side: Edge of a window, slide pixels.
        margin: On every side of it, that the network is shown too, slide pixels.
        net_side: Edge of what the network is given, pixels.
        level: Of the pyramid, that windows are read from.
        columns, rows: Windows that cover the slide.
        um: Of a pixel that the network is given, µm; None where the slide has no scale.
        notes: What was taken for granted, for the reader.
    """

    side: int
    margin: int
    net_side: int
    level: int
    columns: int
    rows: int
    um: float | None
    notes: tuple[str, ...]

    def box(self, place: Place) -> Box:
        """Where a window lies, slide pixels; the last ones reach beyond the slide."""
        left, top = place.column * self.side, place.row * self.side
        return Box(left, top, left + self.side, top + self.side)


@dataclass(frozen=True, slots=True)
class Plan:
    """The windows of a region that a model is to be shown.

    Attributes:
        tiling: Of the slide.
        region: As it was asked for; None for the whole slide.
        left, top, columns, rows: The windows that the region touches, counted in windows.
        windows: Those with tissue, row by row.
        background: Grey that tissue was told from on a slide without colours; None on all others.
    """

    tiling: Tiling
    region: Box | None
    left: int
    top: int
    columns: int
    rows: int
    windows: tuple[Place, ...] = field(repr=False)
    background: int | None = None

    @property
    def empty(self) -> int:
        """Windows without tissue, which the model is not shown."""
        return self.columns * self.rows - len(self.windows)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was taken for granted, for the reader."""
        if self.background is None:
            return self.tiling.notes
        return (*self.tiling.notes, _GREY)

    @property
    def box(self) -> Box:
        """All windows of the region, slide pixels."""
        side = self.tiling.side
        left, top = self.left * side, self.top * side
        return Box(left, top, left + self.columns * side, top + self.rows * side)


def tile_slide(slide: Slide, net_side: int, *, um: float = WORKING_UM) -> Tiling:
    """Lay windows over a slide.

    Args:
        slide: Any.
        net_side: Edge of the network's input, pixels.
        um: Of a pixel of the network's input, µm, positive.

    Raises:
        UnsupportedImage: The slide would be a million windows.
    """
    notes: list[str] = []
    seen = net_side
    finest = slide.levels[0]
    if slide.um_per_pixel is None:
        notes.append("the slide does not say how large its pixels are; they are taken as they are")
    else:
        pixel = math.sqrt(slide.um_per_pixel[0] * slide.um_per_pixel[1])
        seen = max(1, round(net_side * um / pixel))
        if pixel > um * 1.1:
            notes.append(f"the slide has {pixel:.2g} µm a pixel and is enlarged to {um:.2g} µm")
    margin = round(seen * MARGIN)
    side = seen - 2 * margin
    columns, rows = math.ceil(finest.columns / side), math.ceil(finest.rows / side)
    if columns * rows > _MOST_WINDOWS:
        raise UnsupportedImage(
            f"At {um:.2g} µm a pixel the slide has {columns * rows} windows.",
            remedy="Choose a coarser magnification.",
        )
    return Tiling(
        side=side,
        margin=margin,
        net_side=net_side,
        level=slide.level_for(seen / net_side),
        columns=columns,
        rows=rows,
        um=None if slide.um_per_pixel is None else um,
        notes=tuple(notes),
    )


def plan_windows(
    slide: Slide,
    tiling: Tiling,
    region: Box | None = None,
    *,
    check: Callable[[], None] = lambda: None,
) -> Plan:
    """Find the windows of a region that hold tissue.

    Args:
        slide: Is read at a coarse level, block by block.
        tiling: Of this slide.
        region: Slide pixels; None for the whole slide.
        check: Called between blocks; may raise `Cancelled`.

    Raises:
        UnsupportedImage: No part of the region lies on the slide.
    """
    left, top, right, bottom = touched = _touched(slide, tiling, region)
    background = None
    windows = _windows(slide, tiling, touched, is_tissue, check)
    if not windows:  # glass, or a slide without colours
        background = _background(slide, check)
    if background is not None:
        windows = _windows(
            slide, tiling, touched, partial(is_unlike, (background, slide.background)), check
        )
    size = right - left, bottom - top
    return Plan(tiling, region, left, top, *size, tuple(windows), background)


def _windows(
    slide: Slide,
    tiling: Tiling,
    touched: tuple[int, int, int, int],
    tells: Callable[[ColourArray], BoolArray],
    check: Callable[[], None],
) -> list[Place]:
    """Windows where enough pixels are tissue, as `tells` says, row by row."""
    left, top, right, bottom = touched
    windows: list[Place] = []
    level = slide.level_for(tiling.side / _MASK_PIXELS)
    most = max(1, int(_BLOCK * slide.levels[level].downsample / tiling.side))
    for first in range(top, bottom, most):
        rows = range(first, min(bottom, first + most))
        found: list[Place] = []
        for start in range(left, right, most):
            check()
            columns = range(start, min(right, start + most))
            found += _with_tissue(slide, tiling, level, columns, rows, tells)
        windows += sorted(found, key=_by_row)
    return windows


def part_of(slide: Slide, box: Box, level: int) -> ColourArray:
    """What a box of slide pixels shows at a level, uint8 RGB, at least one pixel."""
    scale = slide.levels[level].downsample
    columns, rows = (max(1, round(size / scale)) for size in (box.x1 - box.x0, box.y1 - box.y0))
    return slide.region(level, round(box.x0 / scale), round(box.y0 / scale), columns, rows)


def read_window(slide: Slide, tiling: Tiling, place: Place) -> ColourArray:
    """A window and its margin, as the network is given them.

    Returns:
        uint8 RGB, shape (net_side, net_side, 3), read-only.
    """
    box, margin = tiling.box(place), tiling.margin
    seen = Box(box.x0 - margin, box.y0 - margin, box.x1 + margin, box.y1 + margin)
    pixels = part_of(slide, seen, tiling.level)
    if len(pixels) == tiling.net_side:
        return read_only(pixels)
    planes = [
        resize_levels(np.ascontiguousarray(pixels[..., i]), tiling.net_side, tiling.net_side)
        for i in range(3)
    ]
    return read_only(np.stack(planes, axis=-1))


def is_tissue(pixels: ColourArray) -> BoolArray:
    """Which pixels are stained, shape (rows, columns).

    Args:
        pixels: uint8 RGB, shape (rows, columns, 3).
    """
    stained: BoolArray = pixels.max(axis=-1) - pixels.min(axis=-1) >= STAIN_LEVELS
    return stained


def is_unlike(grounds: tuple[int, tuple[int, int, int]], pixels: ColourArray) -> BoolArray:
    """Which pixels of a slide in grey are no background, shape (rows, columns).

    Args:
        grounds: Its commonest grey, 0 to 255, and the colour of what was not scanned.
        pixels: uint8 RGB, shape (rows, columns, 3).
    """
    commonest, absent = grounds
    is_apart = np.abs(pixels[..., 1].astype(np.int16) - commonest) >= STAIN_LEVELS
    unlike: BoolArray = is_apart & (pixels != np.array(absent, np.uint8)).any(axis=-1)
    return unlike


def _background(slide: Slide, check: Callable[[], None]) -> int | None:
    """The commonest grey of a slide that has no colours; None where it has some."""

    def goes_on() -> bool:
        check()
        return False

    whole = overview(slide, _OVERVIEW, should_stop=goes_on)
    if is_tissue(whole).mean() >= _NO_COLOUR:
        return None
    counts = np.bincount(whole[..., 1].ravel(), minlength=256)
    # Noise spreads glass over some levels.
    return int(np.convolve(counts, np.ones(5), "same").argmax())


def _touched(slide: Slide, tiling: Tiling, region: Box | None) -> tuple[int, int, int, int]:
    """The windows that a region touches: left, top, right, bottom, the last two outside."""
    if region is None:
        return 0, 0, tiling.columns, tiling.rows
    width, height = slide.levels[0].columns, slide.levels[0].rows
    x0, y0 = max(0.0, region.x0), max(0.0, region.y0)
    x1, y1 = min(float(width), region.x1), min(float(height), region.y1)
    if not (x0 < x1 and y0 < y1):
        raise UnsupportedImage(
            "The region lies outside the slide.",
            remedy=f"Choose one within its {width} columns and {height} rows.",
        )
    side = tiling.side
    return int(x0 // side), int(y0 // side), math.ceil(x1 / side), math.ceil(y1 / side)


def _with_tissue(
    slide: Slide,
    tiling: Tiling,
    level: int,
    columns: range,
    rows: range,
    tells: Callable[[ColourArray], BoolArray],
) -> Iterator[Place]:
    scale = slide.levels[level].downsample
    x = _edges(columns, tiling.side / scale)
    y = _edges(rows, tiling.side / scale)
    pixels = slide.region(level, int(x[0]), int(y[0]), int(x[-1] - x[0]), int(y[-1] - y[0]))
    counts = np.add.reduceat(tells(pixels).astype(np.int64), y[:-1] - y[0], axis=0)
    counts = np.add.reduceat(counts, x[:-1] - x[0], axis=1)
    share = counts / np.outer(np.diff(y), np.diff(x))
    for row, column in np.argwhere(share >= TISSUE_SHARE):
        yield Place(columns[int(column)], rows[int(row)])


def _edges(windows: range, side: float) -> npt.NDArray[np.int64]:
    """Where windows start and the last one ends, in pixels of a level."""
    starts = np.arange(windows.start, windows.stop + 1)
    edges: npt.NDArray[np.int64] = np.rint(starts * side).astype(np.int64)
    return edges


def _by_row(place: Place) -> tuple[int, int]:
    return place.row, place.column
