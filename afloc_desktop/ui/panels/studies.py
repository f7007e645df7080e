"""The tree of what is open: patients, studies, series, films, and what is no image."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

from afloc_desktop.ui import strings, theme
from afloc_desktop.ui.labels import day, one_line, person
from afloc_desktop.ui.mouse import FILM_MIME
from afloc_desktop.ui.qt import (
    QByteArray,
    QColor,
    QHeaderView,
    QMimeData,
    QMouseEvent,
    Qt,
    QTimer,
    QTreeWidgetItem,
    Signal,
    Tree,
    children,
    plain_tip,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import ImageRef, Listing, NonImage, Series, Study
    from afloc_desktop.state.returned import Result

    _Place = tuple[Path, str]

_REF = Qt.ItemDataRole.UserRole
_STACK = Qt.ItemDataRole.UserRole + 1
_RESULT = Qt.ItemDataRole.UserRole + 2
# Rows are made in steps this long, so that ten thousand studies do not hold up the window.
_STEP_S = 0.02
# A series of more films, or of slices, is one row; PgUp and PgDn go through it.
_MOST_FILM_ROWS = 12

_MOST_REMOVED = 50  # one by one; beyond, all rows are made anew

_Key = tuple[str, str, str]


class StudyTree(Tree):
    """Fills itself step by step and keeps the rows of studies that did not change."""

    chosen = Signal(object)
    result_chosen = Signal(object)  # a file with a result; it has `path` and `member`
    result_asked = Signal(object)  # for its text

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setIndentation(14)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.currentItemChanged.connect(self._go_to)
        self.itemClicked.connect(self._click)
        self.itemActivated.connect(self._ask)
        self.setDragEnabled(True)
        self._is_pressed = False
        self._patients: dict[tuple[str, str], QTreeWidgetItem] = {}
        self._rows: dict[_Key, tuple[Study, QTreeWidgetItem]] = {}
        self._stacks: dict[int, tuple[ImageRef, ...]] = {}
        self._waiting: list[Study] = []
        self._words: list[str] = []
        self._laid: frozenset[_Place] = frozenset()
        self._ref: ImageRef | None = None
        self._more = QTimer(self)
        self._more.setSingleShot(True)
        self._more.timeout.connect(self._fill)

    def show_listing(self, listing: Listing) -> None:
        """Show other studies; the rows of those that stay as they were are left alone."""
        self.blockSignals(True)
        kept = {_key(study) for study in listing.studies}
        gone = [key for key in self._rows if key not in kept]
        if len(gone) > _MOST_REMOVED:
            self._empty()
        else:
            for key in gone:
                self._remove(key)
        self.blockSignals(False)
        self._waiting = [s for s in reversed(listing.studies) if not self._is_shown(s)]
        self._fill()

    def mark(self, ref: ImageRef | None) -> None:
        """Mark the row of the film on screen, without choosing it again."""
        self._ref = ref
        current = self.currentItem()
        if ref is not None and current is not None and self._holds(current, ref):
            return
        rows = (row for _, item in self._rows.values() for row in _below(item))
        found = None if ref is None else next((r for r in rows if self._holds(r, ref)), None)
        self.blockSignals(True)
        self.setCurrentItem(found)  # type: ignore[arg-type]
        self.blockSignals(False)

    def mark_results(self, results: tuple[Result, ...]) -> None:
        """Show which results lie over their films."""
        self._laid = frozenset((result.path, result.member) for result in results)
        for _, item in self._rows.values():
            _stress(item, self._laid)

    def narrow(self, text: str) -> None:
        """Show only studies whose labels hold all the words."""
        self._words = text.casefold().split()
        for study, item in self._rows.values():
            item.setHidden(not _fits(study, self._words))
        for patient in self._patients.values():
            patient.setHidden(all(item.isHidden() for item in children(patient)))

    def _fill(self) -> None:
        deadline = time.perf_counter() + _STEP_S
        self.blockSignals(True)
        while self._waiting and time.perf_counter() < deadline:
            self._put(self._waiting.pop())
        self.blockSignals(False)
        if self._waiting:
            self._more.start(0)
        if self.currentItem() is None:
            self.mark(self._ref)

    def _is_shown(self, study: Study) -> bool:
        known = self._rows.get(_key(study))
        return known is not None and known[0] == study

    def _put(self, study: Study) -> None:
        key, place = _key(study), None
        if key in self._rows:
            old = self._rows[key][1]
            place = self._patient(study).indexOfChild(old)
            self._remove(key, keeps_patient=True)
        item = self._study(study)
        patient = self._patient(study)
        patient.insertChild(patient.childCount() if place is None else place, item)
        self._rows[key] = (study, item)
        _stress(item, self._laid)
        for row in (patient, *_below(item)):
            row.setExpanded(True)
        item.setHidden(not _fits(study, self._words))
        if not item.isHidden():
            patient.setHidden(False)

    def _empty(self) -> None:
        self.clear()
        for rows in (self._patients, self._rows, self._stacks):
            rows.clear()

    def _remove(self, key: _Key, *, keeps_patient: bool = False) -> None:
        study, item = self._rows.pop(key)
        for row in _below(item):
            self._stacks.pop(row.data(0, _STACK), None)
        patient = self._patient(study)
        patient.removeChild(item)
        if not patient.childCount() and not keeps_patient:
            self.takeTopLevelItem(self.indexOfTopLevelItem(patient))
            del self._patients[study.patient_name, study.patient_id]

    def _patient(self, study: Study) -> QTreeWidgetItem:
        key = (study.patient_name, study.patient_id)
        if key not in self._patients:
            item = _row(_spaced(person(study.patient_name), study.patient_id))
            font = item.font(0)
            font.setBold(True)
            item.setFont(0, font)
            self._patients[key] = item
            self.addTopLevelItem(item)
            item.setHidden(bool(self._words))
        return self._patients[key]

    def _study(self, study: Study) -> QTreeWidgetItem:
        item = _row(_spaced(day(study.date), study.description or strings.UNKNOWN_STUDY))
        item.addChildren([_note(strings.told(note)) for note in study.notes])
        parts = [series.uid for series in study.series]
        for series in study.series:
            item.addChild(self._series(series, is_part=parts.count(series.uid) > 1))
        item.addChildren([_other(other) for other in study.others])
        return item

    def _series(self, series: Series, *, is_part: bool) -> QTreeWidgetItem:
        """A series of one film is that film, a few unfold, a stack is one row."""
        images = series.images
        what = series.description or series.body_part
        part = strings.part(series.part) if is_part else ""
        text = _spaced(series.modality, what, series.view_position, part) or strings.UNKNOWN_SERIES
        if series.slide is not None:
            item = _row(f"{text}   ({strings.slide_summary(series.slide)})")
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            item.setData(0, _REF, images[0])
            return self._noted(item, series)
        item = _row(text if len(images) == 1 else f"{text}   ({strings.images(len(images))})")
        if series.is_result:
            _offer(item, images)
        elif _is_unfolded(images):
            item.addChildren([_film(ref, number) for number, ref in enumerate(images, start=1)])
        else:
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            item.setData(0, _REF, images[0])
            if len(images) > 1:
                number = max(self._stacks, default=0) + 1
                self._stacks[number] = images
                item.setData(0, _STACK, number)
        return self._noted(item, series)

    def _noted(self, item: QTreeWidgetItem, series: Series) -> QTreeWidgetItem:
        """The row with what must be known about its series."""
        if series.notes:
            notes = [strings.told(note) for note in series.notes]
            item.setToolTip(0, plain_tip(" ".join((item.text(0), *notes))))
            item.insertChildren(0, [_note(note) for note in notes])
        return item

    def _holds(self, item: QTreeWidgetItem, ref: ImageRef) -> bool:
        number = item.data(0, _STACK)
        return ref in self._stacks[number] if number else item.data(0, _REF) == ref

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # A press may be the start of a drag to another cell: the film is chosen when it is let go.
        self._is_pressed = True
        super().mousePressEvent(event)
        self._is_pressed = False

    def mimeData(self, items: Sequence[QTreeWidgetItem]) -> QMimeData:
        """The film of a row, for a cell of the screen to take."""
        data, ref = QMimeData(), items[0].data(0, _REF) if items else None
        if ref is not None:
            data.setData(FILM_MIME, QByteArray(_written(ref)))
        return data

    def _go_to(self, item: QTreeWidgetItem | None, before: QTreeWidgetItem | None) -> None:
        if not self._is_pressed:
            self._choose(item)

    def _click(self, item: QTreeWidgetItem) -> None:
        self._choose(item)
        result = item.data(0, _RESULT)
        if result is not None:
            self.result_chosen.emit(result)

    def _ask(self, item: QTreeWidgetItem) -> None:
        result = item.data(0, _RESULT)
        if result is not None:
            self.result_asked.emit(result)

    def _choose(self, item: QTreeWidgetItem | None) -> None:
        ref = None if item is None else item.data(0, _REF)
        if ref is not None:
            self.chosen.emit(ref)


def _written(ref: ImageRef) -> bytes:
    """Names one film of a listing, within this process."""
    return json.dumps([os.fspath(ref.path), ref.member, ref.frame]).encode("utf-8", "surrogatepass")


def read_film(written: object, listing: Listing) -> ImageRef | None:
    """The film that was dragged; None where it is not open any more."""
    if not isinstance(written, bytes):
        return None
    wanted = [ref for ref in listing.images if _written(ref) == written]
    return wanted[0] if wanted else None


def _key(study: Study) -> _Key:
    return study.uid, study.patient_id, study.patient_name


def _is_unfolded(images: tuple[ImageRef, ...]) -> bool:
    is_stack = images[0].position_mm is not None or images[-1].frame > _MOST_FILM_ROWS
    return 1 < len(images) <= _MOST_FILM_ROWS and not is_stack


def _haystack(study: Study) -> str:
    words = [person(study.patient_name), study.patient_name, study.patient_id, study.date]
    words += (day(study.date), study.description, study.accession_number)
    for series in study.series:
        words += (series.modality, series.description, series.body_part)
    return " ".join(words).casefold()


def _row(text: str) -> QTreeWidgetItem:
    item = QTreeWidgetItem([text])
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    item.setToolTip(0, plain_tip(text))
    return item


def _note(text: str) -> QTreeWidgetItem:
    item = _row(f"{strings.NOTE_MARK} {text}")
    item.setForeground(0, QColor(theme.WARNING))
    return item


def _fits(study: Study, words: Sequence[str]) -> bool:
    return all(word in _haystack(study) for word in words) if words else True


def _stress(study: QTreeWidgetItem, laid: frozenset[_Place]) -> None:
    """Rows of results that lie over their films in bold."""
    for row in _below(study):
        result = row.data(0, _RESULT)
        if result is not None:
            font = row.font(0)
            font.setBold((result.path, result.member) in laid)
            row.setFont(0, font)


def _offer(item: QTreeWidgetItem, images: tuple[ImageRef, ...]) -> None:
    """A series of masks is one result, or a few: a file each."""
    files = list({(ref.path, ref.member): ref for ref in reversed(images)}.values())[::-1]
    rows = [item] if len(files) == 1 else [_row(strings.film(n + 1)) for n in range(len(files))]
    for row, ref in zip(rows, files, strict=True):
        row.setData(0, _RESULT, ref)
        row.setToolTip(0, plain_tip(strings.RESULT_TIP))
        if row is not item:
            item.addChild(row)


def _other(other: NonImage) -> QTreeWidgetItem:
    item = _row(_spaced(other.modality, other.description or other.kind))
    item.setToolTip(0, plain_tip(f"{other.kind} {strings.RESULT_TIP}"))
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
    item.setData(0, _RESULT, other)
    item.setForeground(0, QColor(theme.QUIET))
    return item


def _film(ref: ImageRef, number: int) -> QTreeWidgetItem:
    item = _row(strings.frame(ref.frame) if ref.frame > 1 else strings.film(number))
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
    item.setData(0, _REF, ref)
    item.setToolTip(0, plain_tip(ref.member or ref.path.name))
    return item


def _spaced(*words: str) -> str:
    return "   ".join(shown for shown in map(one_line, words) if shown)


def _below(item: QTreeWidgetItem) -> Iterator[QTreeWidgetItem]:
    """A row and all below it."""
    yield item
    for child in children(item):
        yield from _below(child)
