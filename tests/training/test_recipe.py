from __future__ import annotations

from pathlib import Path

import pytest
from afloc_training.recipe import load_recipe, parse_recipe

from afloc_desktop.core.errors import SettingsError

DEFAULT = Path(__file__).parents[2] / "training" / "recipes" / "default-cxr.toml"


def test_the_default_recipe_is_found_inside_the_package():
    assert load_recipe(None) == load_recipe(DEFAULT)
    assert load_recipe(None).preprocess.side == 384


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("batch = 32\n", "", "lacks 'batch'"),
        ("batch = 32\n", "batch = 32\nmomentum = 0.9\n", "unknown 'momentum'"),
        ("batch = 32\n", 'batch = "many"\n', "'batch' must be of type int"),
        ("batch = 32\n", "batch = true\n", "'batch' must be of type int"),
        ('resize = "area-linear"', 'resize = "nearest"', "'resize' must be 'area-linear'"),
        ("[network]", "[net]", "lacks 'network'"),
        ("[network]", "[network", "not TOML"),
        ('dicom_modalities = ["CR", "DX", "RF", "OT", "SC"]', "dicom_modalities = [1]", "texts"),
    ],
)
def test_a_recipe_that_is_not_exact_is_refused(old, new, named):
    text = DEFAULT.read_text()
    assert old in text
    with pytest.raises(SettingsError) as caught:
        parse_recipe(text.replace(old, new))
    assert named in caught.value.reason
    assert "default-cxr.toml" in caught.value.remedy


def test_a_whole_number_is_taken_where_a_real_one_is_meant():
    recipe = parse_recipe(DEFAULT.read_text().replace("side_penalty = 0.3", "side_penalty = 1"))
    assert recipe.bundle.side_penalty == 1.0


def test_a_recipe_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(SettingsError):
        load_recipe(tmp_path / "none.toml")
