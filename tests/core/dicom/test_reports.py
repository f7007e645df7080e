from __future__ import annotations

import pytest
from phantom_files import dot_film, write_film
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from afloc_desktop.core.dicom.reports import read_report
from afloc_desktop.core.errors import UnreadableFile, UnsupportedImage

BASIC_TEXT = "1.2.840.10008.5.1.4.1.1.88.11"
PDF = "1.2.840.10008.5.1.4.1.1.104.1"


def code(meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "1", "99X", meaning
    return item


def content(kind: str, name: str, **attributes) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", kind
    item.ConceptNameCodeSequence = [code(name)]
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def write_object(path, sop_class, **attributes):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = "1.2.3.9"
    dataset.StudyInstanceUID, dataset.AccessionNumber = "1.2.3.1", "A-77"
    dataset.PatientID, dataset.PatientName = "P-1", "Phantom^Film"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_a_structured_report_becomes_lines_under_headings(tmp_path):
    findings = content(
        "CONTAINER", "Findings", ContentSequence=[content("TEXT", "", TextValue="Small effusion.")]
    )
    impression = content("TEXT", "Impression", TextValue="Effusion.")
    observer = content("PNAME", "Person Observer Name", PersonName="Reader^Rita")
    path = write_object(
        tmp_path / "sr.dcm", BASIC_TEXT, ContentSequence=[observer, findings, impression]
    )
    report = read_report(path)
    assert report.kind == "structured"
    assert (report.study_uid, report.accession_number, report.patient_id) == (
        "1.2.3.1",
        "A-77",
        "P-1",
    )
    assert report.text == "\nFindings:\nSmall effusion.\nImpression: Effusion."
    assert "Reader^Rita" in report.identifiers
    assert "Reader" not in report.text


def test_numbers_and_codes_become_words(tmp_path):
    measured = Dataset()
    measured.NumericValue = "12.5"
    unit = code("millimeter")
    unit.CodeValue = "mm"
    measured.MeasurementUnitsCodeSequence = [unit]
    items = [
        content("NUM", "Width", MeasuredValueSequence=[measured]),
        content("CODE", "Side", ConceptCodeSequence=[code("Left")]),
    ]
    path = write_object(tmp_path / "sr.dcm", BASIC_TEXT, ContentSequence=items)
    assert read_report(path).text == "Width: 12.5 mm.\nSide: Left."


def test_nesting_without_end_is_cut(tmp_path):
    item = content("TEXT", "", TextValue="deepest")
    for _ in range(60):
        item = content("CONTAINER", "Box", ContentSequence=[item])
    path = write_object(tmp_path / "sr.dcm", BASIC_TEXT, ContentSequence=[item])
    text = read_report(path).text
    assert "deepest" not in text
    assert text.count("Box") == 33


def test_a_pdf_is_handed_over_unopened(tmp_path):
    path = write_object(tmp_path / "d.dcm", PDF, EncapsulatedDocument=b"%PDF-1.4 not looked at ")
    report = read_report(path)
    assert (report.kind, report.text) == ("pdf", "")
    assert report.document.startswith(b"%PDF-1.4")


def test_a_document_that_is_no_pdf_is_refused(tmp_path):
    path = write_object(tmp_path / "d.dcm", PDF, EncapsulatedDocument=b"MZ program")
    with pytest.raises(UnreadableFile):
        read_report(path)


def test_a_film_is_no_report(tmp_path):
    with pytest.raises(UnsupportedImage):
        read_report(write_film(tmp_path / "a.dcm", dot_film()))
