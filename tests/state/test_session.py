import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from doubles import QueueLoop, ref
from readings import EFFUSION, reading

from afloc_desktop.core.domain import Prompt, Provenance, Spacing
from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.export.selection import Statement
from afloc_desktop.core.findings import propose
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.judging import edited
from afloc_desktop.core.measuring import FilmKey, Mark
from afloc_desktop.state.judgements import Judgement
from afloc_desktop.state.session import Session, read, write
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks

SQUARE = (Point(5, 5), Point(45, 5), Point(45, 30), Point(5, 30))


@pytest.fixture
def worked():
    """A state with a redrawn finding, a measurement, a calibration and an own threshold."""
    state = reading(opened=(Path("/films/späť"), Path("more.zip")))
    answer = state.answers[EFFUSION]
    provenance = Provenance("fake", "bundle", "f", "1", "CPU", "now")
    made = propose(answer.heatmap, answer.question, spacing=None, provenance=provenance)
    made = edited(made, [SQUARE], answer.heatmap, spacing=None, author="Dr Reader")
    key = answer.heatmap.key
    film = FilmKey.of(state.image)
    return replace(
        state,
        judged={key: Judgement(ref(1), key, Statement("Effusion", made, answer.heatmap), "other")},
        marks={film: (Mark("arrow", (Point(1.5, 2), Point(3, 4)), "here"),)},
        calibrations={film: Spacing(0.2, 0.2, "reader")},
        thresholds={Prompt("right lung", "typed"): 0.25},
        asked=("right lung",),
    )


def test_what_was_done_comes_back_as_it_was(tmp_path, worked):
    path = tmp_path / "data" / "session.json"
    write(path, worked)
    saved = read(path)
    for name in ("opened", "marks", "calibrations", "thresholds", "asked"):
        assert getattr(saved, name) == getattr(worked, name)
    ((key, judgement),) = saved.judged.items()
    (before,) = worked.judged.values()
    assert (key, judgement.ref, judgement.reason) == (before.key, ref(1), "other")
    assert judgement.statement.finding == before.statement.finding
    assert judgement.statement.label == "Effusion"


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_the_file_is_the_readers_alone(tmp_path, worked):
    write(tmp_path / "session.json", worked)
    assert (tmp_path / "session.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"schema": 1', '"schema": 2'),
        lambda text: text.replace('"outline"', '"contour"'),
        lambda text: "[]",
        lambda text: json.dumps({"schema": 1}),
    ],
    ids=["torn", "other version", "other field", "no table", "empty"],
)
def test_a_spoilt_file_brings_nothing_back(tmp_path, worked, spoil):
    path = tmp_path / "session.json"
    write(path, worked)
    path.write_text(spoil(path.read_text()))
    assert read(path) is None


@pytest.fixture
def session(tmp_path):
    loop, store = QueueLoop(), Store(State())
    tasks = Tasks(loop.post, lambda keys: store.update(busy=keys))
    made = Session(store, tasks, tmp_path / "session.json")
    made.loop, made.store = loop, store
    yield made
    tasks.close()


def test_only_what_the_reader_did_is_worth_saving(session, worked):
    assert session.is_touched(State(), worked)
    assert not session.is_touched(worked, replace(worked, busy=frozenset({"scan"}), prompt=None))


def test_a_session_is_saved_brought_back_and_ended(session, worked):
    assert session.left() is None
    session.store.update(opened=worked.opened, judged=worked.judged, marks=worked.marks)
    session.save()
    session.loop.run_until(lambda: not session.store.state.busy)
    saved = session.left()
    session.store.update(judged={}, marks={})
    session.bring_back(saved)
    assert session.store.state.marks == worked.marks
    assert len(session.store.state.judged) == 1
    session.end()
    session.end()
    assert session.left() is None


def test_what_a_newer_version_left_is_kept_for_it(session, worked, tmp_path):
    write(tmp_path / "session.json", worked)
    newer = (tmp_path / "session.json").read_text().replace('"schema": 1', '"schema": 2')
    (tmp_path / "session.json").write_text(newer)
    assert session.left() is None
    session.save_now()
    session.end()
    assert (tmp_path / "session.unusable.json").read_text() == newer


def test_a_folder_that_cannot_be_written_stops_nobody(session, worked, monkeypatch):
    def full(*args, **more):
        raise ExportError("The disk is full.", remedy="Free some space.")

    monkeypatch.setattr("afloc_desktop.state.session.write_atomically", full)
    session.save()
    session.loop.run_until(lambda: not session.store.state.busy)
    session.save_now()
    assert session.left() is None
