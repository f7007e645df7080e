"""The studies that were listed before, in a local SQLite file: found again without reading files.

A cache. It is made again where it is damaged, and where it cannot be used at all, the reading
room works on without it and says so once.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from afloc_desktop.core.dicom.entry import Entry, Labels, Place
from afloc_desktop.state.store import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

T = TypeVar("T")

_FILE_NAMES = (sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
_NO_POSITION, _NO_PHASE = (None, None, None), (None, None)

# Raised with every change of the tables and of the rules by which files are recognised.
_VERSION = 2
_BUSY_S = 5.0
_MOST_FOLDERS = 50  # of one study that are named
_SCHEMA = """
CREATE TABLE folders (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE);
CREATE TABLE labels (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,
    study_uid TEXT, series_uid TEXT, patient_name TEXT, patient_id TEXT, date TEXT,
    study_description TEXT, accession_number TEXT, number INTEGER, modality TEXT,
    series_description TEXT, body_part TEXT, view_position TEXT, words TEXT
);
CREATE INDEX labels_by_date ON labels (date, study_uid, patient_id);
CREATE TABLE entries (
    folder INTEGER NOT NULL, name BLOB NOT NULL, member TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, labels INTEGER, place TEXT,
    x REAL, y REAL, z REAL, temporal REAL, echo REAL,
    sop_instance_uid TEXT, instance_number INTEGER, rows INTEGER, columns INTEGER,
    frames INTEGER, kind TEXT, reason TEXT, remedy TEXT, slide TEXT,
    PRIMARY KEY (folder, name, member)
) WITHOUT ROWID;
CREATE INDEX entries_by_labels ON entries (labels, frames);
"""
_LABELS = ", ".join(Labels._fields)
_INSERT_LABELS = f"INSERT OR IGNORE INTO labels (key, {_LABELS}, words) VALUES ({'?,' * 13}?)"
_INSERT = f"INSERT OR REPLACE INTO entries VALUES ({'?,' * 20}?)"
_LOAD = f"""
SELECT name, member, size, mtime_ns, place, x, y, z, temporal, echo, sop_instance_uid,
    instance_number, rows, columns, frames, kind, reason, remedy, slide, labels.id, {_LABELS}
FROM entries LEFT JOIN labels ON labels.id = entries.labels
WHERE folder = (SELECT id FROM folders WHERE path = ?) ORDER BY name, member
"""
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_UNUSABLE = Problem(
    "The list of known studies cannot be written; folders are read again each time.",
    "Free some space on the disk, or check the permissions of the application's folder.",
)
_REBUILT = Problem(
    "The list of known studies was damaged and has been started anew.",
    "Nothing else was lost; folders are known again once they are opened.",
)


@dataclass(frozen=True, slots=True)
class KnownStudy:
    """A study that was listed before.

    Attributes:
        modalities: Separated by spaces.
        images: How many films it had.
        paths: The folders and archives that hold it, at most `_MOST_FOLDERS`.
        other fields: As in `core.domain.Study`.
    """

    uid: str
    patient_name: str
    patient_id: str
    date: str
    description: str
    accession_number: str
    modalities: str
    images: int
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for; empty fields ask for nothing.

    Attributes:
        text: Words that stand anywhere in the labels, in any order.
        patient: Part of the patient's name or ID.
        date_from, date_to: Study dates, YYYYMMDD, both included.
        modality: Exactly, in any case.
        description: Part of a study's or series' description.
    """

    text: str = ""
    patient: str = ""
    date_from: str = ""
    date_to: str = ""
    modality: str = ""
    description: str = ""


class StudyIndex:
    """Remembers entries. Any thread but the main one; one call at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._is_usable = True
        self._problem: Problem | None = None
        self._folder = ""
        self._rows: dict[str, tuple[Entry, ...]] = {}
        self._replaced: set[str] = set()
        self._folder_ids: dict[str, int] = {}
        self._label_ids: dict[Labels, int] = {}

    def take_problem(self) -> Problem | None:
        """What the reader must be told about the index, once."""
        with self._lock:
            problem, self._problem = self._problem, None
            return problem

    def known(self, path: str) -> tuple[Entry, ...] | None:
        """What is remembered of a file, of an archive an entry per member; None where nothing.

        The rows of a whole folder are read at once, and kept until the next folder is asked for.
        """
        folder, name = _split(path)
        with self._lock:
            if folder != self._folder:
                self._rows = self._do(partial(_load, folder=folder), {})
                self._folder = folder
            found = self._rows.get(name)
            if found:
                self._replaced.add(path)
            return found or None

    def remember(self, entries: Sequence[Entry]) -> None:
        """Keep entries, in one transaction; of an archive, all members must be among them."""
        with self._lock:
            self._do(partial(self._remember, entries), None)
            for path, group in groupby(entries, key=_path):
                folder, name = _split(path)
                if folder == self._folder:
                    self._rows[name] = tuple(entry for entry in group if entry.is_lasting)

    def forget_missing(self, root: str, seen: Container[str]) -> None:
        """Forget the files below a folder that was walked to the end and are not among `seen`."""
        if self._do(partial(_forget, root=root, seen=seen), False):
            with self._lock:
                self._forget_what_was_read()

    def search(self, query: Query, *, limit: int = 200) -> tuple[KnownStudy, ...]:
        """Studies that fit, the newest first."""
        return self._do(partial(_search, query=query, limit=limit), ())

    def files(self, study: KnownStudy, *, limit: int = 500) -> tuple[Path, ...]:
        """The files and archives with films of a study, at most so many."""
        return self._do(partial(_files, study=study, limit=limit), ())

    def close(self) -> None:
        """Let go of the file; it is opened again when it is needed."""
        with self._lock:
            if self._connection is not None:
                with suppress(sqlite3.Error):
                    self._connection.close()
                self._connection = None

    def _forget_what_was_read(self) -> None:
        self._folder = ""
        self._rows = {}
        self._replaced.clear()
        self._folder_ids.clear()
        self._label_ids.clear()

    def _do(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Run one transaction; `otherwise` is the answer where the index cannot be used."""
        with self._lock:
            if not self._is_usable:
                return otherwise
            try:
                connection = self._open()
                connection.execute("BEGIN IMMEDIATE")
                with connection:  # commits, or rolls back
                    return work(connection)
            except (sqlite3.Error, OSError) as error:
                self._recover(error)
                return otherwise

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # It holds names: nobody else on this machine may read it. SQLite's own helper files
            # take over the mode.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            try:
                _prepare(connection)
            except sqlite3.Error:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _recover(self, error: Exception) -> None:
        code = getattr(error, "sqlite_errorcode", None)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return  # another window is writing; what is not kept now is kept the next time
        self.close()
        self._forget_what_was_read()
        is_other = isinstance(error, _OtherVersion)
        if is_other or isinstance(error, _Damaged) or code in _DAMAGE:
            if not is_other:
                self._problem = _REBUILT
            with suppress(OSError):
                for ending in ("", "-wal", "-shm"):
                    Path(f"{self._path}{ending}").unlink(missing_ok=True)
                return
        self._is_usable = False
        self._problem = _UNUSABLE

    def _remember(self, entries: Sequence[Entry], connection: sqlite3.Connection) -> None:
        stale = self._replaced and self._replaced.intersection(entry.path for entry in entries)
        for path in stale:
            folder, name = _split(path)
            connection.execute(
                "DELETE FROM entries WHERE folder = ? AND name = ?",
                (self._folder_id(connection, folder), name.encode(*_FILE_NAMES)),
            )
        self._replaced -= stale
        connection.executemany(_INSERT, list(self._rows_of(connection, entries)))

    def _rows_of(
        self, connection: sqlite3.Connection, entries: Sequence[Entry]
    ) -> Iterator[tuple[Any, ...]]:
        # Labels and places are shared by the files of a series, and looked at once.
        shared: dict[int, int | str | None] = {id(None): None}
        folders: dict[str, int] = {}
        for entry in entries:
            if not entry.is_lasting:
                continue  # it may be otherwise the next time
            path, member, size, mtime_ns, labels, place, position, phase = entry[:8]
            folder, name = _split(path)
            if folder not in folders:
                folders[folder] = self._folder_id(connection, folder)
            if id(labels) not in shared and labels is not None:
                shared[id(labels)] = self._label_id(connection, labels)
            if id(place) not in shared and place is not None:
                shared[id(place)] = _place_text(place)
            yield (
                folders[folder],
                name.encode(*_FILE_NAMES),
                _storable(member) if member else "",
                size,
                mtime_ns,
                shared[id(labels)],
                shared[id(place)],
                *(position or _NO_POSITION),
                *(phase or _NO_PHASE),
                *entry[8:-1],
            )

    def _folder_id(self, connection: sqlite3.Connection, folder: str) -> int:
        if folder not in self._folder_ids:
            raw = os.fsencode(folder)
            connection.execute("INSERT OR IGNORE INTO folders (path) VALUES (?)", (raw,))
            (number,) = connection.execute(
                "SELECT id FROM folders WHERE path = ?", (raw,)
            ).fetchone()
            self._folder_ids[folder] = number
        return self._folder_ids[folder]

    def _label_id(self, connection: sqlite3.Connection, labels: Labels) -> int:
        if labels not in self._label_ids:
            stored = [_storable(v) if isinstance(v, str) else v for v in labels]
            key = hashlib.blake2b(repr(stored).encode(), digest_size=16).digest()
            words = " ".join(map(str, stored)).casefold()
            connection.execute(_INSERT_LABELS, (key, *stored, words))
            (number,) = connection.execute("SELECT id FROM labels WHERE key = ?", (key,)).fetchone()
            self._label_ids[labels] = number
        return self._label_ids[labels]


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables where there are none, else check them."""
    connection.execute("PRAGMA journal_mode = WAL")
    # A crash may cost the last folder, never the file.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("BEGIN IMMEDIATE")  # another window may be making the tables just now
    with connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        elif version != _VERSION:
            raise _OtherVersion
        elif connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise _Damaged


class _OtherVersion(sqlite3.DatabaseError):
    """Written by another version of this application."""


class _Damaged(sqlite3.DatabaseError):
    """Not whole."""


def _path(entry: Entry) -> str:
    return entry.path


def _split(path: str) -> tuple[str, str]:
    """Folder and name; `os.path.split` takes three times as long."""
    folder, separator, name = path.rpartition(os.sep)
    return folder or separator, name


def _load(connection: sqlite3.Connection, folder: str) -> dict[str, tuple[Entry, ...]]:
    """Everything remembered of the files in a folder."""
    labels: dict[int, Labels] = {}
    places: dict[str, Place] = {}
    found: dict[str, list[Entry]] = {}
    for row in connection.execute(_LOAD, (os.fsencode(folder),)):
        raw, member, size, mtime_ns, place, x, y, z, temporal, echo, *rest = row
        uid, number, rows, columns, frames, kind, reason, remedy, slide, label, *values = rest
        name = os.fsdecode(raw)
        if label is not None and label not in labels:
            labels[label] = Labels(*values)
        if place is not None and place not in places:
            places[place] = _place(place)
        entry = Entry(
            os.path.join(folder, name), member, size, mtime_ns,
            None if label is None else labels[label],
            None if place is None else places[place],
            () if x is None else (x, y, z),
            () if temporal is None else (temporal, echo),
            uid, number, rows, columns, frames, kind, reason, remedy, slide,
        )  # fmt: skip
        found.setdefault(name, []).append(entry)
    return {name: tuple(entries) for name, entries in found.items()}


def _forget(connection: sqlite3.Connection, root: str, seen: Container[str]) -> bool:
    """Whether anything was there to be forgotten."""
    gone: list[tuple[int, bytes]] = []
    below = os.path.join(root, "")
    for number, raw in connection.execute("SELECT id, path FROM folders").fetchall():
        folder = os.fsdecode(raw)
        if folder == root or folder.startswith(below):
            names = connection.execute(
                "SELECT DISTINCT name FROM entries WHERE folder = ?", (number,)
            )
            start = os.path.join(folder, "")
            gone += [(number, name) for (name,) in names if start + os.fsdecode(name) not in seen]
    connection.executemany("DELETE FROM entries WHERE folder = ? AND name = ?", gone)
    if gone:
        connection.execute(
            "DELETE FROM labels WHERE id NOT IN "
            "(SELECT labels FROM entries WHERE labels IS NOT NULL)"
        )
    return bool(gone)


def _search(connection: sqlite3.Connection, query: Query, limit: int) -> tuple[KnownStudy, ...]:
    where, values = _conditions(query)
    rows = connection.execute(
        f"""
        SELECT study_uid, patient_name, patient_id, max(date), min(study_description),
            min(accession_number), group_concat(DISTINCT modality), sum(frames)
        FROM labels JOIN entries ON entries.labels = labels.id
        WHERE frames > 0 {where}
        GROUP BY study_uid, patient_id, patient_name
        ORDER BY max(date) DESC, patient_name, study_uid LIMIT ?
        """,
        (*values, limit),
    ).fetchall()
    found = []
    for uid, name, patient_id, date, description, accession, modalities, images in rows:
        paths = _paths(connection, uid, patient_id)
        shown = " ".join(sorted(modalities.split(",")))
        found.append(
            KnownStudy(uid, name, patient_id, date, description, accession, shown, images, paths)
        )
    return tuple(found)


def _conditions(query: Query) -> tuple[str, list[str]]:
    """SQL that narrows `labels` down, and its parameters."""
    clauses: list[str] = []
    values: list[str] = []
    # `instr` knows no wildcards, so that nothing in a query means more than it says.
    for word in query.text.casefold().split():
        clauses.append("instr(words, ?)")
        values.append(word)
    for text, columns in (
        (query.patient, "patient_name || ' ' || patient_id"),
        (query.description, "study_description || ' ' || series_description"),
    ):
        if text.strip():
            clauses.append(f"instr(lower({columns}), ?)")
            values.append(text.strip().lower())
    if query.modality.strip():
        clauses.append("modality = ?")
        values.append(query.modality.strip().upper())
    for date, comparison in ((query.date_from, ">="), (query.date_to, "<=")):
        if date:
            clauses.append(f"date {comparison} ?")
            values.append(date)
    return "".join(f" AND {clause}" for clause in clauses), values


def _paths(connection: sqlite3.Connection, uid: str, patient_id: str) -> tuple[Path, ...]:
    """The folders of a study without those below another of them, and its archives."""
    rows = connection.execute(
        """
        SELECT DISTINCT path, CASE WHEN member = '' THEN NULL ELSE name END
        FROM labels JOIN entries ON entries.labels = labels.id
            JOIN folders ON folders.id = entries.folder
        WHERE study_uid = ? AND patient_id = ? ORDER BY path LIMIT ?
        """,
        (uid, patient_id, _MOST_FOLDERS),
    )
    paths = [os.fsdecode(raw if name is None else os.path.join(raw, name)) for raw, name in rows]
    kept: list[str] = []
    for path in sorted(paths):
        if not any(path.startswith(os.path.join(other, "")) for other in kept):
            kept.append(path)
    return tuple(map(Path, kept))


def _files(connection: sqlite3.Connection, study: KnownStudy, limit: int) -> tuple[Path, ...]:
    rows = connection.execute(
        """
        SELECT DISTINCT path, name FROM labels JOIN entries ON entries.labels = labels.id
        JOIN folders ON folders.id = entries.folder
        WHERE frames > 0 AND study_uid = ? AND patient_id = ? ORDER BY path, name LIMIT ?
        """,
        (study.uid, study.patient_id, limit),
    )
    return tuple(Path(os.fsdecode(path), os.fsdecode(name)) for path, name in rows)


def _place_text(place: Place) -> str:
    groups = (place.orientation, place.spacing)
    numbers = ("\\".join(map(repr, group)) for group in groups)
    return "|".join((*numbers, _storable(place.frame_of_reference)))


def _place(text: str) -> Place:
    orientation, spacing, uid = text.split("|", 2)
    return Place(_numbers(orientation), _numbers(spacing), uid)


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(map(float, text.split("\\"))) if text else ()


def _storable(text: str) -> str:
    """Text as SQLite takes it: without halves of characters."""
    return text.encode("utf-8", "replace").decode("utf-8")
