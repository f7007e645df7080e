import numpy as np
import pytest
import torch
from afloc_sites import SMALL
from afloc_training.afloc import graphs
from afloc_training.afloc.graphs import export_image, export_patches, export_text
from afloc_training.afloc.network import Afloc
from afloc_training.export import run

from afloc_desktop.core.errors import CheckpointError


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return Afloc(SMALL)


def test_the_image_graph_takes_pictures_of_any_size(network, tmp_path):
    assert export_image(network, tmp_path / "image.onnx", 224) <= 1e-4
    film = torch.rand(1, 3, 100, 317)
    local, local2, overall = run(tmp_path / "image.onnx", {"image": film.numpy()})
    assert (local.shape, local2.shape, overall.shape) == ((1, 32, 19, 19), (1, 32, 38, 38), (1, 32))
    with torch.inference_mode():
        assert np.allclose(local, network.eval().img_encoder(film).local.numpy(), atol=1e-4)


def test_the_part_for_heatmaps_equals_the_whole_and_runs_at_other_sizes(network, tmp_path):
    whole, part = tmp_path / "image.onnx", tmp_path / "patches.onnx"
    export_image(network, whole, 224)
    assert export_patches(network, whole, part, 224) <= 1e-4
    assert part.stat().st_size < 0.5 * whole.stat().st_size  # the fourth stage is gone
    film = {"image": torch.rand(1, 3, 224, 224).numpy()}
    assert np.array_equal(run(part, film)[0], run(whole, film)[0])
    assert run(part, {**film, "net_size": np.array([448, 448])})[0].shape == (1, 32, 28, 28)
    assert network.img_encoder.net_side == 299


def test_the_text_graph_takes_any_number_of_texts_of_any_length(network, tmp_path):
    assert export_text(network, tmp_path / "text.onnx") <= 1e-4
    ids = np.array([[2, 9, 9, 3], [2, 9, 3, 0]])
    (text,) = run(tmp_path / "text.onnx", {"input_ids": ids, "attention_mask": np.sign(ids)})
    (alone,) = run(
        tmp_path / "text.onnx",
        {"input_ids": ids[1:, :3], "attention_mask": np.ones((1, 3), np.int64)},
    )
    assert text.shape == (2, 32)
    assert np.allclose(text[1], alone[0], atol=1e-6)


def test_a_graph_that_computes_something_else_is_refused(network, tmp_path, monkeypatch):
    def off(path, feeds):
        return [answer * 1.001 for answer in run(path, feeds)]

    monkeypatch.setattr(graphs, "run", off)
    with pytest.raises(CheckpointError, match=r"text\.onnx differs"):
        export_text(network, tmp_path / "text.onnx")
