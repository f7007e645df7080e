"""From entries to patients' studies: never two patients in one, no image twice, nothing lost."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from afloc_desktop.core.dicom.archive import open_source
from afloc_desktop.core.dicom.meaning import EYE
from afloc_desktop.core.dicom.pictures import beside_films, is_listed_picture
from afloc_desktop.core.dicom.slides import slides_of
from afloc_desktop.core.dicom.stacks import stacks_of
from afloc_desktop.core.domain import Listing, NonImage, Series, Skipped, Study
from afloc_desktop.core.errors import AflocError, Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from afloc_desktop.core.dicom.entry import Entry, Labels

_STEP = 1 << 20
# Copies are compared byte by byte, each file once; beyond this, both are listed and it is said.
_MOST_COMPARED = 2_000_000_000

_TWO_PATIENTS = "Another patient has this very study too; check whose it is."
_TWO_NAMES = "Another name stands with this patient ID too; check whose study it is."
_CLASH = "Same instance UID, other content: each file is listed on its own."

_StudyKey = tuple[str, str, str]


class _Copies(NamedTuple):
    """How many copies each instance UID had, and UIDs that stand for different contents."""

    counts: dict[str, int]
    clashes: set[str]


class _Arranged(NamedTuple):
    """A series as it was last arranged, and from what."""

    entries: list[Entry]
    more: tuple[str, ...]
    series: tuple[Series, ...]


class Arranger:
    """Arranges entries. Remembers series and the content of copies: arranging again is cheap."""

    def __init__(self) -> None:
        self._digests: dict[tuple[str, str, int, int], str] = {}
        self._compared = 0
        self._arranged: dict[tuple[_StudyKey, str], _Arranged] = {}

    def arrange(
        self,
        entries: Iterable[Entry],
        *,
        alone: Container[str] = (),
        should_stop: Callable[[], bool] | None = None,
    ) -> Listing:
        """A listing, the same for every order of the entries.

        Args:
            entries: One of a path and archive member.
            alone: Paths of pictures that are listed whatever else there is.
            should_stop: Asked before each file that is compared with its copy.

        Returns:
            Studies in the order of their first path; series by number, split as in `stacks`.

        Raises:
            Cancelled: `should_stop` said so.
        """
        ordered = _pictures_alone(
            sorted(entries), alone
        )  # by path and member, with which they begin
        listed = [entry for entry in ordered if entry.labels is not None]
        kept, copies, clashes = self._without_copies(listed, should_stop)
        studies = _by_study(kept)
        notes = _study_notes(list(studies))
        return Listing(
            tuple(
                self._study(key, found, notes[key], _Copies(copies, clashes))
                for key, found in studies.items()
            ),
            tuple(
                Skipped(Path(entry.path), entry.reason, entry.remedy, entry.member)
                for entry in ordered
                if entry.reason
            ),
            tuple(_other(entry) for entry in ordered if entry.kind and entry.labels is None),
        )

    def _study(
        self, key: _StudyKey, entries: list[Entry], notes: tuple[str, ...], copies: _Copies
    ) -> Study:
        first = entries[0].labels
        assert first is not None
        groups: dict[str, list[Entry]] = {}
        for entry in entries:
            if entry.frames and entry.labels is not None:
                groups.setdefault(entry.labels.series_uid, []).append(entry)
        ordered = sorted(groups.items(), key=_by_series_number)
        return Study(
            uid=first.study_uid,
            patient_name=first.patient_name,
            patient_id=first.patient_id,
            date=first.date,
            description=first.study_description,
            accession_number=first.accession_number,
            series=tuple(
                itertools.chain.from_iterable(
                    self._series((key, uid), group, copies) for uid, group in ordered
                )
            ),
            others=tuple(_other(entry) for entry in entries if not entry.frames),
            notes=notes,
        )

    def _series(
        self, key: tuple[_StudyKey, str], entries: list[Entry], copies: _Copies
    ) -> tuple[Series, ...]:
        """The parts of a series; those of the last call where its entries are still the same."""
        more = _copy_notes(entries, copies) if copies.counts or copies.clashes else ()
        known = self._arranged.get(key)
        # Entries are mostly the very same objects, which makes this comparison quick.
        if known is None or known.more != more or known.entries != entries:
            known = _Arranged(entries, more, _series(entries, more))
            self._arranged[key] = known
        return known.series

    def _without_copies(
        self, entries: list[Entry], should_stop: Callable[[], bool] | None
    ) -> tuple[list[Entry], dict[str, int], set[str]]:
        """Entries without those that repeat an earlier one byte for byte.

        Returns:
            What is left, how many copies each instance UID had, and the UIDs that stand for
            different contents.
        """
        copies: dict[str, int] = {}
        clashes: set[str] = set()
        if len({entry.sop_instance_uid for entry in entries}) == len(entries):
            return entries, copies, clashes
        by_uid: dict[str, list[Entry]] = {}
        for entry in entries:
            by_uid.setdefault(entry.sop_instance_uid, []).append(entry)
        dropped: set[tuple[str, str]] = set()
        for uid, same in by_uid.items():
            if len(same) == 1 or not uid:
                continue
            contents: dict[str, Entry] = {}
            for entry in same:
                if should_stop is not None and should_stop():
                    raise Cancelled
                if contents.setdefault(self._content(entry, same), entry) is not entry:
                    dropped.add((entry.path, entry.member))
                    copies[uid] = copies.get(uid, 0) + 1
            if len(contents) > 1:
                clashes.add(uid)
        if not dropped:
            return entries, copies, clashes
        return [e for e in entries if (e.path, e.member) not in dropped], copies, clashes

    def _content(self, entry: Entry, same: list[Entry]) -> str:
        """What tells files of other content apart: the size alone where no other has it."""
        has_members = any(other.member for other in same)
        if not has_members and sum(other.size == entry.size for other in same) == 1:
            return str(entry.size)
        key = (entry.path, entry.member, entry.size, entry.mtime_ns)
        if key not in self._digests:
            self._digests[key] = self._digest(entry)
        return self._digests[key]

    def _digest(self, entry: Entry) -> str:
        # Not compared: unlike any other.
        unknown = f"{entry.path}\0{entry.member}"
        if self._compared > _MOST_COMPARED:
            return unknown
        digest = hashlib.blake2b(digest_size=16)
        try:
            with open_source(Path(entry.path), entry.member) as (file, size):
                self._compared += size
                while part := file.read(_STEP):
                    digest.update(part)
        except AflocError:
            return unknown
        return digest.hexdigest()


def _pictures_alone(entries: list[Entry], alone: Container[str]) -> list[Entry]:
    """Entries in their order; pictures among films are left out, and it is said."""
    pictures = {entry.path for entry in entries if is_listed_picture(entry)}
    left_out = {path for path in pictures if path not in alone}
    if not left_out or not has_films(entries):
        return entries
    return [beside_films(entry) if entry.path in left_out else entry for entry in entries]


def has_films(entries: Iterable[Entry]) -> bool:
    """Whether there are films among entries, beside which pictures are not listed."""
    return any(entry.frames and not is_listed_picture(entry) for entry in entries)


def _by_study(entries: list[Entry]) -> dict[_StudyKey, list[Entry]]:
    """Entries by study and patient, each in the order of `entries`."""
    # The files of a series mostly share one `Labels`, which is then looked at once.
    runs: dict[int, list[Entry]] = {}
    for entry in entries:
        runs.setdefault(id(entry.labels), []).append(entry)
    studies: dict[_StudyKey, list[list[Entry]]] = {}
    for run in runs.values():
        studies.setdefault(_study_key(run[0].labels), []).append(run)
    return {
        key: parts[0] if len(parts) == 1 else sorted(itertools.chain.from_iterable(parts))
        for key, parts in studies.items()
    }


def _study_key(labels: Labels | None) -> _StudyKey:
    assert labels is not None
    return labels.study_uid, labels.patient_id, _same_name(labels.patient_name)


def _same_name(name: str) -> str:
    """A name without what two writers of the same name may do differently."""
    return " ".join(name.split("=")[0].replace("^", " ").split()).casefold()


def _study_notes(keys: list[_StudyKey]) -> dict[_StudyKey, tuple[str, ...]]:
    patients: dict[str, set[tuple[str, str]]] = {}
    names: dict[str, set[str]] = {}
    for uid, patient_id, name in keys:
        patients.setdefault(uid, set()).add((patient_id, name))
        if patient_id:
            names.setdefault(patient_id, set()).add(name)
    notes = {}
    for uid, patient_id, name in keys:
        has_two_names = len(names.get(patient_id, ())) > 1
        others = {other for other, _ in patients[uid] if other != patient_id}
        notes[uid, patient_id, name] = (
            *((_TWO_PATIENTS,) if others or (len(patients[uid]) > 1 and not patient_id) else ()),
            *((_TWO_NAMES,) if has_two_names else ()),
        )
    return notes


def _by_series_number(group: tuple[str, list[Entry]]) -> tuple[bool, int]:
    labels = group[1][0].labels
    number = labels.number if labels is not None else None
    return number is None, number or 0


def _series(entries: list[Entry], more: tuple[str, ...]) -> tuple[Series, ...]:
    labels = entries[0].labels
    assert labels is not None
    films = [entry for entry in entries if not entry.slide]
    stacks = [(view, stack) for view, same in _by_eye(films) for stack in stacks_of(same)]
    slides = slides_of([entry for entry in entries if entry.slide])
    plain = Series(
        uid=labels.series_uid,
        number=labels.number,
        modality=labels.modality,
        description=labels.series_description,
        body_part=labels.body_part,
        view_position=labels.view_position,
        images=(),
    )
    found = (
        *(replace(plain, view_position=v, images=s.images, notes=s.notes) for v, s in stacks),
        *(replace(plain, images=s.images, slide=s.size, notes=s.notes) for s in slides),
    )
    return tuple(
        replace(each, part=part, notes=(*each.notes, *more))
        for part, each in enumerate(found, start=1)
    )


def _by_eye(entries: list[Entry]) -> list[tuple[str, list[Entry]]]:
    """View positions, and the entries of each: both eyes are often one series, but no stack."""
    first = entries[0].labels if entries else None
    if first is None:
        return []
    if first.modality != EYE:
        return [(first.view_position, entries)]
    eyes: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.labels is not None:
            eyes.setdefault(entry.labels.view_position, []).append(entry)
    return sorted(eyes.items())  # OD before OS, as they hang


def _copy_notes(entries: list[Entry], copies: _Copies) -> tuple[str, ...]:
    uids = {entry.sop_instance_uid for entry in entries}
    count = sum(copies.counts.get(uid, 0) for uid in uids)
    notes = []
    if count:
        notes.append(f"{count} identical {'copies' if count > 1 else 'copy'} not listed again.")
    if uids & copies.clashes:
        notes.append(_CLASH)
    return tuple(notes)


def _other(entry: Entry) -> NonImage:
    labels = entry.labels
    return NonImage(
        Path(entry.path),
        entry.member,
        entry.kind,
        entry.sop_instance_uid,
        labels.series_uid if labels else "",
        labels.modality if labels else "",
        labels.series_description if labels else "",
    )
