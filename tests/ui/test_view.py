import pytest
from doubles import film
from readings import reading

from afloc_desktop.core.dicom.orientation import Turn
from afloc_desktop.state.store import State
from afloc_desktop.ui.canvas import FilmCanvas
from afloc_desktop.ui.view import FilmView


@pytest.fixture
def canvas(qtbot):
    made = FilmCanvas()
    qtbot.addWidget(made)
    made.resize(500, 600)
    made.render_state(State(), reading())
    return made


def test_every_call_is_harmless_without_a_film(qtbot):
    view = FilmView()
    qtbot.addWidget(view)
    for call in (view.fit, view.one_to_one, view.reset, view.rotate_right, view.rotate_left,
                 view.flip_across, view.flip_down):  # fmt: skip
        call()
    view.set_inverted(True)
    view.set_graphics(False)
    view.zoom_by(2.0)
    assert view.scene is None


def test_every_change_is_told(canvas):
    told = []
    canvas.viewed.connect(lambda: told.append(1))
    for call in (canvas.fit, canvas.reset, canvas.rotate_right, canvas.flip_down):
        call()
    assert len(told) == 4


def test_turns_are_for_the_eye_alone_and_for_one_film(canvas):
    pixels = canvas.scene.film.image.pixels
    canvas.rotate_right()
    canvas.flip_across()
    assert canvas.scene.view.turn == Turn(1).flipped_across()
    canvas.flip_down()
    canvas.rotate_left()
    assert canvas.scene.film.image.pixels is pixels
    assert not canvas.grab().isNull()
    canvas.render_state(reading(), reading(image=film(2)))
    assert canvas.scene.view.turn == Turn()


def test_reset_turns_back(canvas):
    canvas.flip_down()
    canvas.reset()
    assert canvas.scene.view.turn == Turn()


def test_graphics_stay_off_from_film_to_film(canvas):
    canvas.set_graphics(False)
    canvas.render_state(reading(), reading(image=film(2)))
    assert not canvas.scene.has_graphics
