"""The header of one file of a whole slide (VL Whole Slide Microscopy, PS3.3 A.32.8), checked.

A slide has tens of thousands of frames, each with functional groups of its own: none of them is
looked at here, and nothing is read behind the header but where its parts begin.
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, BinaryIO, Literal

from afloc_desktop.core.dicom.colour import find_profile
from afloc_desktop.core.dicom.dataset import read_elements
from afloc_desktop.core.dicom.files import find_body
from afloc_desktop.core.dicom.guard import FETCH_AGAIN
from afloc_desktop.core.dicom.header import Header, PixelElement, check_layout
from afloc_desktop.core.dicom.syntax import no_video
from afloc_desktop.core.dicom.tags import Tags
from afloc_desktop.core.dicom.walker import LONG_VRS, sequence_end
from afloc_desktop.core.errors import UnreadableFile, UnsupportedImage
from afloc_desktop.core.icc import of_lab

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydicom import Dataset
    from pydicom.tag import BaseTag

    from afloc_desktop.core.dicom.files import Body
    from afloc_desktop.core.icc import Profile

Flavour = Literal["VOLUME", "THUMBNAIL", "LABEL", "OVERVIEW"]

MOST_TILES = 1_000_000  # of one level; 256,000 x 256,000 pixels in tiles of 256
MOST_TILE_PIXELS = 1 << 24
MOST_ACROSS = 1 << 24  # pixels of a slide; 1.6 m at 0.1 µm
SLIDE_CLASS = "1.2.840.10008.5.1.4.1.1.77.1.6"  # VL Whole Slide Microscopy Image Storage
# As the class of the file itself, (0002,0002) or (0008,0016): results refer to slides, too.
_SLIDE_CLASS = re.compile(
    rb"(?:\x02\0\x02\0|\x08\0\x16\0).{4}" + re.escape(SLIDE_CLASS.encode()) + rb"(?![0-9.])",
    re.DOTALL,
)
START = 1024  # bytes in which the class of a file stands
_MOST_GROUPS = 1 << 28  # bytes of functional groups; some 200 are usual for a tile
_MOST_PARTS = 100  # elements between the shared functional groups and the pixels
_UNDEFINED = 0xFFFFFFFF
_SHARED, _PER_FRAME = 0x52009229, 0x52009230
_OFFSETS, _PIXELS = 0x7FE00001, 0x7FE00010
UM_PER_MM = 1000.0
_FINEST, _COARSEST = 0.01, 10_000.0  # µm per pixel that are believed
_WORD = 0xFFFF
GLASS = 16  # characters of what tells pyramids apart, beside the frame of reference
_FLAVOURS: Mapping[str, Flavour] = {
    "THUMBNAIL": "THUMBNAIL",
    "LABEL": "LABEL",
    "OVERVIEW": "OVERVIEW",
    "LOCALIZER": "OVERVIEW",  # before 2010
}
# Pictures that belong to a slide and are not it: a label often holds the patient's name.
NO_SLIDES: Mapping[Flavour, str] = {
    "LABEL": "Picture of a slide's label",
    "OVERVIEW": "Picture of a slide's glass",
}
_WANTED = (
    "SpecificCharacterSet", "ImageType", "SOPClassUID", "SOPInstanceUID", "PyramidUID",
    "StudyDate", "Modality", "StudyDescription", "SeriesDescription", "AccessionNumber",
    "PatientName", "PatientID", "BodyPartExamined", "ViewPosition", "StudyInstanceUID",
    "SeriesInstanceUID", "SeriesNumber", "InstanceNumber", "FrameOfReferenceUID",
    "ImageLaterality", "Laterality", "ConcatenationUID", "ConcatenationFrameOffsetNumber",
    "DimensionOrganizationType", "SamplesPerPixel", "PhotometricInterpretation",
    "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns", "BitsAllocated", "BitsStored",
    "HighBit", "PixelRepresentation", "ContainerIdentifier", "ImagedVolumeWidth",
    "ImagedVolumeHeight", "TotalPixelMatrixColumns", "TotalPixelMatrixRows",
    "RecommendedAbsentPixelCIELabValue", "OpticalPathSequence", "TotalPixelMatrixFocalPlanes",
    "SharedFunctionalGroupsSequence", "ICCProfile",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class SlideHeader:
    """What one file of a slide says about itself; every number was checked.

    Attributes:
        header: How one tile is stored; its rows and columns are those of a tile.
        flavour: What the file shows; only VOLUME and THUMBNAIL are the slide itself.
        columns, rows: Of the whole pixel matrix.
        um_per_pixel: (x, y); None where unknown or impossible.
        is_full: Tiles follow each other row by row, none is missing (TILED_FULL).
        first_frame: How many frames come before, in the files of a concatenation.
        concatenation: UID that the parts of one level share; may be empty.
        slide: What all files of a pyramid have in common and those of another do not.
        paths, planes: How many optical paths and focal planes the frames show.
        background: Of what was not scanned: red, green, blue.
        profile: Of the colours, where they are not sRGB; None where there is nothing to convert.
        per_frame: The functional groups of the frames; None where there are none.
        offsets: The extended offset table; None where there is none.
        pixels: The pixel data.
        sop_instance_uid, series_uid: As in the file; may be empty.
        instance_number: None where absent.
        tags: Everything else; asked inside `quiet_pydicom` alone.
        notes: What the reader must be told.
    """

    header: Header
    flavour: Flavour
    columns: int
    rows: int
    um_per_pixel: tuple[float, float] | None
    is_full: bool
    first_frame: int
    concatenation: str
    slide: str
    paths: int
    planes: int
    background: tuple[int, int, int]
    profile: Profile | None
    per_frame: PixelElement | None
    offsets: PixelElement | None
    pixels: PixelElement
    sop_instance_uid: str
    series_uid: str
    instance_number: int | None
    tags: Tags
    notes: tuple[str, ...]

    @property
    def across(self) -> int:
        """Tiles in a row of them."""
        return -(-self.columns // self.header.columns)

    @property
    def down(self) -> int:
        """Rows of tiles."""
        return -(-self.rows // self.header.rows)


def is_slide(start: bytes) -> bool:
    """Whether a file is one of a slide, from its first bytes."""
    return start[128:132] == b"DICM" and _SLIDE_CLASS.search(start[:START]) is not None


def read_slide_elements(file: BinaryIO, size: int, keywords: Sequence[str]) -> Dataset:
    """Elements of an open file of a slide that stand before those of its single frames.

    Call it inside `quiet_pydicom`.

    Args:
        file: Open, at its start.
        size: Of the file, bytes.
        keywords: Only these elements.

    Raises:
        UnreadableFile: Not DICOM, or damaged.
        UnsupportedImage: In an unknown transfer syntax.
    """
    from pydicom.tag import Tag

    return read_elements(find_body(file, size), _is_behind_shared, [Tag(k) for k in keywords])


def describe_slide(file: BinaryIO, size: int) -> SlideHeader:
    """Read and check the header of an open file of a slide. Call it inside `quiet_pydicom`.

    Raises:
        UnreadableFile: Not DICOM, damaged, or claiming what cannot be.
        UnsupportedImage: Written or coloured in a way that is not read.
    """
    body = find_body(file, size)
    if not body.syntax.is_little_endian:
        raise UnsupportedImage(
            "The slide is written in big endian, which is not read.",
            remedy="Export it again as Explicit VR Little Endian.",
        )
    tags = Tags(read_elements(body, _is_behind_shared, _wanted_tags()))
    parts = _parts(body)
    if _PIXELS not in parts:
        raise UnreadableFile(
            "The file is incomplete: it ends before the pixels.", remedy=FETCH_AGAIN
        )
    return _checked(body, tags, parts)


def _checked(body: Body, tags: Tags, parts: dict[int, PixelElement]) -> SlideHeader:
    header = _tile_layout(body, tags, parts[_PIXELS])
    columns, rows = _matrix(tags, header)
    path = next(iter(tags.items("OpticalPathSequence")), tags)
    profile, notes = find_profile(path if "ICCProfile" in path else tags, header)
    is_full = tags.text("DimensionOrganizationType").upper() == "TILED_FULL"
    return SlideHeader(
        header=header,
        flavour=_flavour(tags),
        columns=columns,
        rows=rows,
        um_per_pixel=_spacing(tags, columns, rows),
        is_full=is_full or _PER_FRAME not in parts,
        first_frame=max(0, tags.integer("ConcatenationFrameOffsetNumber") or 0),
        concatenation=tags.text("ConcatenationUID"),
        slide=_slide(tags),
        paths=max(1, len(tags.items("OpticalPathSequence"))),
        planes=max(1, tags.integer("TotalPixelMatrixFocalPlanes") or 1),
        background=_background(tags),
        profile=profile,
        per_frame=parts.get(_PER_FRAME),
        offsets=parts.get(_OFFSETS),
        pixels=parts[_PIXELS],
        sop_instance_uid=tags.text("SOPInstanceUID"),
        series_uid=tags.text("SeriesInstanceUID"),
        instance_number=tags.integer("InstanceNumber"),
        tags=tags,
        notes=notes,
    )


def _tile_layout(body: Body, tags: Tags, pixels: PixelElement) -> Header:
    header = check_layout(tags, body.syntax, pixels, most_frames=MOST_TILES)
    if header.syntax.codec == "video":
        raise no_video()
    if (pixels.length is None) == (header.syntax.codec == "native"):
        raise UnreadableFile(
            "The file contradicts itself about whether its pixels are compressed.",
            remedy=FETCH_AGAIN,
        )
    if header.photometric in ("PALETTE COLOR", "ARGB"):  # not among those of PS3.3 C.8.12.4.1.5
        raise UnsupportedImage(
            "The colours of the slide are stored in a way that is not read.",
            remedy="Export the slide again as RGB.",
        )
    if header.rows * header.columns > MOST_TILE_PIXELS:
        raise UnreadableFile(
            f"The tiles of the slide claim {header.columns} x {header.rows} pixels, more than "
            "is read at a time.",
            remedy="Export the slide again with smaller tiles.",
        )
    return header


def _matrix(tags: Tags, header: Header) -> tuple[int, int]:
    columns, rows = tags.integer("TotalPixelMatrixColumns"), tags.integer("TotalPixelMatrixRows")
    if columns is None and rows is None and header.frames == 1:
        columns, rows = header.columns, header.rows
    if not columns or not rows or not 0 < columns <= MOST_ACROSS or not 0 < rows <= MOST_ACROSS:
        raise UnreadableFile(
            "The header is wrong about the size of the slide: missing or impossible.",
            remedy=FETCH_AGAIN,
        )
    if -(-columns // header.columns) * -(-rows // header.rows) > MOST_TILES:
        raise UnreadableFile(
            f"The slide claims {columns} x {rows} pixels in tiles of {header.columns} x "
            f"{header.rows}, more than can be opened.",
            remedy="Export it again with larger tiles.",
        )
    return columns, rows


def _flavour(tags: Tags) -> Flavour:
    """The third value of the image type (PS3.3 C.8.12.4.1.1); some writers shift it."""
    for value in tags.text("ImageType").upper().split("\\"):
        if value.strip() in _FLAVOURS:
            return _FLAVOURS[value.strip()]
    return "VOLUME"


def _spacing(tags: Tags, columns: int, rows: int) -> tuple[float, float] | None:
    """Micrometres per pixel, (x, y): as stated, else from the size of what was imaged."""
    stated: tuple[float, ...] = ()
    for group in tags.items("SharedFunctionalGroupsSequence")[:1]:
        for measures in group.items("PixelMeasuresSequence")[:1]:
            stated = measures.numbers("PixelSpacing")[::-1]
    if len(stated) != 2:
        width, height = tags.number("ImagedVolumeWidth"), tags.number("ImagedVolumeHeight")
        stated = ((width or 0) / columns, (height or 0) / rows)
    x_um, y_um = (mm * UM_PER_MM for mm in stated)
    return (x_um, y_um) if all(_FINEST < um < _COARSEST for um in (x_um, y_um)) else None


def _background(tags: Tags) -> tuple[int, int, int]:
    """The colour of what was not scanned (PS3.3 C.10.7.1.1).

    Where the file has none, white; black on a slide in grey, which mostly is one of fluorescence.
    """
    stated = tags.numbers("RecommendedAbsentPixelCIELabValue")
    if len(stated) != 3 or not all(0 <= number <= _WORD for number in stated):
        is_grey = tags.text("PhotometricInterpretation").strip() == "MONOCHROME2"
        return (0, 0, 0) if is_grey else (255, 255, 255)
    lightness, *ab = (number / _WORD for number in stated)
    red, green, blue = of_lab(lightness * 100, *(part * 255 - 128 for part in ab))
    return red, green, blue


def _slide(tags: Tags) -> str:
    """The same for the files of one pyramid; holds nothing that could be read."""
    glass = _digest(tags, ("PyramidUID", "ContainerIdentifier"))
    return glass + _digest(tags, ("FrameOfReferenceUID",))


def _digest(tags: Tags, names: Sequence[str]) -> str:
    words = "\0".join(tags.text(name) for name in names)
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:GLASS]


def _is_behind_shared(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return int(tag) > _SHARED


@cache
def _wanted_tags() -> list[BaseTag | int]:
    from pydicom.tag import Tag

    return [Tag(keyword) for keyword in _WANTED]


def _parts(body: Body) -> dict[int, PixelElement]:
    """Elements from here on to the pixels, by their tags.

    Raises:
        UnreadableFile: One of them has no end.
    """
    found: dict[int, PixelElement] = {}
    while _PIXELS not in found and len(found) < _MOST_PARTS:
        head = body.file.read(8)
        if len(head) < 8:
            break
        group, number, length = struct.unpack("<HHL", head)
        tag, vr = group << 16 | number, b""
        if not body.syntax.is_implicit:
            vr, length = head[4:6], int.from_bytes(head[6:8], "little")
            if vr in LONG_VRS:
                length = int.from_bytes(body.file.read(4), "little")
        here = body.file.tell()
        if length == _UNDEFINED and tag != _PIXELS:
            length = _length(body)
        claimed = None if length == _UNDEFINED else length
        found[tag] = PixelElement(tag, vr.decode("ascii", "replace"), here, claimed)
        if tag != _PIXELS:
            body.file.seek(here + length)
    return found


def _length(body: Body) -> int:
    """Of a sequence that does not say how long it is, from its first item."""
    data = body.file.read(_MOST_GROUPS)
    end = sequence_end(data, 0, is_implicit=body.syntax.is_implicit)
    if end is None:
        raise UnreadableFile("The header is damaged.", remedy=FETCH_AGAIN)
    return end
