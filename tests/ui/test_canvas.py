from dataclasses import replace

import numpy as np
import pytest
from doubles import film, listing, ref
from readings import STATES, reading

from afloc_desktop.core.dicom.display import AsColour
from afloc_desktop.core.geometry import Point
from afloc_desktop.state.store import State
from afloc_desktop.ui.canvas import FilmCanvas
from afloc_desktop.ui.mouse import FILM_MIME
from afloc_desktop.ui.qt import (
    QDragEnterEvent,
    QDropEvent,
    QMimeData,
    QPoint,
    QPointF,
    Qt,
    QWheelEvent,
)

BUTTON = Qt.MouseButton
NO_KEY = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def canvas(qtbot):
    made = FilmCanvas()
    qtbot.addWidget(made)
    made.resize(500, 600)
    made.render_state(State(), reading())
    made.show()
    return made


def drag(qtbot, canvas, button, start, end, keys=NO_KEY):
    qtbot.mousePress(canvas, button, keys, QPoint(*start))
    qtbot.mouseMove(canvas, QPoint(*end))
    # Offscreen moves carry no button; the canvas remembers the press.
    qtbot.mouseRelease(canvas, button, keys, QPoint(*end))


def wheel(canvas, at, notches, keys=NO_KEY):
    position = QPointF(*at)
    event = QWheelEvent(
        position,
        canvas.mapToGlobal(position),
        QPoint(),
        QPoint(0, 120 * notches),
        BUTTON.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    canvas.wheelEvent(event)


@pytest.mark.parametrize("name", STATES)
def test_every_state_can_be_painted(qtbot, name):
    canvas = FilmCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(400, 400)
    canvas.render_state(State(), STATES[name])
    assert not canvas.grab().isNull()


def test_the_wheel_zooms_at_the_pointer(canvas):
    before = canvas.scene.view.to_source(Point(100, 450))
    zoom = canvas.scene.view.zoom
    wheel(canvas, (100, 450), 2)
    assert canvas.scene.view.zoom == pytest.approx(zoom * 1.44)
    assert canvas.scene.view.to_source(Point(100, 450)) == pytest.approx(before)


@pytest.mark.parametrize("button", [BUTTON.LeftButton, BUTTON.MiddleButton])
def test_left_and_middle_drag_move_the_film(qtbot, canvas, button):
    under = canvas.scene.view.to_source(Point(200, 300))
    drag(qtbot, canvas, button, (200, 300), (260, 280))
    assert canvas.scene.view.to_source(Point(260, 280)) == pytest.approx(under)


@pytest.mark.parametrize(
    ("button", "keys"),
    [(BUTTON.RightButton, NO_KEY), (BUTTON.LeftButton, Qt.KeyboardModifier.ControlModifier)],
)
def test_right_drag_and_control_drag_change_the_window(qtbot, canvas, button, keys):
    view, before = canvas.scene.view, canvas.scene.choice
    drag(qtbot, canvas, button, (200, 300), (300, 300), keys)
    assert canvas.scene.choice.width > before.width
    assert canvas.scene.choice.centre == before.centre
    assert canvas.scene.view == view


def test_the_window_follows_the_drag_while_it_goes_on(qtbot, canvas):
    seen = []
    canvas.viewed.connect(lambda: seen.append(canvas.scene.choice.width))
    qtbot.mousePress(canvas, BUTTON.RightButton, pos=QPoint(200, 300))
    for x in (210, 220, 230):
        qtbot.mouseMove(canvas, QPoint(x, 300))
    assert len(seen) == 3
    assert seen == sorted(set(seen))


def test_a_double_click_fits(qtbot, canvas):
    fitted = canvas.scene.view
    wheel(canvas, (10, 10), 5)
    qtbot.mouseDClick(canvas, BUTTON.LeftButton)
    assert canvas.scene.view == fitted


def test_one_to_one_is_one_film_pixel_per_screen_pixel(canvas):
    canvas.one_to_one()
    assert canvas.scene.view.zoom == 1.0


def test_the_pointer_is_probed_and_leaving_clears_it(qtbot, canvas):
    seen = []
    canvas.probed.connect(seen.append)
    at = canvas.scene.view.to_screen(Point(7.5, 12.5))
    qtbot.mouseMove(canvas, QPoint(round(at.x), round(at.y)))
    assert seen[-1] == "x 7  y 12   value 127"
    qtbot.mouseMove(canvas, QPoint(1, 1))
    assert seen[-1] == ""


def test_another_film_starts_afresh(canvas):
    canvas.set_inverted(True)
    wheel(canvas, (10, 10), 5)
    canvas.render_state(reading(), reading(image=film(2)))
    assert canvas.scene.film.image.pixels[0, 0] == 2
    assert not canvas.scene.is_inverted


def test_a_colour_image_has_no_window_to_drag(qtbot, canvas):
    coloured = replace(film(2), colour=np.zeros((60, 50, 3), np.uint8))
    canvas.render_state(reading(), reading(image=coloured))
    drag(qtbot, canvas, BUTTON.RightButton, (200, 300), (300, 300))
    assert canvas.scene.choice == AsColour()


def test_a_film_that_leaves_takes_everything_with_it(canvas):
    canvas.render_state(reading(), reading(image=None))
    assert canvas.scene is None
    for call in (canvas.fit, canvas.one_to_one, canvas.reset, canvas.rotate_left):
        call()
    canvas.set_inverted(True)
    wheel(canvas, (10, 10), 1)


@pytest.mark.parametrize("ratio", [1.0, 2.0, 1.5])
def test_zoom_counts_the_pixels_of_the_screen(qtbot, canvas, ratio, monkeypatch):
    monkeypatch.setattr(FilmCanvas, "devicePixelRatioF", lambda self: ratio)
    canvas.render_state(State(), reading())
    assert canvas.scene.view.width == round(500 * ratio)
    at = canvas.scene.view.to_screen(Point(7.5, 12.5))
    seen = []
    canvas.probed.connect(seen.append)
    canvas._probe(QPointF(at.x / ratio, at.y / ratio))
    assert seen[-1] == "x 7  y 12   value 127"


def stack_state(number) -> State:
    refs = tuple(replace(ref(n), position_mm=float(n)) for n in (1, 2, 3))
    (study,) = listing(1).studies
    series = replace(study.series[0], images=refs)
    found = replace(listing(1), studies=(replace(study, series=(series,)),))
    shown = refs[number - 1]
    return reading(listing=found, image=film(number, ref=shown), image_ref=shown)


def test_the_wheel_turns_the_pages_of_a_stack_and_zooms_with_control(canvas):
    turned = []
    canvas.scrolled.connect(turned.append)
    canvas.render_state(reading(), stack_state(1))
    zoom = canvas.scene.view.zoom
    wheel(canvas, (100, 100), -1)
    wheel(canvas, (100, 100), 2)
    assert (turned, canvas.scene.view.zoom) == ([1, -2], zoom)
    wheel(canvas, (100, 100), 1, Qt.KeyboardModifier.ControlModifier)
    assert canvas.scene.view.zoom > zoom


def test_arrow_keys_turn_the_pages(qtbot, canvas):
    turned = []
    canvas.scrolled.connect(turned.append)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
        qtbot.keyClick(canvas, key)
    assert turned == [1, -1]


def test_the_next_slice_is_looked_at_as_the_one_before(canvas):
    first, second = stack_state(1), stack_state(2)
    canvas.render_state(reading(), first)
    canvas.zoom_by(3.0)
    view = canvas.scene.view
    canvas.render_state(first, replace(first, image=None))
    canvas.render_state(first, second)
    assert canvas.scene.film.image.pixels[0, 0] == 2
    assert canvas.scene.view == view


def test_only_a_film_can_be_dropped_on_a_film(canvas):
    dropped = []
    canvas.dropped.connect(lambda cell, film: dropped.append((cell, film)))
    for mime, is_taken in ((FILM_MIME, True), ("text/uri-list", False)):
        data = QMimeData()
        data.setData(mime, b"x")
        actions, keys = Qt.DropAction.CopyAction, NO_KEY
        event = QDragEnterEvent(QPoint(5, 5), actions, data, BUTTON.LeftButton, keys)
        canvas.dragEnterEvent(event)
        assert event.isAccepted() == is_taken
    data = QMimeData()
    data.setData(FILM_MIME, b"film")
    canvas.dropEvent(QDropEvent(QPointF(5, 5), actions, data, BUTTON.LeftButton, keys))
    assert dropped == [(0, b"film")]
