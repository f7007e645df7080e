"""From paths to a listing of studies: headers only, no pixel is decoded."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.dicomdir import read_index
from afloc_desktop.core.dicom.entry import Entry, Source, refused
from afloc_desktop.core.dicom.folders import find_file, find_files
from afloc_desktop.core.dicom.listing import Arranger
from afloc_desktop.core.dicom.recognise import INDEX, Recogniser
from afloc_desktop.core.errors import AflocError, Cancelled, UnreadableFile, UnsupportedImage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from afloc_desktop.core.domain import ImageRef, Listing

_LARGEST_BATCH = 64

Known = Callable[[str], "tuple[Entry, ...] | None"]
"""What is remembered of the file of this path; believed where size and time are still the same."""


def scan(
    paths: Sequence[Path],
    *,
    on_progress: Callable[[int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    known: Known | None = None,
) -> Listing:
    """List every image in files, folders, zip archives and DICOMDIRs.

    Args:
        paths: Folders are walked to the bottom, links inside them that lead to folders or out
            of them are not followed; of a DICOMDIR, the files it names are listed.
        on_progress: Called with the number of files looked at, after each.
        should_stop: Asked before each file.
        known: Gives what is remembered of a file, which is then not opened.

    Returns:
        As `listing.Arranger` arranges it. Whatever is not listed is in `skipped` with a reason.

    Raises:
        Cancelled: `should_stop` said so.
    """
    entries: dict[tuple[str, str], Entry] = {}
    with collector_paused():
        for entry in find(paths, should_stop=should_stop, known=known):
            entries[entry.path, entry.member] = entry
            if on_progress is not None:
                on_progress(len(entries))
        given = frozenset(map(str, paths))
        return Arranger().arrange(entries.values(), alone=given, should_stop=should_stop)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Make ten thousand entries without Python looking through all of them for cycles again.

    They form none, and looking costs a fifth of a listing.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def find(
    paths: Sequence[Path],
    *,
    should_stop: Callable[[], bool] | None = None,
    known: Known | None = None,
) -> Iterator[Entry]:
    """What `scan` arranges, one by one as it is found: an entry per file and archive member.

    Raises:
        Cancelled: `should_stop` said so.
    """
    stop = should_stop or _never
    recogniser = Recogniser()
    given = frozenset(map(str, paths))
    for batch in _batches(find_files(paths, stop)):
        unknown: list[str] = []
        for found in batch:
            if isinstance(found, Entry):
                yield found
                continue
            kept = known(found) if known is not None else None
            if kept and _is_unchanged(kept[0]):
                yield from kept
            else:
                unknown.append(found)
        for entry in recogniser.files(unknown):
            if isinstance(entry, Source):
                yield from recogniser.members(entry, stop)
            elif entry.kind != INDEX:
                yield entry
            else:
                yield from _index(entry, recogniser, entry.path in given, stop)


def _batches(found: Iterator[str | Entry]) -> Iterator[list[str | Entry]]:
    """Few files at first, so that something is there soon; more where there are many."""
    size = 1
    while batch := list(islice(found, size)):
        yield batch
        size = min(2 * size, _LARGEST_BATCH)


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
    if listing.images:
        raise UnsupportedImage(
            f"There is no frame {frame}; the file holds {len(listing.images)}.",
            remedy="Frames count from 1.",
        )
    for skipped in listing.skipped:
        raise UnreadableFile(skipped.reason, remedy=skipped.remedy)
    kinds = [other.kind for study in listing.studies for other in study.others]
    raise UnsupportedImage(
        f"The file holds no image ({', '.join(kinds) or INDEX}).",
        remedy="Open the images of the study.",
    )


def _index(
    entry: Entry, recogniser: Recogniser, is_given: bool, should_stop: Callable[[], bool]
) -> Iterator[Entry]:
    """A DICOMDIR, and the files it names where nothing else leads to them."""
    source = Source(entry.path, entry.size, entry.mtime_ns)
    try:
        index = read_index(Path(entry.path))
    except AflocError as error:
        yield refused(source, error, lasting=False)
        return
    if index.problems:
        problem = UnreadableFile(
            f"This index (DICOMDIR) is not in order: {'; '.join(index.problems)}.",
            remedy="Open the folder to see which images are there.",
        )
        yield refused(source, problem, lasting=False)
    else:
        yield entry._replace(is_lasting=False)  # files come and go without a change here
    for path in index.files if is_given else ():
        if should_stop():
            raise Cancelled
        found = find_file(path)
        listed = recogniser.files([found])[0] if isinstance(found, str) else found
        if isinstance(listed, Source):
            yield from recogniser.members(listed, should_stop)
        else:
            yield listed


def _is_unchanged(entry: Entry) -> bool:
    try:
        status = os.stat(entry.path)
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (entry.size, entry.mtime_ns)


def _never() -> bool:
    return False
