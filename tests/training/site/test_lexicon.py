from __future__ import annotations

from afloc_training.site.lexicon import build_lexicon, is_in_capitals, name_parts


def test_a_word_of_two_patients_is_ordinary_and_of_one_is_not():
    lexicon = build_lexicon([("P1", "a gibbous heart"), ("P2", "a gibbous lung, zorp"),
                             ("P2", "zorp again")], [])  # fmt: skip
    assert "gibbous" in lexicon.ordinary
    assert "zorp" not in lexicon.ordinary
    assert not lexicon.is_known("zorp")


def test_names_behind_titles_labels_and_degrees_are_learned_for_all_reports():
    texts = [("P1", "Seen by Dr. Ottokar von Zorpen."), ("P2", "Radiologist: Quilla Brandt"),
             ("P3", "Signed, Wendeline Kraut, M.D.")]  # fmt: skip
    names = build_lexicon(texts, []).names
    assert {"ottokar", "zorpen", "quilla", "brandt", "wendeline", "kraut"} <= names


def test_names_of_headers_are_names_and_clinical_words_never():
    lexicon = build_lexicon([], ["Zorpen^Lung^^Dr", "Lakeside Hospital"])
    assert "zorpen" in lexicon.names
    assert "lung" not in lexicon.names
    assert name_parts("Lakeside Hospital") == ()


def test_words_the_site_keeps_are_no_names():
    assert "zorpen" not in build_lexicon([], ["Zorpen^Ada"], kept=["Zorpen"]).names


def test_medical_words_are_known_by_their_shape():
    lexicon = build_lexicon([], [], vocabulary=["garden"])
    assert all(map(lexicon.is_known, ("garden", "hemidiaphragm", "pleurodesis", "bronchiolitis")))


def test_a_report_in_capitals_is_seen():
    assert is_in_capitals("HEART SIZE IS NORMAL, 2 cm.")
    assert not is_in_capitals("Heart size is normal. NO EFFUSION")


def test_many_reports_know_their_words_without_the_vocabulary():
    few = build_lexicon([(f"P{n}", "a heart") for n in range(999)], [], vocabulary=["porter"])
    many = build_lexicon([(f"P{n}", "a heart") for n in range(1000)], [], vocabulary=["porter"])
    assert few.is_known("porter")
    assert not many.is_known("porter")
