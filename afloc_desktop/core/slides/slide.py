"""A slide as a pyramid of pixels: tiles, regions, a thumbnail. Files are read tile by tile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from afloc_desktop.core.domain import ColourArray, ImageRef, read_only
from afloc_desktop.core.errors import InputError
from afloc_desktop.core.slides.overview import choose_level, overview, stride
from afloc_desktop.core.slides.recent import RecentTiles, TileKey

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from afloc_desktop.core.slides.grid import Grid
    from afloc_desktop.core.slides.source import SlideFile

_MOST_KEPT = 48 << 20  # bytes of decoded tiles
_HATCH = 8  # pixels


@dataclass(frozen=True, slots=True)
class Level:
    """One resolution of a slide.

    Attributes:
        columns, rows: Of its whole pixel matrix.
        tile_columns, tile_rows: Of one tile.
        downsample: How many pixels of the finest level lie along one of this; 1.0 of the finest.
        um_per_pixel: (x, y); None where unknown.
    """

    columns: int
    rows: int
    tile_columns: int
    tile_rows: int
    downsample: float
    um_per_pixel: tuple[float, float] | None

    @property
    def across(self) -> int:
        """Tiles in a row of them."""
        return -(-self.columns // self.tile_columns)

    @property
    def down(self) -> int:
        """Rows of tiles."""
        return -(-self.rows // self.tile_rows)


class Layer(NamedTuple):
    """A level, and where its tiles are."""

    level: Level
    grid: Grid
    files: tuple[SlideFile, ...]


class Slide:
    """One pyramid, finest level first. Any thread may read; `opening.open_slide` makes it.

    Slide pixels are those of the finest level: x right, y down, pixel (0, 0) covers [0, 1).

    Attributes:
        uid: Of the series.
        refs: The files that are shown, finest level first.
        levels: Finest first.
        um_per_pixel: Of the finest, (x, y); None where unknown.
        sha256: Identity of what is shown, from the headers.
        background: Red, green and blue where nothing was scanned.
    """

    def __init__(
        self,
        uid: str,
        layers: Sequence[Layer],
        *,
        sha256: str,
        background: tuple[int, int, int],
        warnings: tuple[str, ...],
    ) -> None:
        self.uid = uid
        self.levels: tuple[Level, ...] = tuple(layer.level for layer in layers)
        self.um_per_pixel = self.levels[0].um_per_pixel
        self.sha256 = sha256
        self.background = background
        self._layers = tuple(layers)
        # One file may hold several levels.
        self._files = tuple(dict.fromkeys(file for layer in layers for file in layer.files))
        self.refs: tuple[ImageRef, ...] = tuple(file.ref for file in self._files)
        self._warnings = (*warnings, *_sampled(self.levels))
        self._damaged: dict[TileKey, str] = {}
        self._recent: RecentTiles[ColourArray] = RecentTiles(_MOST_KEPT)

    @property
    def columns(self) -> int:
        """Of the finest level."""
        return self.levels[0].columns

    @property
    def rows(self) -> int:
        """Of the finest level."""
        return self.levels[0].rows

    @property
    def level_files(self) -> tuple[tuple[Level, tuple[ImageRef, ...]], ...]:
        """The levels, finest first, each with the files that hold it."""
        return tuple((n.level, tuple(file.ref for file in n.files)) for n in self._layers)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader must be told; more where a tile turned out to be damaged."""
        damaged = self._damaged.copy()
        if not damaged:
            return self._warnings
        reason = next(iter(damaged.values()))
        return (*self._warnings, f"Damaged tiles, shown hatched: {len(damaged)}. {reason}")

    def is_damaged(self, level: int, column: int, row: int) -> bool:
        """Whether a tile that was read could not be shown."""
        return TileKey(level, column, row) in self._damaged

    def tile(
        self, level: int, column: int, row: int, *, should_stop: Callable[[], bool] | None = None
    ) -> ColourArray:
        """One tile, uint8 RGB, shape (rows, columns, 3), read-only, clipped at the level's edge.

        What was not scanned is background; a damaged tile is grey with a hatch, and a warning.

        Raises:
            Cancelled: `should_stop` said so, or the slide was closed.
        """
        shape = self.levels[level]
        if not (0 <= column < shape.across and 0 <= row < shape.down):
            raise ValueError(f"no tile {column}, {row} in level {level}")
        key = TileKey(level, column, row)
        tile = self._recent.get(key)
        if tile is None:
            columns = min(shape.tile_columns, shape.columns - column * shape.tile_columns)
            rows = min(shape.tile_rows, shape.rows - row * shape.tile_rows)
            tile = read_only(self._read(key, columns, rows, should_stop))
            self._recent.keep(key, tile)
        return tile

    def region(
        self,
        level: int,
        left: int,
        top: int,
        columns: int,
        rows: int,
        *,
        should_stop: Callable[[], bool] | None = None,
    ) -> ColourArray:
        """A rectangle in pixels of a level, uint8 RGB, shape (rows, columns, 3).

        What is outside the slide or was not scanned is background.

        Raises:
            Cancelled: `should_stop` said so, or the slide was closed.
        """
        shape = self.levels[level]
        out = self._blank(rows, columns)
        wide, high = shape.tile_columns, shape.tile_rows
        right, bottom = min(left + columns, shape.columns), min(top + rows, shape.rows)
        for row in range(max(top, 0) // high, -(-bottom // high)):
            for column in range(max(left, 0) // wide, -(-right // wide)):
                tile = self.tile(level, column, row, should_stop=should_stop)
                _paste(out, tile, column * wide - left, row * high - top)
        return out

    def thumbnail(
        self, longest: int, *, should_stop: Callable[[], bool] | None = None
    ) -> ColourArray:
        """The whole slide, uint8 RGB, its longer side at most `longest` pixels.

        Raises:
            Cancelled: `should_stop` said so, or the slide was closed.
        """
        return overview(self, longest, should_stop=should_stop)

    def level_for(self, downsample: float) -> int:
        """The coarsest level that is still as fine as `downsample`; the finest where none is."""
        fitting = [n for n, each in enumerate(self.levels) if each.downsample <= downsample * 1.01]
        return fitting[-1] if fitting else 0

    def close(self) -> None:
        """Let go of the files; reads that are under way are cancelled."""
        for file in self._files:
            file.close()
        self._recent.forget()

    def _read(
        self, key: TileKey, columns: int, rows: int, should_stop: Callable[[], bool] | None
    ) -> ColourArray:
        level, column, row = key
        pieces = self._layers[level].grid.find(column, row)
        try:
            if len(pieces) == 1 and (pieces[0].left, pieces[0].top) == (0, 0):
                frame = pieces[0].file.frame(pieces[0].frame, should_stop)
                return np.ascontiguousarray(frame[:rows, :columns])
            out = self._blank(rows, columns)
            for piece in pieces:
                frame = piece.file.frame(piece.frame, should_stop)
                _paste(out, frame, piece.left, piece.top)
        except InputError as error:
            self._damaged[key] = error.reason
            return _hatched(rows, columns)
        return out

    def _blank(self, rows: int, columns: int) -> ColourArray:
        out = np.empty((rows, columns, 3), np.uint8)
        out[...] = self.background
        return out


def _sampled(levels: Sequence[Level]) -> tuple[str, ...]:
    """A warning where there is no level from which the whole slide could be shown at once."""
    step = stride(levels[choose_level(levels, 1)])
    if step == 1:
        return ()
    return (
        "The slide has no coarse level: of its overview, one tile stands for "
        f"{step} x {step} of them.",
    )


def _paste(out: ColourArray, tile: ColourArray, left: int, top: int) -> None:
    """Put what fits of a tile into a picture whose corner it is `left`, `top` from."""
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + tile.shape[1], out.shape[1]), min(top + tile.shape[0], out.shape[0])
    if x1 > x0 and y1 > y0:
        out[y0:y1, x0:x1] = tile[y0 - top : y1 - top, x0 - left : x1 - left]


def _hatched(rows: int, columns: int) -> ColourArray:
    """What stands in for a tile that cannot be shown: nobody takes it for tissue."""
    y, x = np.mgrid[:rows, :columns]
    levels = np.where((x + y) // _HATCH % 2, 150, 190).astype(np.uint8)
    return np.repeat(levels[..., None], 3, axis=-1)
