import csv

import numpy as np
import PIL.Image
import pydicom
import pytest
from phantom_files import dot_film, write_film
from slides_made import colours, make_slide

from afloc_desktop.cli import main


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


def batch(tmp_path, root, rows):
    """Render a table; gives the exit status and the folder of the pictures."""
    table, out = tmp_path / "refs.csv", tmp_path / "o"
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "frame", "mode", "overlay", "png"])
        writer.writerows(rows)
    words = ["render", "--batch", str(table), "--root", str(root), "--output", str(out)]
    return main(words), out


@pytest.mark.parametrize("name", ["../x.png", "/tmp/x.png", "a/../../x.png", "x\0.png", "."])
def test_no_row_writes_outside_the_output(study, tmp_path, name, capsys):
    rows = [["a.dcm", "1", "minmax", "False", name], ["a.dcm", "1", "minmax", "False", "y.png"]]
    before = sorted(tmp_path.rglob("*.png"))
    status, out = batch(tmp_path, study, rows)
    assert status == 1
    assert sorted(tmp_path.rglob("*.png")) == [*before, out / "y.png"]
    assert "skipped" in capsys.readouterr().err


def test_no_row_overwrites_the_picture_of_another(study, tmp_path, capsys):
    rows = [
        ["a.dcm", "1", "minmax", "False", "x.png"],
        ["b.dcm", "1", "minmax", "False", "sub/../x.png"],
    ]
    assert batch(tmp_path, study, rows)[0] == 1
    assert "another row" in capsys.readouterr().err


def test_a_frame_or_a_choice_of_a_thousand_digits_is_refused(study, tmp_path, capsys):
    rows = [
        ["a.dcm", "9" * 5000, "minmax", "False", "x.png"],
        ["a.dcm", "1", "win" + "9" * 5000, "False", "y.png"],
        ["a\0.dcm", "1", "minmax", "False", "z.png"],
    ]
    assert batch(tmp_path, study, rows)[0] == 2
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_colour_is_written_as_red_green_and_blue(tmp_path, capsys):
    colours = np.array([[[255, 0, 0], [0, 0, 9]]], np.uint8)
    write_film(
        tmp_path / "c.dcm", colours.reshape(1, 6), Columns=2, SamplesPerPixel=3,
        PlanarConfiguration=0, PhotometricInterpretation="RGB",
    )  # fmt: skip
    write_film(tmp_path / "g.dcm", dot_film())
    rows = [["c.dcm", "1", "colour", "", "c.png"], ["g.dcm", "1", "colour", "", "g.png"],
            ["c.dcm", "1", "green", "", "red-free.png"]]  # fmt: skip
    status, out = batch(tmp_path, tmp_path, rows)
    assert status == 1
    assert np.asarray(PIL.Image.open(out / "red-free.png")).tolist() == [[0, 0]]
    assert "not in colour" in capsys.readouterr().err
    assert np.asarray(PIL.Image.open(out / "c.png")).tolist() == colours.tolist()


def test_graphics_of_the_file_are_painted_where_they_are_asked_for(tmp_path):
    path = write_film(tmp_path / "a.dcm", dot_film())
    data = pydicom.dcmread(path)
    for element, kind, value in (
        (0x10, "US", 1), (0x11, "US", 16), (0x40, "CS", "G"), (0x50, "SS", [3, 1]),
        (0x100, "US", 1), (0x102, "US", 0), (0x3000, "OW", b"\xff\xff"),
    ):  # fmt: skip
        data.add_new(0x60000000 + element, kind, value)
    data.save_as(path)
    shown = {}
    for flag in ([], ["--overlay"]):
        target = tmp_path / f"{len(flag)}.png"
        assert main(["render", str(path), "--output", str(target), *flag]) == 0
        shown[len(flag)] = np.asarray(PIL.Image.open(target))
    assert (shown[1][2, :16] == 255).all()
    assert not (shown[0][2, :16] == 255).any()
    rows = [["a.dcm", "1", "minmax", "True", "x.png"]]
    _, out = batch(tmp_path, tmp_path, rows)
    assert (np.asarray(PIL.Image.open(out / "x.png"))[2, :16] == 255).all()


def test_render_without_a_file_is_a_usage_error(tmp_path, capsys):
    assert main(["render", "--output", str(tmp_path / "a.png")]) == 2
    assert "FILE" in capsys.readouterr().err


def test_render_of_any_file_of_a_slide_is_the_whole_slide(tmp_path):
    paths = make_slide(tmp_path / "s", 3000, 1000, tile=256, levels=3, syntax="rle")
    for path in paths[::2]:
        target = tmp_path / "slide.png"
        assert main(["render", str(path), "--output", str(target)]) == 0
        picture = np.asarray(PIL.Image.open(target))
        assert picture.shape == (683, 2048, 3)  # of the finest level, made smaller
        assert (
            abs(picture[300, 1000] - colours(1000, 300, 1, 1, 3000 / 2048)[0, 0].astype(int)).max()
            < 3
        )
