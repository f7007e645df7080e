import dataclasses

import numpy as np
import pytest

from afloc_desktop.core.domain import Heatmap, IdentityKey, Prompt, Provenance, Spacing
from afloc_desktop.core.findings import extent, moved, peak, propose, region_labels, regions
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.understanding import Question

KEY = IdentityKey("1.2", 1, "p", "b", "f", "bright")
WHO = Provenance("tiny", "b", "f", "0", "CPUExecutionProvider", "2026")


def heatmap(values, scale=(1.0, 1.0)) -> Heatmap:
    similarity = np.asarray(values, np.float32)
    return Heatmap(similarity, scale, Prompt("bright", "typed"), "tiny", KEY, ())


def question(threshold=0.5) -> Question:
    prompt = Prompt("bright", "typed")
    return Question(prompt, "bright_spot", "Bright", threshold, 1.0, None, None, (), ())


def say(values, **changes):
    return propose(heatmap(values), question(), spacing=None, provenance=WHO, **changes)


def test_peak_ignores_what_the_network_never_saw():
    point, value = peak(heatmap([[np.nan, 0.2], [0.1, np.nan]]))
    assert (point, value) == ((1.5, 0.5), pytest.approx(0.2))


def test_a_film_nobody_saw_has_no_peak():
    assert peak(heatmap(np.full((2, 2), np.nan))) is None
    finding = say(np.full((2, 2), np.nan))
    assert not finding.is_present
    assert finding.peak is None


def test_the_peak_is_in_source_pixels():
    values = np.zeros((4, 4))
    values[1, 2] = 1
    point, _ = peak(heatmap(values, scale=(10.0, 20.0)))
    assert point == (25, 30)


def test_below_the_threshold_nothing_is_proposed_but_the_similarity_is_told():
    finding = say(np.full((5, 5), 0.4))
    assert (finding.is_present, finding.regions) == (False, ())
    assert finding.similarity == pytest.approx(0.4)
    assert (finding.status, finding.probability) == ("proposed", None)


def test_the_readers_own_threshold_decides():
    assert say(np.full((5, 5), 0.4), threshold=0.3).is_present


@pytest.mark.parametrize("flag", ["is_related", "is_taught", "is_negated"])
def test_what_cannot_be_a_finding_is_never_present(flag):
    barred = dataclasses.replace(question(), **{flag: flag == "is_negated"})
    finding = propose(heatmap(np.ones((5, 5))), barred, spacing=None, provenance=WHO)
    assert (finding.is_present, finding.regions) == (False, ())
    assert finding.similarity == 1


def test_a_calibrated_question_gets_a_probability():
    # 4 * .5 - 2 is 0, of which the logistic curve makes one half.
    calibrated = dataclasses.replace(question(), gain=4.0, bias=-2.0)
    finding = propose(heatmap(np.full((5, 5), 0.5)), calibrated, spacing=None, provenance=WHO)
    assert finding.probability == pytest.approx(0.5)
    unseen = propose(heatmap(np.full((5, 5), np.nan)), calibrated, spacing=None, provenance=WHO)
    assert unseen.probability is None


def test_a_block_becomes_one_region_whose_box_covers_its_pixel_centres():
    values = np.zeros((10, 12))
    values[3:6, 4:9] = 1
    (region,) = regions(heatmap(values), 0.5, 0.5, None)
    # The outline at 0.5 runs half way to the neighbouring pixel centres at the latest.
    x0, y0, x1, y1 = region.box
    assert 4 <= x0 <= 4.5
    assert 3 <= y0 <= 3.5
    assert 8.5 <= x1 <= 9
    assert 5.5 <= y1 <= 6


def test_regions_that_touch_at_a_corner_are_two():
    values = np.zeros((6, 6))
    values[1:3, 1:3] = 0.8
    values[3:5, 3:5] = 0.9
    found = regions(heatmap(values), 0.5, 0.5, None)
    assert [round(r.similarity, 1) for r in found] == [0.9, 0.8]


def test_a_ring_is_outlined_on_its_outside():
    values = np.ones((9, 9))
    values[0] = values[-1] = 0
    values[:, 0] = values[:, -1] = 0
    values[3:6, 3:6] = 0
    (region,) = regions(heatmap(values), 0.5, 0.5, None)
    assert region.box.x0 < 2
    assert region.box.x1 > 7


def test_a_region_at_the_edge_stays_on_the_film():
    (region,) = regions(heatmap(np.ones((5, 7)), scale=(3.0, 3.0)), 0.5, 0.5, None)
    assert region.box.x0 >= 0
    assert region.box.x1 <= 21
    assert region.box.y1 <= 15


def test_a_single_pixel_is_a_region():
    values = np.zeros((5, 5))
    values[2, 2] = 1
    (region,) = regions(heatmap(values), 0.5, 0.5, None)
    assert region.peak == (2.5, 2.5)
    assert len(region.outline) >= 4


def test_areas_are_in_square_millimetres_and_only_with_a_spacing():
    values = np.zeros((10, 10))
    values[2:4, 2:6] = 1  # 8 map pixels of 2 x 2 source pixels of 0.5 x 0.25 mm
    spacing = Spacing(row_mm=0.5, column_mm=0.25, basis="detector")
    (with_spacing,) = regions(heatmap(values, (2.0, 2.0)), 0.5, 0.5, spacing)
    (without,) = regions(heatmap(values, (2.0, 2.0)), 0.5, 0.5, None)
    assert with_spacing.area_mm2 == pytest.approx(8 * 4 * 0.5 * 0.25)
    assert without.area_mm2 is None


def test_a_speckled_map_is_cut_to_twenty_regions():
    values = np.zeros((40, 40))
    values[::2, ::2] = np.random.default_rng(0).random((20, 20)) / 2 + 0.5
    found = regions(heatmap(values), 0.5, 0.5, None)
    assert len(found) == 20
    assert [r.similarity for r in found] == sorted((r.similarity for r in found), reverse=True)


def test_every_statement_says_what_computed_it():
    assert say(np.ones((3, 3))).provenance == WHO


def test_nothing_above_the_threshold_gives_no_region():
    assert regions(heatmap(np.zeros((4, 4))), 0.5, 0.5, None) == ()


def broad(peak_value: float) -> np.ndarray:
    """A hill over the whole map, from 0 at the rim to `peak_value` in the middle."""
    y, x = np.mgrid[-10:11, -10:11] / 10
    return peak_value * np.clip(1 - np.hypot(x, y), 0, None)


def test_a_finding_just_above_its_threshold_keeps_its_extent():
    finding = say(broad(0.52))
    assert finding.level == pytest.approx(0.7 * 0.52)
    (region,) = finding.regions
    # 0.7 of the height is 0.3 of the radius of ten pixels.
    assert region.box.x1 - region.box.x0 == pytest.approx(6, abs=0.5)


def test_a_strong_finding_reaches_down_to_its_threshold():
    assert say(broad(1.0)).level == 0.5


def test_weak_places_beside_a_present_finding_are_not_proposed():
    values = np.zeros((12, 12))
    values[2:4, 2:4] = 0.55
    values[8:10, 8:10] = 0.45
    finding = say(values)
    assert finding.level < 0.45
    assert len(finding.regions) == 1


def test_a_map_nobody_saw_has_no_extent():
    assert np.isnan(extent(heatmap(np.full((2, 2), np.nan))))


def test_map_pixels_are_numbered_by_the_region_that_holds_them():
    values = np.zeros((6, 8))
    values[1:3, 1:3] = 0.6
    values[4, 5:8] = 0.9
    answered = heatmap(values, scale=(3.0, 2.0))
    finding = propose(answered, question(), spacing=None, provenance=WHO)
    expected = np.zeros((6, 8), np.uint8)
    expected[1:3, 1:3], expected[4, 5:8] = 2, 1
    assert np.array_equal(region_labels(answered, finding), expected)


def test_weak_places_beside_a_region_are_in_none():
    values = np.zeros((12, 12))
    values[2:4, 2:4] = 0.55
    values[8:10, 8:10] = 0.45
    labels = region_labels(heatmap(values), say(values))
    assert np.argwhere(labels).tolist() == [[2, 2], [2, 3], [3, 2], [3, 3]]


def test_what_is_not_proposed_has_no_region():
    values = np.full((3, 3), 0.1)
    assert not region_labels(heatmap(values), say(values)).any()


@pytest.mark.parametrize("height", [40.0, 5e3, 2e6])
def test_a_single_pixel_of_a_raw_product_is_a_region_too(height):
    values = np.zeros((9, 9), np.float32)
    values[4, 4] = height
    (region,) = regions(heatmap(values), height, height, None)
    assert region.similarity == height
    assert region.box.centre == pytest.approx((4.5, 4.5), abs=0.1)


def test_a_finding_moves_with_all_its_points():
    values = np.zeros((10, 12))
    values[3:6, 4:9] = 1
    found = propose(heatmap(values), question(), spacing=None, provenance=WHO)
    far = moved(found, lambda p: Point(10 * p.x + 100, 10 * p.y + 200))
    (before,), (after,) = found.regions, far.regions
    assert far.peak == after.peak == Point(10 * found.peak.x + 100, 10 * found.peak.y + 200)
    assert after.box[:2] == (10 * before.box.x0 + 100, 10 * before.box.y0 + 200)
    assert after.outline[0] == (10 * before.outline[0].x + 100, 10 * before.outline[0].y + 200)
    assert after.similarity == before.similarity
    unseen = propose(heatmap(np.full((5, 5), np.nan)), question(), spacing=None, provenance=WHO)
    assert moved(unseen, lambda p: p).peak is None
