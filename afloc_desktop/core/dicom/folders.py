"""Which files there are: folders walked to the bottom, links and devices never followed blindly."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.entry import Entry, Source, refused
from afloc_desktop.core.errors import Cancelled, InputError, UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_ASK_EVERY = 1000  # names of one folder between two questions whether to stop


def find_files(paths: Sequence[Path], should_stop: Callable[[], bool]) -> Iterator[str | Entry]:
    """Every regular file once, in a stable order; what cannot be one as a refused entry.

    No file is opened: a folder tells files from pipes and devices, which may block for ever.

    Args:
        paths: Files and folders; links inside folders that lead to folders or out of them are
            not followed.
        should_stop: Asked between files.

    Raises:
        Cancelled: `should_stop` said so.
    """
    files: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        given = os.fspath(path)
        if os.path.isdir(given):
            yield from _walk(given, files, folders, should_stop)
            continue
        real = os.path.realpath(given)
        if os.path.isfile(real) and (real in files or os.path.dirname(real) in folders):
            continue
        files.add(real)
        yield find_file(given)


def find_file(path: str) -> str | Entry:
    """The path of a regular file, or why it is none; links are followed."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        error = UnreadableFile("The path does not exist.", remedy="Check the spelling.")
        return refused(Source(path, 0, 0), error, lasting=False)
    except (OSError, ValueError) as why:  # a name with NUL is a ValueError
        return refused(Source(path, 0, 0), unreadable("file", why), lasting=False)
    return path if stat.S_ISREG(mode) else refused(Source(path, 0, 0), irregular(), lasting=False)


def _walk(
    root: str, given: set[str], walked: set[str], should_stop: Callable[[], bool]
) -> Iterator[str | Entry]:
    """The files below a folder, without those `given` on their own and folders `walked` before."""
    inside = os.path.join(os.path.realpath(root), "")
    waiting = [(root, os.path.realpath(root))]
    count = 0
    while waiting:
        here, real = waiting.pop()
        try:
            folders, files = _names(here, should_stop)
        except OSError as error:
            count += 1
            yield refused(Source(here, 0, 0), unreadable("folder", error), lasting=False)
            continue
        count += len(files) + len(folders)
        if real in walked:
            continue
        walked.add(real)
        for file in files:
            if should_stop():
                raise Cancelled
            if file.is_symlink():
                # What it leads to inside is found there.
                if not _leads_inside(file.path, inside):
                    yield _linked(file.path)
            elif not given or os.path.join(real, file.name) not in given:
                yield file.path if file.is_file(follow_symlinks=False) else find_file(file.path)
        for folder in reversed(folders):
            # Links to folders are not followed, so that there is no way round in a circle.
            if folder.is_symlink():
                yield _linked(folder.path)
            else:
                waiting.append((folder.path, os.path.join(real, folder.name)))
    if not count:
        empty = UnreadableFile(
            "The folder is empty.", remedy="Choose the folder that holds the study."
        )
        yield refused(Source(root, 0, 0), empty, lasting=False)


def _leads_inside(link: str, inside: str) -> bool:
    target = os.path.realpath(link)
    return target.startswith(inside) and os.path.isfile(target)


def _names(
    folder: str, should_stop: Callable[[], bool]
) -> tuple[list[os.DirEntry[str]], list[os.DirEntry[str]]]:
    """Folders and files in a folder, each in the order of their names."""
    folders: list[os.DirEntry[str]] = []
    files: list[os.DirEntry[str]] = []
    with os.scandir(folder) as found:
        for number, entry in enumerate(found):
            if not number % _ASK_EVERY and should_stop():
                raise Cancelled
            (folders if _is_folder(entry) else files).append(entry)
    return sorted(folders, key=_name), sorted(files, key=_name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle
        return False


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def irregular() -> UnreadableFile:
    """The error for a pipe, a device or a folder in the place of a file."""
    return UnreadableFile("This is not a regular file.", remedy="Choose a file or folder.")


def unreadable(what: str, error: OSError | ValueError) -> UnreadableFile:
    """The error for a file or folder that the system refuses."""
    why = getattr(error, "strerror", None) or type(error).__name__
    return UnreadableFile(
        f"The {what} cannot be read ({why}).",
        remedy="Check the permissions and the connection to the drive.",
    )


def _linked(path: str) -> Entry:
    error = InputError(
        "This is a link that leads elsewhere; it is not followed.", remedy="Open its target itself."
    )
    return refused(Source(path, 0, 0), error, lasting=False)
