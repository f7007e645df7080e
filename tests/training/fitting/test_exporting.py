from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from afloc_stores import MINIATURE, phantom_store, recipe
from afloc_training.fitting import start
from afloc_training.fitting.exporting import export_run
from afloc_training.fitting.films import as_input, grey
from afloc_training.fitting.fit import FitOrder, fit
from afloc_training.fitting.run_folder import RunFolder
from afloc_training.fitting.texts import Reader
from afloc_training.progress import Reporter
from afloc_training.site.store import Store
from doubles import film
from scipy.ndimage import gaussian_filter
from torch.nn import functional

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.errors import CheckpointError, WouldOverwrite
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.model.bundle import load_bundle


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A miniature that has learned where the spots of the phantoms are."""
    folder = tmp_path_factory.mktemp("site")
    store = phantom_store(folder / "store", films=24, dev=8)
    (folder / "recipe.toml").write_text(recipe(epochs=8, batch=8, rate=4e-3, dropout=0.0))
    threads = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(start, "PRESETS", {"tiny": MINIATURE})
        fit(FitOrder(store, folder / "run", "tiny", recipe=folder / "recipe.toml"),
            Reporter(is_json=True, stream=io.StringIO()))  # fmt: skip
        told = export_run(folder / "run", folder / "bundle", "phantoms")
        yield folder, told
    torch.set_num_threads(threads)


def test_the_bundle_says_what_it_is_and_what_is_not_set(trained):
    folder, told = trained
    bundle = load_bundle(folder / "bundle")
    assert (
        (bundle.manifest.id, bundle.sha256) == (told.id, told.sha256) == ("phantoms", told.sha256)
    )
    assert max(told.image_difference, told.text_difference) < 1e-4
    assert {finding.threshold for finding in bundle.manifest.findings} == {1.0}
    card = (folder / "bundle" / "MODEL_CARD.md").read_text()
    assert "Thresholds are not set" in card
    assert "24 films of the site" in card
    assert str(folder) not in card


def test_maps_of_the_desktop_are_those_of_the_network(trained):
    """Features of the weights, compared by cosine here, against what the desktop shows."""
    folder, _ = trained
    run = RunFolder(folder / "run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(start, "PRESETS", {"tiny": MINIATURE})
        config = start.network_config("tiny", len(run.pieces()), 0.0)
    network = start.build_network(config, run.best()[0], 0).eval()
    store, words = Store(folder / "store"), "There is an opacity in the lower left zone."
    ids = Reader(run.pieces(), run.about().text).batch([(words,)], [(0,)])
    with torch.no_grad():
        patches = functional.normalize(network.img_encoder(as_input(grey(store, [26]), 1)).local)
        text = functional.normalize(network.text_encoder(ids.ids, ids.mask))
    wanted = torch.einsum("dij,d->ij", patches[0], text[0]).numpy()

    localizer = Localizer.open(folder / "bundle", provider="cpu")
    pixels = store.planes([26])[0].astype(np.float32)
    found = localizer.localize(film(26, 64, 64, pixels=pixels), Prompt(words, "typed")).similarity
    assert found.shape == (64, 64)
    # Smoothing and films of other stretch aside, the same cells are bright.
    cells = found.reshape(4, 16, 4, 16).mean((1, 3))
    assert np.corrcoef(cells.ravel(), gaussian_filter(wanted, 1.5).ravel())[0, 1] > 0.95


def test_a_training_without_a_result_gives_no_bundle(tmp_path):
    with pytest.raises(CheckpointError, match="no training"):
        export_run(tmp_path, tmp_path / "bundle", None)
    assert not (tmp_path / "bundle").exists()


def test_a_folder_that_is_no_bundle_is_left_alone(trained):
    folder, _ = trained
    with pytest.raises(WouldOverwrite):
        export_run(folder / "run", folder / "store", None)
