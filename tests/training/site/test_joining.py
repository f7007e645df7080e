from __future__ import annotations

from pathlib import Path

import pytest
from afloc_training.site.joining import join
from afloc_training.site.values import Film, Report

from afloc_desktop.core.domain import ImageRef
from afloc_desktop.core.errors import DatasetError


def film(name: str, **fields) -> Film:
    ref = ImageRef(Path(name), 1, fields.pop("uid", ""), 0, 0, None)
    return Film(ref, name, is_picture=False, **fields)


def report(text: str = "Effusion.", row: int | None = 2, file: str = "t.csv", **fields) -> Report:
    return Report(text, file, row, **fields)


def pairs(joined) -> list[tuple[str, str]]:
    return [(case.film.name, case.report.text) for case in joined.cases]


@pytest.mark.parametrize("name", ["sub/a.png", "a.png", "a", "./sub/a.png", "sub/a", "1.2.3"])
def test_a_film_is_found_by_whatever_names_it(name):
    joined = join([film("x/sub/a.png", uid="1.2.3"), film("x/b.png")], [report(image=name)], {})
    assert pairs(joined) == [("x/sub/a.png", "Effusion.")]


def test_a_study_is_found_by_uid_then_by_accession_number():
    films = [film("a", study_uid="1.2"), film("b", accession_number="A-1"), film("c")]
    reports = [report("One.", study_uid="1.2"), report("Two.", accession_number="A-1")]
    assert pairs(join(films, reports, {})) == [("a", "One."), ("b", "Two.")]


def test_all_films_of_a_study_share_its_report():
    films = [film("a", study_uid="1.2"), film("b", study_uid="1.2")]
    joined = join(films, [report(study_uid="1.2")], {})
    assert pairs(joined) == [("a", "Effusion."), ("b", "Effusion.")]


def test_a_document_goes_with_the_film_of_its_name_or_its_folder():
    films = [film("s1/a.dcm", study_uid="1"), film("s2/b.dcm", study_uid="2")]
    named = report("One.", None, "s1/a.txt", keys=("s1/a", "a"))
    beside = report("Two.", None, "s2/report.txt", keys=("s2/report", "report"))
    assert pairs(join(films, [named, beside], {})) == [("s1/a.dcm", "One."), ("s2/b.dcm", "Two.")]


def test_the_list_of_the_site_joins_what_nothing_else_does():
    joined = join(
        [film("a.png"), film("b.png")], [report(accession_number="A-1")], {"b.png": "A-1"}
    )
    assert pairs(joined) == [("b.png", "Effusion.")]


@pytest.mark.parametrize(
    ("image", "kind"),
    [("none.png", "missing_film"), ("../a.png", "outside"), ("/a.png", "outside"),
     ("C:/a.png", "outside"), ("same.png", "ambiguous")],
)  # fmt: skip
def test_what_is_not_one_film_of_the_folder_is_named(image, kind):
    films = [film("a.png"), film("x/same.png"), film("y/same.png")]
    joined = join(films, [report("Clear.", image="a.png"), report(image=image, row=3)], {})
    assert pairs(joined) == [("a.png", "Clear.")]
    assert (kind, 3) in {(f.kind, f.row) for f in joined.faults}


def test_an_accession_number_of_two_patients_joins_nobody():
    films = [film("a", accession_number="A", patient_id="P1"),
             film("b", accession_number="A", patient_id="P2"), film("c")]  # fmt: skip
    reports = [report(accession_number="A"), report("Clear.", image="c", row=3)]
    joined = join(films, reports, {})
    assert pairs(joined) == [("c", "Clear.")]
    assert "ambiguous" in {f.kind for f in joined.faults}


def test_two_reports_that_differ_are_a_contradiction_and_both_are_named():
    reports = [report("Effusion.", 2, image="a"), report("No effusion.", 3, image="a")]
    joined = join([film("a")], reports, {})
    assert joined.cases == ()
    assert [(f.kind, f.row) for f in joined.faults] == [("contradiction", 2), ("contradiction", 3)]


def test_the_same_report_twice_is_used_once():
    reports = [report("Effusion.", 2, image="a"), report(" Effusion. ", 3, image="a")]
    joined = join([film("a")], reports, {})
    assert pairs(joined) == [("a", "Effusion.")]
    assert [(f.kind, f.row) for f in joined.faults] == [("repeated_row", 3)]


def test_a_patient_that_film_and_report_disagree_about_is_left_out():
    films = [film(name, patient_id=f"P{name}") for name in "abc"]
    reports = [report(image=n, row=i, patient_id=f"P{n if n != 'c' else 'x'}")
               for i, n in enumerate("abc", 2)]  # fmt: skip
    joined = join(films, reports, {})
    assert [case.film.name for case in joined.cases] == ["a", "b"]
    assert [(f.kind, f.row) for f in joined.faults] == [("two_patients", 4)]


def test_a_table_with_patient_numbers_of_its_own_contradicts_nobody():
    films = [film(name, patient_id=f"P{name}") for name in "abc"]
    reports = [report(image=n, patient_id=f"study-{n}") for n in "abc"]
    joined = join(films, reports, {})
    assert [case.patient for case in joined.cases] == ["study-a", "study-b", "study-c"]
    assert joined.faults == ()


def test_the_view_of_the_table_wins_over_the_one_of_the_film():
    (case,) = join([film("a", view="frontal")], [report(image="a", view="LAT")], {}).cases
    assert case.view == "lateral"


def test_films_without_a_report_are_said_once_where_most_have_none():
    films = [film(name) for name in "abcde"]
    (few,) = join(films[:3], [report(image="a"), report(image="b")], {}).faults
    assert (few.kind, few.file) == ("missing_report", "c")
    (many,) = join(films, [report(image="a")], {}).faults
    assert (many.file, many.reason) == ("", "4 of 5 images have no report.")


def test_nothing_joined_at_all_is_refused():
    with pytest.raises(DatasetError, match="No report could be joined"):
        join([film("a")], [], {})
