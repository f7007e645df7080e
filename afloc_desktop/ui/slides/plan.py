"""Which tiles of a slide a view needs, and in which order. Pure geometry."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING

from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.core.slides.recent import TileKey
from afloc_desktop.state.slide_tiles import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.slides.slide import Level
    from afloc_desktop.ui.viewport import Viewport

_MOST_ENLARGED = 1.42  # device pixels that one of a level may become before a finer one is read
_BEFORE = 4.0  # times coarser: what is read first, so that no place stays blank
_MOST_SHOWN = MOST_BYTES * 2 // 3  # of the tiles of one view


@dataclass(frozen=True, slots=True)
class Plan:
    """What to read for a view.

    Attributes:
        level: That the view is painted from.
        shown: Its tiles on the screen, the middle ones first.
        before: Coarser ones that stand in for them until they come.
        around: Those next to the screen, where the reader may go next.
        is_too_far: The slide has no copy small enough for this view; nothing of it is read.
    """

    level: int
    shown: tuple[TileKey, ...]
    before: tuple[TileKey, ...]
    around: tuple[TileKey, ...]
    is_too_far: bool

    @property
    def wanted(self) -> tuple[TileKey, ...]:
        """All of them, what matters most first."""
        return () if self.is_too_far else (*self.before, *self.shown, *self.around)


def plan(levels: Sequence[Level], view: Viewport) -> Plan:
    """Plan a view.

    Args:
        levels: Of the slide, the finest first.
        view: On its finest pixels.
    """
    whole = levels[0]
    seen = view.visible(whole.rows, whole.columns)
    if seen is None:
        return Plan(0, (), (), (), False)
    number = level_for(levels, view)
    while _bytes(levels, number, seen) > _MOST_SHOWN and number + 1 < len(levels):
        number += 1
    if _bytes(levels, number, seen) > _MOST_SHOWN:
        return Plan(number, (), (), (), True)
    middle = Point((seen.x0 + seen.x1) / 2, (seen.y0 + seen.y1) / 2)
    shown = sorted(
        tiles_in(levels, number, seen), key=lambda key: _distance(area(levels, key), middle)
    )
    coarser = (n for n, level in enumerate(levels) if _is_before(level, levels[number]))
    before = dict.fromkeys((len(levels) - 1, next(coarser, len(levels) - 1)))
    first = [key for n in before if n > number for key in tiles_in(levels, n, seen)]
    is_cheap = _bytes(levels, number, seen, 1) <= _MOST_SHOWN
    known = set(shown)
    around = [k for k in tiles_in(levels, number, seen, 1) if k not in known] if is_cheap else []
    return Plan(number, tuple(shown), tuple(first), tuple(around), False)


def level_for(levels: Sequence[Level], view: Viewport) -> int:
    """The coarsest level that is sharp enough on this screen; the finest where none is."""
    sharp = [n for n, one in enumerate(levels) if one.downsample * view.zoom <= _MOST_ENLARGED]
    return max(sharp, default=0)


def area(levels: Sequence[Level], key: TileKey) -> Box:
    """What a tile covers, pixels of the finest level; it ends where its level ends."""
    level = levels[key.level]
    wide, high = level.tile_columns, level.tile_rows
    right, bottom = (key.column + 1) * wide, (key.row + 1) * high
    return Box(
        key.column * wide * level.downsample,
        key.row * high * level.downsample,
        min(right, level.columns) * level.downsample,
        min(bottom, level.rows) * level.downsample,
    )


def tiles_in(levels: Sequence[Level], number: int, seen: Box, margin: int = 0) -> list[TileKey]:
    """Those of a level that a part of the slide touches, and so many beyond its edges."""
    columns, rows = _spans(levels[number], seen, margin)
    return [TileKey(number, column, row) for row in rows for column in columns]


def _bytes(levels: Sequence[Level], number: int, seen: Box, margin: int = 0) -> int:
    """What those tiles take, unpacked."""
    columns, rows = _spans(levels[number], seen, margin)
    return len(columns) * len(rows) * levels[number].tile_columns * levels[number].tile_rows * 4


def _spans(level: Level, seen: Box, margin: int) -> tuple[range, range]:
    wide, high = level.tile_columns * level.downsample, level.tile_rows * level.downsample
    columns = _between(seen.x0 / wide, seen.x1 / wide, margin, level.across)
    return columns, _between(seen.y0 / high, seen.y1 / high, margin, level.down)


def _between(first: float, last: float, margin: int, count: int) -> range:
    return range(max(0, floor(first) - margin), min(count, ceil(last) + margin))


def _is_before(coarse: Level, fine: Level) -> bool:
    return coarse.downsample >= fine.downsample * _BEFORE * 0.9  # levels are seldom exact


def _distance(box: Box, point: Point) -> float:
    return (box.x0 + box.x1 - 2 * point.x) ** 2 + (box.y0 + box.y1 - 2 * point.y) ** 2
