from __future__ import annotations

import pytest
from afloc_training.site.documents import read_document
from report_files import MESSAGE

from afloc_desktop.core.errors import DatasetError, UnreadableFile


def test_a_result_message_names_its_study_and_its_sections(tmp_path):
    path = tmp_path / "m.hl7"
    path.write_text(MESSAGE, encoding="utf-8")
    (report,) = read_document(path, "m.hl7")
    assert (report.patient_id, report.accession_number) == ("P-77", "A-99")
    assert report.study_uid == "1.2.3.4"
    assert report.keys == ("A-99", "FI-2", "PL-1")
    assert report.text == (
        "\nFINDINGS:\nSmall effusion & atelectasis.\nNo pneumothorax.\n"
        "\nIMPRESSION:\nEffusion.\nStable."
    )
    assert {"Roe^Jane", "Jane", "19600102", "Poe^Paul"} <= set(report.identifiers)


def test_a_file_may_hold_several_messages(tmp_path):
    path = tmp_path / "m.txt"
    path.write_text(
        f"\x0b{MESSAGE}\x1c\r\x0b{MESSAGE.replace('A-99', 'A-100')}\x1c\r", encoding="utf-8"
    )
    found = read_document(path, "m.txt")
    assert [report.accession_number for report in found] == ["A-99", "A-100"]


def test_a_text_goes_by_its_name(tmp_path):
    path = tmp_path / "A-99.txt"
    path.write_text("Clear lungs.", encoding="utf-8")
    (report,) = read_document(path, "sub/A-99.txt")
    assert (report.text, report.row) == ("Clear lungs.", None)
    assert report.keys == ("sub/A-99", "A-99")


def test_a_text_of_unlikely_length_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x" * 300_000, encoding="utf-8")
    with pytest.raises(DatasetError):
        read_document(path, "a.txt")


def test_a_damaged_pdf_is_refused(tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4 nothing")
    with pytest.raises(UnreadableFile, match="PDF"):
        read_document(path, "a.pdf")
