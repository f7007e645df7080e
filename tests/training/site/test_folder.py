from __future__ import annotations

import pytest
from afloc_training.site.folder import read_folder
from phantom_files import dot_film, write_film
from report_files import structured_report

from afloc_desktop.core.errors import DatasetError


def test_films_reports_and_documents_are_told_apart(site):
    write_film(site.root / "study" / "film.dcm", dot_film(), AccessionNumber="A-1")
    structured_report(site.root / "study" / "report.dcm", "Small effusion.")
    (site.root / "A-1.txt").write_text("Clear lungs.", encoding="utf-8")
    (site.root / "README.txt").write_text("Not a report.", encoding="utf-8")
    site.case("a.png", "Effusion.", "P1")
    site.write_table()
    folder = read_folder(site.root, None, {})
    assert [film.name for film in folder.films] == ["a.png", "study/film.dcm"]
    assert [(r.file, r.text) for r in folder.reports] == [
        ("reports.csv", "Effusion."),
        ("study/report.dcm", "Small effusion."),
        ("A-1.txt", "Clear lungs."),
    ]
    assert folder.tables == ("reports.csv",)
    assert folder.faults == ()
    dicom = folder.films[1]
    assert (dicom.accession_number, dicom.modality, dicom.view) == ("A-1", "DX", "frontal")
    assert "Phantom^Film" in dicom.identifiers


def test_a_damaged_film_is_named_with_its_reason(site):
    site.picture("a.png")
    (site.root / "b.dcm").write_bytes(b"")
    (fault,) = read_folder(site.root, None, {}).faults
    assert (fault.kind, fault.file) == ("unreadable_film", "b.dcm")
    assert fault.reason == "The file is empty."


def test_a_damaged_document_is_named(site):
    site.picture("a.png")
    (site.root / "b.pdf").write_bytes(b"%PDF- damaged")
    (fault,) = read_folder(site.root, None, {}).faults
    assert (fault.kind, fault.file) == ("unreadable_report", "b.pdf")


def test_links_out_of_the_folder_are_not_followed(site, tmp_path):
    site.picture("a.png")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "secret.txt").write_text("Secret.", encoding="utf-8")
    (site.root / "link.txt").symlink_to(tmp_path / "other" / "secret.txt")
    (site.root / "more").symlink_to(tmp_path / "other")
    folder = read_folder(site.root, None, {})
    assert folder.reports == ()
    assert [(f.kind, f.file) for f in folder.faults] == [("unreadable_film", "more")]


def test_two_report_tables_need_a_choice(site):
    site.case("a.png", "Effusion.", "P1")
    site.write_table("one.csv")
    site.write_table("two.csv")
    with pytest.raises(DatasetError, match="2 tables"):
        read_folder(site.root, None, {})
    chosen = read_folder(site.root, site.root / "two.csv", {})
    assert chosen.tables == ("two.csv",)


def test_a_folder_without_films_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no image"):
        read_folder(tmp_path, None, {})
    with pytest.raises(DatasetError, match="does not exist"):
        read_folder(tmp_path / "none", None, {})
