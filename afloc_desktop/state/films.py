"""Which film is on screen: reading it, stepping to its neighbours."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from afloc_desktop.state.store import BLANK, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.domain import Image, ImageRef
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.tasks import Tasks, Token


class Films:
    """Reading films, the second half of the files lane.

    `read` is `core.dicom`'s own and is called on worker threads.
    """

    def __init__(self, store: Store, tasks: Tasks, read: Callable[[ImageRef], Image]) -> None:
        self._store = store
        self._tasks = tasks
        self._read = read

    def show(self, ref: ImageRef, shown: Callable[[], None]) -> None:
        """Read a film; the one before, and all answers on it, leave the screen at once."""
        self._store.update(image_ref=ref, image=None, image_problem=None, **BLANK)
        work, done = partial(self._read_film, ref), partial(self._film_read, shown)
        self._tasks.submit("image", work, done, self._read_failed, lane="files")

    def neighbour(self, by: int) -> ImageRef | None:
        """The film so many places after the one on screen, in the order of the listing."""
        state = self._store.state
        films = state.listing.images
        if state.image_ref not in films:
            return None
        number = films.index(state.image_ref) + by
        return films[number] if 0 <= number < len(films) else None

    def _read_film(self, ref: ImageRef, token: Token) -> Image:
        token.check()
        return self._read(ref)

    def _film_read(self, shown: Callable[[], None], image: Image) -> None:
        self._store.update(image=image)
        shown()

    def _read_failed(self, error: AflocError) -> None:
        self._store.update(image_problem=Problem.of(error))
