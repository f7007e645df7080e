from __future__ import annotations

import math

import pytest
import torch
from afloc_training.losses import balanced_loss, mask_loss, pooled


def test_twelve_equal_cells_among_very_low_ones_pool_to_their_value():
    logits = torch.full((1, 1, 576), -50.0)
    logits[..., :12] = 2.0
    assert pooled(logits).item() == pytest.approx(2.0, abs=1e-5)


def test_true_and_false_pairs_weigh_the_same_however_many_there_are():
    # Cross entropy of logit 0 is ln 2 for either class: one true and three false give 2 ln 2.
    truth = torch.tensor([[1, 0, 0, 0]])
    assert balanced_loss(torch.zeros(1, 4), truth).item() == pytest.approx(2 * math.log(2))


def test_unknown_pairs_do_not_count():
    logits = torch.tensor([[0.0, 100.0, 0.0]])
    truth = torch.tensor([[1, -1, 0]])
    assert balanced_loss(logits, truth).item() == pytest.approx(2 * math.log(2))


def test_nothing_known_costs_nothing():
    assert balanced_loss(torch.ones(2, 2), torch.full((2, 2), -1)).item() == 0.0


def test_a_perfect_map_costs_nothing_and_an_even_one_what_hand_work_gives():
    target = torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    perfect = torch.tensor([[60.0, 60.0, -60.0, -60.0]])
    assert mask_loss(perfect, target).item() == pytest.approx(0.0, abs=1e-6)
    # p = 1/2 everywhere: 3 ln 2, and Dice 1 - (2*1 + 1)/(2 + 2 + 1) = 0.4.
    assert mask_loss(torch.zeros(1, 4), target).item() == pytest.approx(3 * math.log(2) + 0.4)


def test_an_empty_target_has_no_dice():
    assert mask_loss(torch.zeros(1, 4), torch.zeros(1, 4)).item() == pytest.approx(3 * math.log(2))
