from __future__ import annotations

import pytest
from afloc_training.site.languages import guess_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("There is no effusion.", "English"),
        ("Kein Pneumothorax", "German"),
        ("Pas de pneumothorax.", "French"),
        ("Sin derrame ni consolidación.", "Spanish"),
        ("Geen pleuravocht.", "Dutch"),
        ("Легкие чистые", "Cyrillic script"),
        ("肺野清晰", "Cjk script"),
        ("épanchement", "a language other than English"),
        ("Cardiomegaly.", None),
        ("Effusion, as before.", None),
        ("", None),
    ],
)
def test_function_words_and_letters_tell_the_language(text, language):
    assert guess_language(text) == language


def test_a_foreign_name_does_not_make_a_report_foreign():
    assert guess_language("The sign of Müller is present in the left lung.") == "English"
