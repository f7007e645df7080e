from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch
from afloc_training.backbone import MobileNetV2
from afloc_training.facts import Fact, FilmFacts
from afloc_training.features import FeatureSet
from afloc_training.fit import Stage, Trainer, new_matcher, stages
from afloc_training.network import Matcher, TrunkFeatures
from afloc_training.recipe import NetworkSettings, load_recipe
from afloc_training.sentences import sentence_bank
from afloc_training.synthesis import PAINTABLE

from tests.support.weight_files import published

SETTINGS = dataclasses.replace(load_recipe(None).fit, batch=4, average_decay=0.5)
FROZEN = Stage("frozen", 25, 5e-3, None)


@pytest.fixture(scope="module")
def films():
    """Eight films of noise; a painted one shines in the lower half of every trunk channel."""
    rng = np.random.default_rng(0)
    is_painted = np.arange(8) >= 4
    arrays = [
        rng.normal(size=(8, channels, side, side)).astype(np.float16)
        for channels, side in ((32, 48), (96, 24), (320, 12))
    ]
    for array in arrays:
        array[4:, :, array.shape[2] // 2 :] += 2
    masks = np.zeros((8, len(PAINTABLE), 24, 24), np.float16)
    masks[4:, PAINTABLE.index("pleural_effusion"), 12:] = 1
    painted = FilmFacts(frozenset(), (Fact("pleural_effusion", "bilateral", "lower"),))
    facts = (FilmFacts(frozenset()),) * 4 + (painted,) * 4
    return FeatureSet(*arrays, masks, facts, is_painted)


@pytest.fixture(scope="module")
def bank():
    return sentence_bank(np.random.default_rng(0))


@pytest.fixture(scope="module")
def bank_features(bank):
    return torch.randn(len(bank), 768, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def backbone():
    torch.manual_seed(0)
    return published(MobileNetV2())


def trained(films, bank, bank_features, backbone, stage):
    matcher = new_matcher(NetworkSettings(16, 8), backbone, films, seed=0)
    seen = []
    trainer = Trainer(matcher, bank, bank_features, SETTINGS, stage)
    trainer.run(films, stage.steps, lambda done, total, losses: seen.append((done, total, losses)))
    trainer.finish()
    return matcher, seen


def test_training_learns_where_a_painted_finding_is(films, bank, bank_features, backbone):
    matcher, seen = trained(films, bank, bank_features, backbone, FROZEN)
    number = next(n for n, s in enumerate(bank) if s.text == "There is pleural effusion.")
    features = TrunkFeatures(
        *(
            torch.from_numpy(a[4:].astype(np.float32))
            for a in (films.stem, films.middle, films.deep)
        )
    )
    with torch.inference_mode():
        words = matcher.text(bank_features[[number]])
        grid = torch.einsum("ndij,kd->nij", matcher.image(features).local, words)
    assert (grid[:, 14:].mean((1, 2)) > grid[:, :10].mean((1, 2)) + 0.1).all()
    assert seen[-1][:2] == (25, 25)
    assert set(seen[-1][2]) == {"presence", "mask", "global"}


def test_equal_seeds_train_equal_networks(films, bank, bank_features, backbone):
    stage = dataclasses.replace(FROZEN, steps=2)
    first, again = (
        trained(films, bank, bank_features, backbone, stage)[0].state_dict() for _ in range(2)
    )
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_the_trunk_moves_only_end_to_end(films, bank, bank_features, backbone):
    frozen, _ = trained(films, bank, bank_features, backbone, Stage("frozen", 1, 1e-3, None))
    moved, _ = trained(films, bank, bank_features, backbone, Stage("end to end", 1, 1e-3, 1e-3))
    before = new_matcher(NetworkSettings(16, 8), backbone, films, seed=0).trunk.state_dict()
    for name, value in before.items():
        block = int(name.split(".")[1])
        assert torch.equal(frozen.trunk.state_dict()[name], value)
        if block < 7:
            assert torch.equal(moved.trunk.state_dict()[name], value)
    name = "features.17.conv.2.weight"
    assert not torch.equal(moved.trunk.state_dict()[name], before[name])


def test_a_restored_training_goes_on_bit_for_bit(films, bank, bank_features, backbone):
    stage = dataclasses.replace(FROZEN, steps=4, trunk_rate=1e-3, editions=(0, 1))
    whole, _ = trained(films, bank, bank_features, backbone, stage)

    matcher = new_matcher(NetworkSettings(16, 8), backbone, films, seed=0)
    first = Trainer(matcher, bank, bank_features, SETTINGS, stage)
    first.run(films, stage.steps_on(0), lambda *_: None)
    tensors, state = first.snapshot()
    tensors = {name: value.clone() for name, value in tensors.items()}
    state = json.loads(json.dumps(state))

    torch.manual_seed(99)
    other = Matcher(16, 8)
    second = Trainer(other, bank, bank_features, SETTINGS, stage)
    second.restore(tensors, state)
    second.run(films, stage.steps_on(1), lambda *_: None)
    second.finish()
    for name, value in whole.state_dict().items():
        assert torch.equal(other.state_dict()[name], value), name


def test_editions_of_a_stage_share_its_steps():
    stage = dataclasses.replace(FROZEN, steps=7, editions=(1, 2, 3))
    assert [stage.steps_on(n) for n in range(3)] == [2, 2, 3]


def test_the_recipe_has_a_frozen_stage_before_an_end_to_end_one():
    first, second = stages(SETTINGS, 3)
    assert first.trunk_rate is None
    assert first.editions == (0,)
    assert second.trunk_rate == SETTINGS.trunk_rate
    assert second.steps == SETTINGS.end_to_end_steps
    assert second.editions == (1, 2)
