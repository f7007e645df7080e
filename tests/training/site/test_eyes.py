from __future__ import annotations

import pytest
from afloc_training.site.eyes import find_eye, of_this_eye


@pytest.mark.parametrize(
    ("words", "eye"),
    [
        ("R", "right"),
        ("left", "left"),
        ("OD", "right"),
        ("Fundus photograph, right eye.", "right"),
        ("OU", "unknown"),
        ("both eyes", "unknown"),
        ("No os and no re in these words.", "unknown"),
        ("", "unknown"),
    ],
)
def test_words_name_one_eye_or_none(words, eye):
    assert find_eye(words) == eye


REPORT = (
    "Right eye: hemorrhages.",
    "Hard exudates.",
    "OS: no retinopathy.",
    "Drusen.",
)


@pytest.mark.parametrize(
    ("eye", "kept"),
    [
        ("right", (True, True, False, False)),
        ("left", (False, False, True, True)),
        ("unknown", (False, False, False, False)),
    ],
)
def test_what_stands_under_the_heading_of_an_eye_speaks_of_it(eye, kept):
    assert of_this_eye(REPORT, eye) == kept


def test_a_report_on_one_eye_speaks_of_the_photograph_even_where_nobody_says_which_it_is():
    assert of_this_eye(("Exudates in the left eye.", "Drusen."), "unknown") == (True, True)
    assert of_this_eye(("Retinopathy of both eyes.", "OD worse."), "unknown") == (True, False)
