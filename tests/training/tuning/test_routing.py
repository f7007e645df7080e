import numpy as np
from afloc_training.network import GRID
from afloc_training.tuning.routing import routed_target

WHOLE = (0.0, 0.0, 1.0, 1.0)
STEP = GRID // 24
# Places in 24ths of the film: one high on the left of the film, the patient's right, one low on
# the other side.
HIGH, LOW = (6 * STEP, 6 * STEP), (17 * STEP, 19 * STEP)


def two_peaks():
    """The high place is more marked than the low one."""
    logits = np.full((GRID, GRID), -3.0, np.float32)
    for (row, column), value in ((HIGH, 4.0), (LOW, 2.0)):
        around = slice(row - 2 * STEP, row + 2 * STEP), slice(column - 2 * STEP, column + 2 * STEP)
        logits[around] = value
    return logits


def test_the_target_is_where_the_report_says_not_where_the_map_is_highest():
    target = routed_target(two_peaks(), WHOLE, [("left", "lower")], 0.12)
    assert target[LOW] > 0.9
    assert target[:, : GRID * 45 // 100].max() == 0
    assert target[: GRID * 30 // 100].max() == 0


def test_it_covers_about_its_share_of_the_film():
    target = routed_target(two_peaks(), WHOLE, [(None, None)], 0.12)
    # 12 of 100 cells lie above the level, which the highest value raises a little above one half.
    assert 0.11 < (target > 0.5).mean() < 0.14
    assert target[HIGH] > 0.95


def test_several_places_are_all_allowed():
    target = routed_target(two_peaks(), WHOLE, [("right", "upper"), ("left", "lower")], 0.12)
    assert target[HIGH] > 0.5
    assert target[LOW] > 0.4


def test_places_are_those_of_the_film_and_not_of_the_padding():
    narrow = (0.0, 0.5, 1.0, 0.5)  # the film fills the right half of its square
    target = routed_target(two_peaks(), narrow, [("left", None)], 0.12)
    assert target[:, : GRID // 2].max() == 0
    assert target[LOW] > 0.9
