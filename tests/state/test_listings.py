import time
from dataclasses import replace
from pathlib import Path

import pytest
from doubles import Desk, QueueLoop, listing

from afloc_desktop.core.domain import Listing, Skipped
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.state.listings import Listings, merged
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks


@pytest.fixture
def room():
    """Listings on fakes, their store, and the loop that carries results home."""
    loop, store, desk = QueueLoop(), Store(State()), Desk()
    tasks = Tasks(loop.post, lambda keys: store.update(busy=keys))
    yield Listings(store, tasks, loop.post, desk.scan), store, loop
    tasks.close()


def test_what_was_found_is_in_the_store_before_anyone_is_told(room):
    listings, store, loop = room
    told = []
    listings.open(
        lambda: (Path("folder"),), lambda found: told.append(store.state.listing == found)
    )
    loop.run_until(lambda: not store.state.busy)
    assert told == [True]


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
    listings, store, loop = room
    monkeypatch.setattr("afloc_desktop.state.listings._PROGRESS_EVERY_S", -1)
    seen = []
    store.listen(lambda old, new: seen.append(new.scanned))
    listings.open(lambda: (Path("folder"),), lambda found: None)
    loop.run_until(lambda: not store.state.busy)
    assert list(dict.fromkeys(seen)) == [0, 1, 2, 3]
    assert store.state.scanned == 0


def test_progress_of_a_stopped_listing_is_not_shown(room, monkeypatch):
    listings, store, loop = room
    monkeypatch.setattr("afloc_desktop.state.listings._PROGRESS_EVERY_S", -1)
    listings.open(lambda: (Path("folder"),), lambda found: None)
    loop.run_until(lambda: store.state.scanned > 0)
    listings.stop()
    time.sleep(0.05)
    loop.run_waiting()
    assert store.state.scanned == 0
    assert store.state.listing.studies == ()


def test_paths_that_cannot_be_had_say_why(room):
    listings, store, loop = room

    def refuse():
        raise UnreadableFile("The sample study is not installed.", remedy="Install it again.")

    listings.open(refuse, lambda found: None)
    loop.run_until(lambda: not store.state.busy)
    assert store.state.notice.reason == "The sample study is not installed."
