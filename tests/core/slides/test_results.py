import json

import numpy as np
import pytest
from painted_slide import PaintedSlide, glass, make_for_slides, stain

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.export.results import ResultsFolder
from afloc_desktop.core.geometry import Box
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.slides.pictures import in_view, seen_from_above
from afloc_desktop.core.slides.results import write_slide
from afloc_desktop.core.slides.runs import SlideRun

# The tiny network sees 110 of these pixels: windows of 96, and 7 around.
UM = 0.5 * 96 / 110


@pytest.fixture
def written(tiny_bundle, tmp_path):
    """What is written about a spot of 24 pixels at (348, 132) of a slide."""
    pixels = glass(480, 960)
    stain(pixels, 96, 96, 480, 96, level=100)
    stain(pixels, 336, 120, 24, 24, level=230)
    localizer = Localizer.open(make_for_slides(tiny_bundle), provider="cpu")

    def write(*formats, **options):
        run = SlideRun(PaintedSlide(pixels, um=UM), localizer, tmp_path / "slides", **options)
        while not run.is_finished:
            run.step()
        view = seen_from_above(run.slide, run.plan)
        answers = run.ask([Prompt("bright", "typed"), Prompt("Dark spot", "preset")])
        results = ResultsFolder(tmp_path / "out", frozenset(formats))
        write_slide(results, run, view, [(a, in_view(a, view, run.plan)) for a in answers])
        run.close()
        (image,) = results.finish([])["images"]
        assert json.loads((tmp_path / "out/results.json").read_text())["images"] == [image]
        return image, tmp_path / "out"

    return write


def test_all_places_are_in_pixels_of_the_slide(written):
    image, folder = written("json", "npz", "png", "csv")
    bright = image["findings"][0]
    assert (image["rows"], image["columns"], image["frame"]) == (480, 960, 1)
    assert image["spacing"] == {
        "row_mm": UM / 1000,
        "column_mm": UM / 1000,
        "basis": "patient",
    }
    assert bright["peak"] == [348, 132]
    (box,) = bright["boxes"]
    assert box[0] < 348 < box[2]
    assert bright["windows"][0]["box"] == [288, 96, 384, 192]
    assert sum(bright["distribution"]["counts"]) == 5
    assert len(bright["distribution"]["edges"]) == len(bright["distribution"]["counts"]) + 1
    table = (folder / "findings.csv").read_text().splitlines()
    assert [float(v) for v in table[1].split(",")[-4:]] == pytest.approx(box, abs=0.06)


def test_the_map_file_is_as_of_any_image_and_has_the_parts_beside(written):
    image, folder = written("json", "npz")
    with np.load(folder / image["findings"][0]["map"]) as stored:
        assert stored["map"].dtype == np.float32
        rows, columns = stored["map"].shape
        assert max(rows, columns) <= 512
        assert (columns * stored["scale"][0], rows * stored["scale"][1]) == (960, 480)
        row, column = np.unravel_index(np.nanargmax(stored["map"]), stored["map"].shape)
        assert (column + 0.5) * stored["scale"][0] == pytest.approx(348, abs=24)
        row, column = np.unravel_index(np.nanargmax(stored["parts"]), stored["parts"].shape)
        corner, scale = stored["parts_origin"], stored["parts_scale"]
        assert corner[0] + (column + 0.5) * scale[0] == 348
        assert corner[1] + (row + 0.5) * scale[1] == 132


def test_what_was_looked_at_is_said(written):
    image, _ = written("json", region=Box(200, 100, 400, 110))
    assert image["slide"] == {
        "levels": 2,
        "region": [200, 100, 400, 110],
        "window": 96,
        "margin": 7,
        "um_per_pixel": 0.5,
        "windows": 3,
        "looked": 3,
        "without_tissue": 0,
    }
    assert image["findings"][0]["map"] is None
    assert "overlay" not in image["findings"][0]


def test_pictures_are_named_and_there(written):
    image, folder = written("json", "png")
    for finding in image["findings"]:
        for name in (finding["overlay"], finding["windows_picture"]):
            assert (folder / name).read_bytes().startswith(b"\x89PNG")
    assert len(list(folder.glob("*/*.png"))) == 4
