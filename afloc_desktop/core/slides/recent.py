"""The tiles shown last, in a bounded amount of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, NamedTuple

from afloc_desktop.core.domain import A


class TileKey(NamedTuple):
    """Which tile of a slide: its level, the finest being 0, and its place there."""

    level: int
    column: int
    row: int


class RecentTiles(Generic[A]):
    """Keeps tiles up to so many bytes; those that were not asked for longest go first."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._tiles: OrderedDict[TileKey, A] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __contains__(self, key: object) -> bool:
        return key in self._tiles

    @property
    def bytes_kept(self) -> int:
        """Of all tiles that are kept."""
        return self._bytes

    def get(self, key: TileKey) -> A | None:
        """The tile, where it is kept."""
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
            return tile

    def keep(self, key: TileKey, tile: A) -> None:
        """Keep a tile, and let go of what no longer fits."""
        with self._lock:
            replaced = self._tiles.pop(key, None)
            self._bytes += tile.nbytes - (0 if replaced is None else replaced.nbytes)
            self._tiles[key] = tile
            while self._bytes > self._most_bytes:
                _, dropped = self._tiles.popitem(last=False)
                self._bytes -= dropped.nbytes

    def forget(self) -> None:
        """Let go of all."""
        with self._lock:
            self._tiles.clear()
            self._bytes = 0
