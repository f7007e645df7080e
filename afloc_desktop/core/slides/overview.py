"""The whole slide as one small picture, from the coarsest level that suffices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from afloc_desktop.core.domain import ColourArray
    from afloc_desktop.core.slides.slide import Level, Slide

MOST_TILES = 1024  # decoded for one picture: two seconds
_MOST_PIXELS = 1 << 24  # of a level that is put together before it is made smaller


def overview(
    slide: Slide, longest: int, *, should_stop: Callable[[], bool] | None = None
) -> ColourArray:
    """The whole slide, uint8 RGB, its longer side at most `longest` pixels.

    Where only levels of very many tiles are fine enough, a coarser level is shown in its own size;
    where there is none either, every n-th tile stands for its neighbours.

    Raises:
        Cancelled: `should_stop` said so.
    """
    number = choose_level(slide.levels, longest)
    level = slide.levels[number]
    scale = min(1.0, longest / max(level.columns, level.rows))
    columns, rows = (max(1, round(size * scale)) for size in (level.columns, level.rows))
    if level.columns * level.rows <= _MOST_PIXELS:
        whole = slide.region(number, 0, 0, level.columns, level.rows, should_stop=should_stop)
        return _resized(whole, columns, rows)
    out = np.empty((rows, columns, 3), np.uint8)
    out[...] = slide.background
    step = stride(level)
    for row in range(0, level.down, step):
        for column in range(0, level.across, step):
            tile = slide.tile(
                number,
                min(column + step // 2, level.across - 1),
                min(row + step // 2, level.down - 1),
                should_stop=should_stop,
            )
            x0, x1 = (
                _place(column + n, level.tile_columns, level.columns, columns) for n in (0, step)
            )
            y0, y1 = (_place(row + n, level.tile_rows, level.rows, rows) for n in (0, step))
            if x1 > x0 and y1 > y0:
                out[y0:y1, x0:x1] = _resized(tile, x1 - x0, y1 - y0)
    return out


def choose_level(levels: Sequence[Level], longest: int) -> int:
    """The coarsest level that suffices, or the next coarser one where it has too many tiles."""
    sufficient = [n for n, each in enumerate(levels) if max(each.columns, each.rows) >= longest]
    number = sufficient[-1] if sufficient else 0
    while stride(levels[number]) > 1 and number + 1 < len(levels):
        number += 1
    return number


def stride(level: Level) -> int:
    """Of how many tiles along each side one is decoded for an overview."""
    return math.ceil(math.sqrt(level.across * level.down / MOST_TILES))


def _place(tile: int, tile_size: int, size: int, out_size: int) -> int:
    return round(min(tile * tile_size, size) * out_size / size)


def _resized(pixels: ColourArray, columns: int, rows: int) -> ColourArray:
    # As the only picture library it is loaded late: a start-up shows no slide.
    import PIL.Image

    picture = PIL.Image.fromarray(np.ascontiguousarray(pixels))
    return np.array(picture.resize((columns, rows), PIL.Image.Resampling.BOX))
