"""Graphs as onnxruntime lays them out for this processor, kept so that later starts need not.

Reading a graph of 37 MB takes 0.15 s and three times its size of memory for a moment; its kept form
takes 0.015 s, for its weights are mapped from their file as they are. A cache: whatever is wrong
with it, the bundle's own graph is opened.
"""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.core.model.processor import processor_name
from afloc_desktop.core.model.runtime import onnxruntime

if TYPE_CHECKING:
    from collections.abc import Callable

GRAPH, WEIGHTS = "graph.onnx", "graph.weights"
_DIGESTS = "digests.json"
_MOST = 8  # graphs; the ones not made anew for longest leave


class KeptGraphs:
    """A folder of graphs, each under what it was made from, by and for."""

    def __init__(self, folder: Path) -> None:
        """Of a folder that need not exist yet."""
        self._folder = folder

    def find(self, digest: str) -> Path | None:
        """The kept form of a graph, both of its files hashed now; None where there is none.

        Args:
            digest: SHA-256 of the bundle's graph, in hexadecimal.
        """
        place = self._place(digest)
        if place is None:
            return None
        try:
            wanted = json.loads((place / _DIGESTS).read_text(encoding="ascii"))
            is_whole = wanted == _digests(place)
        except (OSError, ValueError):
            return None
        return place / GRAPH if is_whole else None

    def make(
        self, digest: str, write: Callable[[Path, str], bool], is_same: Callable[[Path], bool]
    ) -> None:
        """Keep a graph, if it can be written and computes the same as the bundle's own.

        Args:
            digest: As for `find`.
            write: Writes a graph to a path and its weights beside it, under a name; whether it
                could.
            is_same: Whether a graph computes what it should.
        """
        place = self._place(digest)
        if place is None:
            return
        with suppress(OSError):  # a full or read-only disk costs speed, nothing else
            self._folder.mkdir(parents=True, exist_ok=True)
            made = Path(tempfile.mkdtemp(prefix=".part-", dir=self._folder))
            try:
                if write(made / GRAPH, WEIGHTS) and is_same(made / GRAPH):
                    (made / WEIGHTS).touch()  # a graph of small weights has them all in itself
                    text = json.dumps(_digests(made))
                    (made / _DIGESTS).write_text(text, encoding="ascii")
                    shutil.rmtree(place, ignore_errors=True)
                    made.rename(place)
            finally:
                shutil.rmtree(made, ignore_errors=True)
            self._clear()

    def _place(self, digest: str) -> Path | None:
        """Another release of the runtime, or another processor, lays a graph out otherwise."""
        processor = processor_name()
        if not processor:
            return None
        maker = f"{digest} {onnxruntime().__version__} {platform.machine()} {processor}"
        return self._folder / hashlib.sha256(maker.encode()).hexdigest()[:32]

    def _clear(self) -> None:
        """Take away the oldest, and with them what killed processes left."""
        places = sorted(self._folder.iterdir(), key=lambda place: place.stat().st_mtime)
        for place in places[:-_MOST]:
            shutil.rmtree(place, ignore_errors=True)


def _digests(place: Path) -> dict[str, str]:
    found = {}
    for name in (GRAPH, WEIGHTS):
        with (place / name).open("rb") as stream:
            found[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found
