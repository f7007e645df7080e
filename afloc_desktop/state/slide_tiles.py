"""Tiles of a slide at hand: read in the background, the most wanted first, kept up to a limit."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.domain import read_only
from afloc_desktop.core.errors import AflocError
from afloc_desktop.core.slides.recent import RecentTiles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from afloc_desktop.core.domain import ColourArray
    from afloc_desktop.core.slides.recent import TileKey
    from afloc_desktop.core.slides.slide import Slide
    from afloc_desktop.state.tasks import Post, Tasks, Token

    Packed = npt.NDArray[np.uint32]

MOST_BYTES = 160 << 20  # of unpacked tiles; twice what the largest screens show at once
_READERS = ("tiles 1", "tiles 2")  # of the three workers that read files


class Tiles:
    """The tiles of one slide. Main thread only, but for the reading itself.

    What was wanted and is not being read yet is forgotten as soon as something else is wanted.
    """

    def __init__(self, slide: Slide, tasks: Tasks, post: Post, most_bytes: int = MOST_BYTES):
        self._slide = slide
        self._tasks = tasks
        self._post = post
        self._lock = threading.Lock()
        self._kept: RecentTiles[Packed] = RecentTiles(most_bytes)
        self._wanted: deque[TileKey] = deque()
        self._under_way: set[TileKey] = set()
        self._unreadable: set[TileKey] = set()
        self._arrived: list[TileKey] = []
        self._is_closed = False
        self._listener: Callable[[tuple[TileKey, ...]], None] | None = None

    @property
    def bytes_kept(self) -> int:
        """Of all tiles at hand."""
        return self._kept.bytes_kept

    def listen(self, listener: Callable[[tuple[TileKey, ...]], None] | None) -> None:
        """Call `listener` with the tiles that came, on the main thread; one at a time."""
        self._listener = listener

    def at_hand(self, key: TileKey) -> Packed | None:
        """A tile that was read: 0xFFRRGGBB, uint32, shape (rows, columns); None where it was not.

        A tile that is looked at stays longer than one that is not.
        """
        return self._kept.get(key)

    def has(self, key: TileKey) -> bool:
        """Whether a tile is at hand."""
        return key in self._kept

    def want(self, keys: Sequence[TileKey]) -> None:
        """Read these, in this order, and nothing else that was wanted before."""
        if self._is_closed:
            return
        with self._lock:
            known = (self._kept, self._under_way, self._unreadable)
            self._wanted = deque(key for key in keys if not any(key in them for them in known))
        self._read_on()

    def close(self) -> None:
        """Read nothing more and give the memory back; the tile being read is lost."""
        for reader in _READERS:
            self._tasks.cancel(reader)
        with self._lock:
            self._is_closed = True
            self._listener = None
            self._wanted.clear()
            self._kept.forget()

    def _read_on(self) -> None:
        for reader in _READERS:
            if self._wanted and not self._tasks.is_running(reader):
                self._tasks.submit(reader, self._read, self._was_read, _failed, lane="files")

    def _read(self, token: Token) -> None:
        """Read what is wanted until nothing is, on a worker thread."""

        def stop() -> bool:
            return token.is_cancelled

        while (key := self._next()) is not None:
            try:
                self._take_in(key, pack(self._slide.tile(*key, should_stop=stop)))
            except AflocError:
                self._unreadable.add(key)
            finally:
                with self._lock:
                    self._under_way.discard(key)
            token.check()

    def _was_read(self, nothing: None) -> None:
        # More may have been wanted since the worker looked for the last time.
        self._read_on()

    def _next(self) -> TileKey | None:
        with self._lock:
            if not self._wanted:
                return None
            key = self._wanted.popleft()
            self._under_way.add(key)
            return key

    def _take_in(self, key: TileKey, pixels: Packed) -> None:
        with self._lock:
            if self._is_closed:
                return
            self._kept.keep(key, pixels)
            is_first = not self._arrived
            self._arrived.append(key)
        if is_first:
            self._post(self._tell)

    def _tell(self) -> None:
        with self._lock:
            arrived, self._arrived = tuple(self._arrived), []
        if self._listener is not None:
            self._listener(arrived)


def pack(colours: ColourArray) -> Packed:
    """Colours as whole numbers 0xFFRRGGBB, which the screen takes as they are.

    Args:
        colours: uint8 RGB, shape (rows, columns, 3).
    """
    parts = np.full((*colours.shape[:2], 4), 0xFF, np.uint8)
    parts[..., :3] = colours[..., ::-1]
    packed: Packed = parts.view("<u4")[..., 0].astype(np.uint32, copy=False)
    return read_only(packed)


def _failed(error: AflocError) -> None:
    """A tile that cannot be read leaves its place to a coarser one."""
