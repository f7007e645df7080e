from __future__ import annotations

import pytest
from afloc_training.answers import answered
from afloc_training.tuning.said import phrasebook


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Is there a pleural effusion? No.", ["There is no pleural effusion."]),
        ("Is a pneumothorax present? Yes.", ["There is a pneumothorax."]),
        ("Are patchy infiltrates depicted? yes.", ["There are patchy infiltrates."]),
        ("Does this image show a pneumothorax? No.", ["There is no pneumothorax."]),
        ("Can you appreciate a pleural effusion anywhere? no.", ["There is no pleural effusion."]),
        ("Is the heart enlarged? No.", ["There is no heart enlargement."]),
        ("Are the lungs hyperinflated? yes.", ["There is hyperinflation."]),
        (
            "Is there blunting of the left costophrenic angle? yes.",
            ["There is left costophrenic angle blunting."],
        ),
        # A forgotten mark, and small letters behind a full stop.
        ("is there a mass yes. is there a nodule no.", ["There is a mass.", "There is no nodule."]),
        # A denial stays as narrow as the question was.
        (
            "Is a pneumothorax present in the left apex? No.",
            ["There is no pneumothorax in the left apex."],
        ),
        # Asked twice, said once.
        ("Is there cardiomegaly? No. Is cardiomegaly present? No.", ["There is no cardiomegaly."]),
        ("What is the pathology? Left apical pneumothorax.", ["Left apical pneumothorax."]),
        (
            "In which lobe is the nodule located? Left upper lobe.",
            ["Nodule in the left upper lobe."],
        ),
        ("Which side is the pneumothorax on? Right side.", ["Pneumothorax in the right lung."]),
        ("Where are the nodules located? Bilateral lungs.", ["Nodules in both lungs."]),
    ],
)
def test_a_question_and_its_answer_come_to_a_sentence(text, sentences):
    assert list(answered(text, phrasebook())) == sentences


@pytest.mark.parametrize(
    "text",
    [
        # Whether something else is so: nothing follows for the finding.
        "Is there no evidence of blunting of the costophrenic angles? yes.",
        "Are the opacities confined to one lung lobe? No.",
        "Is the opacity near the left lung apex pathologic? No.",
        "Can you diagnose a pericardial effusion from this image? No.",
        "Is this a tension pneumothorax? No.",
        "What indicates a pleural effusion? costophrenic angle blunting.",
        "Which lung has more extensive infiltration? Left.",
        "Is this a pneumonia vs. pleural effusion? pleural effusion.",
        # No finding, no answer, no question.
        "Is this a PA film? Yes.",
        "Where is the mass? anterior mediastinum.",
        "Is there a pleural effusion?",
        "Right lower lobe pneumonia.",
        "",
    ],
)
def test_what_does_not_follow_for_certain_is_left_out(text):
    assert answered(text, phrasebook()) == ()
