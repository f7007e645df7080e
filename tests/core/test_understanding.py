import dataclasses

import pytest
import tiny_bundle as tiny

from afloc_desktop.core.text import WordPiece
from afloc_desktop.core.understanding import Interpreter


def interpreter(**changes):
    vocabulary = {word: number for number, word in enumerate(tiny.WORDS)}
    manifest = tiny.manifest(**changes)
    return Interpreter(manifest, WordPiece(vocabulary, manifest.text))


@pytest.fixture
def reading():
    return interpreter()


@pytest.fixture
def literal():
    """Reads words as AFLoc's authors do."""
    text = dataclasses.replace(tiny.manifest().text, cleaning="afloc", sentence="")
    return interpreter(text=text)


@pytest.mark.parametrize(
    "words", ["bright_spot", "Bright spot", "BRIGHT", "bright spots", "Bright."]
)
def test_a_finding_is_known_by_id_label_synonym_and_plural(reading, words):
    question = reading.understand(words)
    assert (question.finding_id, question.prompt.origin) == ("bright_spot", "preset")
    assert question.threshold == 0.8


def test_a_side_beside_a_known_finding_keeps_its_threshold(reading):
    question = reading.understand("right bright spot")
    assert (question.finding_id, question.side) == ("bright_spot", "right")
    assert question.notes == ("side: right",)
    assert question.label == "right bright spot"


def test_words_the_bundle_does_not_list_use_its_general_threshold(reading):
    question = reading.understand("there is bright")
    assert (question.finding_id, question.threshold) == ("text", 0.6)


def test_unknown_words_and_negations_are_warned_of(reading):
    assert "unknown" in " ".join(reading.understand("zebra").warnings)
    assert "Negations" in " ".join(reading.understand("no bright spot").warnings)


def test_words_the_authors_cleaning_drops_are_told(literal):
    (warning,) = literal.understand("bright").warnings
    assert "cleaning" in warning
    assert literal.understand("there bright spot").warnings == ()


def test_a_literal_bundle_routes_no_sides_and_knows_its_findings(literal):
    question = literal.understand("right bright spot")
    assert (question.side, question.notes, question.finding_id) == (None, (), "text")
    named = literal.understand("Bright spot")
    assert (named.finding_id, named.threshold, named.prompt.origin) == ("bright_spot", 0.8, "typed")
    assert literal.understand("bright_spot").prompt.origin == "preset"


def test_a_text_that_is_too_long_is_told(reading):
    assert any("long" in w for w in reading.understand("bright " * 20).warnings)
