import dataclasses

import pytest
import tiny_bundle as tiny

from afloc_desktop.core.text import WordPiece
from afloc_desktop.core.understanding import Interpreter


def interpreter(is_related=lambda text: True, **changes):
    vocabulary = {word: number for number, word in enumerate(tiny.WORDS)}
    manifest = tiny.manifest(**changes)
    return Interpreter(manifest, WordPiece(vocabulary, manifest.text), is_related)


@pytest.fixture
def reading():
    return interpreter()


@pytest.fixture
def literal():
    """Reads words as AFLoc's authors do."""
    text = dataclasses.replace(tiny.manifest().text, cleaning="afloc", sentence="")
    return interpreter(text=text)


@pytest.fixture
def taught():
    """Knows effusion and consolidation, and is calibrated for the first."""
    effusion = dataclasses.replace(
        tiny.finding("pleural_effusion", "Pleural effusion"), gain=8.0, bias=-2.0, prevalence=0.2
    )
    both = (effusion, tiny.finding("consolidation", "Consolidation"))
    return interpreter(is_related=lambda text: "banana" not in text, findings=both)


@pytest.mark.parametrize(
    "words", ["bright_spot", "Bright spot", "BRIGHT", "bright spots", "Bright."]
)
def test_a_finding_is_known_by_id_label_synonym_and_plural(reading, words):
    question = reading.understand(words)
    assert (question.finding_id, question.prompt.origin) == ("bright_spot", "preset")
    assert (question.threshold, question.notes) == (0.8, ())


def test_a_side_beside_a_known_finding_keeps_its_threshold(reading):
    question = reading.understand("right bright spot")
    assert (question.finding_id, question.side, question.threshold) == ("bright_spot", "right", 0.8)
    assert question.notes == ("finding: Bright spot", "side: right")
    assert question.label == "right bright spot"


def test_words_the_bundle_does_not_list_use_its_general_threshold(reading):
    question = reading.understand("there spot")
    assert (question.finding_id, question.threshold) == ("text", 0.6)


@pytest.mark.parametrize(
    "words",
    [
        "There is a small pleural effusion on the right.",
        "Effusion, likely new.",
        "pleural fluid?",
        "hydrothorax is seen",
    ],
)
def test_a_sentence_that_says_no_more_than_a_finding_is_that_finding(taught, words):
    question = taught.understand(words)
    assert (question.finding_id, question.prompt.origin) == ("pleural_effusion", "typed")
    assert question.notes[0] == "finding: Pleural effusion"
    assert not question.warnings


def test_what_was_understood_is_told_word_by_word(taught):
    question = taught.understand("moderate effusion in the left lower zone")
    assert question.notes == (
        "finding: Pleural effusion",
        "side: left",
        "zone: lower",
        "degree, not used: moderate",
    )
    assert question.sentence == "Pleural effusion in the left lower lung zone."


def test_several_findings_are_answered_at_once_and_told(taught):
    question = taught.understand("effusion and consolidation")
    assert question.finding_id == "text"
    assert question.notes == (
        "names Pleural effusion, Consolidation: the whole text is answered at once",
    )


def test_other_words_beside_one_listed_finding_lean_on_it(taught):
    question = taught.understand("effusion obscuring the hemidiaphragm")
    assert (question.finding_id, question.leans_on) == ("text", "pleural_effusion")
    assert question.notes[0] == "names Pleural effusion: answered with it and the other words"


@pytest.mark.parametrize(
    "words", ["effusion", "effusion and consolidation", "bulla obscuring the apex", "dark shadow"]
)
def test_words_lean_on_no_finding_where_not_exactly_one_is_listed(taught, words):
    assert taught.understand(words).leans_on is None


def test_words_read_literally_lean_on_nothing(literal):
    assert literal.understand("bright spot obscuring everything").leans_on is None


def test_what_is_denied_beside_a_finding_leaves_the_finding(taught):
    question = taught.understand("Consolidation. No effusion.")
    assert (question.finding_id, question.is_negated) == ("consolidation", False)
    assert [(m.finding_id, m.is_negated) for m in question.mentions] == [
        ("consolidation", False),
        ("pleural_effusion", True),
    ]


@pytest.mark.parametrize("words", ["no effusion", "Effusion has resolved", "free of consolidation"])
def test_what_is_only_denied_is_never_present(taught, words):
    question = taught.understand(words)
    assert question.is_negated
    assert not question.can_be_present
    assert "Negations" in question.warnings[0]


@pytest.mark.parametrize("words", ["The lungs are clear", "normal chest", "heart unremarkable"])
def test_what_is_as_it_should_be_is_never_present(taught, words):
    question = taught.understand(words)
    assert not question.can_be_present
    assert "all is well" in question.warnings[0]


def test_a_finding_of_the_library_that_was_not_taught_is_named(taught):
    question = taught.understand("large bulla in the right apex")
    assert (question.finding_id, question.is_taught, question.side) == ("text", False, "right")
    assert "not taught Bulla" in question.warnings[0]
    assert not question.can_be_present


def test_words_about_something_else_are_refused_once_and_plainly(taught):
    question = taught.understand("a banana on the table")
    assert not question.can_be_present
    assert question.warnings == (
        "These words do not describe anything this model knows on a chest film.",
    )


def test_words_of_which_none_is_known_are_about_nothing(reading):
    assert not reading.understand("zebra").is_related
    assert reading.understand("spot of a zebra").is_related


def test_what_names_findings_is_never_asked_whether_it_is_about_a_film():
    def refuse(text):
        raise AssertionError(text)

    reading = interpreter(is_related=refuse)
    for words in ("bright spot", "small bright spot on the left", "no dark spot", "bulla"):
        assert reading.understand(words).is_related


def test_a_calibration_holds_for_the_whole_film_only(taught):
    assert taught.understand("pleural effusion").gain == 8.0
    assert taught.understand("right pleural effusion").gain is None
    assert taught.understand("consolidation").gain is None


@pytest.mark.parametrize("words", ["Kein Pleuraerguss", "derrame pleural", "胸腔积液"])
def test_another_language_is_told(taught, words):
    assert "English" in taught.understand(words).warnings[0]


def test_numbers_stay_in_what_is_read(taught):
    assert taught.understand("spiculated mass of 3 cm").sentence.endswith("3 cm.")


def test_unknown_words_and_negations_are_warned_of(reading):
    assert "unknown" in " ".join(reading.understand("dark zebra").warnings)
    assert "Negations" in " ".join(reading.understand("no bright spot").warnings)


def test_words_the_authors_cleaning_drops_are_told(literal):
    (warning,) = literal.understand("bright").warnings
    assert "cleaning" in warning
    assert literal.understand("there bright spot").warnings == ()


def test_a_literal_bundle_routes_no_sides_and_knows_its_findings(literal):
    question = literal.understand("right bright spot")
    assert (question.side, question.notes, question.finding_id) == (None, (), "text")
    assert question.warnings[0] == "This model is not led to a place: right is read as words alone."
    assert question.sentence == "right bright spot"
    named = literal.understand("Bright spot")
    assert (named.finding_id, named.threshold, named.prompt.origin) == ("bright_spot", 0.8, "typed")
    assert literal.understand("bright_spot").prompt.origin == "preset"


def test_a_literal_bundle_of_eyes_leaves_places_in_the_words_and_says_so():
    text = dataclasses.replace(tiny.manifest().text, cleaning="afloc", sentence="")
    eyes = interpreter(text=text, modality="fundus")
    question = eyes.understand("bright spot in the lower left periphery")
    assert not question.part.is_named
    assert question.warnings[0] == (
        "This model is not led to a place: lower left, periphery is read as words alone."
    )


def test_a_side_that_is_not_routed_is_told():
    spec = dataclasses.replace(tiny.manifest().heatmap, side_penalty=0.0)
    question = interpreter(heatmap=spec).understand("bright spot on the left")
    assert question.warnings == ("This model does not tell places apart: left was ignored.",)
    assert "side: left" not in question.notes


def test_a_text_that_is_too_long_is_told(reading):
    assert any("long" in w for w in reading.understand("bright " * 20).warnings)
