from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from afloc_training.backbone import MobileNetV2
from afloc_training.course import Lecture, train
from afloc_training.facts import Fact, FilmFacts
from afloc_training.features import FeatureSet
from afloc_training.progress import Reporter
from afloc_training.recipe import NetworkSettings, load_recipe
from afloc_training.sentences import sentence_bank
from afloc_training.synthesis import PAINTABLE

from tests.support.weight_files import published

DEFAULT = load_recipe(None)
RECIPE = dataclasses.replace(
    DEFAULT,
    films=dataclasses.replace(DEFAULT.films, editions=3),
    network=NetworkSettings(16, 8),
    fit=dataclasses.replace(DEFAULT.fit, batch=2, frozen_steps=2, end_to_end_steps=2),
)


class Noise:
    """Editions of noise; the power fails when the edition `fails_at` is asked for."""

    def __init__(self, fails_at=None):
        self.key = "noise"
        self.asked = []
        self.fails_at = fails_at

    def edition(self, number, *, is_stem_enough):
        if number == self.fails_at:
            raise KeyboardInterrupt
        self.asked.append(number)
        rng = np.random.default_rng(number)
        stem, middle, deep = (
            rng.normal(size=(4, channels, side, side)).astype(np.float16)
            for channels, side in ((32, 48), (96, 24), (320, 12))
        )
        masks = np.zeros((4, len(PAINTABLE), 24, 24), np.float16)
        masks[2:, PAINTABLE.index("mass"), 10:12, 10:12] = 1
        painted = FilmFacts(frozenset(), (Fact("mass", "right", "mid"),))
        facts = (FilmFacts(frozenset()),) * 2 + (painted,) * 2
        if is_stem_enough:
            middle = deep = None
        return FeatureSet(stem, middle, deep, masks, facts, np.arange(4) >= 2)


@pytest.fixture(scope="module")
def lecture():
    bank = sentence_bank(np.random.default_rng(0))
    features = torch.randn(len(bank), 768, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    return Lecture(bank, features, published(MobileNetV2()))


@pytest.fixture
def silent(tmp_path):
    with (tmp_path / "log").open("w") as stream:
        yield Reporter(is_json=True, stream=stream)


def test_a_stopped_training_ends_with_the_bits_of_one_that_was_not(lecture, silent, tmp_path):
    films = Noise()
    whole = train(films, lecture, RECIPE, tmp_path / "whole", silent)
    assert films.asked == [0, 0, 1, 2]  # the first also sets the scale of the features

    for fails_at in (1, 2):
        folder = tmp_path / str(fails_at)
        with pytest.raises(KeyboardInterrupt):
            train(Noise(fails_at), lecture, RECIPE, folder, silent)
        rest = Noise()
        resumed = train(rest, lecture, RECIPE, folder, silent)
        assert rest.asked == list(range(fails_at, 3))
        for name, value in whole.state_dict().items():
            assert torch.equal(resumed.state_dict()[name], value), name


def test_a_finished_training_is_not_repeated(lecture, silent, tmp_path):
    first = train(Noise(), lecture, RECIPE, tmp_path, silent)
    again = Noise()
    second = train(again, lecture, RECIPE, tmp_path, silent)
    assert again.asked == []
    assert all(torch.equal(second.state_dict()[k], v) for k, v in first.state_dict().items())


def test_a_checkpoint_of_another_training_is_left_aside(lecture, silent, tmp_path):
    train(Noise(), lecture, RECIPE, tmp_path, silent)
    other = Noise()
    other.key = "other films"
    train(other, lecture, RECIPE, tmp_path, silent)
    assert other.asked == [0, 0, 1, 2]
