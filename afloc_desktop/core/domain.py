"""The vocabulary: what a study, a film, a question and an answer are. Read this first.

All values are frozen; those that hold arrays compare by identity and their arrays are read-only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pathlib import Path

    from afloc_desktop.core.geometry import Box, Point

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
ColourArray = npt.NDArray[np.uint8]
Basis = Literal["detector", "calibrated", "corrected", "estimated", "patient", "unknown", "reader"]
A = TypeVar("A", bound=npt.NDArray[Any])
Side = Literal["right", "left", "bilateral"]
Zone = Literal["upper", "mid", "lower"]


@dataclass(frozen=True, slots=True)
class ImageRef:
    """Where one frame is. Holds no pixels.

    Attributes:
        path: The file, or the zip archive that holds it.
        frame: 1-based, as DICOM counts.
        sop_instance_uid: Empty where the file has none.
        rows, columns: As the header claims, 0 where it does not say.
        instance_number: For ordering; None where absent.
        member: Name inside the archive `path`; empty where `path` is the file itself.
        position_mm: Along the normal of its stack; None where it is in none.
    """

    path: Path
    frame: int
    sop_instance_uid: str
    rows: int
    columns: int
    instance_number: int | None
    member: str = ""
    position_mm: float | None = None


@dataclass(frozen=True, slots=True)
class SlideSize:
    """What is known of a whole slide before it is opened.

    Attributes:
        columns, rows: Of its finest level.
        um_per_pixel: (x, y) there; None where the file does not say.
        levels: How many resolutions it has.
    """

    columns: int
    rows: int
    um_per_pixel: tuple[float, float] | None
    levels: int


@dataclass(frozen=True, slots=True)
class Series:
    """Images acquired together that belong on one screen. Labels are as in the file, unescaped.

    A series of the file whose images differ in orientation, size, frame of reference or patient
    is several of these, with the same `uid` and another `part`.

    Attributes:
        part: 1-based among those with the same `uid` in the study.
        notes: Why it was split, gaps, several images at one position; empty where all is well.
        slide: Of a whole slide, whose `images` are its files, finest level first; else None.
    """

    uid: str
    number: int | None
    modality: str
    description: str
    body_part: str
    view_position: str
    images: tuple[ImageRef, ...]
    part: int = 1
    notes: tuple[str, ...] = ()
    slide: SlideSize | None = None

    @property
    def is_slide(self) -> bool:
        """Its files are the levels of one whole slide, which `core.slides` reads."""
        return self.slide is not None

    @property
    def is_result(self) -> bool:
        """Its images are masks over others; nobody looks at them by themselves."""
        return self.modality == "SEG"


@dataclass(frozen=True, slots=True)
class NonImage:
    """A DICOM object without an image: a report, a presentation state, a waveform.

    Attributes:
        path, member: As in `ImageRef`.
        kind: The standard's name of its SOP class, or what else it is.
        sop_instance_uid, series_uid, modality, description: As in the file; may be empty.
    """

    path: Path
    member: str
    kind: str
    sop_instance_uid: str
    series_uid: str
    modality: str
    description: str


@dataclass(frozen=True, slots=True)
class Study:
    """One visit of one patient. Labels are as in the file, unescaped.

    Attributes:
        others: Its objects without an image.
        notes: What contradicts itself: two names under one patient ID, say.
    """

    uid: str
    patient_name: str
    patient_id: str
    date: str
    description: str
    accession_number: str
    series: tuple[Series, ...]
    others: tuple[NonImage, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was looked at and not listed, and why.

    `member` is as in `ImageRef`.
    """

    path: Path
    reason: str
    remedy: str
    member: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What `dicom.scan` found. A listing never decodes.

    Attributes:
        indexes: DICOMDIRs, which belong to no study.
    """

    studies: tuple[Study, ...]
    skipped: tuple[Skipped, ...]
    indexes: tuple[NonImage, ...] = ()

    @property
    def images(self) -> tuple[ImageRef, ...]:
        """Every image of every study, in listing order."""
        return tuple(i for study in self.studies for series in study.series for i in series.images)

    @property
    def films(self) -> tuple[ImageRef, ...]:
        """Those that are looked at by themselves, in listing order; of a slide, its first level."""
        every = (series for study in self.studies for series in study.series)
        shown = (series for series in every if not series.is_result)
        return tuple(i for s in shown for i in (s.images[:1] if s.is_slide else s.images))


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distance between pixel centres, and where that distance is true.

    Attributes:
        row_mm: Between rows (down).
        column_mm: Between columns (across).
        basis: `detector` lengths are measured on the detector, not in the patient;
            `calibrated`, `corrected` and `estimated` refer to the patient with that caveat;
            `reader` was calibrated by hand;
            `patient` is patient space (CT, MR); `unknown` was given without saying.
    """

    row_mm: float
    column_mm: float
    basis: Basis


@dataclass(frozen=True, slots=True)
class VoiWindow:
    """A window on modality values (PS3.3 C.11.2.1.2).

    Attributes:
        centre, width: In modality units.
        function: How values map to grey.
        explanation: The file's own name for it, may be empty.
    """

    centre: float
    width: float
    function: Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]
    explanation: str


@dataclass(frozen=True, slots=True, eq=False)
class VoiLut:
    """A look-up table on modality values (PS3.3 C.11.2.1.1).

    Attributes:
        first: Modality value of the first entry.
        values: Grey values, uint16, shape (entries,).
        bits: Significant bits of an entry; the output range is 0 to 2**bits - 1.
        explanation: The file's own name for it, may be empty.
    """

    first: int
    values: npt.NDArray[np.uint16]
    bits: int
    explanation: str


Voi = VoiWindow | VoiLut


@dataclass(frozen=True, slots=True)
class Orientation:
    """Where the patient's sides are on a film, in the letters of PS3.3 C.7.6.1.1.1.

    Each direction is one to three of R, L, A, P, H and F, the strongest first, as in `L` or `FL`.

    Attributes:
        row: Towards increasing x.
        column: Towards increasing y.
    """

    row: str
    column: str


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """A graphic plane of the file (60xx), already placed on its image.

    Attributes:
        mask: True where it is drawn, shape (rows, columns) of the image.
        kind: `G` for graphics, `R` for a region of interest.
        label: The file's own name for it, may be empty.
    """

    mask: BoolArray
    kind: Literal["G", "R"]
    label: str


@dataclass(frozen=True, slots=True)
class EyeView:
    """What an ophthalmic photograph says of itself.

    Attributes:
        laterality: `R`, `L` or `B` for both; empty where the file does not say.
        field_degrees: Horizontal field of view; None where the file does not say.
        region, channel: What is shown, and by which light, in the file's words; may be empty.
    """

    laterality: str
    field_degrees: float | None
    region: str
    channel: str


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One film as numbers: brighter is larger, whatever the file's polarity was.

    Attributes:
        ref: Where it came from.
        pixels: float32, shape (rows, columns). Modality values (after Modality LUT or rescale),
            negated where `is_inverted`, so that downstream knows no photometric lore. Of a
            colour image, its luminance in [0, 255].
        is_inverted: `pixels` are the negated modality values (MONOCHROME1).
        padding: True where the file says there is no image; same shape; None where nowhere.
        voi: The file's own windows and tables, on modality values, in file order; may be empty.
        spacing: None where the file gives none that can be trusted.
        pixel_sha256: Of the stored values and their shape: same pixels, same hash, in any
            lossless transfer syntax.
        orientation: None where the file does not say.
        warnings: What the reader must be told about this file.
        colour: uint8 RGB, shape (rows, columns, 3), of an image in colour; None of a grey one.
        overlays: Graphics of the file, in its order.
        pixel_aspect: Height of a pixel over its width; 1 where square or unknown.
        unit: Of the modality values, such as `HU`; empty where the file names none.
        is_as_stored: `pixels` are stored values, because the file spoils how they become
            modality values.
        rescale: Slope and intercept that made modality values of stored ones; None where a table
            did, or it is unknown.
        eye: Of an ophthalmic photograph; None of anything else.
    """

    ref: ImageRef
    pixels: FloatArray
    is_inverted: bool
    padding: BoolArray | None
    voi: tuple[Voi, ...]
    spacing: Spacing | None
    pixel_sha256: str
    orientation: Orientation | None
    warnings: tuple[str, ...]
    colour: ColourArray | None = None
    overlays: tuple[Overlay, ...] = ()
    pixel_aspect: float = 1.0
    unit: str = ""
    is_as_stored: bool = False
    rescale: tuple[float, float] | None = None
    eye: EyeView | None = None

    @property
    def rows(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def columns(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def row_direction(self) -> Literal["L", "R"] | None:
        """The patient's side towards increasing x; None where unknown or not a side."""
        first = self.orientation.row[:1] if self.orientation else ""
        return "L" if first == "L" else "R" if first == "R" else None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What was asked.

    Attributes:
        words: As typed, or as the finding is labelled.
        origin: How the words came here.
    """

    words: str
    origin: Literal["typed", "preset", "report"]


@dataclass(frozen=True, slots=True)
class IdentityKey:
    """What an answer belongs to. Painted only over the image it was computed from."""

    sop_instance_uid: str
    frame: int
    pixel_sha256: str
    bundle_sha256: str
    preprocess_fingerprint: str
    prompt: str


@dataclass(frozen=True, slots=True, eq=False)
class Heatmap:
    """How well each part of a film answers one prompt. Not a probability.

    Attributes:
        similarity: Cosine in [-1, 1], or a raw product of any scale where the bundle says so;
            float32, shape (map rows, map columns). The map covers the film exactly, long side at
            most 512. NaN where the network never looked.
        scale: Source pixels per map pixel, (x, y).
        prompt: The words that were asked.
        bundle_id: The model that answered.
        key: What this answer belongs to.
        notes: What was understood of the words beyond their meaning (a side, a zone).
    """

    similarity: FloatArray
    scale: tuple[float, float]
    prompt: Prompt
    bundle_id: str
    key: IdentityKey
    notes: tuple[str, ...]

    @property
    def origin(self) -> tuple[float, float]:
        """Outer corner of the first map pixel, source pixels, (x, y)."""
        return (0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class SlideHeatmap(Heatmap):
    """A heatmap of a part of a slide; its map has any size.

    Attributes:
        origin: As in `Heatmap`.
    """

    origin: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Region:
    """A connected part of a heatmap at or above a threshold.

    Attributes:
        outline: Closed polygon in source pixels; the first point is not repeated.
        box: The outline's bounds.
        peak: Centre of the map pixel with the highest similarity in the region, source pixels.
        similarity: The value there.
        area_mm2: None where the film has no spacing; on the basis the spacing names.
    """

    outline: tuple[Point, ...]
    box: Box
    peak: Point
    similarity: float
    area_mm2: float | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Enough to trace an answer to what computed it."""

    bundle_id: str
    bundle_sha256: str
    preprocess_fingerprint: str
    app_version: str
    provider: str
    created: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A statement about one finding on one film: a machine's proposal or a reader's.

    Attributes:
        id: The bundle's id of the finding; `text` for words the bundle does not list.
        prompt: What was asked.
        similarity: Highest similarity anywhere on the film, in [-1, 1].
        threshold: `is_present` compares with it.
        level: Regions are at or above it; at most the threshold.
        is_present: `similarity >= threshold`.
        probability: Calibrated, in [0, 1]; None where the bundle is not calibrated for it.
        peak: Where the similarity is highest, source pixels; None on an all-NaN map.
        regions: Strongest first; empty below the threshold.
        status: A machine only ever proposes.
        author: Empty for a machine's proposal.
        provenance: What computed it.
    """

    id: str
    prompt: Prompt
    similarity: float
    threshold: float
    level: float
    is_present: bool
    probability: float | None
    peak: Point | None
    regions: tuple[Region, ...]
    status: Literal["proposed", "accepted", "edited", "rejected"]
    author: str
    provenance: Provenance


def read_only(array: A) -> A:
    """The same array, refusing writes."""
    array.flags.writeable = False
    return array
