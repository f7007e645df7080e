"""What is open: listing files and folders, adding to the listing, giving it up."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.domain import Listing
from afloc_desktop.state.store import BLANK, Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from afloc_desktop.core.domain import ImageRef
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.state.index import KnownStudy
    from afloc_desktop.state.shelf import Found
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.tasks import Post, Tasks, Token
    from afloc_desktop.state.workspace import Engine

_PROGRESS_EVERY_S = 0.1
_LATEST = 12  # studies that are offered before anything is searched for


class Listings:
    """Finding films, the first half of the files lane.

    The slow calls of `engine` are made on worker threads; `post` runs a call on the main thread.
    """

    def __init__(self, store: Store, tasks: Tasks, post: Post, engine: Engine) -> None:
        self._store = store
        self._tasks = tasks
        self._post = post
        self._engine = engine

    def open(
        self,
        find: Callable[[], tuple[Path, ...]],
        first_found: Callable[[ImageRef], None],
        all_found: Callable[[ImageRef], None] | None = None,
    ) -> None:
        """List files and folders and add them to what is open; the first are shown early.

        Args:
            find: Gives the files and folders, on a worker thread.
            first_found: Gets the first film, once, when it is in the store.
            all_found: Gets the first film again when everything is in the store.
        """
        once = _Once(first_found, all_found)
        work, done = partial(self._list, find, once), partial(self._listed, once)
        self._tasks.submit("scan", work, done, self._list_failed, lane="files")

    def search(self, words: str) -> None:
        """Look for studies that were listed before; no words find the latest."""
        work = partial(self._search, words)
        self._tasks.submit("search", work, self._searched, self._list_failed, lane="files")

    def stop(self) -> None:
        """Give up a listing under way; what was shown of it, and what was open, stays."""
        self._tasks.cancel("scan")
        self._store.update(scanned=0)

    def close_all(self) -> None:
        """Close every study."""
        self._tasks.cancel("scan")
        self._tasks.cancel("image")
        self._engine.forget()
        self._store.update(
            listing=Listing((), ()),
            scanned=0,
            image_ref=None,
            image=None,
            image_problem=None,
            notice=None,
            **BLANK,
        )

    def _list(self, find: Callable[[], tuple[Path, ...]], once: _Once, token: Token) -> Found:
        reported = time.monotonic()

        def report(count: int) -> None:
            nonlocal reported
            if time.monotonic() - reported > _PROGRESS_EVERY_S:
                reported = time.monotonic()
                self._post(partial(self._progress, token, count))

        def show(found: Found) -> None:
            self._post(partial(self._partial, token, once, found))

        found = self._engine.scan(
            find(), on_progress=report, on_partial=show, should_stop=lambda: token.is_cancelled
        )
        token.check()
        return found

    def _search(self, words: str, token: Token) -> tuple[KnownStudy, ...]:
        token.check()
        found = self._engine.search(words.strip())
        return found if words.strip() else found[:_LATEST]

    def _searched(self, studies: tuple[KnownStudy, ...]) -> None:
        self._store.update(known=studies)

    def _progress(self, token: Token, count: int) -> None:
        if not token.is_cancelled and self._tasks.is_running("scan"):
            self._store.update(scanned=count)

    def _partial(self, token: Token, once: _Once, found: Found) -> None:
        if not token.is_cancelled and self._tasks.is_running("scan"):
            self._show(once, found)

    def _listed(self, once: _Once, found: Found) -> None:
        self._show(once, found, scanned=0, notice=found.problem or _emptiness(found))
        once.finish()

    def _show(self, once: _Once, found: Found, **changes: Any) -> None:
        self._store.update(listing=found.listing, **changes)
        if found.first is not None:
            once.tell(found.first)

    def _list_failed(self, error: AflocError) -> None:
        self._store.update(notice=Problem.of(error), scanned=0)


class _Once:
    """Passes the first film on, and no other; again when all is listed."""

    def __init__(
        self,
        first_found: Callable[[ImageRef], None],
        all_found: Callable[[ImageRef], None] | None,
    ) -> None:
        self._first_found = first_found
        self._all_found = all_found
        self._first: ImageRef | None = None

    def tell(self, ref: ImageRef) -> None:
        if self._first is None:
            self._first = ref
            self._first_found(ref)

    def finish(self) -> None:
        if self._first is not None and self._all_found is not None:
            self._all_found(self._first)


def _emptiness(found: Found) -> Problem | None:
    if found.first is not None:
        return None
    if found.has_others:
        return Problem(
            "There is no image to show.",
            "What was found are reports or other objects; they are listed by their kind.",
        )
    return Problem(
        "No film was found there.",
        "Choose a folder with DICOM radiographs; files that were skipped are listed with reasons.",
    )
