import csv
import json

import numpy as np
import PIL.Image
import pytest
from phantom_files import dot_film, write_film

from afloc_desktop.cli import main


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


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_render_shows_either_polarity_once(tmp_path, photometric):
    film = dot_film() if photometric == "MONOCHROME2" else 4095 - dot_film()
    path = write_film(tmp_path / "a.dcm", film, PhotometricInterpretation=photometric)
    assert main(["render", str(path), "--output", str(tmp_path / "a.png")]) == 0
    grey = np.asarray(PIL.Image.open(tmp_path / "a.png"))
    assert grey.shape == (120, 100)
    assert grey[40, 30] > grey[80, 80]


def test_render_applies_the_window_it_is_given(tmp_path):
    ramp = np.tile(np.arange(0, 400, 4, dtype=np.uint16), (10, 1))
    path = write_film(tmp_path / "a.dcm", ramp)
    words = ["render", str(path), "--output", str(tmp_path / "a.png")]
    main([*words, "--window", "200.5", "101"])
    grey = np.asarray(PIL.Image.open(tmp_path / "a.png"))[0]
    assert grey[30] == 0  # 120: below 150
    assert grey[63] == 255  # 252: above 250
    assert grey[50] in (127, 128)  # 200: half way


def test_render_takes_the_choice_it_is_given(tmp_path):
    path = write_film(
        tmp_path / "a.dcm", dot_film(), WindowCenter=[2048, 300], WindowWidth=[4096, 100]
    )
    shown = {}
    for choice in ("1", "win2", "minmax"):
        target = tmp_path / f"{choice}.png"
        assert main(["render", str(path), "--output", str(target), "--voi", choice]) == 0
        shown[choice] = np.asarray(PIL.Image.open(target))[80, 80]
    assert shown["win2"] == 0
    assert 0 < shown["1"] < 30


@pytest.mark.parametrize("choice", ["3", "voilut1", "win0", "x", "win"])
def test_render_refuses_a_choice_the_file_does_not_have(tmp_path, choice, capsys):
    path = write_film(tmp_path / "a.dcm", dot_film(), WindowCenter=1, WindowWidth=2)
    words = ["render", str(path), "--output", str(tmp_path / "a.png"), "--voi", choice]
    assert main(words) == 2
    assert "VOI" in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()


def test_render_refuses_a_frame_the_file_does_not_have(study, tmp_path, capsys):
    words = ["render", str(study / "a.dcm"), "--frame", "2", "--output", str(tmp_path / "a.png")]
    assert main(words) == 2
    assert "frame" in capsys.readouterr().err


def test_a_batch_is_rendered_and_what_is_refused_is_reported(study, tmp_path, capsys):
    table = tmp_path / "refs.csv"
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "frame", "mode", "overlay", "png", "usable"])
        writer.writerow(["a.dcm", "1", "minmax", "False", "x/a.png", "yes"])
        writer.writerow(["a.dcm", "1", "win1", "False", "x/b.png", "yes"])
        writer.writerow(["none.dcm", "1", "minmax", "False", "x/c.png", "yes"])
        writer.writerow(["a.dcm", "one", "minmax", "False", "x/d.png", "yes"])
        writer.writerow(["a.dcm", "", "minmax", "False", "", "no"])
    words = ["render", "--batch", str(table), "--root", str(study), "--output", str(tmp_path / "o")]
    assert main(words) == 1
    assert [p.name for p in (tmp_path / "o").rglob("*.png")] == ["a.png"]
    told = capsys.readouterr().err
    assert "win1" in told
    assert "none.dcm" in told
    assert "no number" in told
    assert "no picture" in told


def test_render_without_a_file_is_a_usage_error(tmp_path, capsys):
    assert main(["render", "--output", str(tmp_path / "a.png")]) == 2
    assert "FILE" in capsys.readouterr().err
