from __future__ import annotations

import csv
import dataclasses
import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from afloc_training import bundle_files, default_bundle
from afloc_training.backbone import MobileNetV2
from afloc_training.default_bundle import build_default_bundle, report_result
from afloc_training.pretrained import TextFiles
from afloc_training.progress import Reporter
from afloc_training.recipe import load_recipe
from afloc_training.vocabulary import FINDINGS
from PIL import Image
from torch import nn

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.errors import WouldOverwrite
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.model.selftest import self_test
from afloc_desktop.core.model.session import Sessions
from afloc_desktop.core.picture import read_picture
from tests.support.weight_files import published

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "pleural", "effusion", "mass", "nodule", "."]
VOCABULARY = {word: number for number, word in enumerate(WORDS)}
DEFAULT = load_recipe(None)
RECIPE = dataclasses.replace(
    DEFAULT,
    films=dataclasses.replace(DEFAULT.films, editions=2, painted_per_normal=1, with_texts=True),
    network=dataclasses.replace(DEFAULT.network, channels=16, dimensions=8),
    fit=dataclasses.replace(DEFAULT.fit, batch=4, frozen_steps=2, end_to_end_steps=1),
)


class TinyBert(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.words = nn.Embedding(len(WORDS), 384)
        self.mix = nn.Linear(384, 384)

    def forward(self, input_ids, attention_mask):
        states = self.mix(self.words(input_ids)) * attention_mask[:, :, None]
        return SimpleNamespace(last_hidden_state=states)


@pytest.fixture
def data(drawn_film, tmp_path):
    """Eight training films of eight patients and two dev films, one with a box."""
    folder = tmp_path / "data" / "cxr"
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(0)
    labels = ["No Finding"] * 5 + ["Mass"] * 3 + ["Mass", "No Finding"]
    rows = []
    for number, label in enumerate(labels):
        film = np.clip(drawn_film + rng.normal(0, 0.01, drawn_film.shape), 0, 1)
        Image.fromarray((film * 255).astype(np.uint8)).save(folder / "images" / f"{number}.png")
        split = "train" if number < 8 else "dev"
        rows.append((f"{number}.png", f"p{number}", split, label, "0", "NIH ChestX-ray14: free"))
    write(folder / "nih.csv", "image patient_id split labels low_res license", rows)
    notes = [
        (f"{number}.png", f"n{number}", "train", "atlas", "PA", text, kind, "CC0 1.0", "", "10.1/a")
        for number, text, kind in (
            (0, "Mass in the right upper lobe.", "clinical_note"),
            (1, "Is there a mass? no.", "qa_pairs"),
        )
    ]
    columns = "image patient_id split source view report text_kind license url doi"
    write(folder / "notes.csv", columns, notes)
    box = [("8.png", "p8", "Mass", 0.6, 0.3, 0.2, 0.2, "box", "", "free")]
    write(folder / "regions.csv", "image patient_id label x y w h kind mask license", box)
    return tmp_path / "data"


def write(path, columns, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([columns.split(), *rows])


@pytest.fixture
def tiny_weights(tmp_path, monkeypatch):
    """Random weights in the place of the pretrained ones."""
    vocabulary = tmp_path / "vocabulary.json"
    vocabulary.write_text(json.dumps({"model": {"type": "WordPiece", "vocab": VOCABULARY}}))
    torch.manual_seed(0)
    state = published(MobileNetV2())
    files = TextFiles(vocabulary, vocabulary, vocabulary)
    monkeypatch.setattr(default_bundle, "backbone_state", lambda: state)
    monkeypatch.setattr(default_bundle, "text_files", lambda: files)
    monkeypatch.setattr(default_bundle, "load_text_encoder", lambda _: TinyBert().eval())


@pytest.mark.slow
def test_one_call_makes_a_bundle_the_desktop_opens(data, tiny_weights, tmp_path):
    stream = io.StringIO()
    reporter = Reporter(is_json=True, stream=stream)
    output = tmp_path / "bundles" / "base"
    built = build_default_bundle(data, output, RECIPE, reporter, None)
    report_result(built, reporter)

    bundle = load_bundle(output)
    self_test(bundle, Sessions(bundle, "cpu"))
    film = read_picture(data / "cxr" / "images" / "8.png")
    heatmap = Localizer.open(output, provider="cpu").localize(film, Prompt("mass", "preset"))
    assert np.isfinite(heatmap.similarity).all()
    assert np.abs(heatmap.similarity).max() <= 1.0001

    last = json.loads(stream.getvalue().splitlines()[-1])
    assert last["event"] == "done"
    assert last["held_out_auroc"] is None
    figures = {figure.name: figure.value for figure in bundle.manifest.metrics}
    assert last["metrics"]["Mass pointing"][0] == figures["Mass pointing"]
    card = (output / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "Mass" in card
    assert "2 of atlas, CC0 1.0: <https://doi.org/10.1/a>" in card
    assert [path.name for path in output.parent.iterdir()] == ["base"]

    again = tmp_path / "again"
    build_default_bundle(data, again, RECIPE, reporter, None, output)
    for name in ("image.onnx", "text.onnx", "findings.npz", bundle_files.WEIGHTS):
        assert (again / name).read_bytes() == (output / name).read_bytes()


def test_a_folder_that_is_no_bundle_is_never_replaced(data, tiny_weights, tmp_path):
    output = tmp_path / "letters"
    output.mkdir()
    with pytest.raises(WouldOverwrite):
        build_default_bundle(data, output, RECIPE, Reporter(is_json=True), None)
    assert list(output.iterdir()) == []


def test_the_shipped_bundle_is_whole_small_and_beats_the_centre_prior():
    folder = Path(__file__).parents[2] / "resources" / "bundles" / "afloc-cxr-base"
    bundle = load_bundle(folder)
    self_test(bundle, Sessions(bundle, "cpu"))
    assert sum(path.stat().st_size for path in folder.iterdir()) < 45e6
    # It is what the recipe makes, as far as a manifest says: its data, its input, its smoothing.
    unlisted = bundle.manifest.heatmap.threshold
    thresholds = bundle_files.Thresholds({finding.id: 0.0 for finding in FINDINGS}, unlisted)
    made = bundle_files.manifest(DEFAULT, thresholds, ())
    for part in ("id", "version", "data", "preprocess", "heatmap"):
        assert getattr(bundle.manifest, part) == getattr(made, part)
    figures = {figure.name: figure for figure in bundle.manifest.metrics}
    for measure in ("pointing", "iou", "cnr"):
        model, prior = figures[f"macro-6 {measure}"], figures[f"centre prior macro-6 {measure}"]
        assert model.cases == prior.cases
        assert model.low > prior.high
