"""Whole slides made by formula: the colour of every pixel is known, however large the slide.

The pattern repeats every `PERIOD` pixels of the finest level, so that a slide of 100,000 pixels
across is the same few compressed tiles many times over.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import imagecodecs
import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

PERIOD = 4096
SLIDE_CLASS = UID("1.2.840.10008.5.1.4.1.1.77.1.6")
SYNTAXES = {
    "explicit": "1.2.840.10008.1.2.1",
    "implicit": "1.2.840.10008.1.2",
    "rle": "1.2.840.10008.1.2.5",
    "jpeg": "1.2.840.10008.1.2.4.50",
    "jpeg2000": "1.2.840.10008.1.2.4.90",
    "htj2k": "1.2.840.10008.1.2.4.201",
}
PHOTOMETRIC = {"jpeg": "YBR_FULL_422", "jpeg2000": "YBR_RCT", "htj2k": "YBR_RCT"}
SPACING_MM = 0.00025
CORNER_MM = (20.0, 30.0, 0.0)  # where the centre of the first pixel lies on the glass
TURNED = [0, 1, 0, 1, 0, 0]


def colours(left: int, top: int, columns: int, rows: int, downsample: float = 1.0) -> np.ndarray:
    """What a slide shows in a rectangle of pixels of a level, uint8 RGB (rows, columns, 3)."""
    x = (left + np.arange(columns) + 0.5) * downsample % PERIOD / PERIOD
    y = ((top + np.arange(rows) + 0.5) * downsample % PERIOD / PERIOD)[:, None]
    wave_x, wave_y = np.sin(2 * np.pi * x), np.cos(2 * np.pi * y)
    cells = np.sin(16 * np.pi * x) * np.sin(16 * np.pi * y)
    red = 200 + 40 * wave_x + 0 * y
    green = 120 + 50 * wave_y + 25 * cells
    blue = 180 + 30 * wave_x * wave_y
    return np.rint(np.stack([red, green, blue], axis=-1)).astype(np.uint8)


def is_absent(column: int, row: int) -> bool:
    """Whether a sparse slide leaves this tile out."""
    return (column + row) % 3 == 0


@dataclass
class Plan:
    """How a slide is to be written.

    Attributes:
        table: Offset table of compressed pixels: `basic`, `extended` or `none`.
        split: Files that each level is split into (a concatenation).
        tags: What else goes into every header.
    """

    columns: int
    rows: int
    tile: int = 256
    levels: tuple[int, ...] = (1,)
    syntax: str = "jpeg"
    sparse: bool = False
    in_one_file: bool = False
    table: str = "basic"
    name: str = "1"
    flavour: str = "VOLUME"
    split: int = 1
    tags: dict[str, object] = field(default_factory=dict)


def halves(columns: int, rows: int, smallest: int = 1024) -> tuple[int, ...]:
    """Downsamples of a usual pyramid: halves until the longer side is `smallest` or less."""
    found = [1]
    while max(columns, rows) / found[-1] > smallest:
        found.append(found[-1] * 2)
    return tuple(found)


def make_slide(
    folder: Path, columns: int, rows: int, *, levels: tuple[int, ...] | int | None = None, **more
) -> list[Path]:
    """Write a slide, one file per level, finest first.

    Args:
        folder: Made where it is not there.
        columns, rows: Of the finest level.
        levels: Downsamples, or how many times it is halved; None for a usual pyramid.
        more: Fields of `Plan`: tile, syntax, sparse, in_one_file, table, name, ...
    """
    if isinstance(levels, int):
        levels = tuple(2**n for n in range(levels))
    plan = Plan(columns, rows, levels=levels or halves(columns, rows), **more)
    folder.mkdir(parents=True, exist_ok=True)
    if plan.in_one_file:
        every = [tile for downsample in plan.levels for tile in _tiles(plan, downsample)]
        return [_write(folder / f"slide{plan.name}.dcm", plan, every, 1)]
    paths = []
    for downsample in plan.levels:
        tiles = list(_tiles(plan, downsample))
        step = -(-len(tiles) // plan.split)
        for first in range(0, len(tiles), step):
            number = len(paths) + 1
            path = folder / f"slide{plan.name}-{number}.dcm"
            paths.append(_write(path, plan, tiles[first : first + step], number, first))
    return paths


def _write(
    path: Path, plan: Plan, tiles: list[tuple[int, int, int]], number: int, first: int = 0
) -> Path:
    data = _header(plan, tiles[0][0], number, len(tiles))
    if plan.split > 1:
        data.ConcatenationUID = f"{data.SeriesInstanceUID}.{tiles[0][0]}"
        data.ConcatenationFrameOffsetNumber = first
    if plan.sparse or plan.in_one_file:
        data.DimensionOrganizationType = "TILED_SPARSE"
        data.PerFrameFunctionalGroupsSequence = [_place(plan, *tile) for tile in tiles]
    for keyword, value in plan.tags.items():
        setattr(data, keyword, value)
    frames = (_encoded(plan.syntax, plan.tile, *_phase(plan, *tile)) for tile in tiles)
    data.save_as(path, enforce_file_format=True)
    with path.open("ab") as file:
        _write_pixels(file, frames, len(tiles), plan)
    return path


def _tiles(plan: Plan, downsample: int) -> Iterator[tuple[int, int, int]]:
    across = -(-_size(plan.columns, downsample) // plan.tile)
    down = -(-_size(plan.rows, downsample) // plan.tile)
    for row in range(down):
        for column in range(across):
            if not (plan.sparse and is_absent(column, row)):
                yield downsample, column, row


def _size(pixels: int, downsample: int) -> int:
    return max(1, pixels // downsample)


def _phase(plan: Plan, downsample: int, column: int, row: int) -> tuple[int, int, int]:
    """Where in the pattern a tile begins: tiles of the same phase are the same."""
    period = PERIOD // downsample if PERIOD % downsample == 0 else 0
    left, top = column * plan.tile, row * plan.tile
    return (left % period, top % period, downsample) if period else (left, top, downsample)


@cache
def _encoded(syntax: str, tile: int, left: int, top: int, downsample: int) -> bytes:
    pixels = colours(left, top, tile, tile, downsample)
    if syntax in ("explicit", "implicit"):
        return pixels.tobytes()
    if syntax == "jpeg":
        return imagecodecs.jpeg8_encode(pixels, level=60, optimize=True)
    if syntax == "jpeg2000":
        return imagecodecs.jpeg2k_encode(pixels, reversible=True, codecformat="j2k")
    if syntax == "htj2k":
        return imagecodecs.htj2k_encode(pixels, reversible=True)
    return _run_lengths(pixels)


def _run_lengths(pixels: np.ndarray) -> bytes:
    """PS3.5 annex G: a segment of PackBits per sample, each row on its own."""
    segments = [
        b"".join(imagecodecs.packbits_encode(row.tobytes()) for row in pixels[..., sample])
        for sample in range(pixels.shape[2])
    ]
    segments = [segment + b"\0" * (len(segment) % 2) for segment in segments]
    starts = np.cumsum([64, *map(len, segments)])[:-1]
    head = np.zeros(16, "<u4")
    head[0], head[1 : 1 + len(starts)] = len(segments), starts
    return head.tobytes() + b"".join(segments)


def _header(plan: Plan, downsample: int, number: int, frames: int) -> Dataset:
    data = Dataset()
    data.ImageType = ["ORIGINAL" if downsample == 1 else "DERIVED", "PRIMARY", plan.flavour,
                      "NONE" if downsample == 1 else "RESAMPLED"]  # fmt: skip
    data.SOPClassUID, data.SOPInstanceUID = SLIDE_CLASS, f"1.2.9.{plan.name}.3.{number}"
    data.StudyDate, data.Modality = "20260102", "SM"
    data.PatientName, data.PatientID = "Slide^Made", "S1"
    data.SeriesDescription = "Synthetic slide"
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.9.1", f"1.2.9.{plan.name}.2"
    data.FrameOfReferenceUID, data.ContainerIdentifier = (
        f"1.2.9.{plan.name}.4",
        f"GLASS-{plan.name}",
    )
    data.InstanceNumber, data.SeriesNumber = number, 1
    data.DimensionOrganizationType = "TILED_FULL"
    data.TotalPixelMatrixColumns = _size(plan.columns, downsample)
    data.TotalPixelMatrixRows = _size(plan.rows, downsample)
    data.TotalPixelMatrixFocalPlanes, data.NumberOfOpticalPaths = 1, 1
    # The slide lies turned by a quarter: down on the picture is along x, right is along y.
    data.TotalPixelMatrixOriginSequence = [_origin()]
    data.ImageOrientationSlide, data.PositionReferenceIndicator = TURNED, "SLIDE_CORNER"
    data.IssuerOfTheContainerIdentifierSequence = data.ContainerTypeCodeSequence = []
    data.SpecimenDescriptionSequence = [_specimen(plan.name)]
    data.ImagedVolumeWidth = plan.columns * SPACING_MM
    data.ImagedVolumeHeight = plan.rows * SPACING_MM
    data.SamplesPerPixel, data.PlanarConfiguration = 3, 0
    data.PhotometricInterpretation = PHOTOMETRIC.get(plan.syntax, "RGB")
    data.NumberOfFrames = frames
    data.Rows = data.Columns = plan.tile
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    path = Dataset()
    path.OpticalPathIdentifier = "1"
    data.OpticalPathSequence = [path]
    shared = Dataset()
    shared.PixelMeasuresSequence = [_measures(downsample)]
    data.SharedFunctionalGroupsSequence = [shared]
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = SYNTAXES[plan.syntax]
    data.file_meta.MediaStorageSOPClassUID = SLIDE_CLASS
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    return data


def _origin() -> Dataset:
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = CORNER_MM[:2]
    origin.ZOffsetInSlideCoordinateSystem = CORNER_MM[2]
    return origin


def _specimen(name: str) -> Dataset:
    specimen = Dataset()
    specimen.SpecimenIdentifier, specimen.SpecimenUID = f"BLOCK-{name}", f"1.2.9.{name}.5"
    specimen.IssuerOfTheSpecimenIdentifierSequence = specimen.SpecimenPreparationSequence = []
    return specimen


def _measures(downsample: int) -> Dataset:
    measures = Dataset()
    measures.PixelSpacing = [SPACING_MM * downsample] * 2
    measures.SliceThickness = 0.001
    return measures


def _place(plan: Plan, downsample: int, column: int, row: int) -> Dataset:
    place, group = Dataset(), Dataset()
    place.XOffsetInSlideCoordinateSystem = 0
    place.ColumnPositionInTotalImagePixelMatrix = column * plan.tile + 1
    place.RowPositionInTotalImagePixelMatrix = row * plan.tile + 1
    group.PlanePositionSlideSequence = [place]
    if plan.in_one_file:
        group.PixelMeasuresSequence = [_measures(downsample)]
    return group


def _write_pixels(file, frames, count: int, plan: Plan) -> None:
    if plan.syntax in ("explicit", "implicit"):
        size = count * plan.tile**2 * 3
        head = (b"\xe0\x7f\x10\x00", b"OW\0\0", struct.pack("<L", size))
        file.write(b"".join(head if plan.syntax == "explicit" else head[::2]))
        for frame in frames:
            file.write(frame)
        return
    encoded = [frame + b"\0" * (len(frame) % 2) for frame in frames]
    lengths = np.array([len(frame) for frame in encoded], "<u8")
    offsets = np.concatenate([[0], np.cumsum(lengths + 8)[:-1]]).astype("<u8")
    if plan.table == "extended":
        for number, values in ((1, offsets), (2, lengths)):
            head = struct.pack("<HH2s2xL", 0x7FE0, number, b"OV", values.nbytes)
            file.write(head + values.tobytes())
    basic = offsets.astype("<u4").tobytes() if plan.table == "basic" else b""
    file.write(b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff")
    file.write(b"\xfe\xff\x00\xe0" + struct.pack("<L", len(basic)) + basic)
    for frame in encoded:
        file.write(b"\xfe\xff\x00\xe0" + struct.pack("<L", len(frame)) + frame)
    file.write(b"\xfe\xff\xdd\xe0\0\0\0\0")
