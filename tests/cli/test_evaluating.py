import csv
import json

import numpy as np
import PIL.Image
import pytest

from afloc_desktop.cli import main


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
            rows.append(
                [name, f"p{index}", "Bright spot", x / 224, y / 224, 40 / 224, 40 / 224, "", ""]
            )
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


def test_evaluation_prints_figures_beside_the_baselines(installed_tiny, evaluation, capsysbinary):
    words = ["evaluate", "--regions", str(evaluation / "regions.csv"), "--bundle", installed_tiny]
    words += ["--images", str(evaluation / "images"), "--labels", str(evaluation / "labels.csv")]
    assert main([*words, "--split", "dev", "--json"]) == 0
    report = json.loads(capsysbinary.readouterr().out)
    (row,) = report["rows"]
    priors = {b["name"]: b["rows"][0] for b in report["baselines"]}
    assert (row["label"], row["cases"]) == ("Bright spot", 10)
    assert row["pointing"]["value"] == 1.0
    assert row["jafroc"]["value"] == 1.0
    assert set(priors) == {"centre prior", "mean region", "random weights"}
    for prior in priors.values():
        assert row["cnr"]["value"] > prior["cnr"]["value"]
    assert row["iou"]["low"] <= row["iou"]["value"] <= row["iou"]["high"]
    assert main(words) == 0
    assert b"centre prior" in capsysbinary.readouterr().out


def test_evaluation_of_a_table_without_its_columns_is_refused(installed_tiny, tmp_path, capsys):
    (tmp_path / "r.csv").write_text("image,label\n", encoding="utf-8")
    words = ["evaluate", "--regions", str(tmp_path / "r.csv"), "--images", str(tmp_path)]
    assert main([*words, "--bundle", installed_tiny]) == 2
    assert "columns" in capsys.readouterr().err
