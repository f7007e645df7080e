from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from afloc_training.site.checking import (
    Look,
    Verdicts,
    check_cases,
    check_look,
    check_whole,
    look_at,
    report_doubts,
    report_problem,
)
from afloc_training.site.values import Case, Film, Report

from afloc_desktop.core.domain import ImageRef


def case(name: str = "a.dcm", text: str = "Effusion.", patient: str = "P1", **film) -> Case:
    split, view = film.pop("split", ""), film.pop("view", "frontal")
    made = Film(ImageRef(Path(name), 1, "", 0, 0, None), name, is_picture=False, **film)
    return Case(made, Report(text, "t.csv", 2, patient_id=patient, split=split), patient, view)


def kinds(*cases: Case) -> dict[str, int]:
    verdicts = Verdicts()
    check_cases(cases, ("CR", "DX"), "English", verdicts)
    return {f.kind: sum(g.kind == f.kind for g in verdicts.faults) for f in verdicts.faults}


def test_a_good_film_has_no_fault_and_is_left():
    verdicts = Verdicts()
    good = case(modality="CR", body_part="CHEST")
    check_cases([good], ("CR", "DX"), "English", verdicts)
    assert verdicts.faults == []
    assert verdicts.left([good]) == (good,)


@pytest.mark.parametrize(
    ("film", "kind"),
    [
        ({"modality": "CT"}, "wrong_modality"),
        ({"modality": "CR", "body_part": "KNEE"}, "wrong_modality"),
        ({"has_burned_in": True}, "burned_in"),
        ({"view": "lateral"}, "lateral_film"),
        ({"split": "later"}, "unknown_split"),
    ],
)
def test_what_a_header_tells(film, kind):
    assert kinds(case(**film)) == {kind: 1}


@pytest.mark.parametrize(
    ("film", "text", "kind"),
    [
        ({"modality": "OP", "body_part": "EYE", "view": "right"}, "Hemorrhages.", None),
        ({"modality": "OP", "body_part": "CHEST", "view": "right"}, "Clear.", "wrong_modality"),
        ({"modality": "CR", "view": "right"}, "Hemorrhages.", "wrong_modality"),
        ({"modality": "OP", "view": "unknown"}, "Hemorrhages.", "unknown_eye"),
        ({"modality": "OP", "view": "right"}, "Left eye: hemorrhages.", "other_eye"),
    ],
)
def test_photographs_of_eyes_are_judged_by_what_their_model_reads(film, text, kind):
    verdicts = Verdicts()
    check_cases([case(text=text, **film)], ("OP",), "English", verdicts, "fundus")
    assert [fault.kind for fault in verdicts.faults] == ([kind] if kind else [])


def test_a_grey_picture_is_none_for_a_model_of_photographs(make_image):
    orange = np.tile(np.array([200, 110, 40], np.uint8), (300, 300, 1))
    pixels = np.arange(90_000, dtype=np.float32).reshape(300, 300)
    grey, eye = make_image(pixels), make_image(pixels, colour=orange)
    assert look_at(grey, "fundus").wrong_colour == "grey"
    assert look_at(eye, "fundus").is_usable
    assert look_at(eye, "cxr").wrong_colour == "colour"
    assert looks((case("a"), look_at(eye, "cxr"))) == [("wrong_colour", "a")]


def test_an_error_keeps_a_film_out_and_a_warning_does_not():
    verdicts = Verdicts()
    bad, odd = case("a", modality="CT"), case("b", view="lateral")
    check_cases([bad, odd], ("CR",), "English", verdicts)
    assert verdicts.left([bad, odd]) == (odd,)


def test_reports_that_are_alike_are_named_unless_they_are_normal():
    assert kinds(case("a", "A mass.", "P1"), case("b", "a  mass.", "P2")) == {
        "identical_reports": 2
    }
    assert kinds(case("a", "Normal.", "P1"), case("b", "Normal.", "P2")) == {}
    assert kinds(case("a", "A mass.", "P1"), case("b", "A mass.", "P1")) == {}


def test_a_patient_in_two_splits_is_named_on_every_film():
    assert kinds(case("a", "One.", split="train"), case("b", "Two.", split="val")) == {
        "two_splits": 2
    }
    assert kinds(case("a", "One.", split="dev"), case("b", "Two.", split="val")) == {}


def test_patients_nobody_knows_are_said_once_where_they_are_most():
    cases = [case(str(n), f"Mass of {n} mm.", patient="") for n in range(3)]
    assert kinds(*cases) == {"unknown_patient": 1}


@pytest.mark.parametrize(
    ("age", "sex", "is_odd"),
    [("", "", False), ("61.0", "f", False), ("230", "", True), ("old", "", True), ("", "X", True)],
)
def test_ages_and_sexes_that_cannot_be_are_named(age, sex, is_odd):
    odd = replace(case(), report=replace(case().report, age=age, sex=sex))
    assert kinds(odd) == ({"odd_value": 1} if is_odd else {})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "empty_report"),
        ("INDICATION: Cough.", "empty_report"),
        ("x" * 101, "long_report"),
        ("word " * 5000, "long_report"),
        ("Kein Erguss.", "language"),
    ],
)
def test_reports_that_cannot_be_used(text, kind):
    problem = report_problem(Report(text, "t.csv", 2), "English")
    assert problem is not None
    assert problem[0] == kind


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Small effusion.", []),
        ("Erguss wÃ¤chst.", ["encoding"]),
        ("Small \ufffd effusion.", ["encoding"]),
        ("Fever of 38?C.", ["encoding"]),
        ("Is it big? Yes. Is it round? No.", ["questions"]),
        ("No change. Follow up?", []),
    ],
)
def test_reports_that_are_odd(text, found):
    assert [kind for kind, _ in report_doubts(Report(text, "t.csv", 2))] == found


def looks(*those: tuple[Case, Look]) -> list[tuple[str, str]]:
    verdicts, seen = Verdicts(), {}
    for one, look in those:
        check_look(one, look, seen, verdicts)
    return [(f.kind, f.file) for f in verdicts.faults]


def test_films_that_are_blank_small_or_seen_before():
    good = Look("1", 300, 300, is_blank=False)
    assert looks((case("a"), good)) == []
    assert looks((case("a"), Look("1", 300, 300, is_blank=True))) == [("blank_film", "a")]
    assert looks((case("a"), Look("1", 200, 255, is_blank=False))) == [("small_film", "a")]
    negative = Look("1", 300, 300, is_blank=False, looks_inverted=True)
    assert looks((case("a"), negative)) == [("inverted_film", "a")]
    assert looks((case("a"), good), (case("b"), good)) == [("duplicate_film", "b")]
    assert looks((case("a"), good), (case("b", patient="P2"), good)) == [
        ("shared_film", "a"),
        ("shared_film", "b"),
    ]


def test_padding_does_not_make_a_blank_film_a_picture(make_image):
    pixels = np.full((4, 4), 7.0)
    pixels[0] = 0
    padding = pixels == 0
    assert look_at(make_image(pixels, padding=padding)).is_blank
    assert not look_at(make_image(pixels)).is_blank


def test_the_whole_needs_films_normal_ones_and_two_splits():
    def whole(texts, splits):
        verdicts = Verdicts()
        check_whole([case(str(n), t) for n, t in enumerate(texts)], splits, verdicts)
        return [f.kind for f in verdicts.faults]

    assert whole(["A mass."] * 190 + ["Normal."] * 30, {"train", "dev"}) == []
    assert whole(["A mass."] * 190 + ["Normal."] * 20, {"train", "dev"}) == ["few_negatives"]
    assert whole(["Normal."] * 199, {"train"}) == ["few_films", "outvoted_split"]
