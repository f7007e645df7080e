import csv
import json

import numpy as np
import PIL.Image
import pytest

from afloc_desktop.cli import main


def test_findings_are_listed_with_prompts_and_thresholds(installed_tiny, capsysbinary):
    assert main(["findings", "--bundle", installed_tiny, "--json"]) == 0
    answer = json.loads(capsysbinary.readouterr().out)
    assert [f["id"] for f in answer["findings"]] == ["bright_spot", "dark_spot"]
    assert answer["findings"][0]["threshold"] == 0.8
    assert main(["findings", "--bundle", installed_tiny]) == 0
    assert b"Bright spot" in capsysbinary.readouterr().out


def test_bundles_are_listed_with_their_identity(installed_tiny, capsysbinary):
    main(["bundles", "list", "--json"])
    entries = json.loads(capsysbinary.readouterr().out)["bundles"]
    (tiny,) = [e for e in entries if e.get("id") == "tiny"]
    assert len(tiny["sha256"]) == 64
    assert tiny["shipped"] is False


def test_a_damaged_bundle_is_listed_with_its_fault(installed_tiny, afloc_home, capsys):
    (afloc_home / "bundles" / "tiny" / "text.onnx").write_bytes(b"x")
    assert main(["bundles", "list"]) in (1, 2)
    assert "text.onnx" in capsys.readouterr().err


def test_info_shows_the_card(installed_tiny, capsys):
    assert main(["bundles", "info", installed_tiny]) == 0
    assert "# Tiny" in capsys.readouterr().out


def test_verify_takes_an_id_or_a_folder(installed_tiny, tiny_bundle, capsys):
    assert main(["bundles", "verify", installed_tiny]) == 0
    assert main(["bundles", "verify", str(tiny_bundle)]) == 0
    assert "right" in capsys.readouterr().out


def test_verify_names_the_damaged_file(tiny_bundle, capsys):
    (tiny_bundle / "image.onnx").write_bytes(b"x")
    assert main(["bundles", "verify", str(tiny_bundle)]) == 2
    assert "image.onnx" in capsys.readouterr().err


def test_self_test_runs_every_bundle_on_every_provider(installed_tiny, capsysbinary):
    main(["self-test", "--json"])
    answer = json.loads(capsysbinary.readouterr().out)
    assert "tiny" in {report["bundle_id"] for report in answer["passed"]}
    assert answer["failed"] == []


def test_self_test_names_what_fails(installed_tiny, afloc_home, capsys):
    (afloc_home / "bundles" / "tiny" / "image.onnx").write_bytes(b"x")
    assert main(["self-test"]) in (1, 2)
    assert "image.onnx" in capsys.readouterr().err


@pytest.fixture
def evaluation(tmp_path):
    """Six films with a bright square at known places, and a table of boxes and labels."""
    images = tmp_path / "images"
    images.mkdir()
    rows, labels = [], []
    for index in range(20):
        film = np.zeros((224, 224), np.uint8)
        name = f"{index}.png"
        if index < 10:
            x, y = 40 + 10 * index, 60 + 8 * index
            film[y : y + 40, x : x + 40] = 255
            rows.append([name, "p", "Bright spot", x / 224, y / 224, 40 / 224, 40 / 224, "", ""])
        else:
            film[::2] = 10
        labels.append([name, "Bright spot" if index < 10 else "No Finding", "dev"])
        PIL.Image.fromarray(film).save(images / name)
    for table, header, lines in (
        (
            "regions.csv",
            ["image", "patient_id", "label", "x", "y", "w", "h", "mask", "license"],
            rows,
        ),
        ("labels.csv", ["image", "labels", "split"], labels),
    ):
        with (tmp_path / table).open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([header, *lines])
    return tmp_path


def test_evaluation_prints_figures_beside_the_centre_prior(
    installed_tiny, evaluation, capsysbinary
):
    words = ["evaluate", "--regions", str(evaluation / "regions.csv"), "--bundle", installed_tiny]
    words += ["--images", str(evaluation / "images"), "--labels", str(evaluation / "labels.csv")]
    assert main([*words, "--split", "dev", "--json"]) == 0
    report = json.loads(capsysbinary.readouterr().out)
    (row,), (prior,) = report["rows"], report["centre"]
    assert (row["label"], row["cases"]) == ("Bright spot", 10)
    assert row["pointing"]["value"] == 1.0
    assert row["cnr"]["value"] > prior["cnr"]["value"]
    assert row["iou"]["low"] <= row["iou"]["value"] <= row["iou"]["high"]
    assert main(words) == 0
    assert b"centre prior" in capsysbinary.readouterr().out


def test_evaluation_of_a_table_without_its_columns_is_refused(installed_tiny, tmp_path, capsys):
    (tmp_path / "r.csv").write_text("image,label\n", encoding="utf-8")
    words = ["evaluate", "--regions", str(tmp_path / "r.csv"), "--images", str(tmp_path)]
    assert main([*words, "--bundle", installed_tiny]) == 2
    assert "columns" in capsys.readouterr().err
