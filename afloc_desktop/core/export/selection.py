"""What leaves the station: findings with the film they were made on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.findings import moved
from afloc_desktop.core.geometry import Box, Point

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import Finding, Heatmap, Image, ImageRef, Region, Spacing
    from afloc_desktop.core.export.objects import SeriesBook
    from afloc_desktop.core.export.pseudonyms import Pseudonyms
    from afloc_desktop.core.measuring import Mark


_ASKED = "Finding asked in words"


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One finding as it leaves: a machine's proposal or what a reader made of it.

    Attributes:
        label: What the reader calls it.
        finding: The statement itself.
        heatmap: Where it came from; None where only its outlines are known.
    """

    label: str
    finding: Finding
    heatmap: Heatmap | None = None

    @property
    def regions(self) -> tuple[Region, ...]:
        """Where it is; nothing where it is not stated to be anywhere."""
        return self.finding.regions if self.finding.is_present else ()

    @property
    def harmless_label(self) -> str:
        """What it is called where a reader's own words may not leave: they may hold a name."""
        if self.finding.prompt.origin == "preset":
            return self.label
        return (
            _ASKED if self.finding.id == "text" else self.finding.id.replace("_", " ").capitalize()
        )


class LevelFiles(NamedTuple):
    """One resolution of a slide, and the files that hold it."""

    columns: int
    rows: int
    files: tuple[ImageRef, ...]


@dataclass(frozen=True, slots=True)
class OnSlide:
    """A slide that something was said about, in the pixels of its finest level.

    Attributes:
        levels: Finest first.
        box: What its picture shows, slide pixels.
        spacing: Of the finest level; None where the slide does not say.
    """

    levels: tuple[LevelFiles, ...]
    box: Box
    spacing: Spacing | None


def on_files(files: Sequence[ImageRef]) -> OnSlide:
    """All of a slide, as it was listed.

    Args:
        files: Of the slide, finest level first; never empty.
    """
    sizes = dict.fromkeys((file.columns, file.rows) for file in files)
    levels = (
        LevelFiles(*size, tuple(f for f in files if (f.columns, f.rows) == size)) for size in sizes
    )
    return OnSlide(tuple(levels), Box(0, 0, files[0].columns, files[0].rows), None)


@dataclass(frozen=True, slots=True, eq=False)
class FilmResults:
    """A film or a slide and what was said about it.

    Attributes:
        image: As it was read; of a slide, a picture of what was asked of it.
        statements: Rejected ones are never written into anything that leaves.
        marks: What the reader drew and measured beside them.
        slide: Whose pixels the statements are in, and not in those of `image`; None of a film.
    """

    image: Image
    statements: tuple[Statement, ...]
    marks: tuple[Mark, ...] = ()
    slide: OnSlide | None = None

    @property
    def rows(self) -> int:
        """Of what the statements are about."""
        return self.image.rows if self.slide is None else self.slide.levels[0].rows

    @property
    def columns(self) -> int:
        """Of what the statements are about."""
        return self.image.columns if self.slide is None else self.slide.levels[0].columns

    @property
    def spacing(self) -> Spacing | None:
        """Of what the statements are about."""
        return self.image.spacing if self.slide is None else self.slide.spacing

    @property
    def stated(self) -> tuple[Statement, ...]:
        """All but what a reader rejected."""
        return tuple(s for s in self.statements if s.finding.status != "rejected")


def in_picture(results: FilmResults) -> FilmResults:
    """The same with all outlines in the pixels of its picture; a film as it is."""
    if results.slide is None:
        return results
    box, image = results.slide.box, results.image
    across, down = image.columns / (box.x1 - box.x0), image.rows / (box.y1 - box.y0)

    def move(point: Point) -> Point:
        return Point((point.x - box.x0) * across, (point.y - box.y0) * down)

    statements = tuple(Statement(s.label, moved(s.finding, move)) for s in results.statements)
    return replace(results, statements=statements, slide=None)


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What one export is about.

    Attributes:
        films: With their findings.
        pseudonyms: Nothing that identifies the patient or a reader may leave; these stand in
            their place. None where all is kept.
        series: Of an export that comes in several selections; None where this is all of it.
    """

    films: tuple[FilmResults, ...]
    pseudonyms: Pseudonyms | None = None
    series: SeriesBook | None = None


def check_belongs(results: FilmResults) -> None:
    """Refuse findings that were made on another film.

    Raises:
        ExportError: A heatmap was computed from other pixels than those of the film.
    """
    image = results.image
    own = (image.ref.sop_instance_uid, image.ref.frame, image.pixel_sha256)
    for statement in results.statements:
        if statement.heatmap is None:
            continue
        key = statement.heatmap.key
        if (key.sop_instance_uid, key.frame, key.pixel_sha256) != own:
            raise ExportError(
                "A finding belongs to another film than the one it was to be written for.",
                remedy="Open the film again and ask it again.",
            )
