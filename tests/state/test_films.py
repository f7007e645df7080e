import time
from dataclasses import replace
from pathlib import Path

import pytest
from doubles import Desk, QueueLoop, film, listing, ref

from afloc_desktop.core.domain import Listing, Skipped
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.state.films import Films, merged
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks


@pytest.fixture
def room():
    """Films on fakes, their store, and the loop that carries results home."""
    loop, store, desk = QueueLoop(), Store(State()), Desk()
    tasks = Tasks(loop.post, lambda keys: store.update(busy=keys))
    yield Films(store, tasks, loop.post, desk.scan, desk.read), store, loop
    tasks.close()


def test_what_was_found_is_in_the_store_before_anyone_is_told(room):
    films, store, loop = room
    told = []
    films.open(lambda: (Path("folder"),), lambda found: told.append(store.state.listing == found))
    loop.run_until(lambda: not store.state.busy)
    assert told == [True]


def test_a_film_is_in_the_store_before_anyone_is_told(room):
    films, store, loop = room
    told = []
    films.show(ref(2), lambda: told.append(store.state.image.ref))
    assert store.state.image is None
    loop.run_until(lambda: not store.state.busy)
    assert told == [ref(2)]


@pytest.mark.parametrize(
    ("number", "by", "expected"),
    [(1, 1, ref(2)), (2, -1, ref(1)), (1, -1, None), (3, 1, None), (9, 1, None)],
)
def test_neighbours_follow_the_listing(room, number, by, expected):
    films, store, _ = room
    store.update(listing=listing(1, 2, 3), image_ref=ref(number), image=film(number))
    assert films.neighbour(by) == expected


def test_the_same_study_of_two_patients_stays_two_studies():
    stranger = replace(listing(2).studies[0], patient_name="Roe^Ann", patient_id="PID-8")
    both = merged(listing(1), Listing((stranger,), ()))
    assert [study.patient_id for study in both.studies] == ["PID-7", "PID-8"]


def test_a_study_seen_again_gains_what_is_new():
    assert merged(listing(1), listing(1, 2)) == listing(1, 2)


def test_opening_twice_lists_once():
    once = listing(1, 2, skipped=(Skipped(Path("x"), "No DICOM.", "None."),))
    assert merged(once, once) == once


def test_a_long_listing_says_how_far_it_is(room, monkeypatch):
    films, store, loop = room
    monkeypatch.setattr("afloc_desktop.state.films._PROGRESS_EVERY_S", -1)
    seen = []
    store.listen(lambda old, new: seen.append(new.scanned))
    films.open(lambda: (Path("folder"),), lambda found: None)
    loop.run_until(lambda: not store.state.busy)
    assert list(dict.fromkeys(seen)) == [0, 1, 2, 3]
    assert store.state.scanned == 0


def test_progress_of_a_stopped_listing_is_not_shown(room, monkeypatch):
    films, store, loop = room
    monkeypatch.setattr("afloc_desktop.state.films._PROGRESS_EVERY_S", -1)
    films.open(lambda: (Path("folder"),), lambda found: None)
    loop.run_until(lambda: store.state.scanned > 0)
    films.stop_listing()
    time.sleep(0.05)
    loop.run_waiting()
    assert store.state.scanned == 0
    assert store.state.listing.studies == ()


def test_paths_that_cannot_be_had_say_why(room):
    films, store, loop = room

    def refuse():
        raise UnreadableFile("The sample study is not installed.", remedy="Install it again.")

    films.open(refuse, lambda found: None)
    loop.run_until(lambda: not store.state.busy)
    assert store.state.notice.reason == "The sample study is not installed."
