import pytest
from afloc_training.afloc.config import PRESETS


@pytest.mark.parametrize(("preset", "deep"), [("paper", 1024), ("small", 256), ("tiny", 128)])
def test_stages_double_their_channels(preset, deep):
    vision = PRESETS[preset].vision
    assert vision.stage_channels(3) == deep
    assert vision.stage_channels(4) == 2 * deep


@pytest.mark.parametrize("preset", PRESETS)
def test_heads_share_the_width_and_texts_fit_the_positions(preset):
    config = PRESETS[preset]
    assert config.text.width % config.text.heads == 0
    assert config.text.max_tokens <= config.text.positions
    assert config.dimensions == config.text.width
