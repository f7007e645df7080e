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


def test_weighted_cases_count_as_often_as_their_weight():
    scores, positive = [3, 1, 2, 0], [True, True, False, False]
    # The pairs are 3>2, 3>0, 1<2, 1>0; the positive of score 1 counts twice: (1 + 1 + 0 + 2) / 6.
    assert metrics.auroc(positive, scores, np.array([1, 2, 1, 1])) == pytest.approx(4 / 6)
    twice = metrics.auroc([*positive, True], [*scores, 1])
    assert metrics.auroc(positive, scores, np.array([1, 2, 1, 1])) == pytest.approx(twice)


def test_a_lesion_is_rated_by_the_highest_peak_inside_it():
    values = np.zeros((7, 7), np.float32)
    values[1, 1], values[5, 5], values[5, 4] = 0.5, 0.9, 0.8
    everywhere, box = np.ones((7, 7), bool), np.zeros((7, 7), bool)
    box[0:3, 0:3] = True
    assert metrics.rating(values, box, everywhere) == 0.5
    # (5, 4) is the slope of the peak beside it: no mark on a lesion that ends there.
    slope = np.zeros((7, 7), bool)
    slope[5, 4] = True
    assert metrics.rating(values, slope, everywhere) == -np.inf


def test_lesions_are_rated_inside_the_valid_area_only():
    values = np.zeros((5, 5), np.float32)
    values[0, 0], values[2, 2] = 9, 1
    valid = np.zeros((5, 5), bool)
    valid[1:4, 1:4] = True
    assert metrics.rating(values, np.ones((5, 5), bool), valid) == 1


def test_every_cut_of_the_map_stretched_to_one_has_its_overlap():
    # Stretched: 0, 1/3, 2/3, 1. Cut at .2, .3: three pixels; .4 to .6: two; .7: one.
    values = np.array([[0.0, 1.0, 2.0, 3.0]])
    region = np.array([[False, False, True, True]])
    found = metrics.overlaps(values, region, np.ones((1, 4), bool))
    assert [iou for iou, _ in found] == pytest.approx([2 / 3, 2 / 3, 1, 1, 1, 0.5])
    assert found[5][1] == pytest.approx(2 / 3)


def test_an_interval_covers_its_value_and_repeats_with_its_seed():
    cases = np.random.default_rng(0).random(60).tolist()
    patients = [f"p{n}" for n in range(60)]
    one = metrics.Resampling(patients).mean([(cases, patients)])
    assert one.low < one.value < one.high
    assert one == metrics.Resampling(patients).mean([(cases, patients)])


def test_films_of_one_patient_are_drawn_together():
    """Thirty copies of a film per patient make no interval narrower; cases alone would."""
    values, patients = [0.0, 1.0] * 4, [f"p{n}" for n in range(8)]
    resampling = metrics.Resampling(patients)
    one = resampling.mean([(values, patients)])
    many = resampling.mean([(values * 30, patients * 30)])
    assert (many.low, many.high) == pytest.approx((one.low, one.high))
    apart = metrics.Resampling([str(n) for n in range(240)])
    alone = apart.mean([(values * 30, [str(n) for n in range(240)])])
    assert alone.high - alone.low < (one.high - one.low) / 3


def test_the_macro_mean_weighs_every_group_alike():
    resampling = metrics.Resampling(["a", "b"])
    interval = resampling.mean([([1.0] * 50, ["a"] * 50), ([0.0], ["b"])])
    assert interval.value == 0.5


def test_without_one_number_there_is_no_interval():
    interval = metrics.Resampling(["a"]).mean([([float("nan")] * 3, ["a"] * 3)])
    assert np.isnan([interval.value, interval.low, interval.high]).all()


def test_the_interval_of_an_auroc_covers_it():
    random = np.random.default_rng(0)
    positive = random.random(80) < 0.4
    scores = random.random(80) + 0.4 * positive
    interval = metrics.Resampling(map(str, range(80))).auroc(
        positive, scores, [*map(str, range(80))]
    )
    assert interval.value == metrics.auroc(positive, scores)
    assert interval.low < interval.value < interval.high


def test_maps_correlate_where_both_are_known():
    one = np.array([[1.0, 2.0, 3.0, np.nan]])
    assert metrics.pearson(one, np.array([[2.0, 4.0, 6.0, 0.0]])) == pytest.approx(1)
    assert metrics.pearson(one, np.array([[3.0, 2.0, 1.0, 9.0]])) == pytest.approx(-1)
    # Deviations -1, 0, 1 and -1, 1, 0: 1 / sqrt(2 x 2).
    assert metrics.pearson(one, np.array([[0.0, 2.0, 1.0, 5.0]])) == pytest.approx(0.5)
    assert np.isnan(metrics.pearson(one, np.ones((1, 4))))


def test_the_brier_score_weighs_cases():
    chances, truth = np.array([0.8, 0.4]), np.array([True, False])
    assert metrics.brier(chances, truth, np.array([1.0, 1.0])) == pytest.approx((0.04 + 0.16) / 2)
    assert metrics.brier(chances, truth, np.array([3.0, 1.0])) == pytest.approx((0.12 + 0.16) / 4)


def test_calibration_error_is_the_mean_gap_of_bins_of_equal_weight():
    # Ten bins of two: in each the chance is .3 or .6; positives are 1 of 2 in every bin.
    chances = np.repeat([0.3, 0.6], 10)
    truth = np.tile([True, False], 10)
    found = metrics.calibration_error(chances, truth, np.ones(20))
    assert found == pytest.approx((0.2 * 5 + 0.1 * 5) / 10)


def test_the_slope_is_one_for_right_chances_and_a_half_for_doubled_odds():
    # Four of five at log odds ln 4, one of five at -ln 4: as stated.
    chances = np.repeat([0.8, 0.2], 5)
    truth = np.array([1, 1, 1, 1, 0, 1, 0, 0, 0, 0], bool)
    assert metrics.calibration_slope(chances, truth, np.ones(10)) == pytest.approx(1)
    sure = np.repeat([16 / 17, 1 / 17], 5)  # log odds twice as large
    assert metrics.calibration_slope(sure, truth, np.ones(10)) == pytest.approx(0.5)
    assert np.isnan(metrics.calibration_slope(chances, truth, truth.astype(float)))


def test_any_figure_of_weighted_cases_gets_an_interval():
    values = np.arange(40.0)
    names = [str(n) for n in range(40)]
    found = metrics.Resampling(names).of(names, lambda w: float(np.average(values, weights=w)))
    assert found.value == 19.5
    assert found == metrics.Resampling(names).mean([(values.tolist(), names)])
