import pytest
import torch
from afloc_training.fitting.retrieval import found_partners


def test_recall_and_rank_are_means_of_both_directions():
    scores = torch.tensor([[0.9, 0.1, 0.2], [0.8, 0.5, 0.1], [0.3, 0.2, 0.4]])
    # rows: places 1, 2, 1; columns: 1, 1, 1
    found = found_partners(scores, torch.eye(3, dtype=torch.bool), 1)
    assert found.recall == pytest.approx(5 / 6)
    assert found.reciprocal == pytest.approx(5.5 / 6)
    assert found_partners(scores, torch.eye(3, dtype=torch.bool), 2).recall == 1


def test_an_equal_report_counts_as_the_right_one():
    scores = torch.tensor([[0.1, 0.9], [0.9, 0.1]])
    assert found_partners(scores, torch.ones(2, 2, dtype=torch.bool), 1).recall == 1


def test_a_network_that_says_the_same_of_all_finds_nothing():
    found = found_partners(torch.zeros(4, 4), torch.eye(4, dtype=torch.bool), 3)
    assert found.recall == 0
    assert found.reciprocal == pytest.approx(1 / 4)
