from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from afloc_training.films import FilmRow
from afloc_training.thresholds import choose, choose_thresholds, mean_auroc
from afloc_training.vocabulary import FINDINGS


def test_a_threshold_keeps_85_percent_of_the_films_without_the_label_below():
    scores = np.concatenate((np.arange(101) / 100, [5.0]))
    threshold = choose("hernia", scores, np.arange(102) == 101)
    assert threshold.value == pytest.approx(0.85)
    assert threshold.positives == 1


def test_few_positives_are_not_judged():
    threshold = choose("hernia", np.arange(20.0), np.arange(20) >= 13)
    assert (threshold.positives, threshold.sensitivity, threshold.auroc) == (7, None, None)


def test_enough_positives_are_judged_by_their_labels():
    scores = np.arange(20) / 20
    threshold = choose("mass", scores, np.arange(20) % 2 == 1)
    # Others at 0, .1, … .9: 85 percent of the way is .765, and .85 and .95 of ten lie above.
    assert threshold.value == pytest.approx(0.765)
    assert threshold.sensitivity == pytest.approx(0.2)
    assert threshold.auroc == pytest.approx(0.55)


def test_every_finding_gets_a_threshold_and_any_opacity_counts_as_lung_opacity():
    labels = [frozenset({"atelectasis"})] * 10 + [frozenset()] * 10
    rows = [FilmRow(Path(), str(n), known, False) for n, known in enumerate(labels)]
    scores = np.tile(np.linspace(1, 0, 20)[:, None], (1, len(FINDINGS)))
    found = {t.finding: t for t in choose_thresholds(scores, rows)}
    assert list(found) == [term.id for term in FINDINGS]
    assert found["lung_opacity"].positives == 10
    assert found["atelectasis"].auroc == 1.0
    assert found["support_devices"].auroc is None
    assert mean_auroc(list(found.values())) == 1.0
