import pytest
from afloc_training.tuning.settings import load_tune_recipe, parse_tune_recipe

from afloc_desktop.core.errors import SettingsError


def test_the_recipe_that_comes_along_is_read_without_a_file():
    recipe, text = load_tune_recipe(None)
    assert (recipe.tune.routed_share, recipe.tune.routed_weight) == (0.12, 0.7)
    assert parse_tune_recipe(text) == recipe


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("steps = 80", "steps = 0", "'steps' must be 1 or more"),
        ("routed_share = 0.12", "routed_share = 1.0", "'routed_share'"),
        ("clip = 1.0", "", "lacks 'clip'"),
    ],
)
def test_a_senseless_recipe_is_refused_with_its_field(old, new, said):
    text = load_tune_recipe(None)[1].replace(old, new)
    with pytest.raises(SettingsError, match=said) as caught:
        parse_tune_recipe(text)
    assert "tune.toml" in caught.value.remedy


def test_fields_can_be_changed_by_name():
    recipe, text = load_tune_recipe(None, changes={"patience": "3", "precision": '"auto"'})
    assert (recipe.stop.patience, recipe.tune.precision) == (3, "auto")
    assert parse_tune_recipe(text) == recipe
    with pytest.raises(SettingsError, match="patience"):
        load_tune_recipe(None, changes={"patience": "-1"})
