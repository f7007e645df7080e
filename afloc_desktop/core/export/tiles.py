"""Segmentations of slides: only the tiles that hold something, on a grid as fine as the map.

A slide of 100,000 x 100,000 pixels would be 1.2 GB a region; its similarity is known for places of
some forty pixels across, and a quarter of that is as fine as outlines drawn from it can be.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from afloc_desktop.core.export.codes import SEGMENTATION, SOURCE_IMAGE
from afloc_desktop.core.export.geometry import decimal
from afloc_desktop.core.export.glass import Glass, Matrix, in_pixels, offsets
from afloc_desktop.core.export.raster import fill
from afloc_desktop.core.geometry import Point

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from afloc_desktop.core.domain import BoolArray, Heatmap, Region
    from afloc_desktop.core.export.selection import FilmResults

SIDE = 512  # pixels of a tile of masks: 32 kB
MAP_SIDE = 256  # of a tile of similarities
_FINER = 4.0  # pixels of a mask along a place of the map
_MUCH_FINER = 3.0  # a level this many times finer than that is not worth its size
_UNKNOWN = 8192  # pixels of a mask along the slide, where its map is not at hand
_PLACES = ("ColumnPositionInTotalImagePixelMatrix", "RowPositionInTotalImagePixelMatrix")


class Tile(NamedTuple):
    """A frame of a segmentation.

    Attributes:
        segment: From 1.
        column, row: Counted in tiles, from 0.
        data: Its pixels as they are stored.
    """

    segment: int
    column: int
    row: int
    data: bytes


def mask_grid(glass: Glass, results: FilmResults) -> Matrix:
    """The grid that outlines on a slide are filled on: a level of its own where one fits.

    Raises:
        ExportError: The slide does not say where it lies.
    """
    finest = glass.matrix
    parts = [s.heatmap.scale[0] for s in results.stated if s.heatmap is not None]
    wanted = min(parts) / _FINER if parts else max(finest.columns, finest.rows) / _UNKNOWN
    if wanted <= 1:
        return finest
    fitting = [v for v in glass.levels if wanted / _MUCH_FINER <= v.downsample[0] <= wanted * 1.01]
    return fitting[-1] if fitting else finest.coarser(wanted)


def map_grid(glass: Glass, heatmaps: Sequence[Heatmap]) -> Matrix:
    """The grid of the places of the finest map.

    Raises:
        ExportError: The slide does not say where it lies.
    """
    return glass.matrix.coarser(max(1.0, min(h.scale[0] for h in heatmaps)))


def mask_tiles(segment: int, region: Region, grid: Matrix) -> Iterator[Tile]:
    """The tiles of a grid that hold part of a region; one at least.

    Args:
        segment: Its number, from 1.
        region: In slide pixels.
        grid: Of the segmentation.
    """
    outline = [in_pixels(grid, point) for point in region.outline]
    found = False
    for row, column, mask in _filled(outline):
        if mask.any() and column * SIDE < grid.columns and row * SIDE < grid.rows:
            found = True
            yield Tile(segment, column, row, _bits(mask))
    if not found:  # it lies between the centres of pixels
        x, y = in_pixels(grid, region.peak)
        x, y = min(max(int(x), 0), grid.columns - 1), min(max(int(y), 0), grid.rows - 1)
        mask = np.zeros((SIDE, SIDE), np.bool_)
        mask[y % SIDE, x % SIDE] = True
        yield Tile(segment, x // SIDE, y // SIDE, _bits(mask))


def map_tiles(
    segment: int, heatmap: Heatmap, steps: npt.NDArray[np.uint8], grid: Matrix
) -> Iterator[tuple[Tile, npt.NDArray[np.uint8]]]:
    """The tiles of a grid where a map saw something, each with its pixels.

    Args:
        segment: Its number, from 1.
        heatmap: In slide pixels.
        steps: Its values, uint8, shape of the map.
        grid: Of the segmentation.
    """
    rows, columns = steps.shape
    x, y = _at(heatmap, 0, grid.columns, grid), _at(heatmap, 1, grid.rows, grid)
    is_x, is_y = (x >= 0) & (x < columns), (y >= 0) & (y < rows)
    seen = np.isfinite(heatmap.similarity)
    for row in range(math.ceil(grid.rows / MAP_SIDE)):
        for column in range(math.ceil(grid.columns / MAP_SIDE)):
            down, across = (slice(n * MAP_SIDE, (n + 1) * MAP_SIDE) for n in (row, column))
            places = np.ix_(y[down][is_y[down]], x[across][is_x[across]])
            if not seen[places].any():
                continue
            pixels = np.zeros((MAP_SIDE, MAP_SIDE), np.uint8)
            at = np.ix_(np.flatnonzero(is_y[down]), np.flatnonzero(is_x[across]))
            pixels[at] = steps[places]
            yield Tile(segment, column, row, b""), pixels


def put_tiles(dataset: Dataset, glass: Glass, grid: Matrix, tiles: Sequence[Tile]) -> None:
    """Say where the frames of a segmentation lie on a slide (TILED_SPARSE, PS3.3 C.7.6.17.3).

    Args:
        dataset: Gets its rows, columns, frames and functional groups; its rows are those of a
            tile already.
        glass: Of the slide.
        grid: Of the segmentation.
        tiles: Its frames in their order.
    """
    dataset.NumberOfFrames = len(tiles)
    dataset.FrameOfReferenceUID = glass.frame_of_reference
    dataset.PositionReferenceIndicator = glass.indicator or "UNKNOWN"
    dataset.TotalPixelMatrixColumns, dataset.TotalPixelMatrixRows = grid.columns, grid.rows
    dataset.TotalPixelMatrixOriginSequence = [offsets(grid.origin)]
    dataset.ImageOrientationSlide = [decimal(v) for v in grid.orientation]
    dataset.update(glass.specimen)
    _put_dimensions(dataset)
    dataset.SharedFunctionalGroupsSequence = [_shared(glass, grid)]
    dataset.PerFrameFunctionalGroupsSequence = [_frame_item(t, dataset, grid) for t in tiles]


def _filled(outline: Sequence[tuple[float, float]]) -> Iterator[tuple[int, int, BoolArray]]:
    """Row, column and mask of each tile that the box of an outline touches."""
    left, top = (max(0, math.floor(min(p[n] for p in outline) / SIDE)) for n in (0, 1))
    right, bottom = (math.ceil(max(p[n] for p in outline) / SIDE) for n in (0, 1))
    for row in range(top, bottom):
        moved = [Point(x - left * SIDE, y - row * SIDE) for x, y in outline]
        band = fill(moved, SIDE, max(1, right - left) * SIDE)
        for column in range(left, right):
            here = (column - left) * SIDE
            yield row, column, band[:, here : here + SIDE]


def _bits(mask: BoolArray) -> bytes:
    return np.packbits(mask, bitorder="little").tobytes()


def _at(heatmap: Heatmap, axis: int, count: int, grid: Matrix) -> npt.NDArray[np.int64]:
    """Which place of a map each column or row of a grid shows; may lie outside of it."""
    centres = (np.arange(count) + 0.5) * grid.downsample[axis]
    at = np.floor((centres - heatmap.origin[axis]) / heatmap.scale[axis])
    whole: npt.NDArray[np.int64] = at.astype(np.int64)
    return whole


def _put_dimensions(dataset: Dataset) -> None:
    organization = Dataset()
    organization.DimensionOrganizationUID = generate_uid(prefix=None)
    dataset.DimensionOrganizationSequence = [organization]
    dataset.DimensionOrganizationType = "TILED_SPARSE"
    pointers = [("ReferencedSegmentNumber", "SegmentIdentificationSequence")]
    pointers += [(place, "PlanePositionSlideSequence") for place in _PLACES]
    dataset.DimensionIndexSequence = [
        dimension(organization.DimensionOrganizationUID, *pointer) for pointer in pointers
    ]


def dimension(organization: str, pointer: str, group: str) -> Dataset:
    """What one of the dimensions of an object runs along.

    Args:
        organization: UID of all of them.
        pointer, group: Keywords of an attribute and of the functional group it is in.
    """
    from pydicom.tag import Tag

    item = Dataset()
    item.DimensionOrganizationUID = organization
    item.DimensionIndexPointer, item.FunctionalGroupPointer = Tag(pointer), Tag(group)
    item.DimensionDescriptionLabel = pointer
    return item


def _shared(glass: Glass, grid: Matrix) -> Dataset:
    item, measures, derivation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [decimal(v) for v in grid.spacing]
    if glass.thickness is not None and 0 < glass.thickness < math.inf:
        measures.SliceThickness = decimal(glass.thickness)
    derivation.DerivationCodeSequence = [SEGMENTATION.item()]
    derivation.SourceImageSequence = [
        _source(file, is_same_grid=bool(grid.sources)) for file in grid.sources or glass.files
    ]
    item.PixelMeasuresSequence = [measures]
    item.DerivationImageSequence = [derivation]
    return item


def _source(file: tuple[str, str], *, is_same_grid: bool) -> Dataset:
    item = reference(file)
    item.PurposeOfReferenceCodeSequence = [SOURCE_IMAGE.item()]
    if is_same_grid:
        item.SpatialLocationsPreserved = "YES"
    return item


def reference(file: tuple[str, str]) -> Dataset:
    """A file as an item of a reference sequence; its SOP class and instance."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = file
    return item


def references(glass: Glass, grid: Matrix) -> list[Dataset]:
    """Every file of a slide that a segmentation of it is about: of its finest level and its own."""
    return [reference(file) for file in dict.fromkeys((*glass.files, *grid.sources))]


def _frame_item(tile: Tile, dataset: Dataset, grid: Matrix) -> Dataset:
    item, content, identification = Dataset(), Dataset(), Dataset()
    x, y = tile.column * int(dataset.Columns), tile.row * int(dataset.Rows)
    position = offsets(grid.place(x + 0.5, y + 0.5))
    for keyword, at in zip(_PLACES, (x, y), strict=True):
        setattr(position, keyword, at + 1)
    content.DimensionIndexValues = [tile.segment, tile.column + 1, tile.row + 1]
    identification.ReferencedSegmentNumber = tile.segment
    item.FrameContentSequence = [content]
    item.SegmentIdentificationSequence = [identification]
    item.PlanePositionSlideSequence = [position]
    return item
