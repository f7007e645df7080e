import numpy as np
import pytest

from afloc_desktop.ui.lettering import write
from afloc_desktop.ui.qt import QColor, QImage, QPainter


def written(places, ground=0, ratio=1.0):
    picture = QImage(200, 100, QImage.Format.Format_Grayscale8)
    picture.setDevicePixelRatio(ratio)
    picture.fill(ground)
    with QPainter(picture) as painter:
        write(painter, places, QColor(255, 255, 255))
    return np.array(picture.constBits()).reshape(100, -1)[:, :200]


@pytest.mark.parametrize("ground", [0, 255])
def test_letters_are_readable_on_any_ground(qapp, ground):
    ink = written([(20, 20, "W 600")], ground)
    assert np.ptp(ink[15:45, 15:80].astype(int)) > 150


def test_a_word_stands_where_it_is_put(qapp):
    rows, columns = np.nonzero(written([(50, 30, "HL")]) > 128)
    assert 48 <= columns.min() <= 53
    assert 28 <= rows.min() <= 40


def test_words_are_as_fine_as_the_screen(qapp):
    once = (written([(5, 5, "HL")]) > 128).sum()
    assert (written([(5, 5, "HL")], ratio=2.0) > 128).sum() > 2.5 * once


def test_nothing_is_drawn_of_nothing(qapp):
    assert not written([]).any()
