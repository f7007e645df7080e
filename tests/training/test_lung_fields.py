from __future__ import annotations

import numpy as np
from afloc_training.lung_fields import find_lungs


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


def test_both_lungs_of_a_drawn_chest_are_found(drawn_film, drawn_lungs):
    found = find_lungs(drawn_film)
    assert found is not None
    assert overlap(found.right, drawn_lungs.right) > 0.75
    assert overlap(found.left, drawn_lungs.left) > 0.75


def test_the_patients_right_lung_lies_on_the_left_of_the_film(drawn_film):
    found = find_lungs(drawn_film)
    assert found is not None
    assert np.nonzero(found.of("right"))[1].mean() < 192 < np.nonzero(found.of("left"))[1].mean()


def test_noise_a_blank_film_and_a_single_lung_are_rejected(drawn_film, drawn_lungs):
    noise = np.random.default_rng(1).random((384, 384), np.float32)
    one_lung = np.where(drawn_lungs.left, np.float32(0.75), drawn_film)
    assert find_lungs(noise) is None
    assert find_lungs(np.zeros((384, 384), np.float32)) is None
    assert find_lungs(one_lung) is None


def test_lungs_lying_on_their_side_are_rejected(drawn_film):
    assert find_lungs(np.ascontiguousarray(drawn_film.T)) is None
