import numpy as np
from afloc_training.network import GRID
from afloc_training.tuning.routing import routed_target

WHOLE = (0.0, 0.0, 1.0, 1.0)


def two_peaks():
    """A higher one in the left of the film, the patient's right, and a lower one opposite."""
    logits = np.full((GRID, GRID), -3.0, np.float32)
    logits[8:16, 8:16] = 4.0
    logits[30:38, 34:42] = 2.0
    return logits


def test_the_target_is_where_the_report_says_not_where_the_map_is_highest():
    target = routed_target(two_peaks(), WHOLE, [("left", "lower")], 0.12)
    assert target[34, 38] > 0.9
    assert target[:, : GRID * 45 // 100].max() == 0
    assert target[: GRID * 30 // 100].max() == 0


def test_it_covers_about_its_share_of_the_film():
    target = routed_target(two_peaks(), WHOLE, [(None, None)], 0.12)
    # 12 of 100 cells lie above the level, which the highest value raises a little above one half.
    assert 0.11 < (target > 0.5).mean() < 0.13
    assert target[12, 12] == target.max()


def test_several_places_are_all_allowed():
    target = routed_target(two_peaks(), WHOLE, [("right", "upper"), ("left", "lower")], 0.12)
    assert target[12, 12] > 0.5
    assert target[34, 38] > 0.4


def test_places_are_those_of_the_film_and_not_of_the_padding():
    narrow = (0.0, 0.5, 1.0, 0.5)  # the film fills the right half of its square
    target = routed_target(two_peaks(), narrow, [("left", None)], 0.12)
    assert target[:, : GRID // 2].max() == 0
    assert target[34, 38] > 0.9
