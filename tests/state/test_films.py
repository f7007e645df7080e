from dataclasses import replace
from pathlib import Path

import pytest
from doubles import Desk, QueueLoop, film, listing, ref

from afloc_desktop.core.domain import ImageRef, Listing
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.state.films import Films
from afloc_desktop.state.slides import Slides
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def room(desk):
    """Films on fakes, their store, and the loop that carries results home."""
    loop, store = QueueLoop(), Store(State())
    tasks = Tasks(loop.post, lambda keys: store.update(busy=keys))
    slides = Slides(store, tasks, loop.post, desk.open_slide)
    yield Films(store, tasks, desk.read, desk.open_stack, slides), store, loop
    tasks.close()


def stack_of(*refs: ImageRef, **changes) -> Listing:
    """A listing with one series."""
    found = listing(1)
    (study,) = found.studies
    series = replace(study.series[0], images=refs)
    return replace(found, studies=(replace(study, series=(series,), **changes),))


def show(room, wanted: ImageRef) -> None:
    films, store, loop = room
    films.show(wanted, lambda: None)
    loop.run_until(lambda: not store.state.busy)


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


def test_the_wanted_slice_is_read_first_and_the_others_are_loaded_behind_it(room, desk):
    refs = tuple(map(ref, (1, 2, 3, 4)))
    room[1].update(listing=stack_of(*refs))
    show(room, ref(3))
    assert (desk.read_refs, desk.stacks) == ([ref(3)], [refs])
    for wanted in (ref(4), ref(1), ref(3)):
        show(room, wanted)
        assert room[1].state.image.ref == wanted
    assert (desk.read_refs, desk.stacks) == ([ref(3)], [refs])  # no file was asked again


def test_another_series_takes_the_place_of_the_one_that_is_loaded(room, desk):
    one, other = tuple(map(ref, (1, 2, 3))), tuple(map(ref, (4, 5, 6)))
    first, second = stack_of(*one), stack_of(*other)
    room[1].update(listing=replace(first, studies=(*first.studies, *second.studies)))
    for wanted in (ref(1), ref(5), ref(2)):
        show(room, wanted)
    assert desk.read_refs == [ref(1), ref(5), ref(2)]
    assert desk.stacks == [one, other, one]


def test_what_was_dropped_is_read_from_its_file_again(room, desk):
    refs = tuple(map(ref, (1, 2, 3)))
    room[1].update(listing=stack_of(*refs))
    show(room, ref(1))
    room[0].drop()
    show(room, ref(2))
    assert desk.read_refs == [ref(1), ref(2)]


@pytest.mark.parametrize(
    "refs",
    [
        (ref(1), ref(2)),
        (ref(1), ref(2), ref(3, rows=61)),
        tuple(ImageRef(Path("many.dcm"), n, "1", 60, 50, n) for n in (1, 2, 3)),
        tuple(ref(n, rows=20_000, columns=20_000) for n in (1, 2, 3)),
    ],
    ids=["too few", "of two sizes", "frames of one file", "too large"],
)
def test_what_does_not_belong_together_is_read_film_by_film(room, desk, refs):
    room[1].update(listing=stack_of(*refs))
    show(room, refs[0])
    show(room, refs[1])
    assert desk.stacks == []
    assert desk.read_refs[:2] == list(refs[:2])


def test_the_next_frames_are_read_ahead_and_shown_without_a_blank(room, desk):
    """Frames of one file are not loaded together; four of six are read before they are asked."""
    one_file = Path("many.dcm")
    refs = tuple(ImageRef(one_file, n, "1", 60, 50, n) for n in range(1, 7))
    desk.read = lambda wanted, **options: desk.read_refs.append(wanted) or film(ref=wanted)
    films, store, loop = room
    films._read = desk.read
    store.update(listing=stack_of(*refs))
    show(room, refs[0])
    assert desk.read_refs == list(refs[:5])
    films.show(refs[1], lambda: None)
    assert store.state.image.ref == refs[1]
    loop.run_until(lambda: not store.state.busy)
    assert desk.read_refs == list(refs)


def test_a_slice_at_hand_takes_the_place_of_the_one_before_at_once(room):
    refs = tuple(map(ref, (1, 2, 3)))
    films, store, _ = room
    store.update(listing=stack_of(*refs))
    show(room, refs[0])
    films.show(refs[2], lambda: None)
    assert store.state.image.ref == refs[2]


@pytest.mark.parametrize(
    ("number", "by", "wraps", "expected"),
    [(1, 1, False, 2), (3, 1, False, None), (3, 1, True, 1), (1, -1, True, 3)],
)
def test_images_of_a_series_follow_one_another(room, number, by, wraps, expected):
    films, store, _ = room
    store.update(listing=stack_of(*map(ref, (1, 2, 3))), image_ref=ref(number))
    assert films.in_series(by, wraps=wraps) == (expected and ref(expected))


def test_a_stack_that_cannot_be_loaded_leaves_every_film_to_itself(room, desk):
    def fail(refs, *, should_stop):
        raise UnreadableFile("No.", remedy="None.")

    films, store, _ = room
    films._open_stack = fail
    store.update(listing=stack_of(*map(ref, (1, 2, 3))))
    show(room, ref(1))
    show(room, ref(2))
    assert store.state.image_problem is None
    assert desk.read_refs == [ref(1), ref(2)]


def test_loading_stops_when_another_series_is_shown(room):
    films, store, loop = room
    asked = []

    def open_stack(refs, *, should_stop):
        while not should_stop():
            pass
        asked.append(refs)
        raise UnreadableFile("Stopped.", remedy="None.")

    films._open_stack = open_stack
    store.update(listing=stack_of(*map(ref, (1, 2, 3))))
    films.show(ref(1), lambda: None)
    loop.run_until(lambda: store.state.busy == {"stack"})
    films.show(ref(9), lambda: None)
    loop.run_until(lambda: not store.state.busy)
    assert store.state.image.ref == ref(9)
    assert store.state.image_problem is None
