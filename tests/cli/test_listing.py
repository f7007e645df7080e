import json
from pathlib import Path

from phantom_files import dot_film, write_film
from pydicom.dataset import Dataset, FileMetaDataset
from slides_made import make_slide

from afloc_desktop.cli import main
from afloc_desktop.core.dicom.scan import find
from afloc_desktop.state.index import StudyIndex
from afloc_desktop.state.paths import Paths


def test_scan_lists_studies_series_and_images(study, capsys):
    assert main(["scan", str(study)]) == 0
    told = capsys.readouterr().out
    assert "Phantom^Film" in told
    assert "a.dcm" in told
    assert "120×100" in told


def test_scan_as_json_is_one_document(study, capsysbinary):
    (study / "notes.txt").write_text("hello", encoding="utf-8")
    assert main(["scan", str(study), "--json"]) == 1
    listing = json.loads(capsysbinary.readouterr().out)
    (only,) = listing["studies"]
    assert len(only["series"][0]["images"]) == 2
    assert listing["skipped"][0]["reason"]
    assert listing["skipped"][0]["remedy"]


def test_scan_of_nothing_is_nothing_done(tmp_path, capsys):
    assert main(["scan", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_hostile_names_cannot_steer_the_terminal(tmp_path, capsys):
    write_film(tmp_path / "a.dcm", dot_film(), PatientName="Evil\x1b[2J^Name")
    main(["scan", str(tmp_path)])
    assert "\x1b" not in capsys.readouterr().out


def test_objects_without_an_image_are_printed_and_nothing_failed(study, capsys):
    report = Dataset()
    report.SOPClassUID, report.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.33", "1.2.9"
    report.file_meta = FileMetaDataset()
    report.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    report.file_meta.MediaStorageSOPClassUID = report.SOPClassUID
    report.file_meta.MediaStorageSOPInstanceUID = report.SOPInstanceUID
    report.save_as(study / "report.dcm", enforce_file_format=True)
    assert main(["scan", str(study)]) == 0
    assert "Comprehensive SR (no image to show)" in capsys.readouterr().out
    assert main(["scan", str(study / "report.dcm")]) == 0


def remember(folder: Path):
    index = StudyIndex(Paths.default().index)
    index.remember(list(find([folder])))
    index.close()


def test_known_studies_are_found_by_their_labels(study, capsys):
    remember(study)
    assert main(["studies", "phantom"]) == 0
    told = capsys.readouterr().out
    assert "Phantom^Film" in told
    assert str(study) in told
    assert main(["studies", "--modality", "MR"]) == 2


def test_known_studies_as_json_are_one_document(study, capsysbinary):
    remember(study)
    assert main(["studies", "--json"]) == 0
    (only,) = json.loads(capsysbinary.readouterr().out)
    assert (only["patient_name"], only["images"]) == ("Phantom^Film", 2)


def test_a_date_is_a_day_or_a_range(tmp_path, capsys):
    write_film(tmp_path / "a" / "a.dcm", dot_film(), StudyDate="20240229")
    remember(tmp_path / "a")
    assert main(["studies", "--date", "20240229"]) == 0
    assert main(["studies", "--date", "20240101-20240301"]) == 0
    assert main(["studies", "--date", "20240101-"]) == 0
    assert main(["studies", "--date", "20240301-"]) == 2
    assert main(["studies", "--date", "yesterday"]) == 2
    assert "YYYYMMDD" in capsys.readouterr().err


def test_scan_says_what_a_slide_is(tmp_path, capsys):
    make_slide(tmp_path, 3000, 2000, levels=3)
    assert main(["scan", str(tmp_path)]) == 0
    assert (
        "Synthetic slide: slide, 3,000 × 2,000, 0.25 µm/px, 3 levels\n" in capsys.readouterr().out
    )


def test_scan_as_json_has_the_size_of_a_slide(tmp_path, capsysbinary):
    make_slide(tmp_path, 3000, 2000, levels=1, tags={"SharedFunctionalGroupsSequence": []})
    main(["scan", str(tmp_path), "--json"])
    (series,) = json.loads(capsysbinary.readouterr().out)["studies"][0]["series"]
    size = {"columns": 3000, "rows": 2000, "um_per_pixel": [0.25, 0.25], "levels": 1}
    assert series["slide"] == size
