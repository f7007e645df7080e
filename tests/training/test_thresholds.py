from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from afloc_training.films import FilmRow
from afloc_training.thresholds import calibrate, choose, choose_thresholds, mean_auroc
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


def test_a_calibration_gives_the_share_of_positives_at_each_similarity():
    # Of 100 films at 0 a tenth has the label, of 100 films at 1 nine tenths.
    scores = np.repeat([0.0, 1.0], 100)
    is_positive = np.concatenate((np.arange(100) < 10, np.arange(100) < 90))
    found = calibrate(scores, is_positive)
    chances = 1 / (1 + np.exp(-(found.gain * np.array([0, 1]) + found.bias)))
    # Platt's targets, 101 / 102 and 1 / 102, hold the chances a little off the shares.
    assert chances == pytest.approx([11 / 102, 91 / 102], abs=0.001)
    assert found.prevalence == 0.5


def test_too_few_positives_or_a_similarity_that_says_nothing_give_no_calibration():
    scores = np.linspace(0, 1, 60)
    assert calibrate(scores, np.arange(60) >= 46) is None
    assert calibrate(scores, np.arange(60) < 30) is None
    assert calibrate(np.zeros(60), np.arange(60) < 30) is None
    assert calibrate(scores, np.arange(60) >= 45) is not None
