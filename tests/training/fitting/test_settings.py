import pytest
from afloc_stores import RECIPE, recipe
from afloc_training.fitting.settings import load_fit_recipe, parse_fit_recipe

from afloc_desktop.core.errors import SettingsError


@pytest.mark.parametrize("preset", ["tiny", "small", "paper"])
def test_every_preset_comes_with_a_recipe(preset):
    found, text = load_fit_recipe(None, preset)
    assert f"--preset {preset}" in text
    assert (found.fit.cosine_weight == 0) == (preset == "paper")  # the paper is AFLoc alone


@pytest.mark.parametrize(
    "change",
    [{"batch": 1}, {"rate": 0.0}, {"warm_up": 1.0}, {"epochs": 0}, {"precision": "float16"},
     {"weight_decay": -1.0}, {"seed": 1.5}, {"clip": 0.0}],
)  # fmt: skip
def test_senseless_values_are_refused_by_name(change):
    (name,) = change
    with pytest.raises(SettingsError, match=name):
        parse_fit_recipe(recipe(**change))


@pytest.mark.parametrize("text", ["[fit", RECIPE + "mirror = true", "[fit]\nseed = 1"])
def test_a_recipe_has_exactly_its_fields(text):
    with pytest.raises(SettingsError, match="recipe") as caught:
        parse_fit_recipe(text)
    assert "fit-tiny.toml" in caught.value.remedy


def test_a_recipe_that_is_absent_is_named(tmp_path):
    with pytest.raises(SettingsError, match=r"mine\.toml cannot be read"):
        load_fit_recipe(tmp_path / "mine.toml", "tiny")
