"""From the files of a slide to its pyramid: which file is which level."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import InconsistentStudy, UnreadableFile, UnsupportedImage
from afloc_desktop.core.slides.level import SlideFile
from afloc_desktop.core.slides.slide import Level, Slide, Tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from afloc_desktop.core.domain import ImageRef


def open_slide(refs: Sequence[ImageRef]) -> Slide:
    """Open the slide that these files make up.

    Args:
        refs: Of one series, in any order; one per file.

    Raises:
        UnreadableFile: None of the files can be read.
        UnsupportedImage: None of them shows a slide.
        InconsistentStudy: They show different slides.
    """
    with ExitStack() as opened:
        files = []
        for ref in refs:
            file = SlideFile(ref)
            opened.callback(file.close)
            if file.described.flavour in ("VOLUME", "THUMBNAIL"):
                files.append(file)
        if not files:
            raise UnsupportedImage(
                "No file shows a slide: they are pictures of its label or its glass.",
                remedy="Open the folder that holds the slide itself.",
            )
        if len({file.described.slide for file in files}) > 1:
            raise InconsistentStudy(
                "The files belong to different slides.", remedy="Open one slide at a time."
            )
        files.sort(key=lambda file: -file.described.columns)
        slide = Slide(
            files[0].described.tags.text("SeriesInstanceUID"),
            files,
            [_tiles(file, files[0]) for file in files],
            sha256=_identity(files),
            warnings=(),
        )
        opened.pop_all()
    return slide


def _tiles(file: SlideFile, finest: SlideFile) -> Tiles:
    described = file.described
    level = Level(
        described.columns,
        described.rows,
        described.header.columns,
        described.header.rows,
        finest.described.columns / described.columns,
        described.um_per_pixel,
    )
    if described.across * described.down > described.header.frames:
        raise UnreadableFile(
            f"The file claims {described.header.frames} tiles; its size needs more.",
            remedy="Fetch the file again from where it came from.",
        )
    return Tiles(level, _row_by_row(file))


def _row_by_row(file: SlideFile) -> Callable[[int, int], tuple[SlideFile, int]]:
    across = file.described.across

    def find(column: int, row: int) -> tuple[SlideFile, int]:
        return file, row * across + column

    return find


def _identity(files: Sequence[SlideFile]) -> str:
    digest = hashlib.sha256()
    for file in files:
        described = file.described
        digest.update(
            f"{described.tags.text('SOPInstanceUID')} {file.size} {described.columns} "
            f"{described.rows} {described.header.columns} {described.header.frames}\n".encode()
        )
    return digest.hexdigest()
