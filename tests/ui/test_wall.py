from dataclasses import replace

import pytest
from doubles import film, ref
from readings import EFFUSION, answer, reading

from afloc_desktop.core.geometry import Point
from afloc_desktop.state.store import SINGLE, Grid, Pane, State
from afloc_desktop.ui.qt import QPoint, Qt
from afloc_desktop.ui.wall import FilmWall

PAIR = Grid(1, 2)
LEFT, RIGHT = film(), film(2)


def pair(active=0) -> State:
    """Film 1 on the left and film 2 on the right, both answered."""
    pane = Pane(ref(2), RIGHT, None, {EFFUSION: answer(image=RIGHT)})
    if active == 0:
        return reading(image=LEFT, grid=PAIR, parked={1: pane})
    left = Pane(ref(1), LEFT, None, reading().answers)
    return reading(
        grid=PAIR, active=1, parked={0: left}, image=RIGHT, image_ref=ref(2), answers=pane.answers
    )


@pytest.fixture
def wall(qtbot):
    made = FilmWall()
    qtbot.addWidget(made)
    made.resize(700, 400)
    made.render_state(State(), reading())
    made.show()
    return made


def show(wall, state):
    wall.render_state(State(), state)
    return wall.canvases


def test_each_cell_shows_its_own_film_and_answer(wall):
    state = pair()
    for cell, canvas in enumerate(show(wall, state)):
        assert canvas.scene.film.image.ref == ref(cell + 1)
        drawn = canvas.scene.answer_to_paint(canvas.shown)
        assert drawn.heatmap.key.sop_instance_uid == f"1.2.{cell + 1}"
        assert not canvas.grab().isNull()


def test_the_active_cell_is_marked_and_the_only_one_never(wall):
    assert not wall.active.is_marked
    assert [canvas.is_marked for canvas in show(wall, pair())] == [True, False]
    assert [canvas.is_marked for canvas in show(wall, pair(active=1))] == [False, True]
    assert wall.active.scene.film.image.ref == ref(2)


def test_how_a_film_is_looked_at_stays_when_another_becomes_active(wall):
    left, right = show(wall, pair())
    left.zoom_by(3.0)
    left.rotate_right()
    before = left.scene.view
    show(wall, pair(active=1))
    assert left.scene.view == before
    assert right.scene.view.turn.quarters == 0


def test_a_touch_asks_for_its_cell(qtbot, wall):
    asked = []
    wall.activated.connect(asked.append)
    left, right = show(wall, pair())
    qtbot.mouseClick(left, Qt.MouseButton.RightButton, pos=QPoint(50, 50))
    qtbot.mouseClick(right, Qt.MouseButton.RightButton, pos=QPoint(50, 50))
    assert asked == [1]


def test_fewer_cells_let_go_of_their_films(wall):
    left, right = show(wall, pair())
    show(wall, reading(grid=SINGLE))
    assert wall.canvases == (left,)
    assert (right.scene, right.isVisible()) == (None, False)
    assert left.scene is not None


def test_linked_films_are_looked_at_alike(wall):
    left, right = show(wall, pair())
    wall.set_linked(True)
    left.zoom_by(4.0, Point(10, 10))
    left.set_inverted(True)
    assert right.scene.view.zoom == pytest.approx(left.scene.view.zoom)
    assert right.scene.view.centre == pytest.approx(left.scene.view.centre)
    assert right.scene.is_inverted
    wall.set_linked(False)
    left.zoom_by(2.0)
    assert right.scene.view.zoom < left.scene.view.zoom


def test_a_new_cell_draws_with_the_tool_in_use(wall):
    wall.take("length")
    wall.active.set_text(False)
    _, right = show(wall, pair())
    assert right.pencil.tool == "length"
    assert not right.has_text


def test_an_empty_cell_says_what_it_is_for(wall):
    _, right = show(wall, replace(pair(), parked={}))
    assert right.scene is None
    assert not right.grab().isNull()
