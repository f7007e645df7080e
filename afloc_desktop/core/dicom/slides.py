"""From the files of a series to its whole slides: the levels of each pyramid together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from afloc_desktop.core.dicom.slide_header import UM_PER_MM
from afloc_desktop.core.domain import ImageRef, SlideSize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.dicom.entry import Entry

_SEVERAL = "This series holds several slides; each is listed on its own."


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
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.slide, []).append(entry)
    notes = (_SEVERAL,) if len(groups) > 1 else ()
    return tuple(_pyramid(sorted(group, key=_by_size), notes) for group in groups.values())


def _pyramid(entries: Sequence[Entry], notes: tuple[str, ...]) -> Pyramid:
    finest = entries[0]
    spacing = finest.place.spacing if finest.place else ()
    size = SlideSize(
        columns=finest.columns,
        rows=finest.rows,
        um_per_pixel=(spacing[1] * UM_PER_MM, spacing[0] * UM_PER_MM) if spacing else None,
        levels=len({(entry.columns, entry.rows) for entry in entries}),
    )
    return Pyramid(tuple(map(_ref, entries)), size, notes)


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
