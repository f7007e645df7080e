from __future__ import annotations

import numpy as np
import pytest
from afloc_training.sentences import sentence_bank
from afloc_training.vocabulary import ABNORMALITY, BY_ID, FINDINGS

from afloc_desktop.core.wording import is_negated, parse_place


@pytest.fixture(scope="module")
def bank():
    return sentence_bank(np.random.default_rng(0))


def test_the_desktop_reads_the_side_and_zone_each_sentence_means(bank):
    wrong = [
        (text, claim)
        for text, claim in bank
        if claim.side != parse_place(text).side
        or (claim.zone is not None and claim.zone != parse_place(text).zone)
    ]
    assert wrong == []


def test_the_desktop_reads_the_negation_of_each_sentence(bank):
    by_words = {text for text, claim in bank if is_negated(text)}
    by_claim = {text for text, claim in bank if claim.is_negated}
    # "The lungs are clear." denies without a word of negation.
    assert by_claim - by_words <= {
        "Normal chest radiograph.",
        "Heart size is normal and the lungs are clear.",
        "The lungs are clear.",
        "Unremarkable chest x-ray.",
    }
    assert by_words - by_claim == set()


def test_every_finding_has_positive_and_negated_sentences(bank):
    for finding in [*BY_ID, ABNORMALITY]:
        polarities = {claim.is_negated for _, claim in bank if claim.finding == finding}
        assert polarities == {True, False}


def test_findings_without_a_place_are_never_given_one(bank):
    for _, claim in bank:
        if claim.finding in BY_ID and not BY_ID[claim.finding].has_place:
            assert claim.side is None
            assert claim.zone is None


def test_no_sentence_stands_twice_and_all_begin_with_a_capital(bank):
    assert len(set(bank)) == len(bank)
    assert all(text[0].isupper() and text.endswith(".") for text, _ in bank)


def test_the_names_in_every_prompt_were_trained_on_and_the_librarys_sentences_were_not(bank):
    texts = {text for text, _ in bank}
    for term in FINDINGS:
        assert set(term.prompts) - texts <= set(term.words.present)
        assert set(term.prompts) & texts


def test_equal_seeds_give_equal_banks(bank):
    assert sentence_bank(np.random.default_rng(0)) == bank
