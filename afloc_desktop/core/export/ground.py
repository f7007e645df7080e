"""Where results that came back lie on a slide: in millimetres, in tiles or on one of its levels.

All of it becomes pixels of the finest level, as outlines: a mask of a whole slide is too large.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from afloc_desktop.core.dicom.frames import frame_bytes
from afloc_desktop.core.dicom.header import parse
from afloc_desktop.core.dicom.workers import decode_frame
from afloc_desktop.core.export.found import Shape, Target
from afloc_desktop.core.export.glass import Matrix, matrix_of, read_glass
from afloc_desktop.core.export.raster import outlines
from afloc_desktop.core.export.tree import plain
from afloc_desktop.core.geometry import Point

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from afloc_desktop.core.dicom.tags import Tags
    from afloc_desktop.core.domain import BoolArray
    from afloc_desktop.core.export.selection import OnSlide

_MOST_TILES = 5000
_MOST_PIXELS = 1 << 26  # of one segment
_MOST_FOLLOWED = 1 << 23  # pixels of a mask that are outlined one by one; a second or two
_TILED = "TotalPixelMatrixColumns"
NO_SLIDE = "The object is about a slide that is not open; it is shown as text."
_OTHER_GLASS = "The object says where something is in another way than the slide does."
_TOO_MANY = "The object holds more than can be shown; the rest is left out."


class _Tile(NamedTuple):
    """A frame of a segmentation: its number from 1, its segment, its first pixel."""

    frame: int
    segment: int
    x: int
    y: int


class Ground:
    """A slide that results are laid on.

    Attributes:
        target: Its finest level, which all shapes are given as.
    """

    def __init__(self, slide: OnSlide) -> None:
        """Read where it lies.

        Raises:
            InputError: A file of it cannot be read any more.
        """
        self._glass = read_glass(slide)
        finest = slide.levels[0]
        self.target = Target(finest.files[0].sop_instance_uid)
        self._zooms = {
            file.sop_instance_uid: (finest.columns / level.columns, finest.rows / level.rows)
            for level in slide.levels
            for file in level.files
        }

    def on_glass(
        self, frame_of_reference: str, millimetres: Sequence[float]
    ) -> tuple[Point, ...] | None:
        """Points on the glass, x, y and z in turn, in pixels; None where it is another glass."""
        if frame_of_reference != self._glass.frame_of_reference or not self._glass.levels:
            return None
        numbers = np.array(millimetres[: len(millimetres) // 3 * 3], np.float64).reshape(-1, 3)
        if not np.isfinite(numbers).all():
            return None
        return tuple(self._glass.matrix.pixel(place) for place in numbers)

    def settled(self, shape: Shape) -> Shape | None:
        """A shape on one of the levels, in pixels of the finest; None where it is in a tile."""
        zoom = self._zooms.get(shape.target.sop_instance_uid)
        if zoom is None:
            return shape
        if shape.target.frame is not None:
            return None
        points = tuple(Point(p.x * zoom[0], p.y * zoom[1]) for p in shape.points)
        return replace(shape, points=points, target=self.target)

    def tiled_shapes(self, tags: Tags, file: BinaryIO, size: int, notes: list[str]) -> list[Shape]:
        """The outlines of the segments of a segmentation in tiles.

        Args:
            tags: Its header.
            file: Open.
            size: Of the file, bytes.
            notes: Gets what could not be shown.

        Raises:
            UnreadableFile: Its pixels are damaged.
            UnsupportedImage: They are stored in a way that is not read.
        """
        grid = matrix_of(tags)
        if grid is None or self.on_glass(tags.text("FrameOfReferenceUID"), ()) is None:
            notes.append(_OTHER_GLASS)
            return []
        segments = {s.integer("SegmentNumber"): s for s in tags.items("SegmentSequence")}
        file.seek(0)
        parsed = parse(file, size)
        found = []
        for number, tiles in _by_segment(tags, parsed.header.frames, notes).items():
            segment = segments.get(number)
            mask, left, top = _room(tiles, parsed.header.columns, parsed.header.rows)
            if segment is None or mask is None:
                notes.append(_TOO_MANY)
                continue
            for tile in tiles:
                values = decode_frame(parsed.header, frame_bytes(parsed, tile.frame)).values
                rows, columns = values.shape[:2]
                y, x = tile.y - top, tile.x - left
                mask[y : y + rows, x : x + columns] |= values > 0
            label, uid = plain(segment.text("SegmentLabel")), segment.text("TrackingUID")
            for outline in _followed(mask):
                points = self._from_grid(grid, outline, left, top)
                found.append(Shape(label, points, True, self.target, uid))
        return found

    def _from_grid(
        self, grid: Matrix, outline: Iterable[Point], left: int, top: int
    ) -> tuple[Point, ...]:
        finest, level = self._glass.matrix, self._level(grid)
        if level is None:
            return tuple(finest.pixel(grid.place(p.x + left, p.y + top)) for p in outline)
        # Scanners give all levels one origin, though the middles of their first pixels differ; on
        # the screen their corners are one.
        across, down = level.downsample
        return tuple(Point((p.x + left) * across, (p.y + top) * down) for p in outline)

    def _level(self, grid: Matrix) -> Matrix | None:
        """The level of the slide whose pixels a grid has, if there is one."""
        for level in self._glass.levels:
            is_same_size = (level.columns, level.rows) == (grid.columns, grid.rows)
            if is_same_size and np.allclose(level.origin, grid.origin, atol=level.spacing[0] / 10):
                return level
        return None


def _room(tiles: Sequence[_Tile], columns: int, rows: int) -> tuple[BoolArray | None, int, int]:
    """An empty mask around the tiles of a segment, and where it begins; None if too large."""
    left, top = min(t.x for t in tiles), min(t.y for t in tiles)
    wide = max(t.x for t in tiles) + columns - left
    high = max(t.y for t in tiles) + rows - top
    if wide * high > _MOST_PIXELS or min(left, top) < 0:
        return None, left, top
    return np.zeros((high, wide), np.bool_), left, top


def _followed(mask: BoolArray) -> Iterator[tuple[Point, ...]]:
    """The outlines of a mask; of a very large one, of every so manieth of its pixels."""
    step = math.ceil(math.sqrt(mask.size / _MOST_FOLLOWED))
    first = step // 2
    shift = first + 0.5 - step / 2  # a sample is the middle of what it stands for
    for outline in outlines(mask[first::step, first::step]):
        yield tuple(Point(p.x * step + shift, p.y * step + shift) for p in outline)


def is_tiled(tags: Tags) -> bool:
    """Whether an object's frames are tiles of something larger."""
    return _TILED in tags


def ground_of(targets: Iterable[Target], slides: Iterable[OnSlide]) -> Ground | None:
    """The first slide that an object refers to; None where that is none of these.

    Raises:
        InputError: A file of the slide cannot be read any more.
    """
    named = {target.sop_instance_uid for target in targets}
    for slide in slides:
        files = (file.sop_instance_uid for level in slide.levels for file in level.files)
        if not named.isdisjoint(files):
            return Ground(slide)
    return None


def _by_segment(tags: Tags, frames: int, notes: list[str]) -> dict[int, list[_Tile]]:
    found: dict[int, list[_Tile]] = {}
    every = list(_full(tags, frames) if _is_full(tags) else _sparse(tags, frames))
    if len(every) > _MOST_TILES:
        notes.append(_TOO_MANY)
    for tile in every[:_MOST_TILES]:
        found.setdefault(tile.segment, []).append(tile)
    return found


def _is_full(tags: Tags) -> bool:
    return tags.text("DimensionOrganizationType").upper() == "TILED_FULL"


def _full(tags: Tags, frames: int) -> Iterator[_Tile]:
    """Row by row, segment after segment (PS3.3 C.7.6.17.3)."""
    wide, high = tags.integer("Columns") or 1, tags.integer("Rows") or 1
    across = -(-(tags.integer(_TILED) or 1) // wide)
    tiles = across * -(-(tags.integer("TotalPixelMatrixRows") or 1) // high)
    for index in range(min(frames, _MOST_TILES + 1)):
        row, column = divmod(index % tiles, across)
        yield _Tile(index + 1, index // tiles + 1, column * wide, row * high)


def _sparse(tags: Tags, frames: int) -> Iterator[_Tile]:
    groups = tags.items("PerFrameFunctionalGroupsSequence")[:frames]
    shared = tags.items("SharedFunctionalGroupsSequence")[:1]
    for frame, group in enumerate(groups, 1):
        position = group.items("PlanePositionSlideSequence")
        segment = group.items("SegmentIdentificationSequence") or tuple(
            item for s in shared for item in s.items("SegmentIdentificationSequence")
        )
        if not position or not segment:
            continue
        x = position[0].integer("ColumnPositionInTotalImagePixelMatrix")
        y = position[0].integer("RowPositionInTotalImagePixelMatrix")
        number = segment[0].integer("ReferencedSegmentNumber")
        if x is not None and y is not None and number is not None:
            yield _Tile(frame, number, x - 1, y - 1)
