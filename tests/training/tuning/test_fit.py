import io
import json
from dataclasses import replace

import numpy as np
import pytest
import tiny_bundle as tiny
import torch
from afloc_training.checkpoints import load
from afloc_training.facts import Claim
from afloc_training.network import Matcher
from afloc_training.progress import Reporter
from afloc_training.sentences import Sentence
from afloc_training.site.planes import PLANES
from afloc_training.site.store import StoredCase, StoredSentence, StoreInfo, write_store
from afloc_training.tuning import fit
from afloc_training.tuning.base import Base
from afloc_training.tuning.fit import TuneOrder, tune
from afloc_training.tuning.settings import load_tune_recipe

from afloc_desktop.core.errors import CheckpointError, DatasetError
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.preprocess import PreprocessSpec

SPEC = PreprocessSpec(1, 384, "letterbox", "area-linear", 1.0, 99.0, "grey", 1, 0.0, 1.0, 0.0)
BANK = tuple(
    Sentence(f"{c.finding} {c.side}", c)
    for finding in ("lung_opacity", "pleural_effusion")
    for c in (Claim(finding), Claim(finding, side="right"), Claim(finding, is_negated=True))
)
REPORTS = ("There is an opacity in the right lung.", "No pleural effusion.", "Left effusion.")


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "store"
    folder.mkdir()
    planes = np.random.default_rng(0).integers(0, 255, (3, 384, 384), np.uint8)
    (folder / PLANES).write_bytes(planes.tobytes())
    cases = [
        StoredCase(n, (0, 0, 384, 384), f"{n:064d}", f"p{n}", f"s{n}", "train", "frontal", "", "",
                   "", False, (StoredSentence(text, "findings"),))
        for n, text in enumerate(REPORTS)
    ]  # fmt: skip
    write_store(folder, StoreInfo("base", SPEC, "", 3, {}, {}, "0"), cases)
    return folder


@pytest.fixture
def order(store, tiny_bundle, tmp_path, monkeypatch):
    """A fine-tuning of two steps on two films, without the text encoder and its minutes."""
    torch.manual_seed(0)
    weights = Matcher(16, 8).state_dict()

    def open_base(folder):
        bundle = load_bundle(folder)
        seen = replace(bundle, manifest=replace(bundle.manifest, preprocess=SPEC))
        return Base(seen, None, weights)

    features = torch.randn(len(BANK), 768)
    monkeypatch.setattr(fit, "open_base", open_base)
    monkeypatch.setattr(fit, "_language", lambda *_: (BANK, features))
    text = load_tune_recipe(None)[1]
    for old, new in (("steps = 80", "steps = 2"), ("site_films = 16", "site_films = 2"),
                     ("threads = 0", "threads = 1")):  # fmt: skip
        text = text.replace(old, new)
    (tmp_path / "tune.toml").write_text(text)
    threads = torch.get_num_threads()
    yield TuneOrder(store, tmp_path / "run", tiny_bundle, tmp_path / "tune.toml")
    torch.set_num_threads(threads)


def run(order, told=None):
    return tune(order, Reporter(is_json=True, stream=told or io.StringIO()))


def test_a_stopped_training_goes_on_to_the_same_bits(order, tmp_path):
    told = io.StringIO()
    assert not run(order, told).is_stopped
    whole, state = load(order.run / "best")
    assert state["step"] == 2
    events = [json.loads(line) for line in told.getvalue().splitlines()]
    assert {"presence", "global", "routed", "teacher"} <= events[-2]["losses"].keys()
    assert (order.run / "base" / "bundle.json").is_file()

    other = replace(order, run=tmp_path / "other", is_resumed=True)
    other.run.mkdir()
    (other.run / "stop").touch()
    assert run(other).is_stopped
    assert load(other.run / "best") is None
    assert not run(other).is_stopped
    resumed, _ = load(other.run / "best")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_the_first_blocks_of_the_trunk_stay_and_the_others_learn(order):
    run(order)
    torch.manual_seed(0)
    first, best = Matcher(16, 8).state_dict(), load(order.run / "best")[0]
    changed = {name for name in best if not torch.equal(best[name], first[name])}
    assert not any(name.startswith(f"trunk.features.{n}.") for n in range(7) for name in changed)
    assert any(name.startswith("trunk.features.17.") for name in changed)
    assert {"image.local.weight", "text.layers.2.weight"} <= changed


def test_a_store_that_was_prepared_for_another_network_is_refused(order, store):
    wrong = tiny.PREPROCESS
    write_store(store, StoreInfo("other", wrong, "", 0, {}, {}, "0"), [])
    with pytest.raises(DatasetError, match="prepared for other networks"):
        run(order)


def test_a_training_does_not_go_on_with_another_recipe(order):
    run(order)
    order.recipe.write_text(order.recipe.read_text().replace("steps = 2", "steps = 3"))
    with pytest.raises(CheckpointError, match="another recipe"):
        run(replace(order, is_resumed=True))


def test_what_is_kept_lies_between_base_and_training(order, tmp_path):
    def best(share):
        text = order.recipe.read_text()
        recipe = tmp_path / f"{share}.toml"
        recipe.write_text(text.replace("base_share = 0.3", f"base_share = {share}"))
        run(replace(order, run=tmp_path / f"run{share}", recipe=recipe))
        return load(tmp_path / f"run{share}" / "best")[0]

    torch.manual_seed(0)
    base, taught, half = Matcher(16, 8).state_dict(), best(0.0), best(0.5)
    name = "image.local.weight"
    assert not torch.equal(base[name], taught[name])
    assert torch.allclose(half[name], (base[name] + taught[name]) / 2, atol=1e-7)
