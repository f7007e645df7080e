"""Prepared films as one file of bytes, written film by film; a killed run goes on where it was.

A journal says which film fills which place. It knows films by salted hashes of their name, size
and time, so that it names nobody. Bytes are flushed to disk before the journal speaks of them.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.export.atomic import write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy.typing as npt

    from afloc_desktop.core.preprocess import Prepared, PreprocessSpec
    from afloc_training.site.checking import Look
    from afloc_training.site.values import Film

PLANES = "planes.u8"
MANIFEST = "store.json"
JOURNAL = "films.jsonl"
_SCHEMA = 1
_BETWEEN_FLUSHES = 32  # films that a power cut can cost


@dataclass(frozen=True, slots=True)
class Plane:
    """A film in the file.

    Attributes:
        place: 0-based; bytes start at place times the size of a film.
        pixel_sha256: Of the stored values, as in `Image`.
        rows, columns: Of the film.
        frame: top, left, height, width of the film in the plane.
        looks_inverted: As in `checking.Look`.
    """

    place: int
    pixel_sha256: str
    rows: int
    columns: int
    frame: tuple[int, int, int, int]
    looks_inverted: bool


class PlaneWriter:
    """Fills the file. One process, one thread."""

    def __init__(self, folder: Path, spec: PreprocessSpec) -> None:
        """Take up what an earlier run left, if it prepared films in the same way.

        Raises:
            ExportError: The folder or the disk refuses.
        """
        self._folder = folder
        self._shape = plane_shape(spec)
        self._size = math.prod(self._shape)
        self._fingerprint = spec.fingerprint
        self._new: list[str] = []
        salt, self._planes = self._journal()
        self._salt = salt or secrets.token_hex(16)
        if salt is None:
            for name in (MANIFEST, PLANES):  # without its planes a store is none
                self._guarded((folder / name).unlink, missing_ok=True)
            self._write_journal()
        taken = {plane.place for plane in self._planes.values()}
        self._free = [n for n in range(max(taken, default=-1) + 1) if n not in taken]
        self._next = max(taken, default=-1) + 1

    def key(self, film: Film) -> str:
        """What stands for a film: changes with its file, tells nothing of its name."""
        status = film.ref.path.stat()
        text = f"{self._salt} {film.name} {film.ref.frame} {status.st_size} {status.st_mtime_ns}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def find(self, key: str) -> Plane | None:
        """A film that is there already."""
        return self._planes.get(key)

    def add(self, key: str, prepared: Prepared, look: Look, spec: PreprocessSpec) -> Plane:
        """Write a film.

        Raises:
            ExportError: The disk is full or refuses; what was there before is as it was.
        """
        place = self._free.pop() if self._free else self._next
        self._next = max(self._next, place + 1)
        self._guarded(self._write_plane, place, quantised(prepared, spec))
        frame = prepared.frame
        plane = Plane(
            place=place,
            pixel_sha256=look.pixel_sha256,
            rows=look.rows,
            columns=look.columns,
            frame=(frame.top, frame.left, frame.height, frame.width),
            looks_inverted=look.looks_inverted,
        )
        self._planes[key] = plane
        self._new.append(_line(key, plane))
        if len(self._new) >= _BETWEEN_FLUSHES:
            self.flush()
        return plane

    def flush(self) -> None:
        """Make sure of what was added.

        Raises:
            ExportError: The disk is full or refuses.
        """
        if self._new:
            self._guarded(self._append)
            self._new.clear()

    def keep_only(self, keys: Iterable[str]) -> None:
        """Forget all other films and wipe their places.

        Raises:
            ExportError: The disk is full or refuses.
        """
        self.flush()
        wanted = set(keys)
        gone = [plane.place for key, plane in self._planes.items() if key not in wanted]
        self._planes = {key: p for key, p in self._planes.items() if key in wanted}
        blank = np.zeros(self._shape, np.uint8)
        if gone:
            self._write_journal()
        for place in sorted({*gone, *self._free}):
            self._guarded(self._write_plane, place, blank)
        self._free = sorted({*gone, *self._free})

    def _journal(self) -> tuple[str | None, dict[str, Plane]]:
        """Salt and films of an earlier run; no salt where there is none to go on with."""
        try:
            lines = (self._folder / JOURNAL).read_text(encoding="utf-8").splitlines()
            head = json.loads(lines[0]) if lines else {}
            size = (self._folder / PLANES).stat().st_size
        except (OSError, ValueError):
            return None, {}
        expected = {"schema": _SCHEMA, "preprocess": self._fingerprint}
        if not isinstance(head, dict) or {k: head.get(k) for k in expected} != expected:
            return None, {}
        planes: dict[str, Plane] = {}
        for line in lines[1:]:
            found = _parsed(line)  # the last line of a killed run may be half a line
            if found and (found[1].place + 1) * self._size <= size:
                planes[found[0]] = found[1]
        return str(head.get("salt", "")) or None, planes

    def _write_journal(self) -> None:
        head = {"schema": _SCHEMA, "preprocess": self._fingerprint, "salt": self._salt}
        lines = [json.dumps(head), *(_line(key, plane) for key, plane in self._planes.items())]
        write_atomically(self._folder / JOURNAL, ("\n".join(lines) + "\n").encode())

    def _write_plane(self, place: int, values: npt.NDArray[np.uint8]) -> None:
        path = self._folder / PLANES
        with path.open("r+b" if path.exists() else "w+b") as stream:
            stream.seek(place * self._size)
            stream.write(values.tobytes())

    def _append(self) -> None:
        with (self._folder / PLANES).open("r+b") as planes:
            os.fsync(planes.fileno())
        path = self._folder / JOURNAL
        with path.open("r+b") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - 1))
            torn = size and stream.read(1) != b"\n"
            stream.seek(0, os.SEEK_END)
            stream.write((("\n" if torn else "") + "\n".join(self._new) + "\n").encode())
            stream.flush()
            os.fsync(stream.fileno())

    def _guarded(self, act: Callable[..., Any], *values: Any, **named: Any) -> None:
        try:
            act(*values, **named)
        except OSError as error:
            raise ExportError(
                f"The store cannot be written: {error.strerror}.",
                remedy="Free some space and start again; what is there is kept.",
            ) from error


def plane_shape(spec: PreprocessSpec) -> tuple[int, ...]:
    """(side, side) of a grey film, (3, side, side) of one in colour."""
    square = (spec.side, spec.side)
    return square if spec.planes == "grey" else (3, *square)


def quantised(prepared: Prepared, spec: PreprocessSpec) -> npt.NDArray[np.uint8]:
    """The planes of a network input in 256 steps, of `plane_shape`; 0 outside the film."""
    tensor = prepared.tensor[0, 0] if spec.planes == "grey" else prepared.tensor[0]
    plane = tensor * np.float32(spec.std) + np.float32(spec.mean)
    frame = prepared.frame
    rows = slice(frame.top, frame.top + frame.height)
    columns = slice(frame.left, frame.left + frame.width)
    values = np.zeros(plane.shape, np.uint8)
    values[..., rows, columns] = np.rint(np.clip(plane[..., rows, columns], 0, 1) * 255)
    return values


def _line(key: str, plane: Plane) -> str:
    return json.dumps({"key": key, **asdict(plane)}, allow_nan=False)


def _parsed(line: str) -> tuple[str, Plane] | None:
    try:
        found = json.loads(line)
        key = found.pop("key")
        plane = Plane(**{**found, "frame": tuple(found["frame"])})
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    is_whole = isinstance(key, str) and isinstance(plane.place, int) and len(plane.frame) == 4
    return (key, plane) if is_whole and plane.place >= 0 else None
