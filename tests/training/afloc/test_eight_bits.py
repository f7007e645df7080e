import numpy as np
import pytest
import torch
from afloc_sites import SMALL, trained
from afloc_training.afloc import eight_bits
from afloc_training.afloc.eight_bits import Fidelity, add_eight_bits, compare, read_films
from afloc_training.afloc.graphs import export_image, export_patches
from afloc_training.afloc.importing import ImportPlan, preprocess_spec
from afloc_training.afloc.network import Afloc
from phantom_files import dot_film, write_film

from afloc_desktop.core.errors import DatasetError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("bundle")
    network = Afloc(SMALL).eval()
    state = {n.removeprefix("afloc."): t for n, t in trained(SMALL).items()}
    network.load_state_dict(state)
    export_image(network, made / "image.onnx", 224)
    export_patches(network, made / "image.onnx", made / "patches.onnx", 224)
    return made


def films(count):
    generator = torch.Generator().manual_seed(0)
    small = torch.rand(count, 3, 14, 14, generator=generator) * 2 - 1
    large = torch.nn.functional.interpolate(small, (224, 224), mode="bilinear")
    return [film[None].numpy() for film in large]


VECTORS = np.random.default_rng(0).normal(size=(4, 32)).astype(np.float32)


def test_a_network_that_draws_other_maps_is_taken_away_again(folder, monkeypatch):
    monkeypatch.setattr(eight_bits, "FEWEST_FILMS", 6)
    monkeypatch.setattr(eight_bits, "PEARSON", 1.1)
    fidelity = add_eight_bits(folder, films(6), VECTORS, 1.5)
    assert fidelity.films == 4
    assert "left out" in str(fidelity)
    assert not (folder / "patches.int8.onnx").exists()


def test_a_network_that_draws_the_same_maps_stays_and_is_smaller(folder, monkeypatch):
    monkeypatch.setattr(eight_bits, "FEWEST_FILMS", 6)
    monkeypatch.setattr(eight_bits, "PEARSON", 0.8)  # random weights draw nearly even maps
    monkeypatch.setattr(eight_bits, "DICE", 0.0)
    fidelity = add_eight_bits(folder, films(6), VECTORS, 1.5)
    assert fidelity.is_enough
    assert 0.8 <= fidelity.pearson < 1
    sizes = [(folder / name).stat().st_size for name in ("patches.int8.onnx", "patches.onnx")]
    assert sizes[0] < 0.6 * sizes[1]


def test_equal_networks_are_alike_in_every_way(folder):
    (folder / "patches.int8.onnx").write_bytes((folder / "patches.onnx").read_bytes())
    assert compare(folder, films(2), VECTORS, 1.5) == Fidelity(2, pytest.approx(1), 1.0)


def test_too_few_films_are_refused(folder):
    with pytest.raises(DatasetError, match="3 films"):
        add_eight_bits(folder, films(3), VECTORS, 1.5)


def test_the_sites_films_are_read_and_what_is_none_is_passed_over(tmp_path):
    write_film(tmp_path / "a.dcm", dot_film())
    (tmp_path / "notes.txt").write_text("no film", encoding="utf-8")
    spec = preprocess_spec(ImportPlan(tmp_path, tmp_path, "cxr"), SMALL)
    (film,) = read_films(tmp_path, spec)
    assert film.shape == (1, 3, 224, 224)
