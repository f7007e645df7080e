import pytest

from afloc_desktop.state.history import History
from afloc_desktop.state.store import State, Store


@pytest.fixture
def room():
    store = Store(State(opacity=0.1))
    return store, History(store)


def test_the_last_step_is_taken_back_first(room):
    store, history = room
    history.change(opacity=0.2)
    history.change(opacity=0.3, is_contour=True)
    history.undo()
    assert (store.state.opacity, store.state.is_contour) == (0.2, False)
    history.undo()
    assert (store.state.opacity, history.can_undo, history.can_redo) == (0.1, False, True)


def test_a_new_step_ends_what_could_be_made_again(room):
    store, history = room
    history.change(opacity=0.2)
    history.undo()
    history.change(opacity=0.4)
    assert not history.can_redo
    history.redo()
    assert store.state.opacity == 0.4


def test_what_changes_nothing_is_no_step(room):
    _, history = room
    history.change(opacity=0.1)
    assert not history.can_undo


def test_other_fields_keep_what_happened_since(room):
    store, history = room
    history.change(opacity=0.2)
    store.update(is_overlay_on=False)
    history.undo()
    assert (store.state.opacity, store.state.is_overlay_on) == (0.1, False)


def test_nothing_is_taken_back_once_it_is_forgotten(room):
    store, history = room
    history.change(opacity=0.2)
    history.forget()
    history.undo()
    assert store.state.opacity == 0.2
