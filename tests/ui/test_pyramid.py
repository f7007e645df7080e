import numpy as np
import pytest

from afloc_desktop.ui.pyramid import Pyramid, coarser, finer, mean


def test_copies_are_averages_and_an_odd_edge_stands_alone():
    base = np.array([[0, 4, 8], [8, 12, 16]], np.float32)
    halves = Pyramid(base, mean)
    assert halves.copy(0, 0) is base
    assert halves.copy(0, 1).tolist() == [[2, 8], [10, 16]]
    assert halves.copy(1, 0).tolist() == [[4, 8, 12]]
    assert halves.copy(1, 1).tolist() == [[6, 12]]
    assert halves.copy(3, 3).tolist() == [[9]]


def test_a_copy_is_made_once():
    halves = Pyramid(np.zeros((8, 8), np.float32), mean)
    assert halves.copy(2, 1) is halves.copy(2, 1)


def test_small_numbers_do_not_overflow_and_do_not_drift():
    assert mean(np.uint8([255, 1, 3]), np.uint8([255, 2, 4])).tolist() == [255, 2, 4]
    noise = np.random.default_rng(0).integers(0, 256, (256, 256), np.uint8)
    assert abs(Pyramid(noise, mean).copy(5, 5).mean() - noise.mean()) < 0.2


def test_colours_keep_their_third_axis():
    colours = np.zeros((4, 6, 3), np.uint8)
    assert Pyramid(colours, mean).copy(1, 1).shape == (2, 3, 3)


@pytest.mark.parametrize(
    ("scale", "fine", "coarse"),
    [(3.0, 0, 0), (1.0, 0, 0), (0.6, 0, 1), (0.5, 1, 1), (0.3, 1, 2), (0.1, 3, 4)],
)
def test_a_copy_is_just_finer_or_just_coarser_than_the_screen(scale, fine, coarse):
    assert (finer(scale), coarser(scale)) == (fine, coarse)
