"""A slide as a pyramid of pixels: tiles, regions, a thumbnail. Files are read tile by tile."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from afloc_desktop.core.domain import ColourArray, ImageRef, read_only
from afloc_desktop.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from afloc_desktop.core.slides.level import SlideFile

_MOST_KEPT = 48 << 20  # bytes of decoded tiles


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


class Tiles(NamedTuple):
    """Where the tiles of a level are: the file and frame of a column and row; None where absent."""

    level: Level
    find: Callable[[int, int], tuple[SlideFile, int] | None]


class Slide:
    """One pyramid, finest level first. Any thread may read; `opening.open_slide` makes it.

    Slide pixels are those of the finest level: x right, y down, pixel (0, 0) covers [0, 1).

    Attributes:
        uid: Of the series.
        refs: Its files.
        levels: Finest first.
        um_per_pixel: Of the finest, (x, y); None where unknown.
        sha256: Identity of what is shown, from the headers.
        background: Red, green and blue where nothing was scanned.
    """

    def __init__(
        self,
        uid: str,
        files: Sequence[SlideFile],
        tiles: Sequence[Tiles],
        *,
        sha256: str,
        warnings: tuple[str, ...],
    ) -> None:
        self.uid = uid
        self.refs: tuple[ImageRef, ...] = tuple(file.ref for file in files)
        self.levels: tuple[Level, ...] = tuple(each.level for each in tiles)
        self.um_per_pixel = self.levels[0].um_per_pixel
        self.sha256 = sha256
        self.background: tuple[int, int, int] = files[0].described.background
        self._files = tuple(files)
        self._tiles = tuple(tiles)
        self._warnings = warnings
        self._damaged: set[tuple[int, int, int]] = set()
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, int, int], ColourArray] = OrderedDict()
        self._kept_bytes = 0

    @property
    def columns(self) -> int:
        """Of the finest level."""
        return self.levels[0].columns

    @property
    def rows(self) -> int:
        """Of the finest level."""
        return self.levels[0].rows

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader must be told; grows where a tile turns out to be damaged."""
        count = len(self._damaged)
        if not count:
            return self._warnings
        tiles = "1 tile is" if count == 1 else f"{count} tiles are"
        return (*self._warnings, f"{tiles} damaged and shown hatched.")

    def tile(
        self, level: int, column: int, row: int, *, should_stop: Callable[[], bool] | None = None
    ) -> ColourArray:
        """One tile, uint8 RGB, shape (rows, columns, 3), clipped at the edge of the level.

        Absent tiles are background, damaged ones grey with a hatch.

        Raises:
            Cancelled: `should_stop` said so.
        """
        shape = self.levels[level]
        if not (0 <= column < shape.across and 0 <= row < shape.down):
            raise ValueError(f"no tile {column}, {row} in level {level}")
        key = (level, column, row)
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
        found = self._tiles[level].find(column, row)
        columns = min(shape.tile_columns, shape.columns - column * shape.tile_columns)
        rows = min(shape.tile_rows, shape.rows - row * shape.tile_rows)
        if found is None:
            return read_only(self._blank(rows, columns))
        file, frame = found
        try:
            pixels = file.frame(frame, should_stop)[:rows, :columns]
        except InputError:
            self._damaged.add(key)
            pixels = _hatched(rows, columns)
        self._keep(key, read_only(np.ascontiguousarray(pixels)))
        return self._kept.get(key, pixels)

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
            Cancelled: `should_stop` said so.
        """
        shape = self.levels[level]
        out = self._blank(rows, columns)
        right, bottom = min(left + columns, shape.columns), min(top + rows, shape.rows)
        if right <= max(left, 0) or bottom <= max(top, 0):
            return out
        for row in range(max(top, 0) // shape.tile_rows, -(-bottom // shape.tile_rows)):
            for column in range(
                max(left, 0) // shape.tile_columns, -(-right // shape.tile_columns)
            ):
                tile = self.tile(level, column, row, should_stop=should_stop)
                _paste(out, tile, column * shape.tile_columns - left, row * shape.tile_rows - top)
        return out

    def thumbnail(
        self, longest: int, *, should_stop: Callable[[], bool] | None = None
    ) -> ColourArray:
        """The whole slide, uint8 RGB, its longer side `longest` pixels or less.

        From the coarsest level that suffices.

        Raises:
            Cancelled: `should_stop` said so.
        """
        number = self.level_for(max(self.columns, self.rows) / longest)
        level = self.levels[number]
        whole = self.region(number, 0, 0, level.columns, level.rows, should_stop=should_stop)
        scale = min(1.0, longest / max(level.columns, level.rows))
        size = (max(1, round(level.columns * scale)), max(1, round(level.rows * scale)))
        import PIL.Image

        return np.array(PIL.Image.fromarray(whole).resize(size, PIL.Image.Resampling.BOX))

    def level_for(self, downsample: float) -> int:
        """The coarsest level that is still as fine as `downsample`; the finest where none is."""
        fitting = [n for n, each in enumerate(self.levels) if each.downsample <= downsample * 1.01]
        return fitting[-1] if fitting else 0

    def close(self) -> None:
        """Let go of the files; tiles that are not kept come back hatched from then on."""
        for file in self._files:
            file.close()

    def _blank(self, rows: int, columns: int) -> ColourArray:
        out = np.empty((rows, columns, 3), np.uint8)
        out[...] = self.background
        return out

    def _keep(self, key: tuple[int, int, int], pixels: ColourArray) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = pixels
                self._kept_bytes += pixels.nbytes
            while self._kept_bytes > _MOST_KEPT:
                _, dropped = self._kept.popitem(last=False)
                self._kept_bytes -= dropped.nbytes


def _paste(out: ColourArray, tile: ColourArray, left: int, top: int) -> None:
    """Put what fits of a tile into a picture whose corner it is `left`, `top` from."""
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + tile.shape[1], out.shape[1]), min(top + tile.shape[0], out.shape[0])
    out[y0:y1, x0:x1] = tile[y0 - top : y1 - top, x0 - left : x1 - left]


def _hatched(rows: int, columns: int) -> ColourArray:
    """What stands in for a tile that cannot be shown."""
    y, x = np.mgrid[:rows, :columns]
    levels = np.where((x + y) // 8 % 2, 150, 190).astype(np.uint8)
    return np.repeat(levels[..., None], 3, axis=-1)
