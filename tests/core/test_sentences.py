from __future__ import annotations

import pytest

from afloc_desktop.core.sentences import place_sentences, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Clear lungs. No effusion.", ("Clear lungs.", "No effusion.")),
        (
            "Effusion vs. pneumonia. Seen by Dr. Roe.",
            ("Effusion vs. pneumonia.", "Seen by Dr. Roe."),
        ),
        ("Signed J. Roe, M. Poe.", ("Signed J. Roe, M. Poe.",)),
        ("A 2.5 cm nodule. Stable.", ("A 2.5 cm nodule.", "Stable.")),
        ("Gleason 3. Stroma is normal.", ("Gleason 3.", "Stroma is normal.")),
        ("1. Gleason 3 + 4. 2. Benign.", ("Gleason 3 + 4.", "Benign.")),
        (
            "1. No effusion.\n2. Stable heart,\n   unchanged",
            ("No effusion.", "Stable heart, unchanged"),
        ),
        ("- Clear lungs\n- Normal heart", ("Clear lungs", "Normal heart")),
        ("1) Effusion 2) Nodule", ("Effusion 2) Nodule",)),
        ("Heart normal\nLungs clear", ("Heart normal", "Lungs clear")),
        (
            "There is a small effusion at the base of the left lung that\nReaches the fissure.",
            ("There is a small effusion at the base of the left lung that Reaches the fissure.",),
        ),
        ("Below the 7th rib.. What next?", ("Below the 7th rib..", "What next?")),
        ("Normal!  Really?\tYes.", ("Normal!", "Really?", "Yes.")),
        ("3.\n\n...", ()),
        ("", ()),
    ],
)
def test_a_sentence_ends_where_it_ends(text, sentences):
    assert split_sentences(text) == sentences


@pytest.mark.parametrize(
    "text",
    [
        "FINDINGS:\n1. Small right\n   effusion. No  pneumothorax.\n\n2) Heart normal.",
        "No change. No change.\r\n- No change.",
        "The tube (7.5 mm) ends 2.5 cm above the carina.\tLungs: clear",
        "",
    ],
)
def test_each_sentence_is_found_where_it_stands(text):
    placed = place_sentences(text)
    assert tuple(p.text for p in placed) == split_sentences(text)
    assert all(text[p.start : p.end].split() == p.text.split() for p in placed)
    assert [p.start for p in placed] == sorted({p.start for p in placed})
