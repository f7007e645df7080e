import csv
import hashlib
import json
import shutil

import numpy as np
import pydicom
import pytest
from phantom_files import dot_film, write_film

from afloc_desktop.cli import main
from afloc_desktop.state.paths import Paths
from afloc_desktop.state.settings import Settings, save_settings


@pytest.fixture
def localize(installed_tiny, study, tmp_path):
    """Run `afloc localize` on the study; gives back the status and `results.json`."""

    def run(*options, paths=(study,)):
        output = tmp_path / "out"
        words = ["localize", *map(str, paths), "--bundle", installed_tiny, "--output", str(output)]
        status = main([*words, *options])
        results = output / "results.json"
        return status, json.loads(results.read_text()) if results.exists() else None, output

    return run


def read_csv(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_every_film_gets_every_finding_with_map_peak_and_boxes(localize):
    status, results, output = localize("--all")
    assert status == 0
    assert [len(image["findings"]) for image in results["images"]] == [2, 2]
    for image in results["images"]:
        bright = image["findings"][0]
        assert (bright["id"], bright["prompt"], bright["present"]) == (
            "bright_spot",
            "Bright spot",
            True,
        )
        assert bright["probability"] is None
        assert bright["peak"] == pytest.approx([30.5, 40.5], abs=6)
        (box,) = bright["boxes"]
        assert box[0] < 30 < box[2]
        assert box[1] < 40 < box[3]
        with np.load(output / bright["map"]) as stored:
            assert stored["map"].dtype == np.float32
            assert np.isfinite(stored["map"]).all()
            rows, columns = stored["map"].shape
            assert (columns * stored["scale"][0], rows * stored["scale"][1]) == (100, 120)
        assert (output / bright["overlay"]).read_bytes().startswith(b"\x89PNG")


def test_twins_of_either_polarity_give_the_same_map(localize):
    _, results, output = localize("--finding", "bright")
    one, other = (
        np.load(output / image["findings"][0]["map"])["map"] for image in results["images"]
    )
    assert one == pytest.approx(other, abs=1e-4)
    assert one.max() > 0.8


def test_results_say_which_pixels_model_and_provider(localize):
    _, results, _ = localize("--all")
    image = results["images"][0]
    assert results["schema"] == 1
    assert image["file"].endswith("a.dcm")
    assert image["sop_instance_uid"].startswith("1.2.3")
    assert (image["frame"], image["rows"], image["columns"]) == (1, 120, 100)
    assert len(image["pixel_sha256"]) == len(image["bundle"]["sha256"]) == 64
    assert image["provider"] == "CPUExecutionProvider"


def test_a_film_that_cannot_be_read_is_named_and_the_others_are_done(localize, study, capsys):
    data = (study / "a.dcm").read_bytes()
    (study / "cut.dcm").write_bytes(data[: len(data) // 2])
    (study / "notes.txt").write_text("not a film", encoding="utf-8")
    status, results, _ = localize("--all")
    assert status == 1
    assert len(results["images"]) == 2
    skipped = {entry["file"].rsplit("/", 1)[-1]: entry for entry in results["skipped"]}
    assert set(skipped) == {"cut.dcm", "notes.txt"}
    assert all(entry["reason"] and entry["remedy"] for entry in skipped.values())
    assert "cut.dcm" in capsys.readouterr().err


@pytest.mark.parametrize("make", ["empty", "absent", "junk"])
def test_where_there_is_no_film_nothing_is_written(localize, tmp_path, make, capsys):
    folder = tmp_path / make
    if make != "absent":
        folder.mkdir()
    if make == "junk":
        (folder / "x.bin").write_bytes(bytes(range(256)) * 9)
    status, results, output = localize("--all", paths=[folder])
    assert (status, results) == (2, None)
    assert not output.exists()
    assert capsys.readouterr().err


def test_a_model_of_radiographs_is_not_asked_about_a_photograph(localize, study):
    orange = np.tile(np.array([200, 110, 40], np.uint8), (120, 100))
    write_film(study / "eye.dcm", orange, Columns=100, Modality="OP", SamplesPerPixel=3,
               PhotometricInterpretation="RGB", PlanarConfiguration=0)  # fmt: skip
    status, results, _ = localize("--all")
    assert status == 1
    assert len(results["images"]) == 2
    (skipped,) = results["skipped"]
    assert "picture in colour" in skipped["reason"]
    assert "Choose another model" in skipped["remedy"]


def test_the_source_is_left_as_it_was(localize, study):
    def state():
        return {
            p: (p.stat().st_mtime_ns, hashlib.sha256(p.read_bytes()).hexdigest())
            for p in study.rglob("*")
        }

    before = state()
    localize("--all")
    assert state() == before


def test_output_inside_the_source_is_refused(installed_tiny, study, capsys):
    words = ["localize", str(study), "--all", "--output", str(study / "out")]
    assert main(words) == 2
    assert "elsewhere" in capsys.readouterr().err
    assert not (study / "out").exists()


def test_only_the_formats_asked_for_are_written(localize):
    _, results, output = localize("--finding", "bright", "--formats", "json,csv")
    assert {p.name for p in output.iterdir()} == {"results.json", "findings.csv"}
    assert results["images"][0]["findings"][0]["map"] is None
    rows = read_csv(output / "findings.csv")
    assert [row["finding"] for row in rows] == ["bright_spot"] * 2


def test_words_that_a_spreadsheet_would_run_are_made_plain(localize):
    _, _, output = localize("--finding", "=bright", "--formats", "csv")
    rows = read_csv(output / "findings.csv")
    assert rows[0]["prompt"] == "'=bright"


def test_the_sentences_of_a_report_are_asked_and_negated_ones_are_not(localize, tmp_path, capsys):
    report = tmp_path / "report.txt"
    report.write_text("There is a bright spot. No dark spot.\nBright on the left.", "utf-8")
    _, results, _ = localize("--report", str(report))
    asked = [f["prompt"] for f in results["images"][0]["findings"]]
    assert asked == ["There is a bright spot.", "Bright on the left."]
    assert "absent" in capsys.readouterr().err


def test_what_the_model_cannot_do_with_words_is_said_once(localize, capsys):
    status, results, _ = localize("--finding", "no bright spot")
    said = capsys.readouterr().err
    assert status == 0
    assert said.count("warning no bright spot: Negations are not understood") == 1
    assert "2 images, 1 finding each" in said
    assert not any(image["findings"][0]["present"] for image in results["images"])


@pytest.mark.parametrize(
    "options",
    [[], ["--finding", " "], ["--all", "--formats", "json,tiff"], ["--report", "/nowhere"]],
)
def test_a_question_that_makes_no_sense_does_nothing(localize, options, capsys):
    status, results, _ = localize(*options)
    assert (status, results) == (2, None)
    assert capsys.readouterr().err


def test_json_is_alone_on_stdout(localize, capsysbinary):
    _, results, _ = localize("--all", "--json")
    assert json.loads(capsysbinary.readouterr().out) == results


def test_a_bundle_that_is_not_there_is_named(study, tmp_path, capsys):
    words = ["localize", str(study), "--all", "--bundle", "nope", "--output", str(tmp_path / "o")]
    assert main(words) == 2
    assert "nope" in capsys.readouterr().err


def test_running_twice_gives_the_same_answers(localize):
    _, first, _ = localize("--all")
    _, second, _ = localize("--all")
    assert first["images"] == second["images"]


def test_names_that_are_no_text_are_shown_escaped(localize, study, tmp_path):
    import os

    odd = os.fsdecode(b"caf\xe9.dcm")
    write_film(study / odd, dot_film())
    status, results, _ = localize("--finding", "bright")
    assert status == 0
    assert any("caf" in image["file"] for image in results["images"])


def test_dicom_objects_are_written_beside_the_results_and_named_in_them(localize, afloc_home):
    formats = "json,seg,fractional-seg,sr,sc,gsps"
    status, results, output = localize("--finding", "bright", "--formats", formats)
    assert status == 0
    for image in results["images"]:
        assert len(image["objects"]) == 5
        for name in image["objects"]:
            assert (output / name).read_bytes()[128:132] == b"DICM"
    text = (afloc_home / "data/audit.jsonl").read_text(encoding="utf-8")
    trail = [json.loads(line) for line in text.splitlines()]
    assert [entry["action"] for entry in trail] == ["exported"] * 2
    assert trail[0]["objects"] == ["fractional-seg", "gsps", "sc", "seg", "sr"]


def test_the_films_of_a_study_share_a_new_series_of_each_kind_and_one_page(localize):
    _, results, output = localize("--finding", "bright", "--formats", "json,sr,seg,pdf")
    found = {}
    for image in results["images"]:
        for name in image["objects"]:
            written = pydicom.dcmread(output / name)
            place = (written.SeriesInstanceUID, int(written.InstanceNumber))
            found.setdefault(written.Modality, []).append(place)
    assert set(found) == {"SR", "SEG"}
    for places in found.values():
        assert len({uid for uid, _ in places}) == 1
        assert [number for _, number in places] == [1, 2]
    assert [path.name for path in (output / "objects").glob("*.pdf")] == ["summary.pdf"]


def test_masks_over_films_are_not_asked(localize, study, tmp_path):
    _, _, output = localize("--finding", "bright", "--formats", "json,seg")
    copied = shutil.copytree(output / "objects", study / "results")
    status, results, _ = localize("--finding", "bright")
    assert (status, len(results["images"]), len(list(copied.iterdir()))) == (0, 2, 2)


def test_a_film_that_no_object_can_refer_to_is_named_and_still_answered(localize, study):
    write_film(study / "lost.dcm", dot_film(), SeriesInstanceUID="")
    status, results, _ = localize("--finding", "bright", "--formats", "json,sr")
    assert status == 1
    assert len(results["images"]) == 3
    (entry,) = results["skipped"]
    assert entry["file"].endswith("lost.dcm")
    assert "series" in entry["reason"]


def test_deidentified_results_name_no_file_no_patient_and_no_typed_words(localize, study):
    write_film(study / "SmithJohn.dcm", dot_film(), PatientName="Smith^John", StudyID="SID77")
    (study / "SmithNotes.txt").write_text("none", encoding="utf-8")
    words = ["--finding", "bright Smith", "--finding", "bright", "--deidentify"]
    formats = "json,npz,png,csv,seg,fractional-seg,sr,sc,gsps,pdf"
    _, results, output = localize(*words, "--formats", formats)
    assert len(results["images"]) == 3
    for file in output.rglob("*"):
        held = file.name.encode() + (file.read_bytes() if file.is_file() else b"")
        for text in (b"Smith", b"SID77", b"1.2.3.1", b"Phantom", str(study).encode()):
            assert text not in held, file


def test_another_resolution_is_asked_for_and_said_or_refused(localize, capsys):
    status, usual, _ = localize("--all")
    assert (status, usual["images"][0]["provider"]) == (0, "CPUExecutionProvider")
    status, tiled, _ = localize("--all", "--resolution", "tiled")
    assert (status, tiled["images"][0]["provider"]) == (0, "CPUExecutionProvider tiled")
    assert localize("--all", "--resolution", "high")[0] == 2
    assert "one size" in capsys.readouterr().err


def test_a_provider_wished_for_in_the_settings_gives_way_and_is_named(localize, afloc_home, capsys):
    save_settings(Paths.default().settings_file, Settings(provider="directml"))
    status, results, _ = localize("--all")
    assert (status, results["images"][0]["provider"]) == (0, "CPUExecutionProvider")
    assert "'directml' is not usable here" in capsys.readouterr().err
    assert localize("--all", "--provider", "directml")[0] == 2
