"""What a model has seen of a slide, kept on disk: windows are encoded once, whatever is asked.

One file a slide and model. A window is one record at its end, with a checksum: what a killed
process or a full disk left half written is cut off when the file is opened again, and what was
whole before stays.
"""

from __future__ import annotations

import os
import weakref
import zlib
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.export.atomic import claim, make_folder
from afloc_desktop.core.slides.regions import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from afloc_desktop.core.domain import FloatArray

# A window is kept as the means of 4 x 4 parts. A part of 4.2 cells of AFLoc's grid averages nearly
# as far as the Gaussian of 1.5 cells of its authors (4.2² / 12 = 1.4 against 1.5² = 2.25 cells²).
CELLS = 4
SUFFIX = ".slide"
_MOST_BYTES = 20 << 30  # of all slides: some fifty large ones
_MAGIC = b"AFLoc slide 1\n"
_KEY_BYTES = 64
_HEADER_BYTES = len(_MAGIC) + _KEY_BYTES
_READ_BYTES = 1 << 24
_SYNC_BYTES = 1 << 24  # flushed to the disk; a cut of power costs at most so much


class Kept:
    """The windows of one slide that one model has seen. For one process at a time, one thread."""

    def __init__(self, path: Path, key: str, depth: int) -> None:
        """Open or create the file, and cut off what is not whole.

        Args:
            path: Of the file; its folder is made.
            key: SHA-256 in hex of all that the vectors depend on; a file of another is replaced.
            depth: Of the vectors.

        Raises:
            ExportError: It cannot be written, or another process is writing it.
        """
        self._path = path
        self._kind = np.dtype(
            [
                ("column", "<i4"),
                ("row", "<i4"),
                ("seen", "<u4"),
                ("mean", "<f4", (depth,)),
                ("scale", "<f4"),
                ("cells", "<f2", (CELLS * CELLS, depth)),
                ("checksum", "<u4"),
            ]
        )
        self._places: dict[Place, int] = {}
        self._unsynced = 0
        make_folder(path.parent)
        try:
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
            self._file: BinaryIO = os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0)
        except OSError as error:
            raise _refused(error) from error
        with ExitStack() as opened:
            opened.callback(self._file.close)
            self._start(_MAGIC + key.encode("ascii"))
            opened.pop_all()
        # Whoever lets go of this lets go of the file, without having to say so.
        weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, place: object) -> bool:
        return place in self._places

    @property
    def seen(self) -> dict[Place, int]:
        """CRC-32 of the pixels that each window was encoded from."""
        return dict(self._places)

    def append(self, place: Place, cells: FloatArray, seen: int) -> None:
        """Keep a window.

        Args:
            place: Of the window.
            cells: Mean vectors of its parts, finite, shape (16, D), row by row.
            seen: CRC-32 of its pixels.

        Raises:
            ExportError: The disk refuses; what was kept before stays.
        """
        record = np.zeros(1, self._kind)
        # Raw products are many times larger than they differ from place to place, so that half
        # precision is for the differences alone: an error of 0.5 % of a map's range became 0.007 %.
        mean = cells.mean(axis=0)
        apart = cells - mean
        scale = float(np.abs(apart).max()) or 1.0
        record["column"], record["row"], record["seen"] = place.column, place.row, seen
        record["mean"], record["scale"], record["cells"] = mean, scale, apart / scale
        record["checksum"] = _checksum(record)
        try:
            end = self._file.seek(0, os.SEEK_END)
            if self._file.write(record.tobytes()) != self._kind.itemsize:
                self._file.truncate(end)
                raise OSError(28, "the disk is full")
            self._unsynced += self._kind.itemsize
            if self._unsynced >= _SYNC_BYTES:
                self.sync()
        except OSError as error:
            raise _refused(error) from error
        self._places[place] = seen

    def read(self) -> Iterator[tuple[npt.NDArray[np.int32], FloatArray]]:
        """All windows, some at a time.

        Yields:
            Places, int32, shape (n, 2), column and row; vectors, float32, shape (n, 16, D).

        Raises:
            ExportError: The disk refuses.
        """
        for records in self._records():
            places = np.stack([records["column"], records["row"]], axis=1)
            cells = records["cells"].astype(np.float32)
            cells *= records["scale"][:, None, None]
            cells += records["mean"][:, None]
            yield places, cells

    def forget(self) -> None:
        """Drop every window.

        Raises:
            ExportError: The disk refuses.
        """
        try:
            self._file.truncate(_HEADER_BYTES)
        except OSError as error:
            raise _refused(error) from error
        self._places.clear()

    def sync(self) -> None:
        """Make sure that the disk has everything."""
        with suppress(OSError):  # some drives cannot; a killed process loses nothing all the same
            os.fsync(self._file.fileno())
        self._unsynced = 0

    def close(self) -> None:
        """Let go of the file; it can be opened again."""
        if not self._file.closed:
            self.sync()
            self._file.close()

    def _start(self, header: bytes) -> None:
        if not claim(self._file.fileno()):
            raise ExportError(
                "Another program is localizing this slide with this model.",
                remedy="Wait until it has finished, or stop it there.",
            )
        try:
            if self._file.read(_HEADER_BYTES) != header:
                self._file.truncate(0)
                self._file.seek(0)
                self._file.write(header)
            whole = _HEADER_BYTES
            for records in self._records():
                sound = [record["checksum"] == _checksum(record) for record in records]
                count = sound.index(False) if False in sound else len(sound)
                for record in records[:count]:
                    self._places[Place(int(record["column"]), int(record["row"]))] = int(
                        record["seen"]
                    )
                whole += count * self._kind.itemsize
                if count < len(sound):
                    break
            self._file.truncate(whole)
        except OSError as error:
            raise _refused(error) from error

    def _records(self) -> Iterator[np.ndarray]:
        size = self._kind.itemsize
        most = max(1, _READ_BYTES // size) * size
        offset = _HEADER_BYTES
        try:
            while True:
                self._file.seek(offset)  # windows may have been appended in between
                data = self._file.read(most)
                whole = len(data) // size * size
                if not whole:
                    return
                offset += whole
                yield np.frombuffer(data[:whole], self._kind)
        except OSError as error:
            raise _refused(error) from error


def make_room(folder: Path, keep: Path) -> None:
    """Take away what was written longest ago where all files together have become too large.

    Args:
        folder: Of such files.
        keep: The one in use, which stays.
    """
    with suppress(OSError):  # somebody else's file, or somebody else was quicker
        files = [path for path in folder.glob(f"*{SUFFIX}") if path != keep]
        files.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        total = keep.stat().st_size
        for path in files:
            total += path.stat().st_size
            if total > _MOST_BYTES:
                path.unlink()


def _checksum(record: np.ndarray) -> int:
    return zlib.crc32(record.tobytes()[:-4])


def _refused(error: OSError) -> ExportError:
    return ExportError(
        f"What the model sees of the slide cannot be kept: {error.strerror}.",
        remedy="Free some space or ask who looks after this computer; then resume.",
    )
