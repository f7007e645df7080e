"""From an image reference to an `Image`: parse, decode, modality values, polarity, padding."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.dicom.archive import open_source
from afloc_desktop.core.dicom.colour import (
    find_profile,
    is_colour,
    luminance,
    palette_of,
    to_rgb,
)
from afloc_desktop.core.dicom.eye import find_eye
from afloc_desktop.core.dicom.frames import frame_bytes
from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.header import Header, Parsed, parse
from afloc_desktop.core.dicom.modality import Modality, find_modality
from afloc_desktop.core.dicom.orientation import find_orientation, find_plane
from afloc_desktop.core.dicom.overlays import find_overlays
from afloc_desktop.core.dicom.pictures import read_as_film
from afloc_desktop.core.dicom.polarity import looks_inverted
from afloc_desktop.core.dicom.remarks import find_remarks
from afloc_desktop.core.dicom.slide_header import SLIDE_CLASS
from afloc_desktop.core.dicom.spacing import find_aspect, find_spacing
from afloc_desktop.core.dicom.voi import find_voi
from afloc_desktop.core.dicom.workers import decode_frame
from afloc_desktop.core.domain import (
    BoolArray,
    EyeView,
    Image,
    ImageRef,
    Orientation,
    Overlay,
    Spacing,
    Voi,
    read_only,
)
from afloc_desktop.core.errors import UnsupportedImage

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.dicom.decode import Decoded, Stored
    from afloc_desktop.core.dicom.palette import Palette
    from afloc_desktop.core.dicom.tags import Tags
    from afloc_desktop.core.icc import Profile

_NEGATIVE = "This film looks inverted; its MONOCHROME1/2 tag may be wrong."
_SHIFTED = "The highest bit of a pixel is not where the standard has it; values were shifted."
_FRACTIONS = "The pixels are floating-point numbers; those that are none count as no image."
_RANGE = "The file marks a range of values as no image; the automatic window leaves them out."
_WRONG_SIGN = "The value that marks no image was written with the wrong sign and read as meant."


@dataclass(frozen=True, slots=True)
class Film:
    """What one frame means beyond its stored values. Plain values: pydicom ends here."""

    modality: Modality
    voi: tuple[Voi, ...]
    spacing: Spacing | None
    aspect: float
    padding: tuple[float, float] | None
    orientation: Orientation | None
    overlays: tuple[Overlay, ...]
    palette: Palette | None
    profile: Profile | None
    is_frontal_chest: bool
    eye: EyeView | None
    warnings: tuple[str, ...]


def read(ref: ImageRef, *, should_stop: Callable[[], bool] | None = None) -> Image:
    """Read one frame. The file is opened read-only and nothing is written anywhere.

    Args:
        ref: Which one.
        should_stop: Asked now and then while a decoder works.

    Raises:
        UnreadableFile: Absent, damaged, or not what it claims to be.
        UnsupportedImage: Sound, but a whole slide, or compressed or coloured in a way that is not
            read.
        Cancelled: `should_stop` said so.
    """
    picture = read_as_film(ref)
    if picture is not None:
        return picture
    with open_source(ref.path, ref.member) as (file, size), quiet_pydicom():
        parsed = parse(file, size)
        _refuse_slide(parsed.tags)
        data = frame_bytes(parsed, ref.frame)
        film = describe(parsed, ref.frame)
    decoded = decode_frame(parsed.header, data, should_stop=should_stop)
    return assemble(ref, parsed.header, film, decoded)


def _refuse_slide(tags: Tags) -> None:
    if tags.text("SOPClassUID") == SLIDE_CLASS:
        raise UnsupportedImage(
            "This is a file of a whole slide, which is no film: it is read tile by tile.",
            remedy="Open the folder that holds all files of the slide.",
        )


def assemble(ref: ImageRef, header: Header, film: Film, decoded: Decoded) -> Image:
    """The film from what its file says and its stored values."""
    if is_colour(header):
        return _assemble_colour(ref, header, film, decoded)
    return _assemble_grey(ref, header, film, decoded.values)


def describe(parsed: Parsed, frame: int) -> Film:
    """What the file says about one frame (1-based) beyond its stored values.

    Raises:
        UnsupportedImage: Coloured in a way that is not read.
        UnreadableFile: A palette without which there is no picture is damaged.
    """
    header, tags = parsed.header, parsed.tags.for_frame(frame)
    palette = palette_of(header, tags)
    profile, profile_notes = find_profile(tags, header)
    modality, voi, bad_grey = _describe_grey(header, tags)
    spacing, spacing_notes = find_spacing(tags, is_patient_space=find_plane(tags) is not None)
    aspect, bad_aspect = find_aspect(tags, spacing)
    orientation, orientation_notes = find_orientation(tags)
    overlays, overlay_notes = find_overlays(parsed, frame)
    return Film(
        modality=modality,
        voi=voi,
        spacing=spacing,
        aspect=aspect,
        padding=_padding_range(tags, header),
        orientation=orientation,
        overlays=overlays,
        palette=palette,
        profile=profile,
        is_frontal_chest=_is_frontal_chest(tags),
        eye=find_eye(tags),
        # What changes the picture comes first, what only limits its use last.
        warnings=(
            *parsed.warnings,
            *((_SHIFTED,) if header.shift else ()),
            *bad_grey,
            *_missing_frames(parsed),
            *profile_notes,
            *orientation_notes,
            *overlay_notes,
            *bad_aspect,
            *spacing_notes,
            *find_remarks(parsed),
        ),
    )


def _describe_grey(header: Header, tags: Tags) -> tuple[Modality, tuple[Voi, ...], tuple[str, ...]]:
    """How grey values are meant and shown; nothing of it holds for colours."""
    if is_colour(header):
        return Modality(None, 1.0, 0.0), (), ()
    modality, bad_modality = find_modality(tags, header)
    voi, bad_voi = find_voi(
        tags,
        may_be_negative=header.is_signed or modality.slope < 0 or modality.intercept < 0,
        is_little_endian=header.syntax.is_little_endian,
    )
    notes = (
        *bad_modality,
        *bad_voi,
        *_polarity_conflict(tags, header),
        *((_FRACTIONS,) if header.is_float else ()),
        *_padding_notes(tags, header),
    )
    return modality, voi, notes


def _padding_range(tags: Tags, header: Header) -> tuple[float, float] | None:
    """Lowest and highest stored value that mean "no image here" (PS3.3 C.7.5.1.1.2)."""
    if header.is_float:
        prefix = "Float" if header.bits_allocated == 32 else "DoubleFloat"
        number = tags.number(prefix + "PixelPaddingValue")
        return None if number is None else (number, number)
    value = _as_stored(tags.integer("PixelPaddingValue"), header)
    limit = _as_stored(tags.integer("PixelPaddingRangeLimit"), header)
    if value is None:
        return None
    return (value, value) if limit is None else (min(value, limit), max(value, limit))


def _as_stored(value: int | None, header: Header) -> int | None:
    """A padding value as the pixels have it, though it may be written in the other sign."""
    if value is None:
        return None
    span = 1 << header.bits_stored
    wrapped = value % span
    return wrapped - span if header.is_signed and wrapped >= span // 2 else wrapped


def _padding_notes(tags: Tags, header: Header) -> tuple[str, ...]:
    value = tags.integer("PixelPaddingValue")
    if value is None or header.is_float:
        return ()
    is_odd = _as_stored(value, header) != value
    has_range = tags.integer("PixelPaddingRangeLimit") is not None
    return (*((_WRONG_SIGN,) if is_odd else ()), *((_RANGE,) if has_range else ()))


def _is_frontal_chest(tags: Tags) -> bool:
    return (
        tags.text("Modality").upper() in ("CR", "DX", "RG", "DR")
        and tags.text("BodyPartExamined").upper() in ("CHEST", "THORAX")
        and tags.text("ViewPosition").upper() in ("PA", "AP", "")
    )


def _polarity_conflict(tags: Tags, header: Header) -> tuple[str, ...]:
    """PS3.3 C.8.11.3.1.2: MONOCHROME1 goes with INVERSE and MONOCHROME2 with IDENTITY."""
    expected = "INVERSE" if header.photometric == "MONOCHROME1" else "IDENTITY"
    if tags.text("PresentationLUTShape").upper() in ("", expected):
        return ()
    return ("The file contradicts itself about what is white; its MONOCHROME tag was followed.",)


def _missing_frames(parsed: Parsed) -> tuple[str, ...]:
    described = len(parsed.tags.items("PerFrameFunctionalGroupsSequence"))
    if described in (0, parsed.header.frames):
        return ()
    return (f"The file describes {described} of its {parsed.header.frames} frames.",)


def _assemble_grey(ref: ImageRef, header: Header, film: Film, stored: Stored) -> Image:
    padding = _padding_mask(stored, film.padding)
    digest = _digest(header, stored)
    pixels = film.modality.apply(stored)
    is_finite = np.isfinite(pixels)
    if not is_finite.all():  # floating-point files mark what they do not know with NaN
        padding = ~is_finite if padding is None else padding | ~is_finite
        lowest = pixels.min(where=is_finite, initial=np.inf)
        pixels[~is_finite] = lowest if np.isfinite(lowest) else 0
    # PS3.3 C.7.6.3.1.2: MONOCHROME1 shows the lowest value white. Inverted here, once.
    is_inverted = header.photometric == "MONOCHROME1"
    if is_inverted:
        np.subtract(0, pixels, out=pixels)  # unlike np.negative, keeps 0 from becoming -0
    warnings = film.warnings
    if film.is_frontal_chest and looks_inverted(pixels):
        warnings = (_NEGATIVE, *warnings)
    return Image(
        ref=ref,
        pixels=read_only(pixels),
        is_inverted=is_inverted,
        padding=None if padding is None else read_only(padding),
        voi=film.voi,
        spacing=film.spacing,
        pixel_sha256=digest,
        orientation=film.orientation,
        warnings=warnings,
        overlays=film.overlays,
        pixel_aspect=film.aspect,
        unit=film.modality.unit,
        is_as_stored=film.modality.is_spoilt,
        rescale=film.modality.rescale,
        eye=film.eye,
    )


def _assemble_colour(ref: ImageRef, header: Header, film: Film, decoded: Decoded) -> Image:
    colour = to_rgb(header, decoded, film.palette)
    if film.profile is not None:
        colour = film.profile.apply(colour)
    return Image(
        ref=ref,
        pixels=read_only(luminance(colour)),
        is_inverted=False,
        padding=None,
        voi=(),
        spacing=film.spacing,
        pixel_sha256=_digest(header, decoded.values),
        orientation=film.orientation,
        warnings=film.warnings,
        colour=read_only(colour),
        overlays=film.overlays,
        pixel_aspect=film.aspect,
        eye=film.eye,
    )


def _padding_mask(stored: Stored, limits: tuple[float, float] | None) -> BoolArray | None:
    if limits is None:
        return None
    mask: BoolArray = (stored >= limits[0]) & (stored <= limits[1])
    return mask if mask.any() else None


def _digest(header: Header, stored: Stored) -> str:
    little = np.ascontiguousarray(stored, stored.dtype.newbyteorder("<"))
    digest = hashlib.sha256(f"{header.rows}x{header.columns} {int(header.is_signed)} ".encode())
    digest.update(little.data)
    return digest.hexdigest()
