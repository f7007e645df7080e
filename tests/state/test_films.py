import pytest
from doubles import Desk, QueueLoop, film, listing, ref

from afloc_desktop.state.films import Films
from afloc_desktop.state.store import State, Store
from afloc_desktop.state.tasks import Tasks


@pytest.fixture
def room():
    """Films on fakes, their store, and the loop that carries results home."""
    loop, store, desk = QueueLoop(), Store(State()), Desk()
    tasks = Tasks(loop.post, lambda keys: store.update(busy=keys))
    yield Films(store, tasks, desk.read), store, loop
    tasks.close()


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
