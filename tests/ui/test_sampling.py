import numpy as np
import pytest

from afloc_desktop.ui.sampling import sampled, taps


def along(values, near, far, screen):
    """One row of values as screen pixels."""
    row = np.asarray(values, np.float32)[None]
    return sampled(row, taps(0.5, 0.5, 1, 1), taps(near, far, screen, row.shape[1]))[0]


def test_at_one_to_one_nothing_changes():
    assert along([3, 1, 4, 1, 5], 0.5, 4.5, 5).tolist() == [3, 1, 4, 1, 5]


def test_shrinking_averages_and_shares_what_is_cut():
    # Three samples under two pixels: each takes one and a half.
    assert along([0, 3, 6], 0.75, 2.25, 2) == pytest.approx([1, 5])
    assert along([0, 4, 8, 4], 1.0, 3.0, 2) == pytest.approx([2, 6])


def test_enlarging_interpolates_and_holds_at_the_ends():
    # Two samples over four pixels: middles at .25, .75, 1.25 and 1.75.
    assert along([0, 8], 0.25, 1.75, 4) == pytest.approx([0, 2, 6, 8])


def test_a_mirrored_film_runs_backwards():
    assert along([1, 2, 3], 2.5, 0.5, 3).tolist() == [3, 2, 1]
    assert along([0, 3, 6], 2.25, 0.75, 2) == pytest.approx([5, 1])


def test_every_pixel_of_a_shrunk_film_has_its_share():
    """A thin line is as bright, wherever it falls."""
    for place in range(97):
        line = np.zeros(97)
        line[place] = 1
        assert along(line, 97 / 120, 97 - 97 / 120, 60).sum() == pytest.approx(60 / 97, abs=1e-4)


@pytest.mark.parametrize(("screen", "count"), [(1, 1), (1, 7), (7, 1), (400, 3), (3, 400)])
def test_shares_add_up_to_one(screen, count):
    step = count / screen
    found = taps(step / 2, count - step / 2, screen, count)
    assert found.shares.sum(axis=0) == pytest.approx(np.ones(screen), abs=1e-5)
    assert found.places.min() >= 0
    assert found.places.max() < count


def test_colours_stay_bytes():
    colour = np.array([[[0, 10, 255], [101, 10, 255]]], np.uint8)
    made = sampled(colour, taps(0.5, 0.5, 1, 1), taps(1.0, 1.0, 1, 2))
    assert made.dtype == np.uint8
    assert made[0, 0].tolist()[1:] == [10, 255]
