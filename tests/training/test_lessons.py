from __future__ import annotations

import numpy as np
import pytest
from afloc_training.facts import Claim, Fact, FilmFacts
from afloc_training.features import FeatureSet
from afloc_training.lessons import Curriculum, truth_table
from afloc_training.sentences import sentence_bank
from afloc_training.synthesis import PAINTABLE

EFFUSION = PAINTABLE.index("pleural_effusion")


@pytest.fixture(scope="module")
def bank():
    return sentence_bank(np.random.default_rng(0))


@pytest.fixture(scope="module")
def films():
    """Four labelled films, four with a painted right effusion in the lowest row of cells."""
    facts = [FilmFacts(frozenset({"mass"})), FilmFacts(frozenset())] * 2
    facts += [FilmFacts(frozenset(), (Fact("pleural_effusion", "right", "lower"),))] * 4
    masks = np.zeros((8, len(PAINTABLE), 24, 24), np.float16)
    masks[4:, EFFUSION, 23] = 1
    empty = np.zeros((8, 1))
    return FeatureSet(empty, empty, empty, masks, tuple(facts), np.arange(8) >= 4)


def test_unknown_is_minus_one_in_the_table():
    films = [FilmFacts(frozenset({"mass"})), FilmFacts(frozenset())]
    claims = [Claim("mass"), Claim("nodule"), Claim("pneumothorax")]
    assert truth_table(films, claims).tolist() == [[1, -1, 0], [0, 0, 0]]


def test_half_of_a_batch_is_painted(films, bank):
    lesson = Curriculum(films, bank).draw(np.random.default_rng(0), 4)
    assert sorted(films.is_painted[lesson.films]) == [False, False, True, True]


def test_answers_of_a_lesson_fit_its_sentences(films, bank):
    curriculum = Curriculum(films, bank)
    for seed in range(5):
        lesson = curriculum.draw(np.random.default_rng(seed), 6)
        claims = [bank[i].claim for i in lesson.sentences]
        content = truth_table([films.facts[i] for i in lesson.films], claims)
        for k, claim in enumerate(claims):
            if claim.is_negated:
                assert (lesson.presence[:, k] == 0).all()
                known = content[:, k] >= 0
                assert (lesson.agreement[known, k] == 1 - content[known, k]).all()
            else:
                assert (lesson.presence[:, k] == content[:, k]).all()
                assert (lesson.agreement[:, k] == content[:, k]).all()


def test_true_claims_have_the_painted_mask_and_false_ones_an_empty_one(films, bank):
    curriculum = Curriculum(films, bank)
    painted = np.zeros((24, 24), np.float32)
    painted[23] = 1
    seen = {0: 0, 1: 0}
    for seed in range(5):
        lesson = curriculum.draw(np.random.default_rng(seed), 6)
        assert lesson.mask_targets.shape == (len(lesson.mask_pairs), 576)
        for (n, k), target in zip(lesson.mask_pairs, lesson.mask_targets, strict=True):
            answer = lesson.presence[n, k]
            wanted = painted if answer == 1 else np.zeros_like(painted)
            assert np.array_equal(target.reshape(24, 24), wanted)
            assert not bank[lesson.sentences[k]].claim.is_negated
            seen[int(answer)] += 1
    assert min(seen.values()) > 0


def test_equal_seeds_draw_equal_lessons(films, bank):
    first, again = (Curriculum(films, bank).draw(np.random.default_rng(3), 4) for _ in range(2))
    assert np.array_equal(first.films, again.films)
    assert np.array_equal(first.sentences, again.sentences)
    assert np.array_equal(first.mask_targets, again.mask_targets)
