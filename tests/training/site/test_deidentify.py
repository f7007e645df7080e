from __future__ import annotations

import pytest
from afloc_training.site.deidentify import Deidentifier
from afloc_training.site.lexicon import build_lexicon

COMMON = "there is was seen by called patient informed compared with film from and the on in at for"


def clean(sentence: str, *own: str, report: str = "", **lists) -> str:
    texts = [("P1", COMMON), ("P2", COMMON), ("P3", report or sentence)]
    lexicon = build_lexicon(texts, own, **lists)
    return Deidentifier(lexicon, own, report or sentence).clean(sentence).text


@pytest.mark.parametrize(
    ("sentence", "cleaned"),
    [
        ("Seen by Dr. Jane Zorpen.", "Seen by Dr. [name]."),
        ("Mrs Zorpen was informed.", "Mrs [name] was informed."),
        ("Compared with the film from 3/14/2019.", "Compared with the film from [date]."),
        ("Compared with 14 March 2019 and 2019-03-15.", "Compared with [date] and [date]."),
        ("Film from 14.03.2019 at 14:32.", "Film from [date] at [date]."),
        ("In March 2019 there was effusion.", "In [date] there was effusion."),
        ("Called on 555-123-4567.", "Called on [number]."),
        ("MRN 12345678 was seen.", "[number] was seen."),
        ("The order AB12-3456 is there.", "The [number] is there."),
        ("A 97-year-old patient.", "A [age]-year-old patient."),
        ("Patient of age 93 and 95F.", "Patient of age [age] and [age]F."),
        ("Compared with the film from 3/14.", "Compared with the film from [date]."),
        ("Seen at Saint Zorp Hospital.", "Seen at [place]."),
        ("Write to a.b@example.org, www.example.org.", "[word] to [contact], [contact]"),
        ("There is effusion on Ward 7C.", "There is effusion on [place]."),
        ("Called by Zorpen.", "Called by [name]."),
        ("Called by Reynolds and Clement.", "Called by [name] and [name]."),
        ("There was QUARK in the film.", "There was [word] in the film."),
    ],
)
def test_what_identifies_is_taken_out(sentence, cleaned):
    assert clean(sentence) == cleaned


@pytest.mark.parametrize(
    "sentence",
    [
        "A 2.5 cm nodule in the right upper lobe, 12-15 mm.",
        "A 61-year-old patient with COVID-19.",
        "Gleason 3 + 4 = 7.",
        "Fracture of the 7th rib and of T12.",
        "ETT 4 cm above the carina.",
        "Kerley B lines and a Swan-Ganz catheter.",
        "The heart may be enlarged.",
        "XXXX is unchanged.",
    ],
)
def test_what_is_said_of_the_film_stays(sentence):
    assert clean(sentence) == sentence


def test_what_the_header_names_goes_in_any_case():
    assert clean("zorpen was seen.", "Zorpen^Ada") == "[name] was seen."
    assert clean("Q-7 Z was seen.", "Q-7 Z") == "[number] was seen."


def test_a_capital_at_the_start_is_trusted_where_somebody_writes_the_word_small():
    words = ["porter", "again"]
    assert clean("Porter was informed.", vocabulary=words) == "[word] was informed."
    report = "Again there is effusion. It was seen again."
    assert clean("Again there is effusion.", report=report).startswith("Again")


def test_what_a_header_says_of_the_disease_stays():
    assert (
        clean("There is pneumonia on the left.", "PNEUMONIA") == "There is pneumonia on the left."
    )
    assert clean("Seen at blue villa.", "Blue Villa") == "Seen at [place]."


def test_a_patient_called_small_does_not_cost_the_others_their_word():
    assert clean("A small effusion.", "Roe^Ada") == "A small effusion."
    own = clean("Small effusion of Small.", "Small^Ada")
    assert own == "[name] effusion of [name]."


def test_in_capitals_names_are_known_by_titles_and_lists():
    report = "THERE IS EFFUSION. SEEN BY DR ZORPEN."
    assert clean("THERE IS EFFUSION.", report=report) == "THERE IS EFFUSION."
    assert clean("SEEN BY DR ZORPEN.", report=report) == "SEEN BY DR [name]."
    assert clean("SEEN BY DR PORTER.", vocabulary=["porter"]) == "SEEN BY DR [name]."


def test_the_lists_of_the_site_win():
    assert clean("The Blue Villa was called.", removed=["blue villa"]) == "The [listed] was called."
    assert clean("Called by Zorpen.", kept=["zorpen"]) == "Called by Zorpen."


def test_replacements_are_counted_and_their_places_known():
    lexicon = build_lexicon([("P1", COMMON), ("P2", COMMON)], [])
    sentence = "Seen by Dr. Zorpen on 3/14/2019."
    cleaned = Deidentifier(lexicon, (), sentence).clean(sentence)
    assert dict(cleaned.replaced) == {"name": 1, "date": 1}
    assert [sentence[a:b] for a, b, _ in cleaned.spans] == ["Zorpen", "3/14/2019"]
    assert not cleaned.is_worth_keeping
