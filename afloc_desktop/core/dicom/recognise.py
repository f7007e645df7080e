"""From one file to its `Entry`: the fast walk where the header is ordinary, else the full parse."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from afloc_desktop.core.dicom import archive, meaning, walker
from afloc_desktop.core.dicom.entry import Entry, Labels, Place, Source, refused
from afloc_desktop.core.dicom.files import DICOMDIR, READ_ONLY
from afloc_desktop.core.dicom.folders import irregular, unreadable
from afloc_desktop.core.dicom.fragments import find_fragments
from afloc_desktop.core.dicom.guard import foreign_code, quiet_pydicom
from afloc_desktop.core.dicom.header import Described, check, describe
from afloc_desktop.core.dicom.pictures import is_picture, picture_entry
from afloc_desktop.core.dicom.shapes import Shapes
from afloc_desktop.core.dicom.slide_header import (
    NO_SLIDES,
    UM_PER_MM,
    SlideHeader,
    describe_slide,
    is_slide,
)
from afloc_desktop.core.errors import (
    AflocError,
    Cancelled,
    UnreadableFile,
    UnsupportedImage,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from afloc_desktop.core.dicom.meaning import Layout, Raw
    from afloc_desktop.core.dicom.tags import Tags
    from afloc_desktop.core.dicom.walker import Walked

    _Understood = tuple[Labels, Layout, Place, tuple[float, ...]]
    Opener = Callable[[], AbstractContextManager[tuple[BinaryIO, int]]]

INDEX = "Media Storage Directory Storage"
_OTHER = "DICOM object of an unknown kind"
_MOST_INFLATED = 4_000_000_000  # bytes of one archive unpacked for a listing
# Office documents and programs are zip archives too; nobody keeps films in them.
_OTHER_ARCHIVES = ("[Content_Types].xml", "META-INF/MANIFEST.MF", "mimetype", "AndroidManifest.xml")
_DICOMDIR_CLASS = re.compile(re.escape(DICOMDIR.encode()) + rb"(?![0-9.])")
_META = 1024  # bytes in which the class of an index stands
_FEW = 1000  # members looked through for the sign of another kind of archive

T = TypeVar("T")


class Recogniser:
    """Recognises files, remembering what they share. One per listing, one thread."""

    def __init__(self) -> None:
        self._shapes = Shapes()
        self._labels: dict[tuple[Raw, ...], Labels | None] = {}
        self._layouts: dict[tuple[Raw, ...], Layout | None] = {}
        self._places: dict[tuple[Raw, ...], Place | None] = {}
        self._first_read = walker.FIRST_READ
        self._last: tuple[Raw, ...] = ()
        self._understood: _Understood | None = None

    def files(self, paths: Sequence[str]) -> list[Entry | Source]:
        """Recognise several files, a fifth faster than one by one.

        All are read before the first is looked at: a call to the system leaves the processor's
        caches cold for what runs next.

        Returns:
            The entry of each; where it is a zip archive, the file as `members` takes it.
        """
        read = self._read
        return [
            found if type(found) is Entry else self._recognised(*found)
            for found in [read(path) for path in paths]
        ]

    def _read(self, path: str) -> Entry | tuple[Source, bytes]:
        try:
            descriptor = os.open(path, READ_ONLY)
            try:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    return refused(Source(path, 0, 0), irregular(), lasting=False)
                head = os.read(descriptor, self._first_read)
            finally:
                os.close(descriptor)
        except OSError as error:
            return refused(Source(path, 0, 0), unreadable("file", error), lasting=False)
        return Source(path, status.st_size, status.st_mtime_ns), head

    def _recognised(self, source: Source, head: bytes) -> Entry | Source:
        reopen = partial(_open_file, source.path)
        if head[128:132] == b"DICM":
            entry = self._walked(source, "", head, source.size, reopen)
            if entry is not None:
                return entry
        elif head.startswith(archive.MAGIC):
            return source
        elif is_picture(source.path, head):
            return picture_entry(source)
        return _carefully(source, "", reopen)

    def members(self, source: Source, should_stop: Callable[[], bool]) -> Iterator[Entry]:
        """The entries of a zip archive's members; one that says why where it holds no DICOM.

        Raises:
            Cancelled: `should_stop` said so.
        """
        try:
            with archive.open_archive(Path(source.path)) as opened:
                yield from self._members(source, opened, should_stop)
        except AflocError as error:
            yield refused(source, error)

    def _members(
        self, source: Source, opened: archive.Archive, should_stop: Callable[[], bool]
    ) -> Iterator[Entry]:
        members = opened.members
        held: list[Entry] = []  # what is not DICOM, until something is
        has_dicom, inflated = False, 0
        if any(name in members[:_FEW] for name in _OTHER_ARCHIVES):
            members = ()
        for member in members:
            if should_stop():
                raise Cancelled
            entry = self._member(source, opened, member, inflated)
            inflated += 0 if entry.frames else opened.size(member)
            if entry.reason and entry.labels is None and not has_dicom:
                held.append(entry)
                continue
            has_dicom = True
            yield from (*held, entry)
            held.clear()
        if not has_dicom:
            yield held[0] if len(held) == 1 else refused(source, _no_dicom())

    def _member(self, source: Source, opened: archive.Archive, member: str, inflated: int) -> Entry:
        def reopen() -> AbstractContextManager[tuple[BinaryIO, int]]:
            return nullcontext(opened.in_memory(member))

        try:
            size = opened.size(member)
            head = opened.start(member, walker.LARGER_READS[0])
            if head[128:132] == b"DICM":
                entry = self._walked(source, member, head, size, reopen)
                if entry is not None:
                    return entry
            elif head.startswith(archive.MAGIC):
                raise _nested()
            if inflated + size > _MOST_INFLATED:
                raise _too_large()
        except AflocError as error:
            return refused(source, error, member)
        return _carefully(source, member, reopen)

    def _walked(
        self, source: Source, member: str, head: bytes, size: int, reopen: Opener
    ) -> Entry | None:
        """The entry of an ordinary image, None on any doubt."""
        walked = self._shapes.walk(head, size)
        if walked is None and len(head) < size:
            walked = self._walked_further(len(head), size, reopen)
        return None if walked is None else self._entry(source, member, walked, size, reopen)

    def _walked_further(self, known: int, size: int, reopen: Opener) -> Walked | None:
        for length in walker.LARGER_READS:
            if length > known:
                try:
                    with reopen() as (file, _):
                        head = file.read(length)
                except AflocError:
                    return None
                walked = self._shapes.walk(head, size)
                if walked is not None:
                    self._first_read = walker.LARGER_READS[0]  # its neighbours are alike
                    return walked
        return None

    def _entry(
        self, source: Source, member: str, walked: Walked, size: int, reopen: Opener
    ) -> Entry | None:
        if walked.shared is not self._last:
            self._last, self._understood = walked.shared, self._understand(walked.shared)
        if self._understood is None:
            return None
        labels, layout, place, phase = self._understood
        if layout.codec != "native":
            if walked.length is not None or not _holds_frames(reopen, walked.offset, layout):
                return None
        elif walked.length is None or layout.bytes > min(walked.length, size - walked.offset):
            return None
        uid, number, position = walked.own
        try:
            instance_number = meaning.whole(number)
            name = str(uid, "ascii").rstrip("\0 ") if uid else ""
        except ValueError:
            return None
        if not name or not name.replace(".", "").isdigit():
            return None
        # As `Entry(...)`, in a third of its time.
        return tuple.__new__(Entry, (
            source.path, member, source.size, source.mtime_ns, labels, place,
            meaning.numbers(position, 3), phase, name, instance_number,
            layout.rows, layout.columns, layout.frames, "", "", "", "", True,
        ))  # fmt: skip

    def _understand(self, shared: tuple[Raw, ...]) -> _Understood | None:
        labels = _remembered(self._labels, shared[walker.LABELS], meaning.labels_of)
        layout = _remembered(self._layouts, shared[walker.LAYOUT], meaning.layout_of)
        place = _remembered(self._places, shared[walker.PLACE], meaning.place_of)
        phase = meaning.phase_in_text(shared[walker.PHASE])
        if labels is None or layout is None or place is None or phase is None:
            return None
        return labels, layout, place, phase


def _remembered(
    known: dict[tuple[Raw, ...], T | None],
    raw: tuple[Raw, ...],
    understand: Callable[[tuple[Raw, ...]], T | None],
) -> T | None:
    try:
        return known[raw]
    except KeyError:
        known[raw] = made = understand(raw)
        return made


def _holds_frames(reopen: Opener, offset: int, layout: Layout) -> bool:
    """Whether compressed pixels have a fragment for every frame."""
    try:
        with reopen() as (file, size):
            return len(find_fragments(file, offset, size).items) >= layout.frames
    except AflocError:
        return False


def _carefully(source: Source, member: str, reopen: Opener) -> Entry:
    """The entry of any file, by the full parse."""
    try:
        with reopen() as (file, size):
            start = file.read(_META)
            file.seek(0)
            if _is_index(start):
                return Entry(*source_of(source, member), kind=INDEX)
            with quiet_pydicom():
                if is_slide(start):
                    return _slide(source, member, describe_slide(file, size))
                return _described(source, member, describe(file, size))
    except AflocError as error:
        # What the system refused may work the next time; what the bytes say stays.
        lasting = not isinstance(error.__context__, OSError)
        return refused(source, error, member, lasting=lasting)


def _described(source: Source, member: str, described: Described) -> Entry:
    tags = described.tags
    try:
        header = check(described).header
    except UnsupportedImage:
        if described.element is not None:
            raise
        return Entry(
            *source_of(source, member),
            labels=_labels(tags, source.path, member),
            sop_instance_uid=tags.text("SOPInstanceUID"),
            kind=_kind(tags.text("SOPClassUID")),
        )
    return Entry(
        *source_of(source, member),
        labels=_labels(tags, source.path, member),
        place=Place(
            meaning.exactly(tags.numbers("ImageOrientationPatient"), 6),
            meaning.exactly(tags.numbers("PixelSpacing"), 2),
            tags.text("FrameOfReferenceUID"),
        ),
        position=meaning.exactly(tags.numbers("ImagePositionPatient"), 3),
        phase=meaning.phase_of(tags.integer("TemporalPositionIdentifier"), tags.number("EchoTime")),
        sop_instance_uid=tags.text("SOPInstanceUID"),
        instance_number=tags.integer("InstanceNumber"),
        rows=header.rows,
        columns=header.columns,
        frames=header.frames,
    )


def _slide(source: Source, member: str, described: SlideHeader) -> Entry:
    """A file of a slide; pictures of its label and its glass are named and not shown as it."""
    tags = described.tags
    labels = _labels(tags, source.path, member)
    about = Entry(
        *source_of(source, member),
        labels=labels,
        sop_instance_uid=described.sop_instance_uid,
        instance_number=described.instance_number,
    )
    if described.flavour in NO_SLIDES:
        # Not the words of the series, which are those of the slide.
        kind = NO_SLIDES[described.flavour]
        return about._replace(kind=kind, labels=labels._replace(series_description=kind))
    x_um, y_um = described.um_per_pixel or (0.0, 0.0)
    spacing = (y_um / UM_PER_MM, x_um / UM_PER_MM) if x_um else ()
    return about._replace(
        place=Place((), spacing, tags.text("FrameOfReferenceUID")),
        rows=described.rows,
        columns=described.columns,
        frames=1,
        slide=described.slide,
    )


def source_of(source: Source, member: str) -> tuple[str, str, int, int]:
    """The first fields of an entry."""
    return source.path, member, source.size, source.mtime_ns


def _labels(tags: Tags, path: str, member: str) -> Labels:
    return Labels(
        study_uid=tags.text("StudyInstanceUID") or _own_uid(path, member, "study"),
        series_uid=tags.text("SeriesInstanceUID") or _own_uid(path, member, "series"),
        patient_name=tags.text("PatientName"),
        patient_id=tags.text("PatientID"),
        date=tags.text("StudyDate"),
        study_description=tags.text("StudyDescription"),
        accession_number=tags.text("AccessionNumber"),
        number=tags.integer("SeriesNumber"),
        modality=tags.text("Modality"),
        series_description=tags.text("SeriesDescription"),
        body_part=tags.text("BodyPartExamined"),
        view_position=tags.text("ViewPosition") or _eye(tags),
    )


def _eye(tags: Tags) -> str:
    """OD, OS or OU: which eye a photograph of one shows, right, left or both; else empty."""
    if tags.text("Modality").strip().upper() != meaning.EYE:
        return ""
    side = tags.text("ImageLaterality") or tags.text("Laterality")
    return {"R": "OD", "L": "OS", "B": "OU"}.get(side.strip().upper(), "")


def _own_uid(path: str, member: str, level: str) -> str:
    """Stands in for a UID that the file lacks: the same for the same file, unlike any other."""
    words = f"{level} {os.path.realpath(path)} {member}".rstrip(" ")
    digest = hashlib.sha256(words.encode("utf-8", "surrogateescape"))
    return f"2.25.{int.from_bytes(digest.digest()[:16], 'big')}"


def _kind(uid: str) -> str:
    """The standard's name of a SOP class, without the word that all of them share."""
    with foreign_code("The header is damaged"):
        from pydicom.uid import UID

        name = str(UID(uid).name)
    return name.removesuffix(" Storage") if name and name != uid else _OTHER


def _is_index(start: bytes) -> bool:
    return start[128:132] == b"DICM" and _DICOMDIR_CLASS.search(start) is not None


def _open_file(path: str) -> AbstractContextManager[tuple[BinaryIO, int]]:
    return archive.open_source(Path(path))


def _nested() -> UnreadableFile:
    return UnreadableFile(
        "This is an archive inside an archive; it is not looked into.",
        remedy="Unpack the outer archive and open the folder.",
    )


def _too_large() -> UnsupportedImage:
    return UnsupportedImage(
        "The archive grows beyond what can be looked through.",
        remedy="Unpack it and open the folder.",
    )


def _no_dicom() -> UnreadableFile:
    return UnreadableFile(
        "This zip archive holds no DICOM file.", remedy="Open the archive of the study."
    )
