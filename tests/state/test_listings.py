import time
from pathlib import Path

import pytest
from doubles import Desk, QueueLoop, ref

from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.state.index import KnownStudy
from afloc_desktop.state.listings import Listings
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks

KNOWN = KnownStudy("7", "roe", "P9", "20200101", "", "", "CT", 4, (Path("/archive"),))


@pytest.fixture
def room():
    """Listings on fakes, their store, and the loop that carries results home."""
    loop, store, desk = QueueLoop(), Store(State()), Desk(known=(KNOWN,))
    tasks = Tasks(loop.post, lambda keys: store.update(busy=keys))
    yield Listings(store, tasks, loop.post, desk.engine()), store, loop
    tasks.close()


def test_the_first_film_is_in_the_store_before_anyone_is_told(room):
    listings, store, loop = room
    told = []
    listings.open(
        lambda: (Path("folder"),), lambda first: told.append(first in store.state.listing.images)
    )
    loop.run_until(lambda: not store.state.busy)
    assert told == [True]


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


def test_known_studies_are_searched_on_a_worker_and_no_words_find_the_latest(room):
    listings, store, loop = room
    listings.search("roe")
    loop.run_until(lambda: not store.state.busy)
    assert [study.uid for study in store.state.known] == ["7"]
    listings.search("nobody")
    loop.run_until(lambda: not store.state.busy)
    assert store.state.known == ()
    listings.search("  ")
    loop.run_until(lambda: not store.state.busy)
    assert [study.uid for study in store.state.known] == ["7"]


def test_what_was_found_so_far_is_shown_and_the_first_film_is_told_once(room):
    listings, store, loop = room
    told = []
    listings.open(lambda: (Path("partial"),), told.append)
    loop.run_until(lambda: not store.state.busy)
    assert told == [ref(1)]
    assert len(store.state.listing.images) == 3


def test_a_folder_of_reports_says_that_there_is_no_image(room):
    listings, store, loop = room
    listings.open(lambda: (Path("reports"),), lambda first: None)
    loop.run_until(lambda: not store.state.busy)
    assert "no image to show" in store.state.notice.reason
