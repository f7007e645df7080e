"""Accepted findings on real files, on their way out."""

from __future__ import annotations

import exported

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.state.exporting import Exports, Order
from afloc_desktop.state.plugins import exporters_with
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks


def make(formats):
    known = exporters_with(())
    return {id_: known[id_] for id_ in formats}


class Leaving:
    """Two studies, of two films and of one, with a finding on each."""

    def __init__(self, tmp_path, loop):
        self.out = tmp_path / "out"
        self.loop = loop
        images = [
            exported.film(
                tmp_path / f"film {n}",
                StudyInstanceUID=f"1.2.3.{study}",
                SOPInstanceUID=f"1.2.9.{n}",
            )
            for n, study in enumerate((1, 1, 2), 1)
        ]
        listing = scan([tmp_path])
        self.store = Store(State(listing=listing))
        self.tasks = Tasks(self.loop.post, lambda busy: None)
        self.accepted = {
            image.ref: (exported.statement(image, status="accepted", author="Ann"),)
            for image in images
        }
        self.notes = []
        self.note_error = None
        self.exports = Exports(
            self.store,
            self.tasks,
            self.loop.post,
            accepted=lambda: self.accepted,
            read=self.read,
            note=self.note,
        )

    def read(self, ref, *, should_stop):
        return read(ref, should_stop=should_stop)

    def note(self, action, film, objects):
        if self.note_error:
            raise self.note_error
        self.notes.append((action, film.image.ref.sop_instance_uid, *objects))

    @property
    def export(self):
        return self.store.state.export

    def write(self, *formats, maker=make, **changes):
        self.exports.start(Order(formats, self.out, **changes), maker)
        self.loop.run_until(lambda: self.export.is_done)
        return self.export.outcomes
