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
_SOON_READ = 1 << 24  # pixels of a level
WINDOW_SIDE = 96  # at least, of the picture of a part of it


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
        self._leaving: list[Slide] = []  # what the lane of the model has still to close
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
        """Open the slide on screen again where more of its files have been listed since.

        Its map waits for that, where the files so far have no level that is soon read.
        """
        state = self._store.state
        opened, ref = state.slide, state.image_ref
        if opened is None or ref is None:
            return
        home = home_of(state.listing, ref)
        if home is not None and home.series.images != opened.series.images:
            self._begin(home.series, _nothing)
        elif opened.small is None and not self._tasks.is_running("slide map"):
            coarsest = opened.slide.levels[-1]
            is_soon_read = coarsest.columns * coarsest.rows <= _SOON_READ
            if is_soon_read or not self._tasks.is_running("scan"):
                self._draw_map(opened)

    def put_away(self) -> None:
        """Close the slide on screen, if there is one."""
        opened = self._store.state.slide
        if opened is not None:
            self._left()
            for key in ("slide map", "slide windows"):
                self._tasks.cancel(key)
            self._store.update(slide=None, region=None, windows={}, **BLANK)
            opened.tiles.close()
            # On the lane of the model, which may be looking at a window of it.
            self._leaving.append(opened.slide)
            work = partial(_close, tuple(self._leaving))
            self._tasks.submit("close slides", work, self._are_closed, _leave, lane="infer")

    def _are_closed(self, slides: tuple[Slide, ...]) -> None:
        self._leaving = [slide for slide in self._leaving if slide not in slides]

    def end(self) -> None:
        """Close every slide: all work has ended."""
        opened = self._store.state.slide
        for slide in (*self._leaving, *([] if opened is None else [opened.slide])):
            slide.close()

    def choose(self, region: Box | None) -> None:
        """Choose a part of the slide, slide pixels; None for none."""
        if self._store.state.slide is not None:
            self._store.update(region=region)

    def picture(self, boxes: tuple[Box, ...]) -> None:
        """Have small pictures of these parts read, slide pixels; no others are kept."""
        state = self._store.state
        missing = tuple(box for box in boxes if box not in state.windows)
        if state.slide is not None and missing:
            work = partial(_pictures, state.slide.slide, missing)
            done = partial(self._has_pictures, boxes)
            self._tasks.submit("slide windows", work, done, _leave, lane="files")

    def _has_pictures(self, boxes: tuple[Box, ...], made: dict[Box, ColourArray]) -> None:
        known = {**self._store.state.windows, **made}
        self._store.update(windows={box: known[box] for box in boxes if box in known})

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
        self._entered(slide)
        shown()
        self.complete()

    def _draw_map(self, opened: OpenSlide) -> None:
        work, done = partial(_small, opened.slide), partial(self._has_small, opened)
        self._tasks.submit("slide map", work, done, _leave, lane="files")

    def _has_small(self, opened: OpenSlide, small: ColourArray) -> None:
        self._store.update(slide=replace(opened, small=small))

    def _failed(self, error: AflocError) -> None:
        self._store.update(image_problem=Problem.of(error))


def _small(slide: Slide, token: Token) -> ColourArray:
    return read_only(slide.thumbnail(MAP_SIDE, should_stop=lambda: token.is_cancelled))


def _pictures(slide: Slide, boxes: tuple[Box, ...], token: Token) -> dict[Box, ColourArray]:
    from afloc_desktop.core.slides.regions import part_of

    made = {}
    for box in boxes:
        token.check()
        wide, high = box.x1 - box.x0, box.y1 - box.y0
        level = slide.level_for(max(wide, high) / WINDOW_SIDE)
        made[box] = read_only(part_of(slide, box, level))
    return made


def _close(slides: tuple[Slide, ...], token: Token) -> tuple[Slide, ...]:
    for slide in slides:
        slide.close()
    return slides


def _nothing() -> None:
    """Everybody was told of the slide before."""


def _leave(nothing: object) -> None:
    """Nobody waits for a slide to be closed."""
