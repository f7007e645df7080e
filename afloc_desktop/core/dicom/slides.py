"""From the files of a series to its whole slides: the levels of each pyramid together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from afloc_desktop.core.dicom.slide_header import GLASS, UM_PER_MM
from afloc_desktop.core.domain import ImageRef, SlideSize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.dicom.entry import Entry

_SEVERAL = "This series holds several slides; each is listed on its own."
_SAME_EXTENT = 0.02  # of the size of what was imaged; levels are rounded to whole pixels


class Extent(NamedTuple):
    """What a file of a slide says of which slide it is of.

    Attributes:
        slide: As in `SlideHeader`.
        columns, rows: Of the whole pixel matrix.
        um_per_pixel: (x, y); None where unknown.
    """

    slide: str
    columns: int
    rows: int
    um_per_pixel: tuple[float, float] | None

    def is_level_with(self, other: Extent) -> bool:
        """Whether two files of a series are of one slide.

        Some converters give every level a frame of reference of its own: where nothing else tells
        two files apart, they are levels of one slide if they show the same in different sizes.
        """
        if self.slide == other.slide:
            return True
        is_same_glass = self.slide[:GLASS] == other.slide[:GLASS]
        if not is_same_glass or (self.columns, self.rows) == (other.columns, other.rows):
            return False
        if self.um_per_pixel is None or other.um_per_pixel is None:
            return False
        sizes = ((self.columns, other.columns), (self.rows, other.rows))
        return all(
            abs(a * um - b * other_um) <= max(um, other_um) + _SAME_EXTENT * a * um
            for (a, b), um, other_um in zip(
                sizes, self.um_per_pixel, other.um_per_pixel, strict=True
            )
        )


class Pyramid(NamedTuple):
    """The files of one slide, finest level first, and what must be known about them."""

    images: tuple[ImageRef, ...]
    size: SlideSize
    notes: tuple[str, ...]


def slides_of(entries: Sequence[Entry]) -> tuple[Pyramid, ...]:
    """Put the files of slides together.

    Args:
        entries: Files of slides of one series and patient, sorted by path.

    Returns:
        In the order of their first paths; of files of one level, the first path first.
    """
    groups: list[list[Entry]] = []
    for entry in entries:
        fitting = (group for group in groups if _fits(entry, group))
        group = next(fitting, None)
        if group is None:
            groups.append([entry])
        else:
            group.append(entry)
    notes = (_SEVERAL,) if len(groups) > 1 else ()
    return tuple(_pyramid(sorted(group, key=_by_size), notes) for group in groups)


def _pyramid(entries: Sequence[Entry], notes: tuple[str, ...]) -> Pyramid:
    finest = entries[0]
    size = SlideSize(
        columns=finest.columns,
        rows=finest.rows,
        um_per_pixel=_um(finest),
        levels=len({(entry.columns, entry.rows) for entry in entries}),
    )
    return Pyramid(tuple(map(_ref, entries)), size, notes)


def _fits(entry: Entry, group: Sequence[Entry]) -> bool:
    return all(_extent(entry).is_level_with(_extent(other)) for other in group)


def _extent(entry: Entry) -> Extent:
    return Extent(entry.slide, entry.columns, entry.rows, _um(entry))


def _um(entry: Entry) -> tuple[float, float] | None:
    spacing = entry.place.spacing if entry.place else ()
    return (spacing[1] * UM_PER_MM, spacing[0] * UM_PER_MM) if spacing else None


def _by_size(entry: Entry) -> int:
    return -entry.columns


def _ref(entry: Entry) -> ImageRef:
    return ImageRef(
        path=Path(entry.path),
        frame=1,
        sop_instance_uid=entry.sop_instance_uid,
        rows=entry.rows,
        columns=entry.columns,
        instance_number=entry.instance_number,
        member=entry.member,
    )
