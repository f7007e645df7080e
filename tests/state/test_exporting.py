import csv
import threading
from functools import partial

import exported
import pydicom
import pytest
from bars import LATEST_S
from doubles import QueueLoop
from leaving import Leaving, make

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.domain import Spacing
from afloc_desktop.core.errors import ExportError, UnreadableFile
from afloc_desktop.core.export.formats import Planned
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.measuring import FilmKey, Mark
from afloc_desktop.state.exporting import Order
from afloc_desktop.state.plugins import exporters_with


@pytest.fixture
def desk(tmp_path):
    made = Leaving(tmp_path, QueueLoop())
    yield made
    made.tasks.close()


def test_every_file_has_its_outcome_and_its_line_in_the_trail(desk):
    assert [len(study) for study in desk.exports.studies()] == [2, 1]
    assert desk.exports.planned("sr") == Planned(3, "AFLoc_sr_*.dcm", 2)
    outcomes = desk.write("sr", "csv", "seg")
    assert [(o.format, o.films) for o in outcomes] == [
        ("sr", (1,)), ("seg", (1,)), ("sr", (2,)), ("seg", (2,)), ("sr", (3,)), ("seg", (3,)),
        ("csv", (1, 2, 3)),
    ]  # fmt: skip
    assert (len(outcomes), desk.export.is_stopped) == (desk.export.total, False)
    assert sorted(p for o in outcomes for p in o.paths) == sorted(desk.out.iterdir())
    assert desk.notes[:2] == [("exported", "1.2.9.1", "sr"), ("exported", "1.2.9.1", "seg")]
    assert len(desk.notes) == 9
    reports = [pydicom.dcmread(o.paths[0]) for o in outcomes if o.format == "sr"]
    series = [ds.SeriesInstanceUID for ds in reports]
    assert series[0] == series[1] != series[2]
    assert [int(ds.InstanceNumber) for ds in reports] == [1, 2, 1]
    assert {ds.VerificationFlag for ds in reports} == {"VERIFIED"}


def test_what_the_reader_measured_leaves_with_the_film_at_the_readers_scale(desk):
    image = read(next(iter(desk.accepted)))
    line = Mark("length", (Point(0, 0), Point(30, 40)))
    known = {FilmKey.of(image): Spacing(0.5, 0.5, "reader")}
    desk.store.update(marks={FilmKey.of(image): (line,)}, calibrations=known)
    assert desk.exports.planned("csv") == Planned(2, "findings*.csv, measurements*.csv", 0)
    (outcome,) = desk.write("csv")
    assert desk.export.total == 1
    (row,) = csv.DictReader(outcome.paths[1].read_text(encoding="utf-8").splitlines())
    assert (row["what"], row["value"], row["basis"]) == ("Length", "25.0000", "reader")


def test_a_film_that_is_gone_costs_itself(desk):
    next(iter(desk.accepted)).path.unlink()
    outcomes = desk.write("sr")
    assert [(o.format, o.films, bool(o.paths)) for o in outcomes] == [
        ("", (1,), False),
        ("sr", (2,), True),
        ("sr", (3,), True),
    ]
    assert outcomes[0].problem.reason == "The path does not exist."


def test_an_exporter_that_fails_costs_what_it_was_to_write(desk):
    class Full:
        id, label, media = "sr", "Report", "text/plain"

        def write(self, selection, folder):
            raise ExportError("The disk is full.", remedy="Free some space.")

    outcomes = desk.write("sr", "csv", maker=lambda ids: {**make(ids), "sr": Full()})
    assert [(o.format, o.problem is None) for o in outcomes] == [("sr", False)] * 3 + [
        ("csv", True)
    ]


def test_without_a_line_in_the_trail_the_reader_is_told(desk):
    desk.note_error = ExportError("The audit trail cannot be used.", remedy="Ask.")
    (outcome,) = desk.write("csv")
    assert (len(outcome.paths), outcome.problem.reason) == (1, "The audit trail cannot be used.")


def test_a_plugin_is_given_everything_at_once_and_may_not_be_there(desk):
    class Plugin:
        id, label, media = "text", "Text", "text/plain"

        def write(self, selection, folder):
            return (folder / str(len(selection.films)),)

    assert desk.exports.planned("text") is None
    (outcome,) = desk.write("text", maker=lambda ids: {"text": Plugin()})
    assert [path.name for path in outcome.paths] == ["3"]
    (outcome,) = desk.write("text", maker=exporters_with)
    assert "no exporter plugin" in outcome.problem.reason


def test_nothing_is_written_among_the_films(desk):
    desk.out = next(iter(desk.accepted)).path.parent / "below"
    (outcome,) = desk.write("sr")
    assert "nothing is written there" in outcome.problem.reason
    assert not desk.out.exists()


def test_who_is_hidden_is_hidden_in_every_format(desk):
    image = read(next(iter(desk.accepted)))
    typed = exported.statement(image, "as Mr Phantom said", finding_id="text", origin="typed")
    desk.accepted = {image.ref: (typed,)}
    outcomes = desk.write("sr", "csv", "json", is_deidentified=True)
    for path in (path for o in outcomes for path in o.paths):
        assert b"Phantom" not in path.read_bytes()


def test_an_export_can_be_given_up(desk, monkeypatch):
    is_reading, may_go_on = threading.Event(), threading.Event()

    def slow(ref, *, should_stop):
        is_reading.set()
        may_go_on.wait(LATEST_S)
        return read(ref, should_stop=should_stop)

    monkeypatch.setattr(desk.exports, "_read", slow)
    desk.exports.start(Order(("sr",), desk.out), make)
    assert is_reading.wait(LATEST_S)
    desk.exports.stop()
    may_go_on.set()
    assert (desk.export.is_done, desk.export.is_stopped) == (True, True)
    desk.tasks.submit("next", partial(_nothing), lambda r: None, lambda e: None, lane="files")
    desk.loop.run_until(lambda: not desk.tasks.is_running("next"))
    assert desk.notes == []
    desk.exports.forget()
    assert desk.export is None


def _nothing(token):
    """Any work."""


def test_a_damaged_film_says_why(desk, monkeypatch):
    def damaged(ref, *, should_stop):
        raise UnreadableFile("Damaged.", remedy="Fetch it again.")

    monkeypatch.setattr(desk.exports, "_read", damaged)
    outcomes = desk.write("sr")
    assert [o.problem.remedy for o in outcomes] == ["Fetch it again."] * 3
