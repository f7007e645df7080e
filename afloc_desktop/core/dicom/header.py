"""The checked parse: what a file says about its pixels, believed only where it is possible.

Nothing is allocated from a claim before the claim was compared with the bytes that are there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, BinaryIO

from afloc_desktop.core.dicom.dataset import PIXEL_TAGS, read_elements
from afloc_desktop.core.dicom.files import DICOMDIR, Body, find_body, not_dicom
from afloc_desktop.core.dicom.fragments import Fragments, find_fragments
from afloc_desktop.core.dicom.guard import FETCH_AGAIN, foreign_code
from afloc_desktop.core.dicom.syntax import no_video
from afloc_desktop.core.dicom.tags import Tags
from afloc_desktop.core.errors import UnreadableFile, UnsupportedImage

if TYPE_CHECKING:
    from pydicom.tag import BaseTag

    from afloc_desktop.core.dicom.syntax import Syntax

MAX_PIXELS = 125_000_000  # 500 MB as float32; the largest mammograms have 27 million
MOST_FRAMES = 100_000  # of one bit each they fit into 12 kB and fill gigabytes once listed
_UNDEFINED = 0xFFFFFFFF
_FLOAT_BITS = {0x7FE00008: 32, 0x7FE00009: 64}
_GREY = ("MONOCHROME1", "MONOCHROME2")
_PALETTE = "PALETTE COLOR"
_COLOUR = (
    "RGB",
    "YBR_FULL",
    "YBR_FULL_422",
    "YBR_PARTIAL_422",
    "YBR_PARTIAL_420",
    "YBR_ICT",
    "YBR_RCT",
    "HSV",
    "ARGB",
    "CMYK",
)
# Rows, columns, frames, type, origin, first frame, bits, position, label and data of a plane.
_OVERLAY_ELEMENTS = (0x10, 0x11, 0x15, 0x40, 0x50, 0x51, 0x100, 0x102, 0x1500, 0x3000)
_OVERLAYS = tuple(0x60000000 + (n << 17) + e for n in range(16) for e in _OVERLAY_ELEMENTS)
_WANTED = (
    "SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "StudyDate", "Modality",
    "StudyDescription", "SeriesDescription", "AccessionNumber", "PatientName", "PatientID",
    "BodyPartExamined", "ViewPosition", "StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber",
    "InstanceNumber", "PatientOrientation", "ImageOrientationPatient",
    "ImagePositionPatient", "FrameOfReferenceUID", "EchoTime", "TemporalPositionIdentifier",
    "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames",
    "Rows", "Columns",
    "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "PixelAspectRatio",
    "PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing",
    "PixelSpacingCalibrationType", "EstimatedRadiographicMagnificationFactor",
    "DistanceSourceToDetector", "DistanceSourceToPatient",
    "PixelPaddingValue", "PixelPaddingRangeLimit", "FloatPixelPaddingValue",
    "DoubleFloatPixelPaddingValue",
    "RescaleSlope", "RescaleIntercept", "ModalityLUTSequence", "VOILUTSequence",
    "WindowCenter", "WindowWidth", "WindowCenterWidthExplanation", "VOILUTFunction",
    "PresentationLUTShape", "SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence",
    "ExtendedOffsetTable", "ImageLaterality", "Laterality", "AnatomicalOrientationType",
    "RescaleType", "ICCProfile",
    "HorizontalFieldOfView", "AnatomicRegionSequence", "ChannelDescriptionCodeSequence",
    "RedPaletteColorLookupTableDescriptor", "GreenPaletteColorLookupTableDescriptor",
    "BluePaletteColorLookupTableDescriptor", "RedPaletteColorLookupTableData",
    "GreenPaletteColorLookupTableData", "BluePaletteColorLookupTableData",
    "SegmentedRedPaletteColorLookupTableData", "SegmentedGreenPaletteColorLookupTableData",
    "SegmentedBluePaletteColorLookupTableData",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """How pixels are stored. Every value was checked; later steps may trust them.

    Plain values only, so that it can cross to another process.

    Attributes:
        syntax: Transfer syntax.
        rows, columns: At least 1 each, at most `MAX_PIXELS` together.
        samples: Per pixel.
        frames: At least 1.
        photometric: One of the standard's terms.
        bits_allocated: Of one sample: 1, 8, 16 or 32, for floating point 32 or 64.
        bits_stored, high_bit: Where in the allocated bits the value is.
        is_signed: Two's complement.
        is_float: Floating point; the bit fields other than `bits_allocated` mean nothing.
        vr: Value representation of the pixel element, empty where implicit.
        is_planar: Native samples are stored plane by plane; decoders know by themselves.
    """

    syntax: Syntax
    rows: int
    columns: int
    samples: int
    frames: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    high_bit: int
    is_signed: bool
    is_float: bool
    vr: str
    is_planar: bool = False

    @property
    def frame_bits(self) -> int:
        """Bits of one uncompressed frame; two pixels of YBR_FULL_422 share their colour."""
        samples = 2 if self.photometric == "YBR_FULL_422" else self.samples
        return self.rows * self.columns * samples * self.bits_allocated

    @property
    def shift(self) -> int:
        """Bits below the value; only raw cells can have any, decoders return values."""
        if self.is_float or self.syntax.codec not in ("native", "rle"):
            return 0
        return self.high_bit + 1 - self.bits_stored


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the pixel data are.

    Attributes:
        tag: Group and element in one number.
        vr: Empty where implicit.
        offset: Of the first byte of the value.
        length: As claimed, None for a sequence of fragments.
    """

    tag: int
    vr: str
    offset: int
    length: int | None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file, understood but not decoded.

    Attributes:
        header: How pixels are stored.
        tags: Everything else the file says; needs pydicom.
        file: Where `element` and `fragments` point into.
        element: The pixel data.
        fragments: Of compressed pixel data, empty where native.
        warnings: What the reader must be told.
        start: Offset of the first element in `file`.
    """

    header: Header
    tags: Tags
    file: BinaryIO
    element: PixelElement
    fragments: Fragments
    warnings: tuple[str, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Described:
    """What any DICOM object says about itself, nothing of it checked.

    Attributes:
        body: Where its data set is.
        tags: Its wanted elements before the pixels.
        element: The pixel data; None where there are none.
        start: Offset of the first element in the body's file.
    """

    body: Body
    tags: Tags
    element: PixelElement | None
    start: int


def describe(file: BinaryIO, size: int) -> Described:
    """Read the header of an open file, whatever object it holds.

    Raises:
        UnreadableFile: Not DICOM, or damaged before its header ends.
        UnsupportedImage: An index of files, or in an unknown transfer syntax.
    """
    body = find_body(file, size)
    if body.media_class == DICOMDIR:
        raise UnsupportedImage(
            "This is a DICOMDIR, an index of files and not an image.",
            remedy="Open it as it is; the files it names are listed.",
        )
    start = body.file.tell()
    return Described(body, *_read_tags(body), start)


def parse(file: BinaryIO, size: int) -> Parsed:
    """Read and check the header of an open file.

    Raises:
        UnreadableFile: Not DICOM, damaged, or claiming what cannot be.
        UnsupportedImage: Sound, but not an image, or in an unknown transfer syntax.
    """
    return check(describe(file, size))


def check(described: Described) -> Parsed:
    """Check what a header says about its pixels.

    Raises:
        UnreadableFile: Not DICOM, damaged, or claiming what cannot be.
        UnsupportedImage: Sound, but not an image.
    """
    body, tags, element = described.body, described.tags, described.element
    is_image = element is not None and ("Rows" in tags or "Columns" in tags)
    if not body.has_magic and not is_image:
        raise not_dicom()
    if element is None:
        raise _no_image(tags)
    fragments = Fragments((), ())
    if element.length is None and body.syntax.codec != "native":
        fragments = find_fragments(body.file, element.offset, body.size)
    header = check_layout(tags, body.syntax, element)
    warnings = _check_extent(header, element, body.size, len(fragments.items))
    return Parsed(header, tags, body.file, element, fragments, warnings, described.start)


def _read_tags(body: Body) -> tuple[Tags, PixelElement | None]:
    found: list[PixelElement] = []

    def is_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
        if int(tag) not in PIXEL_TAGS:
            return False
        claimed = None if length == _UNDEFINED else length
        found.append(PixelElement(int(tag), vr or "", body.file.tell(), claimed))
        return True

    dataset = read_elements(body, is_pixels, _wanted_tags())
    # pydicom asks once more, before it reads, to guess the layout: the last answer counts.
    return Tags(dataset), found[-1] if found else None


@cache
def _wanted_tags() -> list[BaseTag | int]:
    """Looking up the names costs a fifth of a scan; the list is never changed."""
    from pydicom.tag import Tag

    return [*(Tag(keyword) for keyword in _WANTED), *_OVERLAYS]


def _no_image(tags: Tags) -> UnreadableFile | UnsupportedImage:
    if "Rows" in tags:
        return UnreadableFile(
            "The file describes an image, but its pixels are missing.", remedy=FETCH_AGAIN
        )
    with foreign_code("The header is damaged"):
        from pydicom.uid import UID

        uid = tags.text("SOPClassUID")
        name = UID(uid).name
    if not uid or "Image Storage" in name:
        return UnreadableFile(
            "The file is incomplete: it ends before the pixels.", remedy=FETCH_AGAIN
        )
    kind = name if name != uid else "another kind of DICOM object"
    return UnsupportedImage(
        f"The file holds no image ({kind}).", remedy="Open the images of the study."
    )


def check_layout(
    tags: Tags, syntax: Syntax, element: PixelElement, *, most_frames: int = MOST_FRAMES
) -> Header:
    """How the pixels are stored, from a header that may claim anything.

    Raises:
        UnreadableFile: It claims what cannot be.
        UnsupportedImage: Sound, but stored in a way that is not read.
    """
    header = _check(tags, syntax, element, most_frames)
    return replace(header, photometric="YBR_FULL") if _is_unshared(header, element) else header


def _check(tags: Tags, syntax: Syntax, element: PixelElement, most_frames: int) -> Header:
    rows, columns = tags.integer("Rows"), tags.integer("Columns")
    if not rows or not columns or rows < 0 or columns < 0:
        raise _impossible("its size in rows and columns")
    if rows * columns > MAX_PIXELS:
        raise UnreadableFile(
            f"The image claims {rows} x {columns} pixels, more than can be opened.",
            remedy="Export it again in a smaller size.",
        )
    photometric = tags.text("PhotometricInterpretation").upper()
    samples = _samples(tags, photometric)
    is_float = element.tag in _FLOAT_BITS
    if is_float:
        bits = stored = _FLOAT_BITS[element.tag]
        high = stored - 1
    else:
        bits, stored, high = _bit_layout(tags)
    return Header(
        syntax=syntax, rows=rows, columns=columns, samples=samples,
        frames=_frames(tags, most_frames), photometric=photometric,
        bits_allocated=bits, bits_stored=stored, high_bit=high,
        is_signed=_is_signed(tags), is_float=is_float, vr=element.vr,
        is_planar=samples > 1 and tags.integer("PlanarConfiguration") == 1,
    )  # fmt: skip


def _impossible(what: str) -> UnreadableFile:
    return UnreadableFile(
        f"The header is wrong about {what}: missing or impossible.", remedy=FETCH_AGAIN
    )


def _samples(tags: Tags, photometric: str) -> int:
    samples = tags.integer("SamplesPerPixel") if "SamplesPerPixel" in tags else 1
    is_single = photometric in _GREY or photometric == _PALETTE
    if not is_single and photometric not in _COLOUR:
        raise _impossible("how its values become grey or colour")
    expected = 1 if is_single else 4 if photometric in ("ARGB", "CMYK") else 3
    if samples != expected:
        raise _impossible("its samples per pixel")
    return expected


def _is_unshared(header: Header, element: PixelElement) -> bool:
    """Whether native YBR_FULL_422 has a colour for every pixel after all.

    Decompressors leave it so that do not change the tag.

    Raises:
        UnreadableFile: Two pixels share a colour where they cannot.
    """
    if header.photometric != "YBR_FULL_422" or header.syntax.codec != "native":
        return False
    whole = header.rows * header.columns * 3 * header.frames
    if element.length is not None and element.length >= whole:
        return True
    if header.bits_allocated != 8 or header.columns % 2 or header.is_planar:
        raise _impossible("how two pixels share their colour")
    return False


def _frames(tags: Tags, most: int) -> int:
    frames = tags.integer("NumberOfFrames")
    if frames is None:
        return 1  # absent, or no number: one film is what it then is
    if frames < 1:
        raise _impossible("its number of frames")
    if frames > most:
        raise UnreadableFile(
            f"The file claims {frames} frames, more than can be listed.",
            remedy="Export the wanted frames on their own.",
        )
    return frames


def _bit_layout(tags: Tags) -> tuple[int, int, int]:
    allocated = tags.integer("BitsAllocated")
    if allocated == 12:
        raise UnsupportedImage(
            "The pixels are packed in 12 bits, a layout of 1985 that is not read.",
            remedy="Export the image again with 16 bits allocated.",
        )
    if allocated == 64:
        raise UnsupportedImage(
            "The pixels are whole numbers of 64 bits, which are not read.",
            remedy="Export the image again with 16 or 32 bits allocated.",
        )
    if allocated not in (1, 8, 16, 32):
        raise _impossible("the bits of a pixel")
    stored = tags.integer("BitsStored") if "BitsStored" in tags else allocated
    if stored is None or not 1 <= stored <= allocated:
        raise _impossible("the bits of a pixel")
    high = tags.integer("HighBit") if "HighBit" in tags else stored - 1
    if high is None or not stored - 1 <= high < allocated:
        raise _impossible("the position of its highest bit")
    return allocated, stored, high


def _is_signed(tags: Tags) -> bool:
    representation = tags.integer("PixelRepresentation") if "PixelRepresentation" in tags else 0
    if representation not in (0, 1):
        raise _impossible("whether its values are signed")
    return representation == 1


def _check_extent(
    header: Header, element: PixelElement, size: int, fragments: int
) -> tuple[str, ...]:
    """Compare what the header claims with the bytes that are there."""
    if header.syntax.codec == "video":
        raise no_video()
    if header.syntax.codec != "native":
        if element.length is not None:
            raise UnreadableFile(
                "The file says that its pixels are compressed, but they are not.",
                remedy=FETCH_AGAIN,
            )
        if header.frames > fragments:
            raise UnreadableFile(
                f"The file claims {header.frames} frames and holds {fragments}.",
                remedy=FETCH_AGAIN,
            )
        return ()
    if element.length is None:
        raise UnreadableFile(
            "The file says that its pixels are not compressed, but they are.", remedy=FETCH_AGAIN
        )
    expected = -(-header.frame_bits * header.frames // 8)
    if expected > min(element.length, size - element.offset):
        raise UnreadableFile(
            "The file is incomplete: it holds fewer pixels than it describes.", remedy=FETCH_AGAIN
        )
    if element.length > expected + 1:
        return ("The file holds more pixel data than it describes; the rest is not shown.",)
    return ()
