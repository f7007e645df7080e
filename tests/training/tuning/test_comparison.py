from pathlib import Path

import numpy as np
import pytest
from afloc_training.tuning.comparison import (
    acquisition_shortcuts,
    group_rows,
    groups_of,
    moved_shortcut,
    presence_rows,
    region_rows,
    reliability_of,
)

from afloc_desktop.core.evaluate import ScoredCase, Tally
from afloc_desktop.core.metrics import Scores
from afloc_desktop.core.regions import NO_FINDING, Labelled, RegionCase


def tally(label, ious, highest=()):
    found = Tally()
    for n, iou in enumerate(ious):
        case = RegionCase(f"{n}.png", f"p{n}", label, (), (Path("m.png"),))
        found.scored[label].append(ScoredCase(case, Scores(1.0, iou, iou, 2 * iou), (), (), True))
    for n, value in enumerate(highest):
        found.highest[label][f"{n}.png"] = value
    return found


def test_a_difference_is_taken_case_by_case():
    base, bundle = tally("Mass", [0.0, 0.2, 0.9]), tally("Mass", [0.1, 0.3, 1.0])
    row, whole = region_rows(base, bundle)
    assert (row.label, row.cases, whole.label) == ("Mass", 3, "all regions")
    difference = row.iou.difference
    # Each case gained a tenth, so every sample of patients did.
    assert [difference.value, difference.low, difference.high] == pytest.approx([0.1] * 3)
    assert row.cnr.difference.value == pytest.approx(0.2)
    # Cases differ much among themselves, and so the figures alone are wide.
    assert row.iou.base.high - row.iou.base.low > 0.5


def test_areas_are_compared_on_the_same_samples():
    labels = {
        f"{n}.png": Labelled(frozenset(("Mass",) if n < 8 else (NO_FINDING,)), f"p{n}")
        for n in range(16)
    }
    base = tally("Mass", [], [0.5] * 16)
    bundle = tally("Mass", [], [0.9] * 8 + [0.1] * 8)
    (row,) = presence_rows(base, bundle, labels)
    assert (row.positives, row.films) == (8, 16)
    assert row.auroc.base.value == 0.5
    assert row.auroc.difference.value == row.auroc.difference.low == 0.5


def test_groups_come_from_the_table_and_small_ones_are_left_out():
    rows = [{"image": f"{n}.png", "sex": "F" if n < 9 else "M", "age": str(30 + n)}
            for n in range(12)]  # fmt: skip
    groups = groups_of(rows)
    assert groups["age"]["9.png"] == "under 40"
    assert groups["age"]["10.png"] == "40 to 64"
    assert "view" not in groups
    found = group_rows(tally("Mass", [0.1] * 12), tally("Mass", [0.2] * 12), groups)
    assert [(row.label, row.cases) for row in found] == [("sex F", 9), ("age under 40", 10)]


def test_a_score_that_follows_the_view_is_found_out():
    labels = {f"{n}.png": Labelled(frozenset((NO_FINDING,)), f"p{n}") for n in range(20)}
    views = {"view": {f"{n}.png": "AP" if n % 2 else "PA" for n in range(20)}}
    base = tally("Mass", [], [0.4] * 20)
    bundle = tally("Mass", [], [0.9 if n % 2 else 0.1 for n in range(20)])
    (found,) = acquisition_shortcuts(base, bundle, labels, views)
    assert (found.name, found.films) == ("view: AP from PA", 20)
    assert (found.base, found.bundle, found.worst) == (0.5, 1.0, ("Mass", 1.0))


def test_blanking_is_measured_in_standard_deviations_over_films():
    scores = np.array([[0.0], [2.0]])  # deviation 1
    found = moved_shortcut("edges", (scores, scores), (scores, scores + 0.5), ["Mass"])
    assert (found.base, found.bundle) == (0.0, 0.5)


def test_a_calibration_is_cut_into_bins_of_equal_size():
    found = reliability_of("Mass", np.linspace(0, 1, 20), np.arange(20) >= 10)
    assert len(found.stated) == 10
    assert found.observed == (0.0,) * 5 + (1.0,) * 5
    assert found.stated[0] == pytest.approx(0.5 / 19)
