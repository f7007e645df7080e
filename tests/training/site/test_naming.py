from __future__ import annotations

import pytest
from afloc_training.site.naming import shown

WORDS = frozenset(("ghost", "smith", "missing", "archive"))


@pytest.mark.parametrize(
    "path",
    [
        "film_031.png",
        "archive/img12.dcm",
        "reports.csv",
        "archive/ghost.png",
        "patient_012_PA.dcm",
        "",
    ],
)
def test_harmless_names_stay(path):
    assert shown(path, WORDS, frozenset()) == path


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("Smith_John/film.dcm", "…/film.dcm"),
        ("ZORPEN^ADA_19470312.dcm", "….dcm"),
        ("films/KIM.dcm", "films/….dcm"),
        ("mrn7741903.dcm", "….dcm"),
        ("smith.png", "….png"),
        ("p0031/film.dcm", "p…/film.dcm"),
    ],
)
def test_names_long_numbers_and_known_ones_are_hidden(path, hidden):
    assert shown(path, WORDS, frozenset(("0031",))) == hidden


def test_control_characters_of_a_name_are_hidden():
    assert "\u202e" not in shown("film\u202egnp.exe", WORDS, frozenset())
