"""The slide on screen: opening it, and giving its files and memory back when it leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from afloc_desktop.core.domain import read_only
from afloc_desktop.state.slide_tiles import Tiles
from afloc_desktop.state.store import BLANK, Problem, home_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.domain import ColourArray, ImageRef, Series
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.geometry import Box
    from afloc_desktop.core.slides.slide import Slide
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.tasks import Post, Tasks, Token

MAP_SIDE = 240  # pixels of the longer side of the small picture


@dataclass(frozen=True, slots=True, eq=False)
class OpenSlide:
    """A slide that can be looked at.

    Attributes:
        slide: The pyramid.
        series: Where it was listed.
        tiles: What of it is at hand.
        small: All of it, small, uint8 RGB; None until that was read.
    """

    slide: Slide
    series: Series
    tiles: Tiles
    small: ColourArray | None


class Slides:
    """Opens slides on the files lane. Main thread only; `open_slide` runs on a worker.

    At most one slide is open.
    """

    def __init__(
        self, store: Store, tasks: Tasks, post: Post, open_slide: Callable[..., Slide]
    ) -> None:
        self._store = store
        self._tasks = tasks
        self._post = post
        self._open_slide = open_slide
        self._closed = 0
        self._entered: Callable[[Slide], None] = _leave
        self._left: Callable[[], None] = _nothing

    def follow(self, entered: Callable[[Slide], None], left: Callable[[], None]) -> None:
        """Call `entered` with each slide that comes on screen, and `left` before it leaves."""
        self._entered, self._left = entered, left

    def show(self, series: Series, ref: ImageRef, shown: Callable[[], None]) -> None:
        """Open a slide; what was on screen, and all answers on it, leave at once.

        Args:
            series: That holds its files.
            ref: The file that was chosen.
            shown: Called when the slide is in the store.
        """
        opened = self._store.state.slide
        if opened is not None and opened.series.images == series.images:
            self._store.update(image_ref=ref)
            return
        self.put_away()
        self._store.update(image_ref=ref, image=None, image_problem=None, **BLANK)
        self._begin(series, shown)

    def complete(self) -> None:
        """Open the slide on screen again where more of its files have been listed since."""
        opened, ref = self._store.state.slide, self._store.state.image_ref
        home = None if ref is None else home_of(self._store.state.listing, ref)
        if opened is not None and home is not None and home.series.images != opened.series.images:
            self._begin(home.series, _nothing)

    def put_away(self) -> None:
        """Close the slide on screen, if there is one."""
        opened = self._store.state.slide
        if opened is not None:
            self._left()
            self._tasks.cancel("slide map")
            self._store.update(slide=None, region=None, **BLANK)
            opened.tiles.close()
            # On the lane of the model, which may be looking at a window of it.
            self._closed += 1
            key, work = f"close slide {self._closed}", partial(_close, opened.slide)
            self._tasks.submit(key, work, _leave, _leave, lane="infer")

    def choose(self, region: Box | None) -> None:
        """Choose a part of the slide, slide pixels; None for none."""
        if self._store.state.slide is not None:
            self._store.update(region=region)

    def _begin(self, series: Series, shown: Callable[[], None]) -> None:
        work, done = partial(self._open, series), partial(self._opened, series, shown)
        self._tasks.submit("image", work, done, self._failed, lane="files")

    def _open(self, series: Series, token: Token) -> Slide:
        token.check()
        slide = self._open_slide(series.images)
        if token.is_cancelled:
            slide.close()
        return slide

    def _opened(self, series: Series, shown: Callable[[], None], slide: Slide) -> None:
        self.put_away()
        opened = OpenSlide(slide, series, Tiles(slide, self._tasks, self._post), None)
        self._store.update(slide=opened)
        work, done = partial(_small, slide), partial(self._has_small, opened)
        self._tasks.submit("slide map", work, done, _leave, lane="files")
        self._entered(slide)
        shown()
        self.complete()

    def _has_small(self, opened: OpenSlide, small: ColourArray) -> None:
        self._store.update(slide=replace(opened, small=small))

    def _failed(self, error: AflocError) -> None:
        self._store.update(image_problem=Problem.of(error))


def _small(slide: Slide, token: Token) -> ColourArray:
    return read_only(slide.thumbnail(MAP_SIDE, should_stop=lambda: token.is_cancelled))


def _close(slide: Slide, token: Token) -> None:
    slide.close()


def _nothing() -> None:
    """Everybody was told of the slide before."""


def _leave(nothing: object) -> None:
    """Nobody waits for a slide to be closed."""
