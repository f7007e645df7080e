import json

import pytest

from afloc_desktop.core.text import TextSpec, WordPiece, as_sentence

SPEC = TextSpec("wordpiece", True, 8, "none", "There is {}.")
VOCABULARY = {
    w: i
    for i, w in enumerate(
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "pleural", "eff", "##usion", "right", ".", "3", "-"]
    )
}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("Effusion", "There is effusion."),
        ("COPD", "There is COPD."),
        ("There is a small effusion on the right", "There is a small effusion on the right."),
        ("gleason pattern 3.", "gleason pattern 3."),
    ],
)
def test_bare_terms_become_sentences_and_sentences_stay(words, sentence):
    assert as_sentence(words, SPEC) == sentence


def test_nothing_cannot_become_a_sentence():
    with pytest.raises(ValueError, match="no words"):
        as_sentence("  ", SPEC)


def ids(text: str) -> list[int]:
    return WordPiece(VOCABULARY, SPEC).encode(text)


def test_words_are_split_into_the_longest_known_pieces():
    assert ids("Pleural effusion.") == [2, 4, 5, 6, 8, 3]


def test_a_word_that_cannot_be_pieced_together_is_unknown():
    assert ids("pleuralx") == [2, 1, 3]
    assert ids("x" * 101) == [2, 1, 3]


def test_digits_and_signs_are_kept():
    assert ids("3-3.") == [2, 9, 10, 9, 8, 3]


def test_accents_and_case_are_dropped():
    assert ids("PLÉURAL") == [2, 4, 3]


def test_long_prompts_are_cut_at_the_limit_and_closed():
    assert ids("right " * 20) == [2, 7, 7, 7, 7, 7, 7, 3]


def test_several_texts_are_padded_to_the_longest():
    rows, masks = WordPiece(VOCABULARY, SPEC).encode_all(["right", "pleural effusion"])
    assert rows == [[2, 7, 3, 0, 0], [2, 4, 5, 6, 3]]
    assert masks == [[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]


def test_the_tokenizer_equals_the_reference_on_text_of_all_kinds(tmp_path):
    reference = pytest.importorskip("tokenizers")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "lung", "cafe", "中", "1", "5", "."]
    letters = list("abcdefghijklmnopqrstuvwxyz")
    vocabulary = {w: i for i, w in enumerate([*words, *letters, *("##" + c for c in letters), ","])}
    file = tmp_path / "vocab.txt"
    file.write_text("\n".join(vocabulary), encoding="utf-8")
    theirs = reference.BertWordPieceTokenizer(str(file), lowercase=True)
    ours = WordPiece(vocabulary, TextSpec("wordpiece", True, 512, "none", "{}"))
    for text in (
        "The lungs, 1.5 cm.",
        "Café\u00a0au lait\tnoir\r\nx",
        "中文 text",
        "a\u200bb\x00c",
        "don't -- stop! (5)",
        "…",
        "naïve coöperation",
        json.dumps({"a": 1}),
    ):
        assert ours.encode(text) == theirs.encode(text).ids, text


def test_a_cased_vocabulary_keeps_case():
    spec = TextSpec("wordpiece", False, 8, "none", "{}")
    assert WordPiece(VOCABULARY, spec).encode("Right right") == [2, 1, 7, 3]


def test_the_unknown_piece_is_known_by_its_id():
    assert WordPiece(VOCABULARY, SPEC).unknown_id == 1


AFLOC = TextSpec("wordpiece", True, 97, "afloc", "")
WORDS = TextSpec("wordpiece", True, 97, "afloc-words", "Findings suggesting {}.")


@pytest.mark.parametrize(
    ("words", "authors", "ours"),
    [
        ("Findings suggesting Pneumonia.", "findings suggesting pneumonia", None),
        ("left lower-lobe opacity, small", "left lower lobe opacity small", None),
        ("Pneumothorax", "", "findings suggesting pneumothorax"),
        ("Edema. Large heart.", "large heart", "edema large heart"),
        ("cancer, gleason pattern 3.", "cancer gleason pattern", "cancer gleason pattern 3"),
        ("1. Small effusion 2. Large mass", "small effusion large mass", ...),
        ("café au lait", "caf au lait", None),
        ("中文 中文", "", "findings suggesting"),
        ("a.b.c", "", "a b c"),
        ("...", "", "findings suggesting"),
    ],
)
def test_the_authors_cleaning_and_the_one_that_keeps_words_and_digits(words, authors, ours):
    assert as_sentence(words, AFLOC) == authors
    if ours is not ...:
        assert as_sentence(words, WORDS) == (authors if ours is None else ours)


@pytest.mark.parametrize("spec", [AFLOC, WORDS])
def test_cleaning_asks_for_words_too(spec):
    with pytest.raises(ValueError, match="no words"):
        as_sentence(" \n ", spec)


def test_only_texts_longer_than_the_limit_are_cut():
    tokenizer = WordPiece(VOCABULARY, SPEC)  # 8 tokens: six pieces between [CLS] and [SEP]
    assert not tokenizer.is_cut("right " * 6)
    assert tokenizer.is_cut("right " * 7)


def test_only_the_authors_ways_of_cleaning_read_words_literally():
    assert [spec.is_literal for spec in (SPEC, AFLOC, WORDS)] == [False, True, True]
