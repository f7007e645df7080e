from __future__ import annotations

from afloc_training.site.reading import is_normal, read_sentences


def kept(report: str) -> list[str]:
    return [s.text for s in read_sentences(report) if s.section != "left_out"]


def test_credits_and_signatures_state_nothing():
    report = "Small effusion. Case courtesy of Dr Roe, rID: 123. Credit to J. Poe"
    assert kept(report) == ["Small effusion."]


def test_a_credit_without_a_full_stop_before_it_costs_no_sentence():
    assert kept("Note the large cyst (arrow) Credit to J. Poe") == ["Note the large cyst (arrow)"]


def test_questions_and_their_short_answers_state_nothing():
    report = "Where is the nodule? Right lung. Is it large? It is the largest of three nodules."
    assert kept(report) == ["It is the largest of three nodules."]


def test_normal_is_what_only_denies_or_is_normal():
    assert is_normal(("No effusion.", "The heart is normal in size."))
    assert not is_normal(("No effusion.", "A nodule on the left."))
    assert not is_normal(())
