from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
from afloc_training.fundus.eyes import render
from afloc_training.fundus.network import GRID
from afloc_training.fundus.recipe import load_eye_recipe
from afloc_training.fundus.tables import EyeRow
from afloc_training.fundus.vocabulary import IDS

from afloc_desktop.core.picture import read_picture
from afloc_desktop.core.preprocess import prepare

SPEC = load_eye_recipe(None).preprocess


@pytest.fixture
def row(tmp_path):
    rows, columns = np.mgrid[:340, :512]
    eye = np.where(np.hypot(rows - 170, columns - 256)[..., None] < 200, (190, 100, 40), (0, 0, 0))
    eye[np.hypot(rows - 170, columns - 380) < 23] = (240, 215, 130)
    PIL.Image.fromarray(eye.astype(np.uint8)).save(tmp_path / "eye.png")
    return EyeRow("eye.png", tmp_path / "eye.png", 0, 0)


def test_the_network_sees_in_training_what_the_desktop_gives_it(row):
    """But for the variation, an eye comes by the very function of the desktop."""
    image = read_picture(row.path)
    tensor = prepare(image.pixels, SPEC, padding=None, colour=image.colour).tensor[0]
    eye = render(row, 0, SPEC, is_painted=False)
    assert eye.plane.shape == tensor.shape == (3, 512, 512)
    assert not eye.plane[:, :86].any()  # (512 - 340) / 2 rows of nothing above and below
    assert not tensor[:, :86].any()
    seen = eye.plane[:, 86:426].mean(axis=(1, 2)) / tensor[:, 86:426].mean(axis=(1, 2))
    assert seen == pytest.approx(np.ones(3), abs=0.35)  # light and tint vary
    assert eye.masks is None
    assert (eye.truth == row.truth).all()


def test_what_is_painted_is_known_and_lies_where_it_shows(row):
    found = [render(row, seed, SPEC, is_painted=True) for seed in range(4)]
    for eye in found:
        covered = eye.masks.any(axis=(1, 2))
        assert (covered == (eye.truth == 1)).all()
        disc = eye.masks[IDS.index("optic_disc")].astype(float)
        assert disc.sum() * (512 // GRID) ** 2 == pytest.approx(np.pi * 23**2, rel=0.05)
        light = eye.plane.mean(axis=0).reshape(GRID, 4, GRID, 4).mean(axis=(1, 3))
        assert light[disc > 0.9].mean() > 1.3 * light[(disc == 0) & (light > 0.2)].mean()
    again = render(row, 0, SPEC, is_painted=True)
    assert np.array_equal(again.plane, found[0].plane)


@pytest.mark.parametrize("part", range(4))
def test_a_part_is_one_of_those_an_answer_in_tiles_is_made_of(row, part):
    """Half of it is the whole's quarter, one and a half times as large; the disc is in two."""
    large = replace(SPEC, side=768)
    image = read_picture(row.path)
    tensor = prepare(image.pixels, large, padding=None, colour=image.colour).tensor[0]
    top, left = part // 2 * 256, part % 2 * 256
    wanted = tensor[:, top : top + 512, left : left + 512]
    eye = render(row, 0, SPEC, is_painted=False, part=part)
    # 768 x 510 lie in the middle of 768: 129 rows of nothing above, or below.
    nothing = slice(0, 129) if part < 2 else slice(383, 512)
    assert not eye.plane[:, nothing].any()
    assert not wanted[:, nothing].any()
    assert np.corrcoef(eye.plane.mean(axis=0).ravel(), wanted.mean(axis=0).ravel())[0, 1] > 0.8


def test_what_a_whole_eye_shows_is_unknown_of_its_parts_and_what_it_lacks_is_not(row):
    ill = replace(row, grade=2)
    whole = render(ill, 0, SPEC, is_painted=False)
    part = render(ill, 0, SPEC, is_painted=False, part=1)
    assert whole.truth.tolist() == [1, -1, 0, -1, 1, 1]
    assert part.truth.tolist() == [-1, -1, 0, -1, -1, -1]


def test_what_is_painted_on_a_part_is_known_where_it_shows(row):
    """The disc lies off the middle: one of the parts side by side shows it, and one does not."""
    for seed in range(2):
        parts = [render(row, seed, SPEC, is_painted=True, part=part) for part in (0, 1)]
        shown = [eye.truth[IDS.index("optic_disc")] == 1 for eye in parts]
        assert sum(shown) == 1
        eye = parts[shown.index(True)]
        disc = eye.masks[IDS.index("optic_disc")].astype(float)
        light = eye.plane.mean(axis=0).reshape(GRID, 4, GRID, 4).mean(axis=(1, 3))
        assert light[disc > 0.9].mean() > 1.3 * light[(disc == 0) & (light > 0.2)].mean()
