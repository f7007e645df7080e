from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from afloc_training.backbone import MobileNetV2
from afloc_training.export import (
    FilmTrunk,
    TextEncoder,
    accept,
    export_image,
    export_text,
    export_trunk,
    run,
)
from afloc_training.network import Matcher, TextHead
from afloc_training.text_features import SentenceEncoder
from torch import nn

from afloc_desktop.core.errors import CheckpointError


class TinyBert(nn.Module):
    """Token vectors of width 384 mixed by one layer, in the shape transformers answers in."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(50, 384)
        self.mix = nn.Linear(384, 384)

    def forward(self, input_ids, attention_mask):
        states = self.mix(self.words(input_ids)) * attention_mask[:, :, None]
        return SimpleNamespace(last_hidden_state=states)


def test_the_image_graph_answers_any_number_of_films_as_torch_does(tmp_path):
    torch.manual_seed(0)
    difference = export_image(Matcher(16, 8).eval(), tmp_path / "image.onnx", 384)
    film = np.zeros((1, 1, 384, 384), np.float32)
    local, overall = run(tmp_path / "image.onnx", {"image": film})
    assert difference < 1e-4
    assert local.shape == (1, 8, 24, 24)
    assert overall.shape == (1, 8)


def test_the_trunk_graph_holds_imagenets_normalisation(tmp_path):
    torch.manual_seed(0)
    trunk = MobileNetV2()
    export_trunk(trunk, tmp_path / "trunk.onnx", 64)
    film = torch.rand(2, 1, 64, 64)
    stem, middle, deep = run(tmp_path / "trunk.onnx", {"image": film.numpy()})
    colour = (film.repeat(1, 3, 1, 1) - torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)) / (
        torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    )
    with torch.inference_mode():
        assert np.allclose(stem, trunk.stem(colour).numpy(), atol=1e-4)
        assert np.allclose(deep, FilmTrunk(trunk)(film).deep.numpy(), atol=1e-4)
    assert middle.shape == (2, 96, 4, 4)


def test_the_text_graph_answers_texts_of_any_length_as_torch_does(tmp_path):
    torch.manual_seed(0)
    encoder = TextEncoder(SentenceEncoder(TinyBert()), TextHead(8))
    ids = torch.tensor([[1, 5, 9, 2], [1, 7, 2, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    parity = export_text(encoder, tmp_path / "text.onnx", ids, mask)
    one, sentence = run(
        tmp_path / "text.onnx",
        {"input_ids": np.array([[1, 3, 2]]), "attention_mask": np.ones((1, 3), np.int64)},
    )
    assert parity.text < 1e-4
    assert parity.quantised_cosine > 0.97
    assert one.shape == (1, 8)
    assert sentence.shape == (1, 384)
    for vector in (one, sentence):
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)
    assert [path.name for path in tmp_path.iterdir()] == ["text.onnx"]


def test_a_graph_that_differs_or_answers_nonsense_is_refused():
    assert accept("image.onnx", 1e-5, 1e-4) == 1e-5
    for difference in (1e-3, float("nan")):
        with pytest.raises(CheckpointError):
            accept("image.onnx", difference, 1e-4)
