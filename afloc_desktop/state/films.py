"""Which film is on screen: reading it, stepping to its neighbours, keeping its stack at hand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from afloc_desktop.state.store import BLANK, Problem, home_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.domain import Image, ImageRef, Series
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.state.slides import Slides
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.tasks import Tasks, Token

_FEWEST = 3  # slices that are worth loading together
_MOST_BYTES = 1 << 30
_AHEAD = 4  # frames read before they are asked for, where slices are not loaded together
_LARGEST_AHEAD = 1 << 22  # pixels of such a frame
_AT_ONCE = 1 << 20  # pixels of a slice that is made from memory without leaving the main thread


class Slices(Protocol):
    """What `core.dicom.stack.open_stack` gives."""

    refs: tuple[ImageRef, ...]

    def image(self, place: int) -> Image:
        """One of them."""


class Films:
    """Reading films, the second half of the files lane.

    The film that was asked for is read first; then the other slices of its series are loaded in
    the background, and stepping through them needs no file. Of frames that are not loaded
    together, the next few are read before they are asked for.

    `read` and `open_stack` are `core.dicom`'s own and are called on worker threads.
    """

    def __init__(
        self,
        store: Store,
        tasks: Tasks,
        read: Callable[..., Image],
        open_stack: Callable[..., Slices],
        slides: Slides,
    ) -> None:
        self._store = store
        self._tasks = tasks
        self._read = read
        self._open_stack = open_stack
        self._slides = slides
        self._wanted: tuple[ImageRef, ...] = ()
        self._stack: Slices | None = None
        self._ahead: dict[ImageRef, Image] = {}

    def show(self, ref: ImageRef, shown: Callable[[], None]) -> None:
        """Read a film; the one before, and all answers on it, leave the screen at once."""
        home = home_of(self._store.state.listing, ref)
        if home is not None and home.series.is_slide:
            self._let_go()
            self._slides.show(home.series, ref, shown)
            return
        self._slides.put_away()
        if ref not in self._wanted and ref not in self._ahead:
            self._let_go()
        at_hand = self._at_hand(ref)
        self._store.update(image_ref=ref, image=at_hand, image_problem=None, **BLANK)
        if at_hand is not None:
            self._tasks.cancel("image")
            shown()
            self.attend(ref)
            return
        work, done = partial(self._read_film, ref, self._stack), partial(self._film_read, shown)
        self._tasks.submit("image", work, done, self._read_failed, lane="files")

    def drop(self) -> None:
        """Give back the memory of the stack that is loaded or being loaded, and of the slide."""
        self._slides.put_away()
        self._let_go()

    def leave_slide(self) -> None:
        """The cell that is worked in changes: a slide, which takes the whole screen, leaves it."""
        self._slides.put_away()

    def _let_go(self) -> None:
        for key in ("stack", "ahead"):
            self._tasks.cancel(key)
        self._wanted, self._stack, self._ahead = (), None, {}

    def attend(self, ref: ImageRef) -> None:
        """Keep at hand what a reader may ask for next, beside a film on screen."""
        if ref not in self._wanted:
            self._load_stack(ref)
        if ref not in self._wanted:
            self._look_ahead(ref)

    def read(self, ref: ImageRef, token: Token) -> Image:
        """Read a film, on a worker thread.

        Raises:
            AflocError: As `core.dicom.read.read`.
        """
        token.check()
        return self._read(ref, should_stop=lambda: token.is_cancelled)

    def in_series(self, by: int, *, wraps: bool = False) -> ImageRef | None:
        """The image so many places after the one on screen in its series; None beyond its ends.

        Args:
            by: Places, backwards where negative.
            wraps: The first follows the last; still None in a series of one image.
        """
        state = self._store.state
        home = None if state.image_ref is None else home_of(state.listing, state.image_ref)
        if home is None or len(home.series.images) < 2:
            return None
        images, place = home.series.images, home.place + by
        if wraps:
            place %= len(images)
        return images[place] if 0 <= place < len(images) else None

    def neighbour(self, by: int) -> ImageRef | None:
        """The film so many places after the one on screen, in the order of the listing."""
        state = self._store.state
        films = state.listing.films
        here = next((n for n, ref in enumerate(films) if ref == state.image_ref), None)
        number = -1 if here is None else here + by
        return films[number] if 0 <= number < len(films) else None

    def _read_film(self, ref: ImageRef, stack: Slices | None, token: Token) -> Image:
        token.check()
        if stack is not None and ref in stack.refs:
            return stack.image(stack.refs.index(ref))
        return self.read(ref, token)

    def _at_hand(self, ref: ImageRef) -> Image | None:
        """A film that can be shown without a moment's blank; None where it must be read."""
        if ref in self._ahead:
            return self._ahead[ref]
        stack = self._stack
        if stack is None or ref not in stack.refs or ref.rows * ref.columns > _AT_ONCE:
            return None
        return stack.image(stack.refs.index(ref))

    def _film_read(self, shown: Callable[[], None], image: Image) -> None:
        self._store.update(image=image)
        shown()
        self.attend(image.ref)

    def _look_ahead(self, ref: ImageRef) -> None:
        """Read the first of the frames to come that is not at hand, then the next one."""
        home = home_of(self._store.state.listing, ref)
        images = () if home is None else home.series.images
        if home is None or len(images) < 2 or ref.rows * ref.columns > _LARGEST_AHEAD:
            return
        soon = [images[(home.place + by) % len(images)] for by in range(_AHEAD + 1)]
        self._ahead = {other: image for other, image in self._ahead.items() if other in soon}
        missing = [other for other in soon if other != ref and other not in self._ahead]
        if missing:
            work, done = partial(self.read, missing[0]), partial(self._is_ahead, missing[0])
            self._tasks.submit("ahead", work, done, self._stack_failed, lane="files")

    def _is_ahead(self, ref: ImageRef, image: Image) -> None:
        self._ahead[ref] = image
        shown = self._store.state.image_ref
        if shown is not None:
            self._look_ahead(shown)

    def _load_stack(self, ref: ImageRef) -> None:
        if ref in self._wanted:
            return
        home = home_of(self._store.state.listing, ref)
        if home is not None and _is_worth_loading(home.series):
            self._wanted = home.series.images
            work = partial(self._read_stack, self._wanted)
            self._tasks.submit("stack", work, self._stack_read, self._stack_failed, lane="files")

    def _read_stack(self, refs: tuple[ImageRef, ...], token: Token) -> Slices:
        return self._open_stack(refs, should_stop=lambda: token.is_cancelled)

    def _stack_read(self, stack: Slices) -> None:
        self._stack = stack

    def _stack_failed(self, error: AflocError) -> None:
        """Nothing to tell: each film is read by itself, and says what is wrong with it."""

    def _read_failed(self, error: AflocError) -> None:
        self._store.update(image_problem=Problem.of(error))


def _is_worth_loading(series: Series) -> bool:
    """Several files of one frame and one size each, that fit into the memory meant for them."""
    images = series.images
    sizes = {(ref.rows, ref.columns) for ref in images}
    files = {(ref.path, ref.member) for ref in images}
    if len(images) < _FEWEST or len(sizes) > 1 or len(files) < len(images):
        return False
    ((rows, columns),) = sizes
    return 2 * rows * columns * len(images) <= _MOST_BYTES
