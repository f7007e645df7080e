"""From paths to a listing of studies: headers only, no pixel is decoded."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.files import open_regular
from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.header import parse
from afloc_desktop.core.domain import ImageRef, Listing, Series, Skipped, Study
from afloc_desktop.core.errors import AflocError, Cancelled, UnreadableFile, UnsupportedImage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from afloc_desktop.core.dicom.tags import Tags


@dataclass(frozen=True, slots=True)
class _Labels:
    """What one file says about its study and series."""

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


@dataclass(slots=True)
class _Group:
    """The files of one series so far; the first one lends its labels."""

    labels: _Labels
    images: list[ImageRef] = field(default_factory=list)


def scan(
    paths: Sequence[Path],
    *,
    on_progress: Callable[[int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Listing:
    """List every image in files and folders.

    Args:
        paths: Files and folders; folders are walked to the bottom, links inside them that lead
            to folders or out of them are not followed.
        on_progress: Called with the number of files looked at, after each.
        should_stop: Asked before each file.

    Returns:
        Studies in the order of their first file; series by number; images by instance number,
        then path, then frame. Whatever is not listed is in `skipped` with a reason.

    Raises:
        Cancelled: `should_stop` said so.
    """
    groups: dict[tuple[str, str, str], _Group] = {}
    skipped: list[Skipped] = []
    for count, found in enumerate(_files(paths), start=1):
        if should_stop is not None and should_stop():
            raise Cancelled
        if isinstance(found, Skipped):
            skipped.append(found)
        else:
            try:
                _add(found, groups)
            except AflocError as error:
                skipped.append(Skipped(found, error.reason, error.remedy))
        if on_progress is not None:
            on_progress(count)
    return Listing(_studies(groups), tuple(skipped))


def find_frame(path: Path, frame: int) -> ImageRef:
    """One frame of one file.

    Args:
        path: The file.
        frame: 1-based.

    Raises:
        UnreadableFile: The file is not listed, for the reason it gives.
        UnsupportedImage: It has no such frame.
    """
    listing = scan([path])
    for ref in listing.images:
        if ref.frame == frame:
            return ref
    if not listing.images:
        raise UnreadableFile(listing.skipped[0].reason, remedy=listing.skipped[0].remedy)
    raise UnsupportedImage(
        f"There is no frame {frame}; the file holds {len(listing.images)}.",
        remedy="Frames count from 1.",
    )


def _files(paths: Sequence[Path]) -> Iterator[Path | Skipped]:
    """Every file once, in a stable order; what cannot be a file of a study as `Skipped`."""
    seen: set[str] = set()
    for given in paths:
        for found in _walk(given) if given.is_dir() else (given,):
            key = os.path.realpath(found.path if isinstance(found, Skipped) else found)
            if key not in seen:
                seen.add(key)
                yield found


def _walk(folder: Path) -> Iterator[Path | Skipped]:
    root = os.path.realpath(folder)
    is_empty = True
    refused: list[OSError] = []
    # os.walk does not follow links to folders, so that loops cannot occur.
    for here, folders, names in os.walk(folder, onerror=refused.append):
        folders.sort()
        for name in folders:
            if os.path.islink(os.path.join(here, name)):
                is_empty = False
                yield _linked(Path(here, name))
        for name in sorted(names):
            is_empty = False
            path = Path(here, name)
            yield _linked(path) if path.is_symlink() and not _is_inside(path, root) else path
    for error in refused:
        is_empty = False
        yield Skipped(
            Path(error.filename or folder),
            f"The folder cannot be read ({error.strerror or type(error).__name__}).",
            "Check the permissions and the connection to the drive.",
        )
    if is_empty:
        yield Skipped(folder, "The folder is empty.", "Choose the folder that holds the study.")


def _is_inside(path: Path, root: str) -> bool:
    return os.path.realpath(path).startswith(os.path.join(root, ""))


def _linked(path: Path) -> Skipped:
    return Skipped(
        path, "This is a link that leads elsewhere; it is not followed.", "Open its target itself."
    )


def _add(path: Path, groups: dict[tuple[str, str, str], _Group]) -> None:
    with open_regular(path) as (file, size), quiet_pydicom():
        parsed = parse(file, size)
        labels = _labels(parsed.tags, path)
        sop_instance_uid = parsed.tags.text("SOPInstanceUID")
        instance_number = parsed.tags.integer("InstanceNumber")
    # The same study UID under two patients is two studies: never mix patients.
    key = (labels.study_uid, labels.patient_id, labels.series_uid)
    group = groups.setdefault(key, _Group(labels))
    header = parsed.header
    group.images.extend(
        ImageRef(path, frame, sop_instance_uid, header.rows, header.columns, instance_number)
        for frame in range(1, header.frames + 1)
    )


def _labels(tags: Tags, path: Path) -> _Labels:
    return _Labels(
        study_uid=tags.text("StudyInstanceUID") or _own_uid(path, "study"),
        series_uid=tags.text("SeriesInstanceUID") or _own_uid(path, "series"),
        patient_name=tags.text("PatientName"),
        patient_id=tags.text("PatientID"),
        date=tags.text("StudyDate"),
        study_description=tags.text("StudyDescription"),
        accession_number=tags.text("AccessionNumber"),
        number=tags.integer("SeriesNumber"),
        modality=tags.text("Modality"),
        series_description=tags.text("SeriesDescription"),
        body_part=tags.text("BodyPartExamined"),
        view_position=tags.text("ViewPosition"),
    )


def _own_uid(path: Path, level: str) -> str:
    """Stands in for a UID that the file lacks: the same for the same file, unlike any other."""
    digest = hashlib.sha256(f"{level} {os.path.realpath(path)}".encode("utf-8", "surrogateescape"))
    return f"2.25.{int.from_bytes(digest.digest()[:16], 'big')}"


def _studies(groups: dict[tuple[str, str, str], _Group]) -> tuple[Study, ...]:
    studies: dict[tuple[str, str], list[_Group]] = {}
    for (study_uid, patient_id, _), group in groups.items():
        studies.setdefault((study_uid, patient_id), []).append(group)
    return tuple(_study(members) for members in studies.values())


def _study(groups: list[_Group]) -> Study:
    first = groups[0].labels
    ordered = sorted(groups, key=lambda group: _numbered(group.labels.number))
    return Study(
        uid=first.study_uid,
        patient_name=first.patient_name,
        patient_id=first.patient_id,
        date=first.date,
        description=first.study_description,
        accession_number=first.accession_number,
        series=tuple(_series(group) for group in ordered),
    )


def _series(group: _Group) -> Series:
    labels = group.labels
    images = sorted(
        group.images, key=lambda i: (_numbered(i.instance_number), str(i.path), i.frame)
    )
    return Series(
        uid=labels.series_uid,
        number=labels.number,
        modality=labels.modality,
        description=labels.series_description,
        body_part=labels.body_part,
        view_position=labels.view_position,
        images=tuple(images),
    )


def _numbered(number: int | None) -> tuple[bool, int]:
    """Sorts what has no number behind what has."""
    return number is None, number or 0
