"""What the demonstration is taught and asked is about tissue, in the same words."""

from afloc_training.histo.vocabulary import FINDINGS, sentence_bank


def test_findings_are_asked_with_sentences_of_the_training():
    taught = {sentence.text for sentence in sentence_bank()}
    for term in FINDINGS:
        assert set(term.prompts) <= taught
