from types import SimpleNamespace

import pytest
from doubles import listing

from afloc_desktop.state.index import KnownStudy
from afloc_desktop.state.priors import prior_files

(CURRENT,) = listing(1).studies  # PID-7, 2024-02-29, DX


def known(date, modalities="CR", patient_id="PID-7", name="DOE^JANE"):
    return KnownStudy(f"of {date}", name, patient_id, date, "", "", modalities, 1, ())


@pytest.fixture
def index(tmp_path):
    (tmp_path / "a.dcm").touch()
    files = (tmp_path / "a.dcm", tmp_path / "gone.dcm")
    return SimpleNamespace(
        search=lambda query: (), files=lambda study: (files[0].with_name(study.date), *files)
    )


@pytest.mark.parametrize(
    ("studies", "date"),
    [
        ((known("20240301"), known("20230101"), known("20220101")), "20230101"),
        ((known("20230101", "CT SR"), known("20220101", "SR DX")), "20220101"),
        ((known("20230101", patient_id="PID-77"), known("20220101")), "20220101"),
        ((known("20230101", name="Roe^R"), known("20220101")), "20220101"),
        ((known("20240229"),), None),
        ((known(""),), None),
    ],
)
def test_the_latest_comparable_study_before_is_the_prior(index, tmp_path, studies, date):
    index.search = lambda query: studies
    for study in studies:
        (tmp_path / (study.date or "none")).touch()
    found = prior_files(index, CURRENT, frozenset())
    expected = () if date is None else (tmp_path / date, tmp_path / "a.dcm")
    assert found == expected


def test_a_prior_that_is_open_is_not_opened_again(index):
    index.search = lambda query: (known("20230101"), known("20220101"))
    assert prior_files(index, CURRENT, frozenset({"of 20230101"})) == ()
