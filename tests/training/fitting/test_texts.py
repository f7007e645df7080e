import numpy as np
import pytest
from afloc_training.fitting.texts import Reader, draw_sentences

from afloc_desktop.core.text import TextSpec

PIECES = {piece: n for n, piece in enumerate(
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", "small", "effusion", "##s", "2", "5", "cm", "clear",
     "lungs", "heart", "findings", "suggesting"])}  # fmt: skip
PLAIN = TextSpec("wordpiece", True, 16, "none", "{}")
AUTHORS = TextSpec("wordpiece", True, 16, "afloc-words", "Findings suggesting {}.")


def words(batch, number=0):
    names = list(PIECES)
    return [names[n] for n in batch.ids[number].tolist() if n]


def test_sentences_stand_in_the_order_drawn_with_periods_between():
    batch = Reader(PIECES, PLAIN).batch([("Small effusions.", "Lungs clear")], [(1, 0)])
    assert words(batch) == ["[CLS]", "lungs", "clear", ".", "small", "effusion", "##s", ".",
                            "[SEP]"]  # fmt: skip
    assert batch.mask.tolist() == [[1] * 9]
    # [CLS]; "lungs clear"; "small effusions" with the closing period, as AFLoc counts it
    assert batch.sentences == [[[[0]], [[1], [2]], [[4], [5, 6], [7]]]]
    assert batch.words[0] == [[[0]], [[1]], [[2]], [[3]], [[4]], [[5, 6]], [[7]]]


def test_a_decimal_ends_no_sentence():
    batch = Reader(PIECES, PLAIN).batch([("Effusion 2.5 cm.", "Lungs clear.")], [(0, 1)])
    assert len(batch.sentences[0]) == 3


def test_words_are_cleaned_as_the_desktop_will_clean_them():
    batch = Reader(PIECES, AUTHORS).batch([("Effusion!", "Small heart.")], [(0, 1)])
    assert words(batch) == ["[CLS]", "findings", "suggesting", "effusion", ".", "small", "heart",
                            "[SEP]"]  # fmt: skip


def test_what_is_too_long_is_left_out_sentence_by_sentence():
    long = "small " * 9
    batch = Reader(PIECES, PLAIN).batch([(long, "Lungs clear.", long)], [(0, 2, 1)])
    assert len(words(batch)) == 1 + 9 + 1 + 1
    assert len(batch.sentences[0]) == 2
    alone = Reader(PIECES, PLAIN).batch([("small " * 40,)], [(0,)])
    assert words(alone)[-1] == "[SEP]"
    assert len(words(alone)) == 16


def test_shorter_texts_are_padded():
    batch = Reader(PIECES, PLAIN).batch([("Lungs clear.",), ("Effusion.",)], [(0,), (0,)])
    assert batch.ids[1].tolist()[-1] == 0
    assert batch.mask.sum(1).tolist() == [5, 4]


def test_a_sentence_that_nothing_is_left_of_is_still_a_sentence():
    batch = Reader(PIECES, AUTHORS).batch([("…",)], [(0,)])
    assert len(batch.sentences[0]) == 2


def test_what_another_report_says_too_is_true_of_its_film():
    reports = [("Lungs clear.", "Small heart."), ("Lungs clear.",), ("Effusion.", "Lungs clear.")]
    also = Reader(PIECES, PLAIN).batch(reports, [(0,), (0,), (0, 1)]).also_true
    assert also.texts.tolist() == [[True, True, False], [True, True, False], [True, True, True]]
    # units: CLS and "lungs clear" of texts 0 and 1; CLS, "effusion", "lungs clear" of text 2
    assert also.sentences[0].tolist() == [True] * 4 + [False, False, True]
    assert also.sentences[2].tolist() == [True] * 7


@pytest.mark.parametrize("count", [1, 4])
def test_one_to_all_sentences_are_drawn_each_once(count):
    rng = np.random.default_rng(0)
    drawn = [draw_sentences(rng, count) for _ in range(200)]
    assert {len(numbers) for numbers in drawn} == set(range(1, count + 1))
    assert all(len(set(numbers)) == len(numbers) for numbers in drawn)
    orders = {tuple(numbers) for numbers in drawn if len(numbers) == count}
    assert len(orders) == 1 if count == 1 else len(orders) > 10
