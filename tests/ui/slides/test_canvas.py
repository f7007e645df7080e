import threading
from dataclasses import replace

import numpy as np
import pytest

from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.state.store import State
from afloc_desktop.ui.slides.canvas import SlideCanvas

FREE = (slice(100, 300), slice(0, 280))  # rows and columns beside the map


def centre_on(room, canvas, x, y):
    canvas.scene.centre_on(Point(x, y))
    canvas.changed()
    room.rest()


def test_at_one_to_one_it_paints_the_slides_own_pixels(room, canvas, seen):
    canvas.one_to_one()
    centre_on(room, canvas, 500, 350)
    shown = seen(canvas)[FREE]
    np.testing.assert_array_equal(shown, room.slide.region(0, 300, 200, 400, 300)[FREE])


def test_at_half_the_size_it_paints_the_pixels_of_the_second_level(room, canvas, seen):
    canvas.zoom_by(0.5 / canvas.scene.view.zoom)
    centre_on(room, canvas, 500, 350)
    canvas.grab()  # the first frame after a zoom is rough
    shown = seen(canvas)[FREE]
    np.testing.assert_array_equal(shown, room.slide.region(1, 50, 25, 400, 300)[FREE])


def test_the_whole_slide_is_in_sight_at_first_and_after_resizing(room, canvas):
    assert canvas.scene.visible == Box(0, 0, 1000, 700)
    canvas.resize(200, 300)
    assert canvas.scene.visible == Box(0, 0, 1000, 700)
    assert canvas.scene.view.zoom == pytest.approx(188 / 1000)


def test_a_map_that_comes_later_leaves_the_view_alone(room, canvas):
    canvas.one_to_one()
    view = canvas.scene.view
    canvas.render_state(room.state, replace(room.state, slide=replace(room.opened, small=None)))
    assert canvas.scene.view == view


def test_another_slide_starts_afresh(room, canvas):
    canvas.one_to_one()
    canvas.render_state(room.state, State())
    assert canvas.scene is None
    assert not canvas.grab().isNull()


def test_what_is_no_longer_in_sight_is_not_wanted(room, canvas):
    canvas.one_to_one()
    centre_on(room, canvas, 200, 150)
    wanted = set(canvas.scene.plan.wanted)
    centre_on(room, canvas, 800, 550)
    assert wanted.isdisjoint(canvas.scene.plan.shown)
    assert all(room.opened.tiles.has(key) for key in canvas.scene.plan.shown)


def test_closing_while_reading_leaves_no_reader(room, qtbot):
    canvas = SlideCanvas()
    qtbot.addWidget(canvas)
    canvas.render_state(State(), room.state)
    canvas.one_to_one()
    qtbot.wait(1)
    canvas.render_state(room.state, State())
    room.opened.tiles.close()
    assert room.tasks.close(20)
    assert not [t for t in threading.enumerate() if t.name.startswith("afloc-files")]


def test_it_says_who_how_large_and_how_near(room, canvas, monkeypatch):
    lines = []
    monkeypatch.setattr(
        "afloc_desktop.ui.slides.corners.write_lines", lambda *call: lines.extend(call[3])
    )
    canvas.set_text(True)
    canvas.one_to_one()
    canvas.grab()
    assert set(lines) >= {
        "Slide, Made", "S1", "2026-01-02", "Synthetic slide", "SM", "1,000 × 700",
        "Level 1 of 3", "40×   0.25 µm/px", "Zoom 100 %",
    }  # fmt: skip


def test_the_scale_bar_is_as_long_as_it_says(room, canvas, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "afloc_desktop.ui.slides.corners.paint_bar", lambda *call: drawn.append(call[2:])
    )
    canvas.set_text(True)
    canvas.one_to_one()
    canvas.grab()
    # A quarter of 376 points is 94, or 23.5 µm at 0.25 µm: 20 µm are 80 points.
    assert drawn[-1] == (pytest.approx(80), "20 µm")
