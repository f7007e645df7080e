import pytest

from afloc_desktop.core.wording import is_negated, parse_place


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
