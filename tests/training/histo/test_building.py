import csv

import numpy as np
import PIL.Image
import pytest
from afloc_training.cli import main
from afloc_training.histo.building import RECIPE, said_of
from afloc_training.recipe import recipe_text

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.picture import read_picture


def test_a_sentence_says_of_a_tile_what_it_says():
    assert said_of("The nuclei density in the lower left is high.").tolist() == [1, 1, -1]
    assert said_of("The nuclei are sparsely distributed.").tolist() == [1, 0, -1]
    assert said_of("The nuclei are evenly distributed.").tolist() == [1, -1, -1]


@pytest.fixture
def data(tmp_path):
    """Two tiles, one of them held out, with spots for nuclei and a mask of them."""
    folder = tmp_path / "histo"
    folder.mkdir()
    rows = [("image", "mask", "patient_id", "split", "text")]
    for number, split in enumerate(("train", "test")):
        tile = np.full((300, 300, 3), (230, 160, 200), np.uint8)
        mask = np.zeros((300, 300), np.uint8)
        for top, left in np.random.default_rng(number).integers(10, 280, (30, 2)):
            tile[top : top + 9, left : left + 9] = (80, 55, 140)
            mask[top : top + 9, left : left + 9] = 255
        PIL.Image.fromarray(tile).save(folder / f"{number}.png")
        PIL.Image.fromarray(mask).save(folder / f"{number}_mask.png")
        words = "The nuclei are evenly distributed."
        rows.append((f"{number}.png", f"{number}_mask.png", f"p{number}", split, words))
    with (folder / "histo.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return tmp_path


@pytest.mark.slow
def test_one_command_makes_a_bundle_that_tells_digits_apart(data, tmp_path, capsys):
    recipe = recipe_text(None, RECIPE).replace("painted = 96", "painted = 3")
    (tmp_path / "small.toml").write_text(recipe.replace("steps = 160", "steps = 2"))
    words = ["--data", str(data), "--recipe", str(tmp_path / "small.toml")]
    assert main(["histo-demo", *words, "--output", str(tmp_path / "demo"), "--json"]) == 0
    bundle = load_bundle(tmp_path / "demo")
    assert bundle.manifest.modality == "histo"
    assert "no commercial use" in bundle.manifest.licence
    assert {figure.cases for figure in bundle.manifest.metrics} == {1}
    localizer = Localizer.open(tmp_path / "demo", provider="cpu")
    tile = read_picture(data / "histo" / "1.png")
    three, five = (
        localizer.localize(tile, Prompt(f"gleason pattern {n}", "typed")).similarity for n in (3, 5)
    )
    assert not np.array_equal(three, five)
    (warning,) = localizer.understand("gleason pattern 3").warnings
    assert "was not taught Gleason pattern 3" in warning
