from __future__ import annotations

import pytest
from phantom_files import dot_film, write_film
from pydicom.dataset import Dataset

from afloc_desktop.core.dicom.film_labels import read_film_labels
from afloc_desktop.core.errors import UnreadableFile


def test_a_film_says_whose_it_is_and_how_it_was_taken(tmp_path):
    film = write_film(
        tmp_path / "a.dcm",
        dot_film(),
        AccessionNumber="A-77",
        PatientSex="F",
        PatientAge="061Y",
        SeriesDescription="Thorax lat.",
        Manufacturer="Maker",
        ManufacturerModelName="M1",
        BurnedInAnnotation="YES",
    )
    labels = read_film_labels(film)
    assert (labels.study_uid, labels.accession_number, labels.patient_id) == (
        "1.2.3.1",
        "A-77",
        "P-1",
    )
    assert (labels.modality, labels.body_part, labels.view_position) == ("DX", "CHEST", "PA")
    assert labels.view_words == "Thorax lat."
    assert labels.patient_orientation == "L\\F"
    assert (labels.sex, labels.age_years, labels.scanner) == ("F", 61, "Maker M1")
    assert labels.has_burned_in


def test_whoever_is_named_anywhere_in_the_header_is_an_identifier(tmp_path):
    request = Dataset()
    request.RequestingPhysician = "Nested^Doctor"
    film = write_film(
        tmp_path / "a.dcm",
        dot_film(),
        InstitutionName="Lakeside",
        OperatorsName=["One^A", "Two^B"],
        RequestAttributesSequence=[request],
    )
    named = read_film_labels(film).identifiers
    wanted = {"Phantom^Film", "P-1", "20260102", "1.2.3.1", "Lakeside", "One^A", "Two^B"}
    assert wanted | {"Nested^Doctor"} <= set(named)
    assert "CHEST" not in named
    assert "DX" not in named


def test_private_text_is_an_identifier(tmp_path):
    from pydicom import dcmread

    film = write_film(tmp_path / "a.dcm", dot_film())
    dataset = dcmread(film)
    block = dataset.private_block(0x0011, "SITE", create=True)
    block.add_new(1, "UN", b"Secret Name ")
    dataset.save_as(film)
    assert "Secret Name" in read_film_labels(film).identifiers


@pytest.mark.parametrize(("text", "years"), [("007M", 0), ("090Y", 90), ("old", None), ("", None)])
def test_ages_are_whole_years(tmp_path, text, years):
    film = write_film(tmp_path / "a.dcm", dot_film())
    from pydicom import config, dcmread

    dataset = dcmread(film)
    with config.disable_value_validation():
        dataset.PatientAge = text
        dataset.save_as(film)
    assert read_film_labels(film).age_years == years


def test_what_is_no_dicom_is_refused(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_bytes(b"hello, this is not a film at all" * 8)
    with pytest.raises(UnreadableFile):
        read_film_labels(path)
