import pytest

from afloc_desktop.core.geometry import Box
from afloc_desktop.ui.slides.canvas import SlideCanvas


def test_every_call_is_harmless_without_a_slide(qtbot):
    canvas = SlideCanvas()
    qtbot.addWidget(canvas)
    canvas.fit()
    canvas.one_to_one()
    canvas.zoom_by(2)
    canvas.magnify(20)
    canvas.show_box(Box(0, 0, 9, 9))
    qtbot.wait(1)
    assert not canvas.grab().isNull()


def test_an_objective_shows_the_slide_as_a_microscope_would(canvas):
    canvas.magnify(20)  # 0.5 µm a pixel; the slide has 0.25
    assert canvas.scene.view.zoom == pytest.approx(0.5)


def test_a_part_that_is_gone_to_is_marked_until_it_is_put_down(canvas):
    canvas.show_box(Box(100, 100, 400, 300))
    assert canvas.marked == Box(100, 100, 400, 300)
    assert canvas.scene.visible.centre == pytest.approx((250, 200), abs=1)
    assert canvas.put_down()
    assert canvas.marked is None


def test_tiles_are_asked_for_once_the_hand_rests_not_while_painting(room, canvas, monkeypatch):
    wanted = []
    monkeypatch.setattr(room.opened.tiles, "want", wanted.append)
    for factor in (2, 2, 2):
        canvas.zoom_by(factor)
        canvas.grab()
    assert wanted == []
    room.rest()
    assert wanted == [canvas.scene.plan.wanted]
