import pytest
from doubles import film
from readings import reading

from afloc_desktop.core.domain import Spacing
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.measuring import Mark
from afloc_desktop.state.drawings import Drawings, marks_of
from afloc_desktop.state.history import History
from afloc_desktop.state.store import Store

LINE = Mark("length", (Point(0, 0), Point(30, 40)))
ARROW = Mark("arrow", (Point(5, 5), Point(9, 9)), "here")


@pytest.fixture
def room():
    store = Store(reading())
    history = History(store)
    return Drawings(store, history), store, history


def test_marks_belong_to_their_film(room):
    drawings, store, _ = room
    drawings.add(LINE)
    drawings.add(ARROW)
    assert marks_of(store.state) == (LINE, ARROW)
    store.update(image=film(2))
    assert marks_of(store.state) == ()
    drawings.add(ARROW)
    store.update(image=film(1))
    assert marks_of(store.state) == (LINE, ARROW)


def test_every_step_is_taken_back_and_made_again(room):
    drawings, store, history = room
    drawings.add(LINE)
    drawings.change(0, LINE.moved(1, 1))
    drawings.delete(0)
    seen = []
    for call in (history.undo, history.undo, history.undo, history.undo):
        call()
        seen.append(marks_of(store.state))
    assert seen == [(LINE.moved(1, 1),), (LINE,), (), ()]
    history.redo()
    assert marks_of(store.state) == (LINE,)


def test_clearing_is_one_step(room):
    drawings, store, history = room
    drawings.add(LINE)
    drawings.add(ARROW)
    drawings.clear()
    assert marks_of(store.state) == ()
    history.undo()
    assert marks_of(store.state) == (LINE, ARROW)


def test_a_known_length_calibrates_this_film_until_it_is_forgotten(room):
    drawings, store, _ = room
    drawings.calibrate(LINE, 25.0)  # 50 pixels
    assert store.state.spacing(film(1)) == Spacing(0.5, 0.5, "reader")
    assert store.state.spacing(film(2)) is None
    drawings.forget_calibration()
    assert store.state.spacing(film(1)) is None


def test_nothing_is_drawn_without_a_film(room):
    drawings, store, history = room
    store.update(image=None)
    drawings.add(LINE)
    drawings.calibrate(LINE, 10)
    assert (store.state.marks, history.can_undo) == ({}, False)
