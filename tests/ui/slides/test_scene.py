import pytest

from afloc_desktop.core.geometry import Box, Point


def test_magnifications_count_as_scanners_do(canvas):
    canvas.one_to_one()
    assert canvas.scene.magnification == pytest.approx(40)  # at 0.25 µm a pixel
    assert canvas.scene.um_per_pixel == pytest.approx(0.25)


def test_a_slide_without_a_scale_has_no_magnification(canvas, room, monkeypatch):
    monkeypatch.setattr(room.slide, "um_per_pixel", None)
    zoom = canvas.scene.view.zoom
    canvas.magnify(10)
    assert canvas.scene.magnification is None
    assert canvas.scene.view.zoom == zoom


def test_no_pixel_is_enlarged_to_show_a_small_part(canvas):
    canvas.scene.show(Box(500, 300, 510, 310))
    assert canvas.scene.view.zoom == 1


def test_a_slide_of_a_hundred_thousand_pixels_still_fits(canvas, room, monkeypatch):
    monkeypatch.setattr(type(room.slide), "columns", 1_000_000)
    canvas.scene.fit()
    assert canvas.scene.view.zoom == pytest.approx(388 / 1_000_000)


def test_a_place_beside_the_slide_is_none(canvas):
    assert canvas.scene.place(Point(200, 150)) == pytest.approx((500, 350), abs=3)
    assert canvas.scene.place(Point(200, 2)) is None


def test_a_zoom_ends_the_fit(canvas):
    canvas.scene.zoom(2)
    zoom = canvas.scene.view.zoom
    canvas.resize(300, 200)
    assert canvas.scene.view.zoom == zoom
