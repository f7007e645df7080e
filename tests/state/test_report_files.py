from dataclasses import replace

import pytest
import report_files
from phantom_files import dot_film, write_film

from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.state.report_files import read_reports


@pytest.fixture
def folder(tmp_path):
    """One film of one study."""
    write_film(tmp_path / "film.dcm", dot_film())
    return tmp_path


def study_of(folder):
    """The film's study, with the reports of the folder: those of the tests name no patient."""
    studies = scan([folder]).studies
    (filmed,) = (study for study in studies if study.series)
    return replace(filmed, others=tuple(o for study in studies for o in study.others))


def found(folder, *, is_alone=True):
    return read_reports(study_of(folder), is_alone=is_alone)


def test_a_structured_report_of_the_study_is_read(folder):
    report_files.structured_report(folder / "report.dcm", "Small effusion. No pneumothorax.")
    (report,) = found(folder)
    assert report.source == "dicom"
    assert [s.text for s in report.sentences] == ["Small effusion.", "No pneumothorax."]


@pytest.mark.parametrize("modality", ["DOC", "CR"])
def test_the_words_of_an_encapsulated_document_are_read(folder, modality):
    data = report_files.document("Small effusion. No pneumothorax.")
    report_files.encapsulated_document(folder / "report.dcm", data, modality)
    (report,) = found(folder)
    assert report.source == "document"
    assert [s.text for s in report.sentences] == ["Small effusion.", "No pneumothorax."]
    assert [s.is_denial for s in report.sentences] == [False, True]


@pytest.mark.parametrize("data", [report_files.document(""), b"%PDF-1.4 damaged"])
def test_a_document_that_gives_no_words_is_still_a_report(folder, data):
    report_files.encapsulated_document(folder / "report.dcm", data)
    assert [(r.source, r.text) for r in found(folder)] == [("document", "")]


@pytest.mark.parametrize("name", ["film.txt", "report.txt"])
def test_a_text_beside_the_film_is_its_report(folder, name):
    (folder / name).write_text("Small effusion.", encoding="utf-8")
    (report,) = found(folder)
    assert (report.source, report.name, report.text) == ("text", name, "Small effusion.")


def test_a_text_that_may_be_meant_for_another_study_is_left_alone(folder):
    (folder / "report.txt").write_text("Small effusion.")
    assert found(folder, is_alone=False) == ()
    (folder / "other.txt").write_text("Nodule.")
    assert found(folder) == ()
    (folder / "film.txt").write_text("Mine.")
    assert [r.text for r in found(folder, is_alone=False)] == ["Mine."]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_letters_beyond_english_are_read(folder, encoding):
    (folder / "film.txt").write_bytes("Kleiner Erguß.".encode(encoding))
    assert found(folder)[0].text == "Kleiner Erguß."


def test_a_broken_report_costs_itself_alone(folder):
    (folder / "film.txt").write_text("Small effusion.")
    report_files.structured_report(folder / "report.dcm", "Nodule.")
    study = study_of(folder)
    (folder / "report.dcm").write_bytes(b"DICM")
    assert [r.source for r in read_reports(study, is_alone=True)] == ["text"]
