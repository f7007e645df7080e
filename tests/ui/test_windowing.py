import numpy as np
import pytest
from doubles import film

from afloc_desktop.core.dicom.display import MinMax, render
from afloc_desktop.core.domain import VoiLut, VoiWindow
from afloc_desktop.ui.windowing import as_window, dragged, full_range, own_window


def test_a_drag_starts_from_the_window_in_use():
    start = as_window(film(), VoiWindow(300, 600, "SIGMOID", "LUNG"))
    assert start == VoiWindow(300, 600, "LINEAR_EXACT", "")


def test_a_drag_starts_from_the_extent_of_a_table():
    table = VoiLut(first=100, values=np.zeros(50, np.uint16), bits=8, explanation="")
    assert as_window(film(), table) == own_window(125, 50)


def test_the_full_range_leaves_padding_out():
    image = film(rows=3, columns=2, padding=np.array([[1, 1], [0, 0], [0, 1]], bool))
    # Rows 1 and 2 hold 10, 11 and 20.
    assert full_range(image) == own_window(15, 10)


def test_the_full_range_is_in_the_files_own_polarity():
    image = film(rows=3, columns=2, padding=np.array([[1, 1], [0, 0], [0, 1]], bool))
    turned = film(rows=3, columns=2, padding=image.padding, is_inverted=True)
    assert full_range(turned) == own_window(-15, 10)


def test_the_full_range_of_nothing_but_padding_is_a_window():
    assert full_range(film(rows=2, columns=2, padding=np.ones((2, 2), bool))).width > 0


@pytest.mark.parametrize("is_turned", [False, True])
def test_the_full_range_is_what_the_display_shows_as_such(is_turned):
    image = film(is_inverted=is_turned)
    assert np.array_equal(render(image, MinMax()), render(image, full_range(image)))


def test_right_widens_and_left_narrows():
    start = own_window(100, 80)
    assert dragged(start, 250, 0, is_inverted=False).width == pytest.approx(160)
    assert dragged(start, -250, 0, is_inverted=False).width == pytest.approx(40)


@pytest.mark.parametrize("is_inverted", [False, True])
def test_up_brightens_in_either_polarity(is_inverted):
    image = film(is_inverted=is_inverted)
    start = full_range(image)
    up = dragged(start, 0, -60, is_inverted=is_inverted)
    assert render(image, up).mean() > render(image, start).mean()
