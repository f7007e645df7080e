"""Small pictures of the series of the study on screen, read when nothing else is to be read."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import partial
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.dicom.display import first_choice, render
from afloc_desktop.core.domain import read_only
from afloc_desktop.state.store import home_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.dicom.display import PaintedArray
    from afloc_desktop.core.domain import ColourArray, Image, ImageRef, Series
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.slides.slide import Slide
    from afloc_desktop.state.questions import Questions
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.tasks import Tasks, Token

SIDE = 72  # pixels of the longer side
_MOST_KEPT = 300
_MOST_SERIES = 40


class Thumbs:
    """One at a time on the files lane, after the film on screen was read.

    `read` and `open_slide` are the core's own and are called on a worker thread.
    """

    def __init__(
        self,
        store: Store,
        tasks: Tasks,
        read: Callable[..., Image],
        open_slide: Callable[..., Slide],
        questions: Questions,
    ) -> None:
        self._store = store
        self._tasks = tasks
        self._read = read
        self._open_slide = open_slide
        self._failed_refs: set[ImageRef] = set()
        questions.listen(self._next)

    def _next(self) -> None:
        """Read the next that is missing of the study on screen."""
        state = self._store.state
        home = None if state.image_ref is None else home_of(state.listing, state.image_ref)
        if home is None or self._tasks.is_running("thumb"):
            return
        shown = [series for series in home.study.series if series.images]
        if len(shown) > 1:
            for series in shown[:_MOST_SERIES]:
                ref = middle(series.images)
                if ref not in state.thumbs and ref not in self._failed_refs:
                    work, done = partial(self._make, series), partial(self._made, ref)
                    failed = partial(self._failed, ref)
                    self._tasks.submit("thumb", work, done, failed, lane="files")
                    return

    def _make(self, series: Series, token: Token) -> PaintedArray:
        token.check()
        if series.is_slide:
            with closing(self._open_slide(series.images)) as slide:
                return read_only(slide.thumbnail(SIDE, should_stop=lambda: token.is_cancelled))
        ref = middle(series.images)
        return thumbnail(self._read(ref, should_stop=lambda: token.is_cancelled))

    def _made(self, ref: ImageRef, picture: PaintedArray) -> None:
        kept = list(self._store.state.thumbs.items())[-(_MOST_KEPT - 1) :]
        self._store.update(thumbs=dict([*kept, (ref, picture)]))
        self._next()

    def _failed(self, ref: ImageRef, error: AflocError) -> None:
        self._failed_refs.add(ref)
        self._next()


def middle(refs: tuple[ImageRef, ...]) -> ImageRef:
    """The image that stands for a series."""
    return refs[len(refs) // 2] if len(refs) > 2 else refs[0]


def thumbnail(image: Image) -> PaintedArray:
    """A film made small: in its colours, or through its own first window.

    Returns:
        uint8, shape (rows, columns) or (rows, columns, 3), at most `SIDE` pixels long.
    """
    step = max(1, ceil(max(image.rows, image.columns) / SIDE))
    if image.colour is not None:
        return read_only(_block_means(image.colour, step))
    pixels = np.ascontiguousarray(image.pixels[::step, ::step])
    padding = None if image.padding is None else image.padding[::step, ::step]
    small = replace(image, overlays=(), pixels=pixels, padding=padding)
    return read_only(render(small, first_choice(image)))


def _block_means(colour: ColourArray, side: int) -> ColourArray:
    """Means of squares; single pixels of a photograph would show its noise. Rests are left out."""
    down, across = (min(side, size) for size in colour.shape[:2])
    rows, columns = colour.shape[0] // down, colour.shape[1] // across
    whole = colour[: rows * down, : columns * across].reshape(rows, down, columns, across, 3)
    means: ColourArray = whole.mean(axis=(1, 3)).astype(np.uint8)
    return means
