import numpy as np
from doubles import film
from readings import reading

from afloc_desktop.core.geometry import Point
from afloc_desktop.ui.qt import QImage, QPainter
from afloc_desktop.ui.scene import Scene
from afloc_desktop.ui.tools.lens import Lens


def test_the_point_under_the_lens_stays_where_it_is_and_its_surroundings_grow(qtbot):
    pixels = np.zeros((60, 60), np.float32)
    pixels[20, 20] = 600
    image = film(rows=60, columns=60, pixels=pixels)
    scene, state = Scene(image, 600, 600), reading(image=image, prompt=None)
    lens, picture = Lens(), QImage(600, 600, QImage.Format.Format_Grayscale8)

    def bright():
        picture.fill(0)
        with QPainter(picture) as painter:
            scene.paint(painter, state)
            lens.paint(painter, scene, state)
        light = np.array(picture.constBits()).reshape(600, -1)[:, :600] > 200
        rows, columns = np.nonzero(light)
        return Point(columns.mean() + 0.5, rows.mean() + 0.5), int(light.sum())

    middle, size = bright()
    lens.at = scene.view.to_screen(Point(20.5, 20.5))
    enlarged_middle, enlarged_size = bright()
    assert abs(enlarged_middle.x - middle.x) < 1
    assert abs(enlarged_middle.y - middle.y) < 1
    assert 4 < enlarged_size / size < 9  # 2.5 squared is 6.25


def test_a_lens_that_is_put_away_draws_nothing(qtbot):
    scene, picture = Scene(film(), 300, 300), QImage(300, 300, QImage.Format.Format_Grayscale8)
    picture.fill(0)
    with QPainter(picture) as painter:
        Lens().paint(painter, scene, reading())
    assert not np.array(picture.constBits()).any()
