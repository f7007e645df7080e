from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import fit_killed
import pytest
from afloc_stores import phantom_store, recipe
from afloc_training.cli import main


@pytest.mark.parametrize("verb", ["fit", "export"])
def test_help_has_an_example(verb, capsys):
    with pytest.raises(SystemExit) as caught:
        main([verb, "--help"])
    assert caught.value.code == 0
    assert f"afloc-train {verb} --" in capsys.readouterr().out


def test_a_store_that_is_none_is_told_before_anything_is_written(tmp_path, capsys):
    assert main(["fit", "--store", str(tmp_path), "--run", str(tmp_path / "run")]) == 2
    assert "no finished store" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_export_asks_for_a_training(tmp_path, capsys):
    assert main(["export", "--output", str(tmp_path / "b")]) == 2
    assert "--run" in capsys.readouterr().err


def test_weights_of_a_bundle_cannot_be_trained(tmp_path, capsys):
    store = phantom_store(tmp_path / "store")
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "bundle.json").touch()
    arguments = ["fit", "--data", str(store), "--output", str(tmp_path / "run")]
    assert main([*arguments, "--from", str(tmp_path / "bundle")]) == 2
    assert "graphs to run and no weights" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform == "win32", reason="interrupts by a POSIX signal")
def test_an_interrupt_saves_and_says_how_to_go_on(tmp_path):
    store = phantom_store(tmp_path / "store")
    (tmp_path / "recipe.toml").write_text(recipe(epochs=2000))
    support = Path(fit_killed.__file__).parent
    command = [sys.executable, str(support / "fit_shared.py"), "fit", "--store", str(store),
               "--run", str(tmp_path / "run"), "--recipe", str(tmp_path / "recipe.toml"),
               "--json"]  # fmt: skip
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(support)}
    )
    try:
        until(lambda: (tmp_path / "run" / "metrics.jsonl").exists())
        process.send_signal(signal.SIGTERM)
        told, _ = process.communicate(timeout=300)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 3
    last = json.loads(told.splitlines()[-1])
    assert last["event"] == "stopped"
    assert last["step"] >= 1
    assert list((tmp_path / "run" / "checkpoints").iterdir())


def until(is_so):
    end = time.monotonic() + 300
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)
