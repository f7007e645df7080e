"""A slide and what a reader accepted on it, as exporters take it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from afloc_desktop.core.domain import SlideHeatmap
from afloc_desktop.state.store import home_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import ImageRef, Listing
    from afloc_desktop.core.export.selection import FilmResults, Statement


def slide_files(
    listing: Listing, ref: ImageRef, statements: Sequence[Statement]
) -> tuple[ImageRef, ...]:
    """The files of the slide that findings were made on; empty where they were made on a film.

    Args:
        listing: What is open; the slide may have been closed since.
        ref: What the findings were made on.
        statements: Of it.
    """
    home = home_of(listing, ref)
    if home is not None:
        return home.series.images if home.series.is_slide else ()
    return (ref,) if any(isinstance(s.heatmap, SlideHeatmap) for s in statements) else ()


def read_slide(files: Sequence[ImageRef], statements: Sequence[Statement]) -> FilmResults:
    """Open a slide, make a picture of what was asked of it, and let go of it.

    Args:
        files: As `slide_files` gave them.
        statements: In slide pixels.

    Raises:
        InputError: The slide cannot be read any more.
    """
    from afloc_desktop.core.slides.opening import find_slide, open_slide
    from afloc_desktop.core.slides.pictures import results_on

    every = find_slide(files[0]) if len(files) == 1 else files
    with closing(open_slide(every or files)) as slide:
        return results_on(slide, statements)
