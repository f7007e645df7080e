"""Which frames make up the tile of a column and row: of one file or several, dense or sparse."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from afloc_desktop.core.dicom.guard import FETCH_AGAIN
from afloc_desktop.core.errors import UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.slides.source import SlideFile

Whole = npt.NDArray[np.int64]

_MOST_PIECES = 16  # of one tile; four where frames lie across, more is damage or an attack


class Piece(NamedTuple):
    """A frame that shows in a tile.

    Attributes:
        file, frame: Which one, 0-based.
        left, top: Of the frame in the tile, pixels; 0 where it is the tile.
    """

    file: SlideFile
    frame: int
    left: int
    top: int


class Grid(Protocol):
    """Finds the pieces of a tile."""

    def find(self, column: int, row: int) -> tuple[Piece, ...]:
        """The pieces of one tile; none where it was not scanned."""


class FullGrid:
    """Tiles row by row, through all files of a level."""

    def __init__(self, files: Sequence[SlideFile]) -> None:
        """Check that nothing is missing.

        Args:
            files: Of one level and one optical path; parts of a concatenation, in any order.

        Raises:
            UnreadableFile: The files hold fewer tiles than the level needs.
        """
        self._files = sorted(files, key=_first_frame)
        self._starts = [_first_frame(file) for file in self._files]
        described = self._files[0].described
        self._across = described.across
        have = 0
        for file in self._files:
            if file.described.first_frame != have:
                break
            have += file.described.header.frames
        needed = described.across * described.down
        if have < needed:
            raise UnreadableFile(
                f"The file claims {have} tiles; its size needs {needed}.", remedy=FETCH_AGAIN
            )

    def find(self, column: int, row: int) -> tuple[Piece, ...]:
        """The one frame of a tile."""
        frame = row * self._across + column
        number = bisect_right(self._starts, frame) - 1
        return (Piece(self._files[number], frame - self._starts[number], 0, 0),)


class SparseGrid:
    """Tiles wherever their frames say that they are; also where frames lie across tiles."""

    def __init__(self, parts: Sequence[tuple[SlideFile, Whole, Whole, Whole]], across: int) -> None:
        """Sort the frames by the tiles they show in.

        Args:
            parts: Files, the numbers of their frames in this level, and x and y of these.
            across: Tiles in a row.
        """
        self._files = [part[0] for part in parts]
        self._across = across
        header = self._files[0].described.header
        self._size = (header.columns, header.rows)
        found = [
            _cells(number, frames, x, y, self._size, across)
            for number, (_, frames, x, y) in enumerate(parts)
        ]
        every = np.concatenate(found, axis=1)
        self._cells, *self._rest = every[:, np.argsort(every[0], kind="stable")]

    def find(self, column: int, row: int) -> tuple[Piece, ...]:
        """The frames that show in a tile, the last one on top."""
        cell = row * self._across + column
        first, last = np.searchsorted(self._cells, (cell, cell + 1))
        shown = slice(max(first, last - _MOST_PIECES), last)
        files, frames, lefts, tops = (part[shown].tolist() for part in self._rest)
        return tuple(
            Piece(self._files[file], frame, left, top)
            for file, frame, left, top in zip(files, frames, lefts, tops, strict=True)
        )


def _cells(
    file: int, frames: Whole, x: Whole, y: Whole, size: tuple[int, int], across: int
) -> Whole:
    """Cell, file, frame, left and top of each frame in each tile it shows in, shape (5, n)."""
    columns, rows = size
    found = []
    for step_x in (0, 1):
        for step_y in (0, 1):
            column, row = x // columns + step_x, y // rows + step_y
            left, top = x - column * columns, y - row * rows
            # A frame that begins in a tile reaches into the next where it is not on the grid.
            shows = (column < across) & (left > -columns) & (top > -rows)
            numbers = np.stack([row * across + column, np.full_like(x, file), frames, left, top])
            found.append(numbers[:, shows])
    return np.concatenate(found, axis=1)


def _first_frame(file: SlideFile) -> int:
    return file.described.first_frame
