import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pydicom
import pytest
import tiny_bundle as tiny
from exported import verified
from highdicom.seg import segread
from painted_slide import make_for_slides
from phantom_files import dot_film, write_film
from slides_made import colours, make_slide

from afloc_desktop.cli import main
from afloc_desktop.cli.slides import _region, _um
from afloc_desktop.core.eight_bit import luminance
from afloc_desktop.core.errors import UnsupportedImage
from afloc_desktop.core.export.validate import check_object
from afloc_desktop.core.geometry import Box
from afloc_desktop.engine_films import read_film


@pytest.fixture(scope="module")
def slide(tmp_path_factory):
    """A slide of 1600 x 1000 pixels of 0.25 µm: 10 x 6 windows of 168, and 12 around."""
    folder = tmp_path_factory.mktemp("slide")
    make_slide(folder, 1600, 1000, tile=256, levels=3, syntax="jpeg2000")
    return folder


@pytest.fixture
def localize(tiny_bundle_master, afloc_home, tmp_path, slide):
    """Run `afloc localize` with a model for slides; the status, `results.json`, its folder."""
    bundle = shutil.copytree(tiny_bundle_master, afloc_home / "bundles" / "tiny")
    make_for_slides(bundle)

    def run(*options, paths=(slide,), output=tmp_path / "out"):
        words = ["localize", *map(str, paths), "--bundle", "tiny", "--output", str(output)]
        status = main([*words, *options])
        results = output / "results.json"
        return status, json.loads(results.read_text()) if results.exists() else None, output

    return run


def test_a_slide_is_answered_in_its_own_pixels(localize, slide):
    status, results, output = localize("--finding", "bright", "--formats", "json,npz,png,csv")
    assert status == 0
    (image,) = results["images"]
    assert image["file"] == str(slide / "slide1-1.dcm")
    assert (image["rows"], image["columns"]) == (1000, 1600)
    assert (image["slide"]["window"], image["slide"]["margin"]) == (168, 12)
    assert image["slide"]["windows"] == image["slide"]["looked"] == 60
    # Where the slide is brightest, averaged over parts of 42 pixels.
    light = luminance(colours(0, 0, 1596, 966)).reshape(23, 42, 38, 42).mean((1, 3))
    row, column = np.unravel_index(light.argmax(), light.shape)
    assert image["findings"][0]["peak"] == pytest.approx(
        [(column + 0.5) * 42, (row + 0.5) * 42], abs=85
    )
    assert sorted(p.name for p in output.iterdir()) == [
        "findings.csv", "maps", "overlays", "results.json", "windows",
    ]  # fmt: skip


def test_a_region_is_looked_at_alone(localize):
    _, results, _ = localize("--finding", "bright", "--region", "400,200,300,100")
    (image,) = results["images"]
    assert image["slide"]["region"] == [400, 200, 700, 300]
    assert image["slide"]["windows"] == 3  # columns 2 to 4 of row 1
    (finding,) = image["findings"]
    assert 336 <= finding["peak"][0] <= 840
    assert 168 <= finding["peak"][1] <= 336


def test_a_region_beside_the_slide_is_named_and_nothing_is_written(localize):
    status, results, _ = localize("--finding", "bright", "--region", "5000,0,10,10")
    assert status == 2
    assert "1600 columns and 1000 rows" in results["skipped"][0]["remedy"]


def test_windows_known_from_before_are_not_looked_at_again_unless_told(localize, capsys):
    localize("--finding", "bright", "--region", "0,0,200,100", "--formats", "json")
    _, first, _ = localize("--finding", "dark", "--formats", "json")
    assert "60 windows, 2 known from an earlier run" in capsys.readouterr().err
    _, again, _ = localize("--finding", "dark", "--formats", "json", "--no-resume")
    assert "earlier run" not in capsys.readouterr().err
    assert first["images"] == again["images"]


def test_a_chest_model_refuses_a_slide_and_a_model_for_slides_a_chest_film(
    localize, slide, tmp_path, afloc_home, tiny_bundle_master
):
    write_film(tmp_path / "chest" / "a.dcm", dot_film())
    status, results, _ = localize("--finding", "bright", paths=(slide, tmp_path / "chest"))
    assert status == 1
    assert [image["file"] for image in results["images"]] == [str(slide / "slide1-1.dcm")]
    assert "no colours" in results["skipped"][0]["reason"]
    tiny.sign(afloc_home / "bundles" / "tiny", tiny.manifest())
    status, results, _ = localize("--finding", "bright", paths=(slide, tmp_path / "chest"))
    assert status == 1
    assert [image["rows"] for image in results["images"]] == [120]
    assert "made for radiographs" in results["skipped"][0]["reason"]


def test_the_engine_refuses_a_slide_in_words(slide):
    with pytest.raises(UnsupportedImage, match="whole slide"):
        read_film({"file": str(slide / "slide1-1.dcm")})


def test_how_much_is_left_out_is_printed(localize, tmp_path, capsys):
    make_slide(tmp_path / "pale", 672, 336, tile=168, levels=1, sparse=True, syntax="jpeg2000")
    localize("--finding", "bright", "--formats", "json", paths=(tmp_path / "pale",))
    # Of 4 x 2 tiles, each a window, those of which column and row add up to 0 or 3 are absent.
    assert "5 windows; 3 (38%) hold no tissue" in capsys.readouterr().err


def test_a_slide_leaves_as_objects_about_it_and_what_it_cannot_be_is_said(localize, slide):
    formats = "json,sc,seg,sr,fractional-seg,gsps"
    status, results, output = localize("--finding", "bright", "--formats", formats)
    assert status == 1
    (skipped,) = results["skipped"]
    assert "gsps" in skipped["reason"]
    source = pydicom.dcmread(slide / "slide1-1.dcm", stop_before_pixels=True)
    made = {}
    for name in results["images"][0]["objects"]:
        check_object((output / name).read_bytes())
        assert verified(output / name) == []
        made[name.split("_")[1]] = dataset = pydicom.dcmread(output / name)
        assert dataset.StudyInstanceUID == source.StudyInstanceUID
    assert sorted(made) == ["fractional-seg", "sc", "seg", "sr"]
    (reference,) = made["sc"].SourceImageSequence
    assert reference.ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert "ReferencedFrameNumber" not in reference
    # The picture is no slide itself, though it names one at its beginning.
    (capture,) = (output / "objects").glob("AFLoc_sc_*")
    assert main(["render", str(capture), "--output", str(output / "sc.png")]) == 0
    assert main(["scan", str(output / "objects"), "--json"]) == 0
    # The mask lies where `results.json` says.
    found = results["images"][0]["findings"][0]["boxes"]
    mask = segread(next((output / "objects").glob("AFLoc_seg_*")))
    for number, box in enumerate(found, 1):
        rows, columns = np.nonzero(mask.get_total_pixel_matrix(segment_numbers=[number])[..., 0])
        place = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) * 4
        assert place == pytest.approx(box, abs=4)


def test_a_slide_that_does_not_say_where_it_lies_has_a_report_and_no_mask(localize, tmp_path):
    tags = {"ImageOrientationSlide": [0, 0, 0, 0, 0, 0]}
    make_slide(tmp_path / "odd", 672, 336, tile=168, levels=1, syntax="jpeg2000", tags=tags)
    status, results, output = localize(
        "--finding", "bright", "--formats", "json,seg,sr", paths=(tmp_path / "odd",)
    )
    assert status == 1
    assert "does not say where it lies" in results["skipped"][0]["reason"]
    (name,) = results["images"][0]["objects"]
    assert verified(output / name) == []
    report = pydicom.dcmread(output / name)
    (group,) = report.ContentSequence[-1].ContentSequence[:1]
    (outline,) = (item for item in group.ContentSequence if item.ValueType == "SCOORD")
    assert outline.PixelOriginInterpretation == "VOLUME"  # counts across tiles
    assert max(outline.GraphicData) > 168


def test_the_patient_and_the_words_can_be_left_out(localize, slide):
    _, _, output = localize(
        "--finding", "bright, asked by Dr Miller", "--formats", "json,csv,sc,seg,sr", "--deidentify"
    )
    for path in (p for p in output.rglob("*") if p.is_file()):
        data = path.read_bytes()
        names = (b"Miller", b"Slide^Made", str(slide).encode(), b"1.2.9.1.", b"BLOCK-", b"GLASS-")
        for secret in names:
            assert secret not in data, path.name


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d", "0,0,0,5", "0,0,5,-1", "0,0,nan,5", ""])
def test_no_region_is_taken_for_one(text):
    with pytest.raises(argparse.ArgumentTypeError):
        _region(text)


def test_a_region_is_left_top_width_height():
    assert _region("10, 20,30.5,40") == Box(10, 20, 40.5, 60)


@pytest.mark.parametrize("text", ["0", "-1", "nan", "500", "fast"])
def test_no_magnification_is_taken_for_one(text):
    with pytest.raises((argparse.ArgumentTypeError, ValueError)):
        _um(text)


def test_a_coarser_magnification_has_fewer_windows(localize):
    _, results, _ = localize("--finding", "bright", "--formats", "json", "--um-per-pixel", "1")
    assert results["images"][0]["slide"]["window"] == 336
    assert results["images"][0]["slide"]["windows"] == 15


@pytest.mark.skipif(sys.platform == "win32", reason="no such end there")
def test_a_killed_run_goes_on_to_the_same_answer(localize, slide, afloc_home, tmp_path):
    words = ["localize", str(slide), "--bundle", "tiny", "--finding", "bright"]
    words += ["--formats", "json", "--output", str(tmp_path / "killed")]
    program = [sys.executable, "-m", "afloc_desktop", *words]
    child = subprocess.Popen(program, stderr=subprocess.PIPE, env=dict(os.environ))
    kept = afloc_home / "data" / "slides"
    deadline = time.monotonic() + 240
    while not any(f.stat().st_size > 1000 for f in kept.glob("*.slide")):
        assert time.monotonic() < deadline
        assert child.poll() is None or child.returncode == 0
    child.send_signal(signal.SIGKILL)
    child.communicate()
    _, resumed, _ = localize("--finding", "bright", "--formats", "json", "--resume")
    shutil.rmtree(kept)
    _, whole, _ = localize("--finding", "bright", "--formats", "json")
    assert resumed["images"] == whole["images"]
