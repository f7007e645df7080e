from __future__ import annotations

import pytest
from afloc_training.facts import Claim, Fact, FilmFacts, shown_by, truth


def film(*labels, painted=()):
    return FilmFacts(frozenset(labels), tuple(painted))


RIGHT_LOWER = Fact("pleural_effusion", "right", "lower", "small")
BOTH = Fact("pneumonia", "bilateral", "mid")


@pytest.mark.parametrize(
    ("claim", "known", "answer"),
    [
        (Claim("pleural_effusion"), film(painted=[RIGHT_LOWER]), True),
        (Claim("pleural_effusion", side="right"), film(painted=[RIGHT_LOWER]), True),
        (Claim("pleural_effusion", side="left"), film(painted=[RIGHT_LOWER]), False),
        (Claim("pleural_effusion", side="bilateral"), film(painted=[RIGHT_LOWER]), False),
        (Claim("pleural_effusion", zone="upper"), film(painted=[RIGHT_LOWER]), False),
        (Claim("pleural_effusion", size="small"), film(painted=[RIGHT_LOWER]), True),
        (Claim("pleural_effusion", size="large"), film(painted=[RIGHT_LOWER]), False),
        (Claim("pleural_effusion", size="moderate"), film(painted=[RIGHT_LOWER]), None),
        (Claim("pneumonia", side="left"), film(painted=[BOTH]), True),
        (Claim("consolidation"), film(painted=[BOTH]), True),
        (Claim("lung_opacity"), film(painted=[BOTH]), True),
        # A label of the whole film says nothing of place.
        (Claim("pneumonia"), film("pneumonia"), True),
        (Claim("pneumonia", side="left"), film("pneumonia"), None),
        (Claim("lung_opacity"), film("atelectasis"), True),
        # Look-alikes.
        (Claim("infiltration"), film("pneumonia"), None),
        (Claim("infiltration"), film(painted=[BOTH]), None),
        (Claim("consolidation"), film("mass"), None),
        (Claim("mass"), film("nodule"), None),
        (Claim("pleural_thickening"), film("pleural_effusion"), None),
        (Claim("pulmonary_edema"), film("pleural_effusion"), False),
        # Clear absence.
        (Claim("pneumothorax"), film("pneumonia"), False),
        (Claim("pneumonia"), film(), False),
        (Claim("cardiomegaly"), film(painted=[RIGHT_LOWER]), False),
        # Anything at all.
        (Claim("abnormality"), film(), False),
        (Claim("abnormality"), film("hernia"), True),
        (Claim("abnormality"), film(painted=[Fact("support_devices", device="airway")]), False),
        # Tubes are never labelled, so never known to be absent.
        (Claim("support_devices"), film(), None),
        (
            Claim("support_devices", device="airway"),
            film(painted=[Fact("support_devices", device="airway")]),
            True,
        ),
        (
            Claim("support_devices", device="venous"),
            film(painted=[Fact("support_devices", device="airway")]),
            None,
        ),
    ],
)
def test_truth_of_a_claim(claim, known, answer):
    assert truth(claim, known) is answer


def test_a_negated_claim_is_judged_by_its_content():
    assert truth(Claim("pneumothorax", is_negated=True), film("pneumothorax")) is True


def test_the_mask_of_a_two_sided_lesion_is_not_shown_for_one_side():
    assert shown_by(Claim("pneumonia", side="left"), [BOTH]) == ()
    assert shown_by(Claim("pneumonia", side="bilateral"), [BOTH]) == ("pneumonia",)
    assert shown_by(Claim("lung_opacity"), [BOTH, RIGHT_LOWER]) == ("pneumonia",)
