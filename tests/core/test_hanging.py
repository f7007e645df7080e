from dataclasses import replace

import pytest
from doubles import listing, ref

from afloc_desktop.core.errors import SettingsError
from afloc_desktop.core.hanging import (
    automatic,
    hang,
    is_same_patient,
    newest,
    parse,
    priors,
    view_of,
)
from afloc_desktop.state.models import shipped

TEXT = (shipped("hanging") / "chest.toml").read_text(encoding="utf-8")
RULES = {rule.id: rule for rule in parse(TEXT)}


def study(date, *views, modality="DX", patient="Doe^Jane", patient_id="7", body_part="CHEST"):
    """One series for each view; the film's number is the year and the place."""
    (found,) = listing(1, patient=patient).studies
    series = tuple(
        replace(
            found.series[0],
            modality=modality,
            view_position=view,
            description="",
            body_part=body_part,
            images=(ref(int(date[:4] or 0) * 10 + place),),
        )
        for place, view in enumerate(views)
    )
    return replace(found, uid=f"of {date}", date=date, patient_id=patient_id, series=series)


NOW = study("20240301", "PA", "LL")


def test_frontal_and_lateral_hang_side_by_side():
    assert hang(RULES["frontal_lateral"], [NOW], NOW) == (ref(20240), ref(20241))


def test_the_right_eye_hangs_before_the_left():
    eyes = study("20240301", "OS", "OD", modality="OP", body_part="")
    text = (shipped("hanging") / "eyes.toml").read_text(encoding="utf-8")
    rule, refs = automatic(parse(text), [eyes], eyes)
    assert (rule.id, refs) == ("both_eyes", (ref(20241), ref(20240)))


def test_the_nearest_comparable_prior_is_taken():
    studies = [
        study("20210101", "PA"),
        study("20220101", "AP", modality="CR"),  # the one: CR is comparable with DX
        study("20230101", "LL"),  # no frontal film
        study("20230201", "PA", modality="CT"),
        study("20230301", "PA", patient_id="8"),
        study("20230401", "PA", patient="Roe^Richard"),
        study("20230501", "PA", body_part="KNEE"),
        study("20240301", "PA"),  # the same day is no prior
        study("20250101", "PA"),  # later
        NOW,
    ]
    assert hang(RULES["current_prior"], studies, NOW) == (ref(20240), ref(20220))


def test_priors_of_each_view_may_be_of_different_studies():
    studies = [NOW, study("20230101", "PA"), study("20220101", "PA", "LAT")]
    films = hang(RULES["frontal_lateral_prior"], studies, NOW)
    assert films == (ref(20240), ref(20230), ref(20241), ref(20221))


def test_a_rule_with_an_empty_cell_does_not_hang():
    alone = study("20240301", "PA")
    assert all(hang(rule, [alone], alone) is None for rule in RULES.values())
    assert automatic(tuple(RULES.values()), [alone], alone) is None


def test_no_film_hangs_twice():
    twice = replace(RULES["current_prior"], cells=(RULES["frontal_lateral"].cells[0],) * 2)
    assert hang(twice, [NOW], NOW) is None


def test_the_first_automatic_rule_that_fits_is_used():
    rules, old = tuple(RULES.values()), study("20230101", "PA")
    assert automatic(rules, [NOW], NOW)[0].id == "frontal_lateral"
    assert automatic(rules, [NOW, old], NOW)[0].id == "current_prior"
    manual = tuple(replace(rule, is_automatic=False) for rule in rules)
    assert automatic(manual, [NOW, old], NOW) is None


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (("7", "Doe^Jane"), ("7", "DOE^JANE"), True),
        (("7", "Doe^Jane"), ("7", ""), True),
        (("7", "Doe^Jane"), ("7", "Roe^Jane"), False),
        (("", "Doe^Jane"), ("", "Doe^Jane"), False),
        (("7", "Doe^Jane"), ("8", "Doe^Jane"), False),
    ],
)
def test_patients_are_the_same_only_beyond_doubt(one, other, is_same):
    made = [study("20240101", "PA", patient_id=i, patient=n) for i, n in (one, other)]
    assert is_same_patient(*made) is is_same


def test_a_study_without_a_date_is_nobodys_prior():
    assert priors([study("", "PA")], NOW) == ()
    assert priors([study("20230101", "PA")], study("", "PA")) == ()


def test_the_newest_study_of_the_patient_is_read():
    old, other = study("20220101", "PA"), study("20250101", "PA", patient_id="8")
    assert newest([old, NOW, other], old) is NOW


@pytest.mark.parametrize(
    ("position", "description", "view"),
    [
        ("PA", "", "frontal"),
        ("LL", "", "lateral"),
        ("", "Chest lat.", "lateral"),
        ("", "Thorax a.p. portable", "frontal"),
        ("", "CHEST PA/LAT", "any"),
        ("", "Flat panel", "any"),
        ("OS", "", "left_eye"),
        ("", "Fundus OD macula", "right_eye"),
        ("", "OD/OS", "any"),
    ],
)
def test_the_view_is_read_from_position_or_description(position, description, view):
    (series,) = study("20240101", position).series
    assert view_of(replace(series, description=description)) == view


@pytest.mark.parametrize(
    "change",
    [
        ("schema = 1", "schema = 2"),
        ("schema = 1", "schema = 1\nmore = 1"),
        ('id = "current_prior"', 'id = "frontal_lateral"'),
        ('id = "current_prior"', 'id = "a b"'),
        ('title = "Current | prior"', 'title = ""'),
        ('title = "Current | prior"', ""),
        ("grid = [1, 2]", "grid = [1, 3]"),
        ("grid = [1, 2]", "grid = [2, 2]"),
        ("automatic = true", 'automatic = "yes"'),
        ('modalities = ["CR", "DX"]', "modalities = [1]"),
        ('study = "prior"', 'study = "next"'),
        ('view = "lateral"', 'view = "oblique"'),
        ("[[protocol]]", "[[protocol"),
    ],
)
def test_a_file_that_breaks_the_rules_is_refused(change):
    assert change[0] in TEXT
    with pytest.raises(SettingsError) as caught:
        parse(TEXT.replace(*change))
    assert caught.value.remedy
