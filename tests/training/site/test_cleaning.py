from __future__ import annotations

from pathlib import Path

from afloc_training.site.checking import Verdicts
from afloc_training.site.cleaning import clean_reports, total
from afloc_training.site.lexicon import build_lexicon
from afloc_training.site.survey import Survey
from afloc_training.site.values import Case, Film, Report

from afloc_desktop.core.domain import ImageRef


def survey(*cases: Case, codes: tuple[str, ...] = ()) -> Survey:
    lexicon = build_lexicon([(c.patient, c.report.text) for c in cases], [])
    none: frozenset[str] = frozenset()
    held = frozenset(codes)
    return Survey(len(cases), len(cases), cases, Verdicts(), lexicon, held, none, none)


def case(text: str, **fields) -> Case:
    film = Film(ImageRef(Path("a"), 1, "", 0, 0, None), "a", is_picture=True, **fields)
    return Case(film, Report(text, "t.csv", 2), "P1", "frontal")


def kept(one: Case, **fields) -> list[str]:
    (report,) = clean_reports([one], survey(one, **fields)).values()
    return [sentence.cleaned.text for sentence in report.kept]


def test_only_clean_sentences_about_the_film_are_kept():
    findings = "FINDINGS: Small effusion. Dr. Roe called Dr. Poe."
    text = f"INDICATION: Cough.\n{findings}\nIMPRESSION: Effusion."
    assert kept(case(text)) == ["Small effusion.", "Effusion."]


def test_what_the_film_says_of_its_patient_is_taken_out_of_its_report():
    text = "Effusion of Zorpen, the left heart is enlarged."
    cleaned = kept(case(text, identifiers=("Zorpen^Ada",)))
    assert cleaned == ["Effusion of [name], the left heart is enlarged."]


def test_a_number_of_another_header_keeps_its_sentence_out():
    text = "Small effusion. Compare a-1/b, the left heart is enlarged."
    assert kept(case(text), codes=("a-1/b",)) == ["Small effusion."]


def test_films_of_a_study_share_one_report_and_count_once():
    first = case("Effusion on 3/14/2019, the left heart is enlarged.")
    second = Case(first.film, first.report, "P1", "frontal")
    cleaned = clean_reports([first, second], survey(first, second))
    assert len(cleaned) == 1
    assert total(cleaned.values()) == {"date": 1}
