"""What is open, as entries: the truth from which every listing is made anew."""

from __future__ import annotations

import itertools
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from afloc_desktop.core.dicom.entry import Entry
    from afloc_desktop.core.dicom.listing import Arranger
    from afloc_desktop.core.domain import ImageRef, Listing
    from afloc_desktop.state.index import StudyIndex
    from afloc_desktop.state.store import Problem

_Key = tuple[str, str]  # path and member

_FIRST_AFTER_S = 0.1
_NEXT_AFTER_S = 0.3
_GROWTH = 4  # times as much as was shown, so that all partial listings cost no more than the last
_BATCH = 1000  # entries that the index takes in one transaction


@dataclass(frozen=True, slots=True)
class Found:
    """What one opening came to so far.

    Attributes:
        listing: All that is open, what was open before included.
        first: The first film that this opening found; None where there is none yet.
        has_others: It found objects without an image.
        problem: What is wrong with the index of known studies, told once.
    """

    listing: Listing
    first: ImageRef | None
    has_others: bool = False
    problem: Problem | None = None


class Shelf:
    """Holds what is open. `scan` is called on worker threads, `clear` on any."""

    def __init__(self, index: StudyIndex | None = None) -> None:
        self._index = index
        self._lock = threading.Lock()
        self._entries: dict[_Key, Entry] = {}
        self._alone: set[str] = set()  # paths of pictures that were not opened beside films
        self._arranger: Arranger | None = None
        self._generation = 0
        self._filled = 0  # the generation that `_entries` belong to

    def clear(self) -> None:
        """Close everything; what is being opened is not added any more."""
        self._generation += 1

    def scan(
        self,
        paths: Sequence[Path],
        *,
        on_progress: Callable[[int], None],
        on_partial: Callable[[Found], None],
        should_stop: Callable[[], bool],
    ) -> Found:
        """List files, folders, archives and DICOMDIRs, and add them to what is open.

        Args:
            paths: What to open.
            on_progress: Called with the number of files looked at, after each.
            on_partial: Called with what was found so far, now and then.
            should_stop: Asked before each file; what `on_partial` was given stays open.

        Raises:
            Cancelled: `should_stop` said so.
        """
        from afloc_desktop.core.dicom.scan import collector_paused, find

        roots = [Path(os.path.abspath(path)) for path in paths]
        opening = _Opening(self._generation, self._index)
        due, enough = time.monotonic() + _FIRST_AFTER_S, 1
        with collector_paused():
            for entry in find(roots, should_stop=should_stop, known=opening.known):
                opening.take(entry)
                on_progress(len(opening.found))
                if len(opening.found) >= enough and time.monotonic() >= due:
                    on_partial(self._add(opening, (), should_stop))
                    due = time.monotonic() + _NEXT_AFTER_S
                    enough = int(len(opening.found) * _GROWTH)
            opening.finish(roots)
            return self._add(opening, roots, should_stop)

    def _add(
        self, opening: _Opening, complete: Sequence[Path], should_stop: Callable[[], bool]
    ) -> Found:
        """Put what was found on the shelf, and take from it what is no longer in `complete`."""
        from afloc_desktop.core.dicom.listing import Arranger

        with self._lock:
            if opening.generation != self._generation or should_stop():
                raise Cancelled
            if self._arranger is None or self._filled != self._generation:
                self._arranger, self._entries, self._alone = Arranger(), {}, set()
                self._filled = self._generation
            self._entries.update(opening.found)
            self._alone.difference_update(path for path, _ in opening.found)
            self._alone |= opening.alone(complete)
            if complete:
                places = [os.fspath(path) for path in complete]
                gone = [
                    key
                    for key in self._entries
                    if key not in opening.found and _is_below(key[0], places)
                ]
                for key in gone:
                    del self._entries[key]
            listing = self._arranger.arrange(
                self._entries.values(), alone=self._alone, should_stop=should_stop
            )
        problem = self._index.take_problem() if self._index is not None else None
        # A mask alone is shown, but not as long as its film may still be found.
        every = itertools.chain(listing.films, listing.images if complete else ())
        first = next((ref for ref in every if opening.has(ref)), None)
        return Found(listing, first, opening.has_others, problem)


class _Opening:
    """What one call of `Shelf.scan` found, and what of it the index does not know yet."""

    def __init__(self, generation: int, index: StudyIndex | None) -> None:
        self.generation = generation
        self.found: dict[_Key, Entry] = {}
        self.has_others = False
        self._index = index
        self._kept: dict[str, tuple[Entry, ...]] = {}
        self._new: list[Entry] = []

    def known(self, path: str) -> tuple[Entry, ...] | None:
        """What the index remembers of a file."""
        kept = self._index.known(path) if self._index is not None else None
        if kept:
            self._kept[path] = kept
        return kept

    def take(self, entry: Entry) -> None:
        """Note one entry; a batch of them goes to the index, archives in one piece."""
        self.found[entry.path, entry.member] = entry
        self.has_others = self.has_others or bool(entry.kind)
        if self._new and len(self._new) >= _BATCH and entry.path != self._new[-1].path:
            self._flush()
        if self._index is not None and entry not in self._kept.get(entry.path, ()):
            self._new.append(entry)

    def finish(self, roots: Sequence[Path]) -> None:
        """Everything was found: the index learns the rest, and what is gone."""
        self._flush()
        if self._index is not None:
            seen = {path for path, _ in self.found}
            for root in roots:
                if root.is_dir():
                    self._index.forget_missing(os.fspath(root), seen)

    def has(self, ref: ImageRef) -> bool:
        """Whether a film was found by this opening."""
        return (os.fspath(ref.path), ref.member) in self.found

    def alone(self, roots: Sequence[Path]) -> set[str]:
        """Paths of what is listed as pictures whatever else is open: no film was found beside it.

        Args:
            roots: Files and folders that were opened; a picture among them is given on purpose.
        """
        from afloc_desktop.core.dicom.listing import has_films

        if has_films(self.found.values()):
            return {os.fspath(root) for root in roots}
        return {path for path, _ in self.found}

    def _flush(self) -> None:
        if self._index is not None and self._new:
            self._index.remember(self._new)
        self._new = []


def _is_below(path: str, places: Sequence[str]) -> bool:
    return any(path == place or path.startswith(os.path.join(place, "")) for place in places)
