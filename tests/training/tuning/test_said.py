import numpy as np
import pytest
from afloc_training.facts import Claim
from afloc_training.site.store import StoredCase, StoredSentence
from afloc_training.tuning.said import (
    Said,
    phrasebook,
    places,
    read_case,
    statements,
    truth,
    truth_table,
)


def said(text):
    return [(c.finding, c.is_negated, c.side, c.zone) for c in statements(text, phrasebook())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Consolidation in the right upper lobe and ground-glass opacities in both lower lobes.",
            [
                ("consolidation", False, "right", "upper"),
                ("infiltration", False, "bilateral", "lower"),
            ],
        ),
        ("No pleural effusion.", [("pleural_effusion", True, None, None)]),
        ("Her mother has a history of pneumonia.", []),
        ("Chest film for suspected pneumonia.", []),
        ("Pneumonia?", []),
        (
            "Right effusion and consolidation.",
            [
                ("pleural_effusion", False, "right", None),
                ("consolidation", False, None, None),
            ],
        ),
    ],
)
def test_a_sentence_states_findings_with_their_own_places(text, expected):
    assert said(text) == expected


def test_what_a_report_does_not_mention_is_unknown_and_what_it_denies_is_false():
    film = Said((Claim("consolidation", side="right", zone="lower"),
                 Claim("pleural_effusion", is_negated=True)), is_normal=False)  # fmt: skip
    assert truth(Claim("consolidation"), film) is True
    assert truth(Claim("consolidation", side="right"), film) is True
    assert truth(Claim("consolidation", side="left"), film) is False
    assert truth(Claim("consolidation", side="right", zone="upper"), film) is False
    assert truth(Claim("consolidation", size="large"), film) is None
    assert truth(Claim("lung_opacity"), film) is True
    assert truth(Claim("infiltration"), film) is None
    assert truth(Claim("pleural_effusion", side="left"), film) is False
    assert truth(Claim("nodule"), film) is None
    assert truth(Claim("abnormality"), film) is True


def test_a_place_that_was_not_named_is_unknown_and_both_sides_mean_each():
    anywhere = Said((Claim("lung_opacity"),), is_normal=False)
    assert truth(Claim("lung_opacity", side="left"), anywhere) is None
    both = Said((Claim("lung_opacity", side="bilateral"),), is_normal=False)
    assert truth(Claim("lung_opacity", side="left"), both) is True
    one = Said((Claim("lung_opacity", side="left"),), is_normal=False)
    assert truth(Claim("lung_opacity", side="bilateral"), one) is False


def test_a_normal_report_denies_everything_but_tubes():
    normal = Said((), is_normal=True)
    assert truth(Claim("nodule"), normal) is False
    assert truth(Claim("abnormality"), normal) is False
    assert truth(Claim("support_devices"), normal) is None
    table = truth_table([normal], [Claim("nodule"), Claim("support_devices")])
    assert np.array_equal(table, [[0, -1]])


def test_the_place_of_a_claim_is_what_claim_and_report_name_together():
    film = Said((Claim("lung_opacity", side="bilateral", zone="lower"),
                 Claim("consolidation", side="left")), is_normal=False)  # fmt: skip
    assert places(Claim("lung_opacity", side="left"), film) == (("left", "lower"), ("left", None))
    assert places(Claim("consolidation"), film) == (("left", None),)


def test_a_case_is_read_once_a_statement_and_without_findings_the_model_does_not_know():
    texts = ("Rib fracture.", "Left effusion.", "There is a left pleural effusion.")
    case = StoredCase(0, (0, 0, 4, 4), "0", "p", "s", "train", "frontal", "", "", "", False,
                      tuple(StoredSentence(text, "findings") for text in texts))  # fmt: skip
    found = read_case(case, phrasebook())
    assert found.statements == (Claim("pleural_effusion", side="left"),)
