from dataclasses import replace

import numpy as np
import pytest
import torch
from afloc_training.facts import Claim
from afloc_training.fundus.network import EyeMatcher
from afloc_training.histo.field import FIELD
from afloc_training.histo.vocabulary import IDS
from afloc_training.site.planes import PLANES
from afloc_training.site.store import Store, StoredCase, StoredSentence, StoreInfo, write_store
from afloc_training.tuning.lessons import Besides, TuneLessons
from afloc_training.tuning.said import truth
from afloc_training.tuning.settings import load_tune_recipe
from afloc_training.tuning.tuner import Tuner

from afloc_desktop.core.preprocess import PreprocessSpec

SPEC = PreprocessSpec(1, 512, "letterbox", "area-8bit", 0.0, 100.0, "rgb", 3, 0.0, 1.0, 0.0)
TEXTS = ("The nuclei density in the lower left is high.", "The nuclei are sparsely distributed.")


def case(number: int, text: str) -> StoredCase:
    return StoredCase(number, (0, 0, 512, 512), f"{number:064d}", f"p{number}", f"s{number}",
                      "train", "unknown", "", "", "", False,
                      (StoredSentence(text, "findings"),))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (TEXTS[0], {"dense_nuclei": True}),
        (TEXTS[1], {"nuclei": True, "dense_nuclei": False}),
        ("The nuclei are evenly distributed.", {"nuclei": True}),
        ("Gleason pattern 3.", {}),
    ],
)
def test_what_a_sentence_says_of_a_tile(text, known):
    (said,) = FIELD.all_said([case(0, text)])
    assert {name: truth(Claim(name), said) for name in IDS} == dict.fromkeys(IDS) | known


@pytest.fixture
def store(tmp_path):
    colours = np.random.default_rng(0).integers(0, 256, (2, 3, 512, 512), np.uint8)
    (tmp_path / PLANES).write_bytes(colours.tobytes())
    cases = [case(number, text) for number, text in enumerate(TEXTS)]
    write_store(tmp_path, StoreInfo("demo", SPEC, "", 2, {}, {}, "0"), cases)
    return Store(tmp_path)


def test_a_step_of_fine_tuning_learns_from_tiles_in_colour(store):
    recipe, _ = load_tune_recipe(None, FIELD.recipe)
    recipe = replace(recipe, tune=replace(recipe.tune, site_films=2))
    bank = FIELD.bank()
    lessons = TuneLessons(store, FIELD.all_said(store.cases), bank, recipe, Besides(field=FIELD))
    lesson = lessons.draw(0)
    assert lesson.films.shape == (2, 3, 512, 512)
    assert not torch.equal(lesson.films[:, 0], lesson.films[:, 2])
    assert {routed.film for routed in lesson.routed} == {0}
    torch.manual_seed(0)
    features = torch.randn(len(bank), 768)
    tuner = Tuner(EyeMatcher(8, 8).eval(), features, recipe.tune, is_half=False, field=FIELD)
    before = {name: value.clone() for name, value in tuner.matcher.state_dict().items()}
    losses = tuner.step(lesson, 0)
    assert {"presence", "global", "routed", "teacher", "total"} == losses.keys()
    after = tuner.matcher.state_dict()
    moved = {name.split(".")[0] for name, value in before.items()
             if not torch.equal(value, after[name])}  # fmt: skip
    assert "image" in moved
    assert "text" in moved
    assert "trunk" not in moved
