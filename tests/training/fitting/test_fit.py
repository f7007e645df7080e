from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import fit_killed
import pytest
import torch
from afloc_stores import MINIATURE, phantom_store, recipe
from afloc_training.fitting import fit as fitting
from afloc_training.fitting import start
from afloc_training.fitting.fit import FitOrder, fit
from afloc_training.fitting.learner import Learner
from afloc_training.fitting.run_folder import RunFolder
from afloc_training.progress import Reporter

from afloc_desktop.core.errors import (
    CheckpointError,
    DatasetError,
    SettingsError,
    WouldOverwrite,
)

SUPPORT = Path(fit_killed.__file__).parent


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return phantom_store(tmp_path_factory.mktemp("phantoms"))


@pytest.fixture
def order(store, tmp_path, one_thread, monkeypatch):
    small = {"tiny": MINIATURE, "small": MINIATURE}
    monkeypatch.setattr(start, "PRESETS", small)
    (tmp_path / "recipe.toml").write_text(recipe())
    return FitOrder(store, tmp_path / "run", "tiny", recipe=tmp_path / "recipe.toml")


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def train(order, told=None):
    return fit(order, Reporter(is_json=True, stream=told or io.StringIO()))


def lines(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def child_environment():
    return {**os.environ, "PYTHONPATH": str(SUPPORT)}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform == "win32", reason="kills by a POSIX signal")
@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_training_ends_with_the_weights_of_one_that_was_not(store, tmp_path, seed):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", fit_killed.__file__, str(store), str(tmp_path), str(seed)],
        capture_output=True, text=True, timeout=800, check=True, env=child_environment(),
    )  # fmt: skip
    whole, *killed = map(json.loads, done.stdout.splitlines())
    assert whole.pop("code") == 0
    assert whole["state"]["step"] == 6
    assert len(killed) >= 6
    for one in killed:
        assert one.pop("code") == [-9, 0], one["name"]
        assert one == {**whole, "name": one["name"]}


def test_films_and_reports_of_other_patients_find_each_other(order, tmp_path):
    order.recipe.write_text(recipe(epochs=15, batch=8, rate=4e-3, dropout=0.0, turn_degrees=0.0))
    outcome = train(replace(order, store=phantom_store(tmp_path / "more", films=24, dev=8)))
    assert (outcome.standing.step, outcome.is_stopped) == (45, False)
    found = [line for line in lines(order.run) if "recall" in line]
    assert [line["step"] for line in found] == list(range(3, 46, 3))
    assert found[0]["recall"] < 0.4  # five kinds of report among eight
    assert outcome.standing.best.recall > 0.8
    totals = [line["total"] for line in lines(order.run) if "total" in line]
    assert sum(totals[-5:]) < 0.7 * sum(totals[:5])
    table = (order.run / "curves.csv").read_text().splitlines()
    assert len(table) == 1 + 45 + 15


def test_progress_says_how_long_it_will_take(order):
    told = io.StringIO()
    train(order, told)
    events = [json.loads(line) for line in told.getvalue().splitlines()]
    assert events[0]["event"] == "plan"
    assert events[-1]["event"] == "done"
    last = [event for event in events if event["event"] == "progress"][-1]
    assert (last["done"], last["total"], last["seconds_left"]) == (6, 6, 0)
    assert set(last["losses"]) > {"report", "sentences", "words", "cosine", "total"}


def test_a_stop_file_ends_the_run_after_the_step_and_resume_finishes_it(order, monkeypatch):
    real = Learner.step

    def step(self, lessons, number):
        if number == 2:
            (order.run / "stop").touch()
        return real(self, lessons, number)

    with monkeypatch.context() as patch:
        patch.setattr(Learner, "step", step)
        stopped = train(order)
    assert (stopped.standing.step, stopped.is_stopped) == (3, True)
    assert not (order.run / "stop").exists()
    told = io.StringIO()
    assert train(replace(order, is_resumed=True), told).standing.step == 6
    assert json.loads(told.getvalue().splitlines()[0])["done"] == 3


def test_it_stops_when_validation_finds_no_more(order, monkeypatch):
    order.recipe.write_text(recipe(epochs=9, patience=2, batch=12))
    found = iter([(0.5, 0.5), (0.5, 0.6), (0.5, 0.6), (0.4, 0.9), (1.0, 1.0)])
    monkeypatch.setattr(fitting, "retrieval", lambda *_: fitting.Retrieval(*next(found)))
    outcome = train(order)
    assert (outcome.standing.step, outcome.standing.best_step) == (4, 2)


def test_a_folder_with_something_in_it_is_left_alone(order):
    order.run.mkdir()
    (order.run / "notes.txt").touch()
    with pytest.raises(WouldOverwrite, match="not empty"):
        train(order)
    assert [path.name for path in order.run.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("what", ["store", "recipe", "preset", "changed recipe"])
def test_a_training_never_goes_on_with_something_else(order, tmp_path, what):
    order.recipe.write_text(recipe(epochs=1, batch=12))
    train(order)
    other = replace(order, is_resumed=True)
    if what == "store":
        other = replace(other, store=phantom_store(tmp_path / "other", films=8))
    elif what == "recipe":
        order.recipe.write_text(recipe(epochs=3))
    elif what == "changed recipe":
        (order.run / "recipe.toml").write_text(recipe(epochs=3))
        other = replace(other, recipe=None)
    else:
        other = replace(other, preset="small", recipe=None)
    with pytest.raises(CheckpointError, match=what.split()[-1]):
        train(other)


def test_a_damaged_checkpoint_is_named_and_the_one_before_used(order, monkeypatch):
    monkeypatch.setattr(fitting, "_STEPS_BETWEEN_CHECKPOINTS", 2)
    train(order)
    newest = max((order.run / "checkpoints").iterdir())
    newest.write_bytes(newest.read_bytes()[:-9])
    told = io.StringIO()
    train(replace(order, is_resumed=True), told)
    first, second = (json.loads(line) for line in told.getvalue().splitlines()[:2])
    assert first["event"] == "warning"
    assert (second["event"], second["done"]) == ("plan", 6)


def test_a_second_run_on_the_same_folder_is_refused(order):
    order.run.mkdir()
    with fitting.sole_writer(order.run), pytest.raises(DatasetError, match="writing this training"):
        train(replace(order, is_resumed=True))


def test_low_rank_pairs_need_weights_to_begin_with(order):
    order.recipe.write_text(recipe(lora_rank=2))
    with pytest.raises(SettingsError, match="low-rank"):
        train(order)


def test_low_rank_pairs_go_on_to_the_same_bits_and_leave_the_rest_of_the_text_alone(
    order, tmp_path
):
    order.recipe.write_text(recipe(epochs=1, batch=12))
    train(order)
    (tmp_path / "pairs.toml").write_text(recipe(epochs=1, lora_rank=2))
    whole = replace(order, run=tmp_path / "whole", source=order.run, recipe=tmp_path / "pairs.toml")
    train(whole)
    resumed = replace(whole, run=tmp_path / "resumed", is_resumed=True)
    for _ in range(3):
        resumed.run.mkdir(exist_ok=True)
        (resumed.run / "stop").touch()
        train(resumed)
    best, first = RunFolder(whole.run).best()[0], RunFolder(order.run).best()[0]
    assert all(torch.equal(value, RunFolder(resumed.run).best()[0][n]) for n, value in best.items())
    said = {n for n in best if n.startswith("text_") and not torch.equal(best[n], first[n])}
    layers = ("query", "key", "value", "attention.output.dense")
    assert said == {n for n in best if n.endswith(tuple(f"{layer}.weight" for layer in layers))}


def test_a_teacher_needs_weights_to_begin_with(order):
    order.recipe.write_text(recipe(teacher_weight=1.0))
    with pytest.raises(SettingsError, match="teacher"):
        train(order)


def test_training_goes_on_from_an_earlier_run_and_its_teacher_holds_it(order, tmp_path):
    order.recipe.write_text(recipe(epochs=1, batch=12, statistics="kept"))
    train(order)
    (tmp_path / "next.toml").write_text(
        recipe(epochs=1, batch=12, statistics="kept", teacher_weight=2.0, dropout=0.0)
    )
    later = replace(order, run=tmp_path / "next", source=order.run, recipe=tmp_path / "next.toml")
    train(later)
    (line,) = [line for line in lines(later.run) if "teacher" in line]
    assert line["teacher"] == pytest.approx(0, abs=1e-5)  # nobody has moved before the first step
    parts = [line[name] for name in ("report", "sentences", "words", "cosine")]
    assert line["total"] == pytest.approx(sum(parts) + 2 * line["teacher"])
    assert "earlier run" in RunFolder(later.run).about().source


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_processes_have_the_losses_of_one(order, tmp_path):
    order.recipe.write_text(recipe(statistics="kept", dropout=0.0, epochs=1))
    train(order)
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
              "--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0"]  # fmt: skip
    command = [str(SUPPORT / "fit_shared.py"), "fit", "--store", str(order.store), "--output",
               str(tmp_path / "two"), "--recipe", str(order.recipe)]  # fmt: skip
    subprocess.run(
        [*launch, *command],
        capture_output=True, text=True, timeout=800, check=True, env=child_environment(),
    )  # fmt: skip
    for one, two in zip(lines(order.run), lines(tmp_path / "two"), strict=True):
        for name, value in one.items():
            assert two[name] == pytest.approx(value, rel=1e-5, abs=1e-5), name
