"""What is open: listing files and folders, adding to the listing, giving it up."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from afloc_desktop.core.domain import Listing
from afloc_desktop.state.store import BLANK, Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from afloc_desktop.core.domain import Study
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.tasks import Post, Tasks, Token

_PROGRESS_EVERY_S = 0.1


class Listings:
    """Finding films, the first half of the files lane.

    `scan` is `core.dicom`'s own and is called on a worker thread; `post` runs a call on the main
    thread.
    """

    def __init__(
        self, store: Store, tasks: Tasks, post: Post, scan: Callable[..., Listing]
    ) -> None:
        self._store = store
        self._tasks = tasks
        self._post = post
        self._scan = scan

    def open(self, find: Callable[[], tuple[Path, ...]], listed: Callable[[Listing], None]) -> None:
        """List files and folders and add them to what is open.

        Args:
            find: Gives the files and folders, on a worker thread.
            listed: Gets what was found, when it is in the store.
        """
        work, done = partial(self._list, find), partial(self._listed, listed)
        self._tasks.submit("scan", work, done, self._list_failed, lane="files")

    def stop(self) -> None:
        """Give up a listing under way; what was open stays."""
        self._tasks.cancel("scan")
        self._store.update(scanned=0)

    def close_all(self) -> None:
        """Close every study."""
        self._tasks.cancel("scan")
        self._tasks.cancel("image")
        self._store.update(
            listing=Listing((), ()),
            scanned=0,
            image_ref=None,
            image=None,
            image_problem=None,
            notice=None,
            **BLANK,
        )

    def _list(self, find: Callable[[], tuple[Path, ...]], token: Token) -> Listing:
        reported = time.monotonic()

        def report(count: int) -> None:
            nonlocal reported
            if time.monotonic() - reported > _PROGRESS_EVERY_S:
                reported = time.monotonic()
                self._post(partial(self._progress, token, count))

        found = self._scan(find(), on_progress=report, should_stop=lambda: token.is_cancelled)
        token.check()
        return found

    def _progress(self, token: Token, count: int) -> None:
        if not token.is_cancelled and self._tasks.is_running("scan"):
            self._store.update(scanned=count)

    def _listed(self, listed: Callable[[Listing], None], found: Listing) -> None:
        listing = merged(self._store.state.listing, found)
        self._store.update(listing=listing, scanned=0, notice=_emptiness(found))
        listed(found)

    def _list_failed(self, error: AflocError) -> None:
        self._store.update(notice=Problem.of(error), scanned=0)


def merged(known: Listing, found: Listing) -> Listing:
    """Two listings as one: series with the same UID are joined, no film is listed twice.

    The same study UID under two patients stays two studies.
    """
    studies = {(study.uid, study.patient_id): study for study in known.studies}
    for study in found.studies:
        key = (study.uid, study.patient_id)
        studies[key] = _joined_study(studies[key], study) if key in studies else study
    skipped = dict.fromkeys((*known.skipped, *found.skipped))
    return Listing(tuple(studies.values()), tuple(skipped))


def _joined_study(old: Study, new: Study) -> Study:
    series = {s.uid: s for s in old.series}
    for one in new.series:
        known = series[one.uid].images if one.uid in series else ()
        series[one.uid] = replace(one, images=tuple(dict.fromkeys((*known, *one.images))))
    return replace(old, series=tuple(series.values()))


def _emptiness(found: Listing) -> Problem | None:
    if found.images:
        return None
    return Problem(
        "No film was found there.",
        "Choose a folder with DICOM radiographs; files that were skipped are listed with reasons.",
    )
