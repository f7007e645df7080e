"""Where a slide lies on its glass, and what was put there, as results repeat it.

PS3.3 C.8.12.4 (total pixel matrix and its origin), C.8.12.6 (plane position) and C.7.6.22 (the
specimen). A place is that of a pixel's centre; outlines count from a pixel's corner.
"""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset

from afloc_desktop.core.dicom.archive import open_source
from afloc_desktop.core.dicom.guard import foreign_code, quiet_pydicom
from afloc_desktop.core.dicom.slide_header import read_slide_elements
from afloc_desktop.core.dicom.tags import Tags
from afloc_desktop.core.errors import ExportError, UnreadableFile
from afloc_desktop.core.export.geometry import decimal, is_orthonormal
from afloc_desktop.core.geometry import Point

if TYPE_CHECKING:
    import numpy.typing as npt

    from afloc_desktop.core.domain import ImageRef
    from afloc_desktop.core.export.pseudonyms import Pseudonyms
    from afloc_desktop.core.export.selection import OnSlide

SPECIMEN = (
    "ContainerIdentifier",
    "IssuerOfTheContainerIdentifierSequence",
    "ContainerTypeCodeSequence",
    "SpecimenDescriptionSequence",
)
_PLACE = (
    "SOPClassUID",
    "SOPInstanceUID",
    "FrameOfReferenceUID",
    "PositionReferenceIndicator",
    "TotalPixelMatrixColumns",
    "TotalPixelMatrixRows",
    "TotalPixelMatrixOriginSequence",
    "ImageOrientationSlide",
    "SharedFunctionalGroupsSequence",
)
KEYWORDS = ("SpecificCharacterSet", *_PLACE, *SPECIMEN)
_AXES = ("XOffset", "YOffset", "ZOffset")
_IN_SLIDE = "InSlideCoordinateSystem"

Place = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A grid of pixels over a slide.

    Attributes:
        columns, rows: Of all of it.
        downsample: Slide pixels along one of its pixels, (x, y).
        spacing: Millimetres between rows and between columns.
        origin: Millimetres from the slide's corner to the centre of the first pixel, (x, y, z).
        orientation: Direction cosines of a row and of a column.
        sources: SOP class and instance of the files it is that of; none where it is no level.
    """

    columns: int
    rows: int
    downsample: tuple[float, float]
    spacing: tuple[float, float]
    origin: Place
    orientation: tuple[float, ...]
    sources: tuple[tuple[str, str], ...] = ()

    def place(self, x: float, y: float) -> Place:
        """Millimetres from the slide's corner to a point of the grid, which counts from its own."""
        along = np.array(self.orientation[:3]) * (x - 0.5) * self.spacing[1]
        down = np.array(self.orientation[3:]) * (y - 0.5) * self.spacing[0]
        x_mm, y_mm, z_mm = np.array(self.origin) + along + down
        return float(x_mm), float(y_mm), float(z_mm)

    def pixel(self, place: npt.ArrayLike) -> Point:
        """The point of the grid at a place on the glass, which is given as by `place`."""
        away = np.array(place, np.float64) - np.array(self.origin)
        across, down = np.array(self.orientation[:3]), np.array(self.orientation[3:])
        return Point(
            float(away @ across) / self.spacing[1] + 0.5, float(away @ down) / self.spacing[0] + 0.5
        )

    def coarser(self, downsample: float) -> Matrix:
        """A grid over the same with larger pixels, from the same corner.

        Args:
            downsample: Pixels of this along one of the new ones.
        """
        return Matrix(
            columns=max(1, int(np.ceil(self.columns / downsample))),
            rows=max(1, int(np.ceil(self.rows / downsample))),
            downsample=(self.downsample[0] * downsample, self.downsample[1] * downsample),
            spacing=(self.spacing[0] * downsample, self.spacing[1] * downsample),
            origin=self.place(downsample / 2, downsample / 2),
            orientation=self.orientation,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Glass:
    """What the files of a slide say of it.

    Attributes:
        frame_of_reference, indicator: Empty where the slide does not say where it lies.
        levels: Its resolutions, finest first; none where it does not say where it lies.
        files: SOP class and instance of the files of the finest level.
        specimen: What is on the glass; a copy.
        thickness: Of what was imaged, mm; None where the slide does not say.
    """

    frame_of_reference: str
    indicator: str
    levels: tuple[Matrix, ...]
    files: tuple[tuple[str, str], ...]
    specimen: Dataset
    thickness: float | None

    @property
    def matrix(self) -> Matrix:
        """The grid of the finest level.

        Raises:
            ExportError: The slide does not say where it lies.
        """
        if not self.levels:
            raise ExportError(
                "The slide does not say where it lies on its glass or how large its pixels are, "
                "which a segmentation has to repeat.",
                remedy="Choose the structured report, the secondary capture, PNG, CSV or JSON.",
            )
        return self.levels[0]


def read_glass(slide: OnSlide) -> Glass:
    """Read what results repeat from the headers of a slide's files.

    Raises:
        InputError: A file cannot be read any more.
    """
    headers = [[_header(ref) for ref in level.files] for level in slide.levels]
    tags = Tags(headers[0][0])
    finest = _level(tags, slide, 0)
    levels = [] if finest is None else [replace(finest, sources=_sources(headers[0]))]
    for number, files in enumerate(headers[1:], 1):
        level, where = _level(Tags(files[0]), slide, number), "FrameOfReferenceUID"
        if levels and level and Tags(files[0]).text(where) == tags.text(where):
            levels.append(replace(level, sources=_sources(files)))
    return Glass(
        frame_of_reference=tags.text("FrameOfReferenceUID") if levels else "",
        indicator=tags.text("PositionReferenceIndicator"),
        levels=tuple(levels),
        files=_sources(headers[0]),
        specimen=_specimen(headers[0][0]),
        thickness=tags.for_frame(1).number("SliceThickness"),
    )


def hide_glass(glass: Glass, pseudonyms: Pseudonyms) -> Glass:
    """The same without what names the specimen or tells how it came there."""
    specimen, item = Dataset(), Dataset()
    specimen.ContainerIdentifier = pseudonyms.name(str(glass.specimen.get(SPECIMEN[0], "")))
    specimen.IssuerOfTheContainerIdentifierSequence = []
    specimen.ContainerTypeCodeSequence = []
    described = Tags(glass.specimen).items("SpecimenDescriptionSequence")
    tags = described[0] if described else Tags()
    item.SpecimenIdentifier = pseudonyms.name(tags.text("SpecimenIdentifier"))
    item.IssuerOfTheSpecimenIdentifierSequence = []
    item.SpecimenUID = pseudonyms.uid(tags.text("SpecimenUID") or item.SpecimenIdentifier)
    item.SpecimenPreparationSequence = []
    specimen.SpecimenDescriptionSequence = [item]

    def hidden(files: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return tuple((kind, pseudonyms.uid(uid)) for kind, uid in files)

    return Glass(
        frame_of_reference=pseudonyms.uid(glass.frame_of_reference),
        indicator=glass.indicator if glass.indicator == "SLIDE_CORNER" else "",
        levels=tuple(replace(v, sources=hidden(v.sources)) for v in glass.levels),
        files=hidden(glass.files),
        specimen=specimen,
        thickness=glass.thickness,
    )


def matrix_of(tags: Tags) -> Matrix | None:
    """The grid that a file of a slide, or a result in tiles, says its pixels have.

    Args:
        tags: Its header; `downsample` of the grid is not known from it.

    Returns:
        None where it does not say where the grid lies, or in a way nobody could follow.
    """
    columns, rows = tags.integer("TotalPixelMatrixColumns"), tags.integer("TotalPixelMatrixRows")
    spacing = tags.for_frame(1).numbers("PixelSpacing")
    origin = next(iter(tags.items("TotalPixelMatrixOriginSequence")), Tags())
    # The third is optional for slides of one plane.
    x, y, z = (origin.number(axis + _IN_SLIDE) for axis in _AXES)
    orientation = tags.numbers("ImageOrientationSlide")
    if not columns or not rows or len(spacing) != 2 or x is None or y is None:
        return None
    place = (x, y, z or 0.0)
    is_sound = all(map(math.isfinite, (*spacing, *place))) and min(spacing) > 0
    if not is_sound or not is_orthonormal(orientation):
        return None
    return Matrix(columns, rows, (1, 1), (spacing[0], spacing[1]), place, orientation)


def offsets(place: Place) -> Dataset:
    """A place on the slide, as an item of a position or an origin."""
    item = Dataset()
    for axis, millimetres in zip(_AXES, place, strict=True):
        setattr(item, axis + _IN_SLIDE, decimal(millimetres))
    return item


def in_pixels(matrix: Matrix, point: Point) -> tuple[float, float]:
    """A point of the slide in the pixels of a grid, (x, y)."""
    return point.x / matrix.downsample[0], point.y / matrix.downsample[1]


def _header(ref: ImageRef) -> Dataset:
    with open_source(ref.path, ref.member) as (file, size), quiet_pydicom():
        return read_slide_elements(file, size, KEYWORDS)


def _sources(headers: list[Dataset]) -> tuple[tuple[str, str], ...]:
    every = map(Tags, headers)
    return tuple((tags.text("SOPClassUID"), tags.text("SOPInstanceUID")) for tags in every)


def _level(tags: Tags, slide: OnSlide, number: int) -> Matrix | None:
    """The grid of one level as its file states it; None where it states none, or another's."""
    level, whole, stated = slide.levels[number], slide.levels[0], matrix_of(tags)
    if stated is None or (stated.columns, stated.rows) != (level.columns, level.rows):
        return None
    zoom = (whole.columns / level.columns, whole.rows / level.rows)
    return replace(stated, downsample=zoom) if tags.text("FrameOfReferenceUID") else None


def _specimen(header: Dataset) -> Dataset:
    kept = Dataset()
    for name in SPECIMEN:
        if name in header:
            try:
                with foreign_code(""):
                    kept[name] = deepcopy(header[name])
            except UnreadableFile:
                continue  # a value that nobody can read is not worth a result
    return kept
