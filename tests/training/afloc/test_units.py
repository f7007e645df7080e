import pytest
import torch
from afloc_training.afloc.units import Vocabulary, sentence_units, word_units

CLS, SEP, STOP, PIECE = 2, 3, 4, 5
VOCABULARY = Vocabulary(SEP, STOP, frozenset((PIECE,)))


def cut(function, *texts):
    """Units of texts whose token at place p of text k has the value 10 ** p, by text."""
    longest = max(map(len, texts))
    tokens = torch.tensor([[[10.0**p] for p in range(longest)] for _ in texts])
    units = function(tokens, texts, VOCABULARY)
    assert units.texts == len(texts)
    return [units.vectors[units.owner == k, 0].tolist() for k in range(len(texts))]


def test_a_word_is_the_sum_of_its_pieces_and_sep_and_padding_are_none():
    assert cut(word_units, [CLS, 7, PIECE, PIECE, 8, SEP, 0]) == [[1, 1110, 10000]]


def test_texts_of_other_lengths_keep_their_own_units():
    assert cut(word_units, [CLS, 7, SEP, 0], [CLS, 7, 8, SEP]) == [[1, 10], [1, 10, 100]]


def test_a_sentence_is_the_mean_of_the_words_between_periods():
    ids = [CLS, 7, 8, STOP, 9, PIECE, SEP]
    assert cut(sentence_units, ids) == [[1, (10 + 100) / 2, 10_000 + 100_000]]


def test_a_closing_period_counts_as_a_word_and_opens_no_sentence():
    assert cut(sentence_units, [CLS, 7, STOP, SEP]) == [[1, (10 + 100) / 2]]


@pytest.mark.parametrize("ids", [[CLS, SEP], [CLS, SEP, 0]])
def test_an_empty_text_has_its_start_alone(ids):
    assert cut(sentence_units, ids) == [[1]]
    assert cut(word_units, ids) == [[1]]


def test_a_period_after_a_period_opens_no_empty_sentence():
    assert cut(sentence_units, [CLS, 7, STOP, STOP, 8, SEP]) == [[1, 10, 10_000]]


def test_gradients_reach_the_tokens():
    tokens = torch.ones(1, 4, 3, requires_grad=True)
    word_units(tokens, [[CLS, 7, 8, SEP]], VOCABULARY).vectors.sum().backward()
    assert tokens.grad[0, :, 0].tolist() == [1, 1, 1, 0]
