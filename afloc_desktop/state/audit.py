"""The audit trail: who decided what about which film, in a file that shows when it was changed.

JSON lines, each with the hash of the line before. Nobody is named: films and readers are keyed
hashes, the same in one installation and of no use outside it; typed words are not kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.export.atomic import make_folder, write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import IdentityKey
    from afloc_desktop.core.export.selection import FilmResults, Statement

Action = Literal[
    "proposed", "accepted", "edited", "rejected", "withdrawn", "exported", "overridden"
]
ModelAction = Literal["promoted", "rolled_back"]
SCHEMA = 1
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """What came of checking a trail.

    Attributes:
        lines: How many there are.
        broken: Numbers (from 1) of lines that are not what the line after them says, or that are
            no entries at all.
    """

    lines: int
    broken: tuple[int, ...]


class Audit:
    """One trail. Any thread and several processes may write; each entry is on disk on return."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key_path = path.with_suffix(".key")

    def note(self, action: Action, results: FilmResults, objects: Sequence[str] = ()) -> None:
        """Write down what was done with the findings of a film.

        Args:
            action: What.
            results: The film and the findings it was done with.
            objects: Kinds of what was exported.

        Raises:
            ExportError: The trail cannot be written.
        """
        image = results.image
        film = f"{image.ref.sop_instance_uid} {image.pixel_sha256}"
        self._write(action, (film, image.ref.frame), results.statements, {"objects": [*objects]})

    def note_one(
        self, action: Action, key: IdentityKey, statement: Statement | None, reason: str = ""
    ) -> None:
        """Write down what a reader did with one answer, or with the gate before a film.

        Args:
            action: What.
            key: The film; of an answer, its own.
            statement: The answer; None where it was about the film.
            reason: A word from a list of ours, never the reader's own.

        Raises:
            ExportError: The trail cannot be written.
        """
        film = f"{key.sop_instance_uid} {key.pixel_sha256}"
        statements = () if statement is None else (statement,)
        self._write(action, (film, key.frame), statements, {"objects": [], "reason": reason})

    def note_model(
        self, action: ModelAction, bundle: tuple[str, str], before: tuple[str, str]
    ) -> None:
        """Write down that another model answers from now on.

        Args:
            action: How it came to that.
            bundle, before: Id and SHA-256 of what answers now, and of what did.

        Raises:
            ExportError: The trail cannot be written.
        """
        names = ("bundle", "bundle_sha256", "before", "before_sha256")
        self._append({"action": action, **dict(zip(names, (*bundle, *before), strict=True))})

    def _write(
        self,
        action: Action,
        film: tuple[str, int],
        statements: Sequence[Statement],
        more: dict[str, Any],
    ) -> None:
        self._append(
            {
                "action": action,
                "film": self._hidden(film[0]),
                "frame": film[1],
                "findings": [self._finding(s) for s in statements],
                **more,
            }
        )

    def _append(self, what: dict[str, Any]) -> None:
        """One line, on disk on return."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry: dict[str, Any] = {"schema": SCHEMA, "time": time, **what}
        try:
            with _open_locked(self._path) as file:
                entry["previous"], is_torn = _last_hash(file)
                line = json.dumps(entry, separators=(",", ":"), allow_nan=False).encode()
                _put(file.fileno(), (b"\n" if is_torn else b"") + line + b"\n")
        except OSError as error:
            raise _refused(error) from error

    def _finding(self, statement: Statement) -> dict[str, Any]:
        finding = statement.finding
        similarity = finding.similarity
        return {
            "id": finding.id,
            "status": finding.status,
            "by": self._hidden(finding.author) if finding.author else "",
            "present": finding.is_present,
            "similarity": round(similarity, 6) if similarity == similarity else None,
            "threshold": round(finding.threshold, 6),
            "regions": len(finding.regions),
            "bundle": finding.provenance.bundle_id,
            "bundle_sha256": finding.provenance.bundle_sha256,
            "preprocessing": finding.provenance.preprocess_fingerprint,
        }

    def _hidden(self, text: str) -> str:
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key())
        return digest.hexdigest()[:32]

    def _key(self) -> bytes:
        with suppress(FileNotFoundError):
            return _read(self._key_path)
        make_folder(self._key_path.parent)
        key = secrets.token_bytes(32)
        write_atomically(self._key_path, key, is_private=True)
        return _read(self._key_path)  # another process may have been later, and wins


def check_audit(path: Path) -> AuditCheck:
    """Read a trail and find lines that were changed, torn or taken out.

    Lines cut off at the end leave no trace in the file itself.

    Raises:
        ExportError: It cannot be read.
    """
    try:
        data = _read(path)
    except FileNotFoundError:
        return AuditCheck(0, ())
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    broken, expected = set(), ""
    for number, line in enumerate(lines, 1):
        previous = _previous_of(line)
        if previous is None:
            broken.add(number)
        elif previous != expected:
            broken.add(max(1, number - 1))
        expected = hashlib.sha256(line).hexdigest()
    return AuditCheck(len(lines), tuple(sorted(broken)))


def _previous_of(line: bytes) -> str | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    previous = entry.get("previous") if isinstance(entry, dict) else None
    return previous if isinstance(previous, str) else None


def _last_hash(file: BinaryIO) -> tuple[str, bool]:
    """Hash of the last line, and whether it was cut off while it was written."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return "", False
    file.seek(max(0, size - _LONGEST_LINE))
    data = file.read()
    file.seek(0, os.SEEK_END)
    is_torn = not data.endswith(b"\n")
    last = data.removesuffix(b"\n").rsplit(b"\n", 1)[-1]
    return hashlib.sha256(last).hexdigest(), is_torn


def _put(handle: int, line: bytes) -> None:
    """Append a line, or leave the trail as it was."""
    size = os.fstat(handle).st_size
    try:
        os.lseek(handle, size, os.SEEK_SET)
        left = memoryview(line)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    except OSError:
        with suppress(OSError):
            os.ftruncate(handle, size)
        raise


@contextmanager
def _open_locked(path: Path) -> Iterator[BinaryIO]:
    """The trail, open for reading and appending, for one process at a time."""
    make_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(handle, "r+b") as file:
        _lock(file)
        try:
            yield file
        finally:
            _unlock(file)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)

    def _unlock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)

    def _unlock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _refused(error) from error


def _refused(error: OSError) -> ExportError:
    return ExportError(
        f"The audit trail cannot be used: {error.strerror}.",
        remedy="Free some space or ask who looks after this computer; then try again.",
    )
