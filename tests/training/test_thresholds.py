from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from afloc_training.films import FilmRow
from afloc_training.thresholds import choose, choose_thresholds, mean_auroc, youden
from afloc_training.vocabulary import FINDINGS


def test_youden_takes_the_cut_with_the_best_sum_of_rates():
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    positive = np.array([False, False, True, False, True, True])
    # From 0.3: all positives and one of three others, 1 - 1/3. From 0.5: 2/3 - 0, as good, higher.
    assert youden(scores, positive) == 0.5
    positive = np.array([False, False, True, True, True, True])
    assert youden(scores, positive) == 0.3


def test_few_positives_fall_back_to_ninety_percent_of_the_others():
    scores = np.concatenate((np.arange(101) / 100, [5.0]))
    positive = np.arange(102) == 101
    threshold = choose("hernia", scores, positive)
    assert threshold.rule == "specificity"
    assert threshold.value == pytest.approx(0.9)
    assert threshold.positives == 1
    assert threshold.auroc is None


def test_enough_positives_are_judged_by_their_labels():
    scores = np.arange(20) / 20
    threshold = choose("mass", scores, scores >= 0.5)
    assert threshold.rule == "youden"
    assert threshold.value == 0.5
    assert threshold.auroc == 1.0


def test_every_finding_gets_a_threshold_and_any_opacity_counts_as_lung_opacity():
    labels = [frozenset({"atelectasis"})] * 10 + [frozenset()] * 10
    rows = [FilmRow(Path(), str(n), known, False) for n, known in enumerate(labels)]
    scores = np.tile(np.linspace(1, 0, 20)[:, None], (1, len(FINDINGS)))
    found = {t.finding: t for t in choose_thresholds(scores, rows)}
    assert list(found) == [term.id for term in FINDINGS]
    assert found["lung_opacity"].positives == 10
    assert found["atelectasis"].auroc == 1.0
    assert found["support_devices"].rule == "specificity"
    assert mean_auroc(list(found.values())) == 1.0
