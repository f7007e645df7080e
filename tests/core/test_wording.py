import pytest

from afloc_desktop.core.wording import (
    Phrasebook,
    is_negated,
    negated_spans,
    other_language,
    parse_place,
    says_normal,
)


@pytest.mark.parametrize(
    ("words", "side", "zone", "rest"),
    [
        ("pleural effusion", None, None, "pleural effusion"),
        ("right pleural effusion", "right", None, "pleural effusion"),
        ("Pleural effusion on the left side", "left", None, "Pleural effusion"),
        ("left-sided pneumothorax", "left", None, "pneumothorax"),
        ("bilateral effusions", "bilateral", None, "effusions"),
        ("opacity in the right and left lung", "bilateral", None, "opacity and"),
        ("nodule in the right upper lobe", "right", "upper", "nodule"),
        ("consolidation at both bases", "bilateral", "lower", "consolidation"),
        ("bright mass", None, None, "bright mass"),
        ("right", "right", None, ""),
    ],
)
def test_a_place_is_read_and_taken_out(words, side, zone, rest):
    place = parse_place(words)
    assert (place.side, place.zone, place.rest) == (side, zone, rest)


@pytest.mark.parametrize("words", ["No effusion", "without pneumothorax", "Heart is not enlarged"])
def test_negations_are_noticed(words):
    assert is_negated(words)


@pytest.mark.parametrize("words", ["nodule", "notch", "abnormal"])
def test_words_that_only_look_like_negations_are_not(words):
    assert not is_negated(words)


@pytest.mark.parametrize(
    ("words", "side", "zone"),
    [
        ("RLL consolidation", "right", "lower"),
        ("LUL mass", "left", "upper"),
        ("opacity in the lingula", "left", "mid"),
        ("middle lobe collapse", "right", "mid"),
        ("biapical thickening", "bilateral", "upper"),
        ("retrocardiac opacity", None, "lower"),
        ("fluid in the left costophrenic angle", "left", "lower"),
        ("haze in both lower zones", "bilateral", "lower"),
        ("perihilar haze", None, "mid"),
        ("blunting of the costophrenic angle in the upper zone", None, "upper"),
    ],
)
def test_lobes_abbreviations_and_landmarks_are_places(words, side, zone):
    place = parse_place(words)
    assert (place.side, place.zone) == (side, zone)


@pytest.mark.parametrize(
    ("words", "denied"),
    [
        ("No effusion but a nodule", ["No effusion "]),
        ("No focal mass, effusion or hernia.", ["No focal mass, effusion or hernia"]),
        ("No pneumothorax, small left effusion", ["No pneumothorax"]),
        ("Nodule. Pneumothorax is absent.", ["absent", " Pneumothorax is absent"]),
        ("free of infiltrate", ["free of infiltrate"]),
        ("Not only effusion", []),
        ("no change in the effusion", []),
        ("pneumonia cannot be excluded", []),
    ],
)
def test_a_denial_reaches_to_the_end_of_its_clause(words, denied):
    assert [words[start:end] for start, end in negated_spans(words)] == denied


@pytest.mark.parametrize(
    ("words", "is_normal"),
    [("The lungs are clear.", True), ("abnormal heart", False), ("lung bases not clear", False)],
)
def test_what_is_as_it_should_be_is_noticed(words, is_normal):
    assert says_normal(words) is is_normal


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("Kein Pneumothorax", "German"),
        ("épanchement pleural gauche", "French"),
        ("derrame pleural", "Spanish"),
        ("versamento pleurico a destra", "Italian"),
        ("het hart is vergroot", "Dutch"),
        ("пневмония справа", "another script"),
        ("ET tube", None),
        ("long segment of free fluid, no mass", None),
        ("12 mm", None),
    ],
)
def test_another_language_is_recognised_and_english_is_not(words, language):
    assert other_language(words) == language


def test_the_longest_term_names_the_finding_and_plurals_count():
    book = Phrasebook({"edema": "edema", "pulmonary edema": "edema", "mass": "mass"})
    mentions, rest = book.find("Pulmonary edema, two masses and no edema")
    assert [(m.finding_id, m.words, m.is_negated) for m in mentions] == [
        ("edema", "Pulmonary edema", False),
        ("mass", "masses", False),
        ("edema", "edema", True),
    ]
    assert rest.split() == [",", "two", "and", "no"]
