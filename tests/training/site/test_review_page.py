from __future__ import annotations

from collections import Counter

from afloc_training.site.cleaning import CleanReport, CleanSentence
from afloc_training.site.deidentify import Cleaned
from afloc_training.site.review_page import review_page
from afloc_training.site.values import Report


def page(*, shows_originals: bool) -> str:
    spans = ((12, 18, "name"),)
    cleaned = Cleaned("Seen by Dr. [name], <b>2 cm", Counter({"name": 1}), spans)
    kept = CleanSentence("Seen by Dr. Zorpen, <b>2 cm", cleaned, "findings", is_kept=True)
    left = CleanSentence("Cough.", Cleaned("Cough.", Counter(), ()), "left_out", is_kept=False)
    report = CleanReport(Report("…", "t.csv", 2), (left, kept))
    return review_page([report], Counter({"name": 1}), shows_originals=shows_originals).decode()


def test_without_originals_no_side_names_anybody():
    shown = page(shows_originals=False)
    assert "Zorpen" not in shown
    assert "It names patients" not in shown
    assert shown.count("<mark>[name]</mark>") == 2


def test_with_originals_the_page_warns_and_marks_what_was_taken():
    shown = page(shows_originals=True)
    assert "It names patients" in shown
    assert '<mark title="name">Zorpen</mark>, &lt;b&gt;2 cm' in shown
    assert "<del>Cough.</del>" in shown
