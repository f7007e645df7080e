import numpy as np
import pytest

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.label_figures import label_rows, macro_auroc
from afloc_desktop.core.regions import NO_FINDING, Labelled
from afloc_desktop.core.understanding import Question


def films(count, label):
    return {f"{label} {n}": Labelled(frozenset({label}), f"{label} {n}") for n in range(count)}


def question(**changes):
    return Question(
        Prompt("mass", "preset"), "mass", "Mass", 0.5, 1.0, None, None, (), (), **changes
    )


LABELS = films(10, "Mass") | films(20, NO_FINDING) | films(5, "Hernia")


def highest():
    """Of ten masses eight reach .5, of twenty normal films two, of five hernias all."""
    values = {name: 0.9 for name in LABELS}
    values |= {f"Mass {n}": 0.1 for n in range(2)}
    values |= {f"{NO_FINDING} {n}": 0.2 for n in range(18)}
    return values


def test_presence_is_judged_at_the_findings_own_threshold():
    (row,) = label_rows({"Mass": highest()}, LABELS, {"Mass": question()})
    assert (row.label, row.positives, row.films) == ("Mass", 10, 35)
    assert row.sensitivity.value == 0.8
    assert row.specificity.value == 0.9
    # Of 200 pairs with normal films: 8 x 18 right, 8 x 2 ties, 2 x 0 right.
    assert row.against_no_finding.value == pytest.approx((8 * 18 + 8 * 2 / 2) / 200)
    assert row.reliability is None


def test_maps_without_a_threshold_have_neither_share():
    (row,) = label_rows({"Mass": highest()}, LABELS, {})
    assert (row.sensitivity, row.specificity) == (None, None)


def test_too_few_films_of_a_label_make_no_row():
    assert label_rows({"Hernia": highest()}, LABELS, {}) == ()
    assert macro_auroc(()) is None


def test_stated_chances_are_compared_with_what_is():
    # A gain of 0 states one half for all: (1/2)^2 off everywhere, 10 of 35 have the label.
    asked = question(gain=0.0, bias=0.0)
    (row,) = label_rows({"Mass": highest()}, LABELS, {"Mass": asked})
    assert row.reliability.brier.value == pytest.approx(0.25)
    assert row.reliability.brier.low == row.reliability.brier.high
    assert row.reliability.error.value >= 0.5 - 10 / 35 - 1e-9
    assert np.isnan(row.reliability.slope.value)
