import dataclasses
import glob
import sys
import types

import pytest
import torch
from afloc_training.afloc.checkpoint import read_checkpoint
from afloc_training.afloc.config import AflocConfig, TextConfig, VisionConfig
from afloc_training.afloc.network import Afloc
from safetensors.torch import save_file

from afloc_desktop.core.errors import CheckpointError

TINY = AflocConfig(
    VisionConfig("bottleneck", (1, 1, 1, 1), 4, 3, 64), TextConfig(16, 2, 4, 32, 60, 97, 97, 4)
)


@pytest.fixture
def state():
    torch.manual_seed(0)
    return Afloc(TINY).state_dict()


def save(path, state, prefix="afloc."):
    torch.save({"state_dict": {prefix + k: v for k, v in state.items()}}, path)
    return path


@pytest.mark.parametrize(
    "prefix", ["", "afloc.", "model.afloc.", "module.", "model.", "a.afloc.b."]
)
def test_weights_are_found_below_any_prefix(tmp_path, state, prefix):
    found = read_checkpoint(save(tmp_path / "x.ckpt", state, prefix), TINY)
    assert found.state.keys() == state.keys()
    assert all(torch.equal(found.state[n], state[n]) for n in state)
    assert (found.missing, found.unexpected, found.warnings) == ((), (), ())


def test_bare_state_dicts_and_safetensors_give_the_same(tmp_path, state):
    torch.save(state, tmp_path / "x.pt")
    save_file(state, tmp_path / "x.safetensors")
    for name in ("x.pt", "x.safetensors"):
        found = read_checkpoint(tmp_path / name, TINY).state
        assert all(torch.equal(found[n], state[n]) for n in state)


def test_half_precision_becomes_single(tmp_path, state):
    halves = {n: t.half() if t.is_floating_point() else t for n, t in state.items()}
    found = read_checkpoint(save(tmp_path / "x.ckpt", halves), TINY).state
    weight = "img_encoder.model.conv1.weight"
    assert found[weight].dtype == torch.float32
    assert torch.equal(found[weight], state[weight].half().float())


def test_counters_places_and_the_pooler_may_be_absent(tmp_path, state):
    state["text_encoder.model.embeddings.position_ids"] = torch.arange(97)[None]
    unused = [n for n in state if "pooler" in n or n.endswith("num_batches_tracked")]
    for name in unused:
        del state[name]
    found = read_checkpoint(save(tmp_path / "x.ckpt", state), TINY)
    assert sorted(found.missing) == sorted(unused)
    assert found.unexpected == ()
    Afloc(TINY).load_state_dict(found.state, strict=True)


def test_what_does_not_belong_is_listed(tmp_path, state):
    state["img_encoder.local_f_embedder.weight"] = torch.ones(2)
    state["criterion.scale"] = torch.ones(1)
    found = read_checkpoint(save(tmp_path / "x.ckpt", state, ""), TINY)
    assert found.unexpected == ("img_encoder.local_f_embedder.weight", "criterion.scale")


def test_missing_tensors_are_counted_and_named(tmp_path, state):
    del state["img_encoder.local_embedder.weight"]
    with pytest.raises(CheckpointError, match=r"lacks 1 of .*local_embedder") as caught:
        read_checkpoint(save(tmp_path / "x.ckpt", state), TINY)
    assert caught.value.remedy


def test_wrong_shapes_are_named_with_what_was_expected(tmp_path, state):
    state["img_encoder.global_embedder.bias"] = torch.zeros(17)
    with pytest.raises(CheckpointError, match="is 17 instead of 16"):
        read_checkpoint(save(tmp_path / "x.ckpt", state), TINY)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("img_encoder.model.conv1.weight", float("nan")),
        ("text_encoder.model.embeddings.LayerNorm.bias", float("inf")),
        ("img_encoder.model.bn1.running_var", -1.0),
    ],
)
def test_numbers_no_training_leaves_are_refused(tmp_path, state, name, number):
    state[name].flatten()[0] = number
    with pytest.raises(CheckpointError, match=name):
        read_checkpoint(save(tmp_path / "x.ckpt", state), TINY)


def test_the_same_tensor_under_two_prefixes_is_refused(tmp_path, state):
    name = "img_encoder.model.conv1.weight"
    twice = {**state, f"ema.{name}": state[name]}
    with pytest.raises(CheckpointError, match="twice"):
        read_checkpoint(save(tmp_path / "x.ckpt", twice), TINY)


@pytest.fixture
def absent_library():
    """Classes as OmegaConf's, in a module that is there while a file is written only."""
    module = types.ModuleType("omegaconf_of_the_past")

    def make(name):
        made = type(name, (), {"__module__": module.__name__})
        setattr(module, name, made)
        return made

    sys.modules[module.__name__] = module
    yield make("DictConfig"), make("AnyNode")
    sys.modules.pop(module.__name__, None)


def lightning(state, classes, word_num=97):
    """A checkpoint as Lightning writes it, its settings as nested foreign objects."""
    table, leaf = classes
    value = leaf()
    value.__dict__.update(_metadata=None, _val=word_num)
    text, data, root = table(), table(), table()
    text.__dict__.update(_content={"word_num": value}, _parent=data)
    data.__dict__.update(_content={"text": text})
    root.__dict__.update(_content={"data": data})
    return {
        "epoch": 4,
        "pytorch-lightning_version": "1.1.4",
        "callbacks": {table: {"best_model_score": torch.tensor(1.5)}},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": []}],
        "state_dict": {f"afloc.{name}": tensor for name, tensor in state.items()},
        "hyper_parameters": root,
    }


def test_a_lightning_checkpoint_opens_without_the_libraries_it_names(
    tmp_path, state, absent_library
):
    torch.save(lightning(state, absent_library), tmp_path / "x.ckpt")
    del sys.modules["omegaconf_of_the_past"]
    found = read_checkpoint(tmp_path / "x.ckpt", TINY)
    assert all(torch.equal(found.state[n], state[n]) for n in state)
    assert found.warnings == ()


def test_settings_of_another_network_are_told(tmp_path, state, absent_library):
    torch.save(lightning(state, absent_library, word_num=64), tmp_path / "x.ckpt")
    (warning,) = read_checkpoint(tmp_path / "x.ckpt", TINY).warnings
    assert "word_num = 64" in warning


def test_a_checkpoint_of_another_size_is_refused(tmp_path, state):
    wider = dataclasses.replace(TINY, text=dataclasses.replace(TINY.text, vocabulary=61))
    with pytest.raises(CheckpointError, match="60 × 16 instead of 61 × 16"):
        read_checkpoint(save(tmp_path / "x.ckpt", state), wider)


def test_hostile_files_are_refused_and_nothing_is_run(shared, tmp_path):
    before = set(glob.glob("/tmp/h6_canary*"))
    files = [p for p in (shared / "corpus/bundles").rglob("*") if p.is_file()]
    assert len(files) > 60
    for file in files:
        with pytest.raises(CheckpointError) as caught:
            read_checkpoint(file, TINY)
        assert caught.value.reason
        assert caught.value.remedy
    assert set(glob.glob("/tmp/h6_canary*")) == before
