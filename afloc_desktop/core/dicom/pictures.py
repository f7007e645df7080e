"""Pictures without a DICOM identity (JPEG, PNG, TIFF): listed and read, and said to be that."""

from __future__ import annotations

import hashlib
import os
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.entry import Entry, Labels, Place, refused
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.picture import read_picture, size_of

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.entry import Source
    from afloc_desktop.core.domain import Image, ImageRef

NO_IDENTITY = (
    "A picture without a DICOM identity: whose it is, which side and how large is not known, and "
    "no DICOM result can be made of it."
)
_STUDY = "Pictures without a DICOM identity"
_OTHER = "OT"  # modality of anything else, PS3.3 C.7.3.1.1.1
_SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*")


def is_picture(path: str, head: bytes) -> bool:
    """Whether a file is a picture by its name and by its first bytes, at least eight of them.

    Both, because a picture that is named like a film was named so by mistake.
    """
    return path.lower().endswith(_SUFFIXES) and head.startswith(_STARTS)


def is_listed_picture(entry: Entry) -> bool:
    """Whether an entry is that of a picture."""
    return entry.labels is not None and entry.labels.study_description == _STUDY


def beside_films(entry: Entry) -> Entry:
    """A picture that lies among films: it mostly shows one of them, and is not one more."""
    return entry._replace(
        labels=None,
        frames=0,
        reason="This is a picture beside DICOM files; it is not listed among them.",
        remedy="Open it, or a folder of pictures alone.",
    )


def picture_entry(source: Source) -> Entry:
    """The entry of a picture: every one a series, those of a folder a study. Nothing is decoded."""
    import PIL.Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", PIL.Image.DecompressionBombWarning)
            with PIL.Image.open(source.path) as picture:
                columns, rows = size_of(picture)
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError,
            PIL.Image.DecompressionBombWarning):  # fmt: skip
        return refused(source, _damaged())
    path = Path(source.path)
    labels = Labels(
        study_uid=_own_uid("pictures", path.parent),
        series_uid=_own_uid("picture", path),
        patient_name="",
        patient_id="",
        date="",
        study_description=_STUDY,
        accession_number="",
        number=None,
        modality=_OTHER,
        series_description=path.name,
        body_part="",
        view_position="",
    )
    return Entry(
        source.path, "", source.size, source.mtime_ns, labels=labels, place=Place((), (), ""),
        rows=rows, columns=columns, frames=1,
    )  # fmt: skip


def shows_picture(ref: ImageRef) -> bool:
    """Whether what was listed is a picture and no DICOM."""
    if ref.member or not ref.path.name.lower().endswith(_SUFFIXES):
        return False
    try:
        with ref.path.open("rb") as file:
            return is_picture(ref.path.name, file.read(8))
    except OSError:
        return False  # whoever opens it next says why


def read_as_film(ref: ImageRef) -> Image | None:
    """A picture as a film; None where the file is none.

    Raises:
        UnreadableFile: Absent or damaged.
    """
    if not shows_picture(ref):
        return None
    image = read_picture(ref.path)
    return replace(image, ref=ref, warnings=(NO_IDENTITY, *image.warnings))


def _own_uid(level: str, path: Path) -> str:
    """Stands in for a UID: the same for the same path, unlike any other."""
    digest = hashlib.sha256(os.fsencode(f"{level} ") + os.fsencode(os.path.realpath(path)))
    return f"2.25.{int.from_bytes(digest.digest()[:16], 'big')}"


def _damaged() -> UnreadableFile:
    return UnreadableFile(
        "The picture is damaged or larger than can be opened.", remedy="Export it again."
    )
