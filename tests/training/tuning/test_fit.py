import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import tiny_bundle as tiny
import torch
import tunable
import tune_killed
from afloc_training import checkpoints
from afloc_training.checkpoints import load
from afloc_training.fitting.run_folder import RunFolder
from afloc_training.progress import Reporter
from afloc_training.site.store import Store, StoreInfo, write_store
from afloc_training.tuning import fit
from afloc_training.tuning.fit import tune
from bars import is_full

from afloc_desktop.core.errors import CheckpointError, DatasetError, ExportError, SettingsError


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
    first, best = tunable.weights(), load(order.run / "best")[0]
    changed = {name for name in best if not torch.equal(best[name], first[name])}
    assert not any(name.startswith(f"trunk.features.{n}.") for n in range(7) for name in changed)
    assert any(name.startswith("trunk.features.17.") for name in changed)
    assert {"image.local.weight", "text.layers.2.weight"} <= changed


def test_a_store_that_was_prepared_for_another_network_is_refused(order, tunable_store):
    wrong = tiny.PREPROCESS
    write_store(tunable_store, StoreInfo("other", wrong, "", 0, {}, {}, "0"), [])
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

    base, taught, half = tunable.weights(), best(0.0), best(0.5)
    name = "image.local.weight"
    assert not torch.equal(base[name], taught[name])
    assert torch.allclose(half[name], (base[name] + taught[name]) / 2, atol=1e-7)


def test_a_training_that_gets_worse_ends_early_and_keeps_its_best_weights(order, tmp_path):
    """Steps far too long lead away from what the base knew; every step is looked at."""
    text = tunable.recipe(steps=9).replace("patience = 0", "patience = 1")
    order.recipe.write_text(text.replace("every = 10", "every = 1").replace("4e-4", "0.3"))
    told = io.StringIO()
    assert not run(order, told).is_stopped
    events = [json.loads(line) for line in told.getvalue().splitlines()]
    looks = [e["losses"]["held_out"] for e in events if e["event"] == "progress"]
    best, state = load(order.run / "best")
    kept = looks.index(min(looks)) + 1
    assert 1 < len(looks) == kept + 1 < 9
    assert (state["best_step"], state["best"]) == (kept, min(looks))
    assert (events[-1]["step"], events[-1]["best_step"]) == (kept + 1, kept)
    assert b"held_out" in next(order.run.glob("events.*")).read_bytes()

    other = replace(order, run=tmp_path / "other", is_resumed=True)
    for _ in looks:
        other.run.mkdir(exist_ok=True)
        (other.run / "stop").touch()
        run(other)
    resumed, resumed_state = load(other.run / "best")
    assert resumed_state == state
    assert all(torch.equal(best[name], resumed[name]) for name in best)


def test_it_is_one_process_and_says_so(order, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(SettingsError, match="in one process"):
        run(order)
    assert not order.run.exists()


def test_early_stopping_needs_held_out_films(order, tunable_store):
    store = Store(tunable_store)
    write_store(tunable_store, store.info, [c for c in store.cases if c.split != "dev"])
    text = order.recipe.read_text()
    order.recipe.write_text(text.replace("patience = 0", "patience = 1"))
    with pytest.raises(DatasetError, match="looks at held-out films"):
        run(order)


def test_in_half_the_bits_it_learns_nearly_the_same_where_the_processor_can(
    order, tmp_path, monkeypatch
):
    def losses(folder):
        run(replace(order, run=folder))
        lines = (folder / "metrics.jsonl").read_text().splitlines()
        return [json.loads(line)["total"] for line in lines]

    whole = losses(tmp_path / "whole")
    order.recipe.write_text(order.recipe.read_text().replace('"float32"', '"auto"'))
    monkeypatch.setattr(fit, "has_fast_bfloat16", lambda device: True)
    half = losses(tmp_path / "half")
    assert RunFolder(tmp_path / "half").about().precision == "bfloat16"
    assert half != whole
    assert half == pytest.approx(whole, rel=0.02)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform == "win32", reason="kills by a POSIX signal")
@pytest.mark.parametrize("seed", [1, 2] if is_full() else [1])
def test_a_killed_training_ends_with_the_weights_of_one_that_was_not(
    tunable_store, tiny_bundle, tmp_path, seed
):
    program = Path(tune_killed.__file__)
    words = [tunable_store, tiny_bundle, tmp_path, seed]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(program), *map(str, words)],
        capture_output=True, text=True, timeout=880, check=True,
        env={**os.environ, "PYTHONPATH": str(program.parent)},
    )  # fmt: skip
    whole, *killed = map(json.loads, done.stdout.splitlines())
    assert (whole.pop("code"), whole["state"]["step"]) == (0, 6)
    assert len(killed) == (12 if is_full() else 2)
    for one in killed:
        assert one.pop("code") == [-9, 0], one["name"]
        assert one == {**whole, "name": one["name"]}


def test_after_a_full_disk_and_a_truncated_checkpoint_it_ends_the_same(
    order, tmp_path, monkeypatch
):
    run(order)
    whole, _ = load(order.run / "best")
    other = replace(order, run=tmp_path / "other", is_resumed=True)
    real, calls = checkpoints.save_file, []

    def full(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(*arguments)

    monkeypatch.setattr(fit, "_STEPS_BETWEEN_CHECKPOINTS", 1)
    monkeypatch.setattr(checkpoints, "save_file", full)
    with pytest.raises(ExportError, match="could not be written"):
        run(other)
    assert load(other.run / "checkpoints")[1]["step"] == 1
    run(other)
    newest = max((other.run / "checkpoints").glob("checkpoint-*"))
    newest.write_bytes(newest.read_bytes()[:-100])
    told = io.StringIO()
    run(other, told)
    assert f"{newest.name} is damaged" in told.getvalue()
    resumed, _ = load(other.run / "best")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
