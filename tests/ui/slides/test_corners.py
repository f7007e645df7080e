from dataclasses import replace

from afloc_desktop.ui.qt import QImage, QPainter, QRect
from afloc_desktop.ui.slides import corners


def test_a_slide_without_a_scale_says_so(canvas, room, monkeypatch):
    monkeypatch.setattr(room.slide, "um_per_pixel", None)
    canvas.one_to_one()
    assert corners.how_near(canvas.scene) == ["no scale", "Zoom 100 %"]


def test_text_of_a_file_is_one_visible_line(canvas, room):
    series = replace(room.series, description="Pro\u202estate\n<b>core</b>")
    canvas.scene.opened = replace(room.opened, series=series)
    assert corners.what_of(room.state, canvas.scene) == ["", "Prostate <b>core</b>", "SM"]


def test_a_slide_that_cannot_be_shown_from_so_far_says_what_to_do(qapp):
    picture = QImage(600, 80, QImage.Format.Format_RGB32)
    picture.fill(0)
    with QPainter(picture) as painter:
        corners.paint_too_far(painter, QRect(0, 0, 600, 80))
    assert any(picture.pixelColor(x, 20).lightness() > 100 for x in range(600))
