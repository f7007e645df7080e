"""What a listing knows of one file. Plain values, so that an index can keep them.

Tuples and not dataclasses: a folder makes ten thousand, and a tuple costs a fifth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from afloc_desktop.core.errors import AflocError


class Labels(NamedTuple):
    """What a file says about its patient, study and series; shared by the files of a series."""

    study_uid: str
    series_uid: str
    patient_name: str
    patient_id: str
    date: str
    study_description: str
    accession_number: str
    number: int | None
    modality: str
    series_description: str
    body_part: str
    view_position: str


class Place(NamedTuple):
    """How an image lies in the patient, but for its position; shared by the images of a stack.

    Attributes:
        orientation: Six direction cosines (PS3.3 C.7.6.2.1.1); empty where absent or unusable.
        spacing: Row and column spacing, mm; empty where absent or unusable.
        frame_of_reference: UID; may be empty.
    """

    orientation: tuple[float, ...]
    spacing: tuple[float, ...]
    frame_of_reference: str


class Entry(NamedTuple):
    """One file, or one member of an archive: an image, another object, or why it is neither.

    Attributes:
        path: The file, or the archive that holds it.
        member: Name inside the archive; empty where `path` is the file itself.
        size, mtime_ns: Of the file `path`, by which it is known again.
        labels: None where it is not listed.
        place, position: Of an image; the position is three mm or empty.
        phase: Temporal position and echo time, where given, to order images at one position.
        sop_instance_uid: May be empty.
        instance_number: None where absent.
        rows, columns: Of an image; of a file of a slide, of its whole pixel matrix.
        frames: Of an image; 0 of anything else; 1 of a slide, however many tiles it has.
        kind: The standard's name of an object without an image; empty of an image.
        reason, remedy: Why it is not listed; empty where it is.
        slide: Of a file of a whole slide, what the files of one pyramid share and no other has.
        is_lasting: The same bytes would give the same again: an index may keep it.
    """

    path: str
    member: str
    size: int
    mtime_ns: int
    labels: Labels | None = None
    place: Place | None = None
    position: tuple[float, ...] = ()
    phase: tuple[float, ...] = ()
    sop_instance_uid: str = ""
    instance_number: int | None = None
    rows: int = 0
    columns: int = 0
    frames: int = 0
    kind: str = ""
    reason: str = ""
    remedy: str = ""
    slide: str = ""
    is_lasting: bool = True


class Source(NamedTuple):
    """A regular file as a folder walk meets it."""

    path: str
    size: int
    mtime_ns: int


def refused(source: Source, error: AflocError, member: str = "", *, lasting: bool = True) -> Entry:
    """The entry of a file that cannot be listed."""
    return Entry(
        source.path,
        member,
        source.size,
        source.mtime_ns,
        reason=error.reason,
        remedy=error.remedy,
        is_lasting=lasting,
    )
