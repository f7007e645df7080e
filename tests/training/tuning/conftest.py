import pytest
import torch
import tunable
from afloc_training.tuning import fit
from afloc_training.tuning.fit import TuneOrder


@pytest.fixture
def tunable_store(tmp_path):
    return tunable.store(tmp_path / "store")


@pytest.fixture
def order(tunable_store, tiny_bundle, tmp_path, monkeypatch):
    """A fine-tuning of two steps on two films."""
    monkeypatch.setattr(fit, "open_base", tunable.open_base)
    monkeypatch.setattr(fit, "_language", tunable.language)
    (tmp_path / "tune.toml").write_text(tunable.recipe(steps=2))
    threads = torch.get_num_threads()
    yield TuneOrder(tunable_store, tmp_path / "run", tiny_bundle, tmp_path / "tune.toml")
    torch.set_num_threads(threads)
