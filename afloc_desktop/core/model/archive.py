"""A bundle sent as one file: unpacked into a folder of ours, or refused before anything is."""

from __future__ import annotations

import stat
import zipfile
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import BundleCorrupt, BundleMissing
from afloc_desktop.core.model.bundle import MANIFEST, is_plain_name

if TYPE_CHECKING:
    from pathlib import Path

_MAX_ENTRIES = 64
_MAX_BYTES = 4 << 30
_MAX_RATIO = 100  # graphs hardly shrink; what shrinks more was made to
_CHUNK = 1 << 20
_GET_AGAIN = "Get the bundle again from its maker."


def unpack(path: Path, folder: Path) -> None:
    """Unpack a bundle; nothing is written outside `folder`.

    Args:
        path: A zip of a bundle's files, at its top or in one folder.
        folder: Exists and is empty.

    Raises:
        BundleMissing: No such file.
        BundleCorrupt: No zip archive, damaged, or one that sets traps.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for entry, name in _checked(archive):
                with archive.open(entry) as source, (folder / name).open("xb") as target:
                    while chunk := source.read(_CHUNK):
                        target.write(chunk)
    except FileNotFoundError as error:
        raise BundleMissing(
            f"There is no file {path.name}.", remedy="Check the path of the bundle."
        ) from error
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError, ValueError) as error:
        raise _refused("is no archive, or a damaged one") from error
    except OSError as error:
        raise _refused(f"cannot be unpacked: {error.strerror}") from error


def _checked(archive: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, str]]:
    """The files of an archive and their names in the bundle."""
    entries = archive.infolist()
    if len(entries) > _MAX_ENTRIES:
        raise _refused("holds more entries than a bundle has files")
    if sum(entry.file_size for entry in entries) > _MAX_BYTES:
        raise _refused("unpacks to more than 4 GB")
    files = [entry for entry in entries if not entry.is_dir()]
    for entry in files:
        if stat.S_ISLNK(entry.external_attr >> 16) or entry.flag_bits & 1:
            raise _refused("holds links or encrypted entries")
        if entry.file_size > _CHUNK and entry.file_size > _MAX_RATIO * entry.compress_size:
            raise _refused("unpacks to far more than it is")
    top = {entry.filename.rpartition("/")[0] for entry in files}
    names = [entry.filename.rpartition("/")[2] for entry in files]
    is_one_folder = len(top) == 1 and all(not t or is_plain_name(t) for t in top)
    if not is_one_folder or not all(map(is_plain_name, names)) or len(set(names)) != len(names):
        raise _refused("holds names that no bundle has")
    if MANIFEST not in names:
        raise BundleMissing(f"The archive holds no {MANIFEST}.", remedy=_GET_AGAIN)
    return list(zip(files, names, strict=True))


def _refused(what: str) -> BundleCorrupt:
    return BundleCorrupt(f"The file {what}.", remedy=_GET_AGAIN)
