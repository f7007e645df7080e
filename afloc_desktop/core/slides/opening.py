"""From the files of a slide to its pyramid: which frames of which files are which level."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from afloc_desktop.core.dicom.archive import open_source
from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.dicom.slide_header import NO_SLIDES, START, is_slide
from afloc_desktop.core.dicom.slides import Extent
from afloc_desktop.core.errors import (
    AflocError,
    InconsistentStudy,
    InputError,
    UnreadableFile,
    UnsupportedImage,
)
from afloc_desktop.core.slides.grid import FullGrid, Grid, SparseGrid
from afloc_desktop.core.slides.slide import Layer, Level, Slide
from afloc_desktop.core.slides.source import SlideFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from afloc_desktop.core.domain import ImageRef
    from afloc_desktop.core.slides.places import Places

_MOST_FILES = 1000
_SAME_SHAPE = 0.02  # of the aspect ratio; levels are rounded to whole pixels, some to whole tiles
_ONE_PLANE = "The slide was scanned in several focal planes or optical paths; one of them is shown."
_NO_SPACING = "The file does not say how large a pixel is; nothing can be measured on the slide."
_GREY = "The slide is grey, of more steps than a screen has: {} and above are shown white."
_LOOKED_AT = 16  # tiles of the coarsest level, from which the brightest place is known
_LEFT_OUT = "A file of this slide cannot be shown and was left out: {}"
_OTHER_SHAPE = "Its picture has another shape than the slide."


class _Frames(NamedTuple):
    """Frames of one file that have the same size of pixel.

    Attributes:
        columns, rows: Of the whole matrix of their level.
        numbers: 0-based; None of all frames of the file, row by row.
        x, y: Upper left pixel of each; None where row by row.
    """

    file: SlideFile
    columns: int
    rows: int
    um_per_pixel: tuple[float, float] | None
    numbers: npt.NDArray[np.int64] | None
    x: npt.NDArray[np.int64] | None
    y: npt.NDArray[np.int64] | None


def find_slide(ref: ImageRef) -> tuple[ImageRef, ...]:
    """All files of the slide that a file belongs to, from its own folder or archive.

    Returns:
        Finest level first; empty where the file is not one of a slide.

    Raises:
        UnreadableFile: The file cannot be opened.
        UnsupportedImage: It is in an archive that cannot be read.
    """
    with open_source(ref.path, ref.member) as (file, _):
        if not is_slide(file.read(START)):
            return ()
    listing = scan([ref.path if ref.member else ref.path.parent])
    every = (series for study in listing.studies for series in study.series if series.is_slide)
    found = (series.images for series in every if any(_is_same(ref, i) for i in series.images))
    return next(found, (ref,))


def _is_same(one: ImageRef, other: ImageRef) -> bool:
    return (one.path.resolve(), one.member) == (other.path.resolve(), other.member)


def open_slide(refs: Sequence[ImageRef]) -> Slide:
    """Open the slide that these files make up. Headers are read, and no tile.

    A file that cannot be read costs its level; `Slide.warnings` says so.

    Args:
        refs: One per file, in any order; of one slide.

    Raises:
        UnreadableFile: None of the files can be read.
        UnsupportedImage: None of them shows a slide in a way that is read.
        InconsistentStudy: They show different slides.
    """
    with ExitStack() as opened:
        files, problems = _open(refs, opened)
        extents = [_extent(file) for file in files]
        if not all(extents[0].is_level_with(extent) for extent in extents):
            raise InconsistentStudy(
                "The files belong to different slides.", remedy="Open one slide at a time."
            )
        layers, notes = _layers(files)
        used = [file for file in files if any(file in layer.files for layer in layers)]
        notes += _settle_grey(layers)
        slide = Slide(
            files[0].described.series_uid,
            layers,
            sha256=_identity(used),
            background=files[0].described.background,
            warnings=tuple(dict.fromkeys((*problems, *notes, *_remarks(used)))),
        )
        opened.pop_all()
    for file in files:
        if file not in used:
            file.close()
    return slide


def _open(refs: Sequence[ImageRef], opened: ExitStack) -> tuple[list[SlideFile], list[str]]:
    """The files that show the slide, finest first, and what is to be told of the others."""
    files: list[SlideFile] = []
    failed: list[AflocError] = []
    if len(refs) > _MOST_FILES:
        raise UnsupportedImage(
            f"The slide has {len(refs)} files, more than are opened at a time.",
            remedy="Export it again with fewer files.",
        )
    for ref in refs:
        try:
            file = SlideFile(ref)
        except InputError as error:
            failed.append(error)
            continue
        if file.described.flavour in NO_SLIDES:
            file.close()
            continue
        opened.callback(file.close)
        files.append(file)
    if not files and failed:
        raise failed[0]
    if not files:
        raise UnsupportedImage(
            "The file shows no slide, but a picture of its label or its glass.",
            remedy="Open the folder that holds the slide itself.",
        )
    files.sort(key=_order)
    return files, [_LEFT_OUT.format(error.reason) for error in failed]


def _extent(file: SlideFile) -> Extent:
    described = file.described
    return Extent(described.slide, described.columns, described.rows, described.um_per_pixel)


def _order(file: SlideFile) -> tuple[int, bool, int, int, str]:
    described = file.described
    number = described.instance_number
    return (
        -described.columns,
        described.flavour == "THUMBNAIL",
        number if number is not None else 1 << 31,
        described.first_frame,
        str(file.ref.path),
    )


def _layers(files: Sequence[SlideFile]) -> tuple[list[Layer], list[str]]:
    """The levels, finest first, and what is to be told of frames that are in none."""
    groups: dict[tuple[int, int], list[_Frames]] = {}
    for file in files:
        for frames in _by_resolution(file):
            groups.setdefault((frames.columns, frames.rows), []).append(frames)
    layers: list[Layer] = []
    notes: list[str] = []
    failed: list[InputError] = []
    for (columns, rows), group in sorted(groups.items(), reverse=True):
        finest = layers[0].level if layers else None
        if finest is not None and not _is_same_shape(finest, columns, rows):
            notes.append(_LEFT_OUT.format(_OTHER_SHAPE))
            continue
        kept = _one_plane(group)
        if len(kept) < len(group) and group[-1].file.described.flavour != "THUMBNAIL":
            notes.append(_ONE_PLANE)
        try:
            layers.append(_layer(kept, finest))
        except UnreadableFile as error:
            failed.append(error)
            notes.append(_LEFT_OUT.format(error.reason))
    if not layers:
        raise failed[0]
    return layers, notes


def _settle_grey(layers: Sequence[Layer]) -> list[str]:
    """Let fluorescence fill the greys of a screen: of 65,536 steps, scanners use the lowest."""
    every = [file for layer in layers for file in layer.files]
    if not any(file.is_deep_grey for file in every):
        return []
    try:
        white = max(1, layers[-1].files[0].brightest(_LOOKED_AT))
    except InputError:
        return []  # its tiles will say so
    for file in every:
        file.white = white
    return [_GREY.format(white)]


def _by_resolution(file: SlideFile) -> list[_Frames]:
    """The frames of a file, apart where it holds several resolutions."""
    described, places = file.described, file.places
    columns, rows, um = described.columns, described.rows, described.um_per_pixel
    if places is None:
        return [_Frames(file, columns, rows, um, None, None, None)]
    if places.um_per_pixel is None:
        numbers = np.flatnonzero(places.is_shown)
        return [_Frames(file, columns, rows, um, numbers, places.x[numbers], places.y[numbers])]
    finest = places.um_per_pixel.min(axis=0)
    found = []
    for spacing in np.unique(places.um_per_pixel, axis=0):
        is_here = places.is_shown & (places.um_per_pixel == spacing).all(axis=1)
        if is_here.any():
            found.append(_frames_at(file, places, np.flatnonzero(is_here), spacing, finest))
    return found


def _frames_at(
    file: SlideFile,
    places: Places,
    numbers: npt.NDArray[np.int64],
    spacing: npt.NDArray[np.float64],
    finest: npt.NDArray[np.float64],
) -> _Frames:
    """The frames of one resolution; the header's matrix is that of the finest."""
    shrink = finest / spacing
    columns = max(1, round(file.described.columns * float(shrink[0])))
    rows = max(1, round(file.described.rows * float(shrink[1])))
    x, y = places.x[numbers], places.y[numbers]
    if x.max() >= columns or y.max() >= rows:  # stated in pixels of the finest level
        x = np.rint(x * shrink[0]).astype(np.int64)
        y = np.rint(y * shrink[1]).astype(np.int64)
    return _Frames(file, columns, rows, (float(spacing[0]), float(spacing[1])), numbers, x, y)


def _is_same_shape(finest: Level, columns: int, rows: int) -> bool:
    """Whether a level shows what the finest one shows, give or take a pixel."""
    across, down = finest.columns / columns, finest.rows / rows
    off = abs(columns * down - finest.columns) - 2 * down
    return off <= 0 or abs(across / down - 1) <= _SAME_SHAPE


def _one_plane(group: Sequence[_Frames]) -> list[_Frames]:
    """Those of the first file, and the parts of its concatenation."""
    first = group[0].file.described
    if not first.concatenation:
        return [frames for frames in group if frames.file is group[0].file]
    return [f for f in group if f.file.described.concatenation == first.concatenation]


def _layer(group: Sequence[_Frames], finest: Level | None) -> Layer:
    first = group[0]
    header = first.file.described.header
    level = Level(
        first.columns,
        first.rows,
        header.columns,
        header.rows,
        finest.columns / first.columns if finest else 1.0,
        _spacing(first, finest),
    )
    files = tuple(frames.file for frames in group)
    sizes = {(f.described.header.columns, f.described.header.rows) for f in files}
    if len(sizes) > 1:
        raise UnreadableFile(
            "The parts of one level have tiles of different sizes.",
            remedy="Fetch the files again from where they came from.",
        )
    grid: Grid
    if first.numbers is None:
        grid = FullGrid(files)
    else:
        parts = [
            (frames.file, frames.numbers, frames.x, frames.y)
            for frames in group
            if frames.numbers is not None and frames.x is not None and frames.y is not None
        ]
        grid = SparseGrid(parts, level.across)
    return Layer(level, grid, files)


def _spacing(frames: _Frames, finest: Level | None) -> tuple[float, float] | None:
    """Of a coarser level what follows from the finest: one scale for the whole slide."""
    if finest is None or finest.um_per_pixel is None:
        return frames.um_per_pixel if finest is None else None
    x_um, y_um = finest.um_per_pixel
    return (x_um * finest.columns / frames.columns, y_um * finest.rows / frames.rows)


def _remarks(files: Sequence[SlideFile]) -> list[str]:
    notes = [note for file in files for note in file.described.notes]
    described = files[0].described
    places = files[0].places
    if described.planes > 1 or described.paths > 1 or not (places is None or places.is_shown.all()):
        notes.append(_ONE_PLANE)
    has_spacing = described.um_per_pixel or (places is not None and places.um_per_pixel is not None)
    return notes if has_spacing else [*notes, _NO_SPACING]


def _identity(files: Sequence[SlideFile]) -> str:
    """Of what is shown: the same for the same files, in whatever folder, without reading them."""
    digest = hashlib.sha256()
    for file in files:
        described = file.described
        words = (
            described.sop_instance_uid,
            file.size,
            *(described.columns, described.rows),
            *(described.header.columns, described.header.rows, described.header.frames),
        )
        digest.update(repr(words).encode("utf-8", "replace"))
        digest.update(file.tell_tale)
    return digest.hexdigest()
