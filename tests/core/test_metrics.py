import numpy as np
import pytest

from afloc_desktop.core import metrics

ALL = np.ones((4, 4), bool)
LEFT = np.zeros((4, 4), bool)
LEFT[:, :2] = True


def test_a_perfect_map_scores_one():
    scores = metrics.score(LEFT.astype(np.float32), LEFT, ALL)
    assert (scores.pointing, scores.iou, scores.dice) == (1, 1, 1)
    assert scores.cnr > 1e3


def test_contrast_keeps_its_sign():
    scores = metrics.score(-LEFT.astype(np.float32), LEFT, ALL)
    assert scores.pointing == 0
    assert scores.cnr < -1e3


def test_contrast_to_noise_is_the_difference_over_the_root_of_the_variances():
    values = np.array([[4.0, 2.0, 1.0, -1.0]])
    region = np.array([[True, True, False, False]])
    # Means 3 and 0, variances 1 and 1.
    scores = metrics.score(values, region, np.ones((1, 4), bool))
    assert scores.cnr == pytest.approx(3 / np.sqrt(2))


def test_iou_is_the_mean_over_five_thresholds_of_the_stretched_map():
    # Stretched to -1, -1/3, 1/3, 1: above .1, .2, .3 two pixels, above .4, .5 one.
    values = np.array([[0.0, 1.0, 2.0, 3.0]])
    region = np.array([[False, False, True, True]])
    scores = metrics.score(values, region, np.ones((1, 4), bool))
    assert scores.iou == pytest.approx((3 * 1 + 2 * 0.5) / 5)
    assert scores.dice == pytest.approx((3 * 1 + 2 * 2 / 3) / 5)


def test_pixels_outside_the_valid_area_do_not_count():
    values = np.array([[9.0, 1.0, 0.0, 0.0]])
    valid = np.array([[False, True, True, True]])
    region = np.array([[False, True, False, False]])
    assert metrics.score(values, region, valid).pointing == 1


def test_a_region_outside_the_valid_area_cannot_be_scored():
    assert metrics.score(np.zeros((4, 4)), LEFT, ~LEFT) is None
    assert metrics.score(np.zeros((4, 4)), LEFT, LEFT) is None


def test_a_flat_map_has_no_contrast_and_no_overlap():
    scores = metrics.score(np.zeros((4, 4)), LEFT, ALL)
    assert scores.cnr == 0
    assert np.isnan(scores.iou)


def test_auroc_counts_pairs_and_ties_half():
    assert metrics.auroc([True, True, False, False], [3, 1, 2, 0]) == 0.75
    assert metrics.auroc([True, False], [1, 1]) == 0.5


def test_auroc_equals_the_reference():
    reference = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(0)
    truth, values = random.random(200) < 0.3, random.integers(0, 20, 200)
    assert metrics.auroc(truth, values) == pytest.approx(reference.roc_auc_score(truth, values))


def test_auroc_needs_both_classes():
    with pytest.raises(ValueError, match="both classes"):
        metrics.auroc([True, True], [1, 2])


def test_an_interval_covers_its_value_and_repeats_with_its_seed():
    cases = np.random.default_rng(0).random(60)
    one = metrics.bootstrap(60, lambda index: float(cases[index].mean()))
    assert one.low < one.value < one.high
    assert one == metrics.bootstrap(60, lambda index: float(cases[index].mean()))


def test_the_macro_mean_weighs_every_group_alike():
    interval = metrics.bootstrap_macro([[1.0] * 50, [0.0]])
    assert (interval.value, interval.low, interval.high) == (0.5, 0.5, 0.5)


def test_without_one_number_there_is_no_interval():
    interval = metrics.bootstrap_macro([[float("nan")] * 3])
    assert np.isnan([interval.value, interval.low, interval.high]).all()
