from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import fit_killed
import numpy as np
import PIL.Image
import pytest
import tiny_bundle as tiny
import torch
from afloc_sites import trained, vocabulary
from afloc_stores import MINIATURE, phantom_store, recipe
from afloc_training.afloc.importing import ImportPlan, preprocess_spec
from afloc_training.cli import main
from afloc_training.fitting import start
from afloc_training.site.store import Store

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.picture import read_picture
from afloc_desktop.core.preprocess import prepare


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


_SAID = (
    "Hard exudates around the macula.",
    "Blot hemorrhages.",
    "The retina is normal.",
    "Cotton wool spots nasally.",
    "No microaneurysms.",
    "The disc is pale.",
    "The media are clear.",
)


@pytest.fixture
def official_eyes(tmp_path, tiny_bundle, monkeypatch):
    """A random checkpoint in the official layout; the words to begin with it.

    The tiny bundle is one for eyes that takes pictures as an import of it does.
    """
    vision = replace(MINIATURE.vision, channels=3)
    small = replace(MINIATURE, vision=vision, text=replace(MINIATURE.text, vocabulary=160))
    monkeypatch.setattr(start, "PRESETS", {"tiny": small})
    torch.save({"state_dict": trained(small)}, tmp_path / "x.ckpt")
    (tmp_path / "vocab.txt").write_text("\n".join(vocabulary(160)), encoding="utf-8")
    plan = ImportPlan(tmp_path / "x.ckpt", tmp_path / "vocab.txt", "fundus")
    as_is = preprocess_spec(plan, small)
    tiny.sign(tiny_bundle, tiny.manifest(modality="fundus", preprocess=as_is))
    return ["--from", str(plan.checkpoint), "--vocab", str(plan.vocabulary)]


@pytest.mark.slow
def test_an_official_checkpoint_that_takes_pictures_as_they_are_is_taught_in_colour(
    official_eyes, tiny_bundle, tmp_path
):
    site, out = tmp_path / "site", tmp_path / "out"
    site.mkdir()
    rows = ["image,patient_id,split,report"]
    for number in range(12):
        colour = np.full((24, 36, 3), (200, 110, 10 * number), np.uint8)
        colour[2:6, number : number + 4] = (240, 220, 150)
        PIL.Image.fromarray(colour).resize((300, 200)).save(site / f"{number}.png")
        split = "train" if number < 8 else "dev"
        words = f"{_SAID[number % 3]} {_SAID[3 + number % 4]}"
        rows.append(f"{number}.png,p{number},{split},{words}")
    (site / "reports.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    store, run, bundle = (str(out / name) for name in ("store", "run", "bundle"))
    official = ["--bundle", str(tiny_bundle)]
    assert main(["check", str(site), *official]) == 0
    assert main(["prepare", str(site), "--output", store, *official]) == 0
    info = Store(Path(store)).info
    assert (info.modality, info.preprocess.fit, info.preprocess.planes) == (
        "fundus",
        "letterbox",
        "bgr",
    )

    (tmp_path / "recipe.toml").write_text(recipe(epochs=1))
    threads = torch.get_num_threads()
    words = ["--recipe", str(tmp_path / "recipe.toml"), *official_eyes]
    assert main(["fit", "--store", store, "--run", run, *words]) == 0
    torch.set_num_threads(threads)
    assert main(["export", "--run", run, "--output", bundle]) == 0
    page = ["--output", str(out / "page.html")]
    assert main(["evaluate", run, "--against", bundle, "--data", store, *page]) == 0

    taught = Localizer.open(Path(bundle), provider="cpu")
    assert taught.manifest.modality == "fundus"
    assert taught.manifest.preprocess == info.preprocess
    heatmap = taught.localize(read_picture(site / "1.png"), Prompt("hard_exudates", "preset"))
    assert np.isfinite(heatmap.similarity).all()
    # What the store holds is what the desktop shows the network, blue first.
    image = read_picture(site / "1.png")
    shown = prepare(image.pixels, info.preprocess, padding=None, colour=image.colour).tensor
    blue, _, red = shown[0, :, 112, 112] * 0.5 + 0.5
    assert (round(255 * float(blue)), round(255 * float(red))) == (10, 200)
