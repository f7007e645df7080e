import builtins
import json

import pytest
import torch
from afloc_sites import SMALL, trained, vocabulary
from afloc_training.afloc import importing
from afloc_training.cli import main


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A checkpoint in small under the name of the smallest preset, and its vocabulary."""
    monkeypatch.setattr(importing, "PRESETS", {"tiny": SMALL})
    torch.save({"state_dict": trained(SMALL)}, tmp_path / "x.ckpt")
    text = "\n".join(vocabulary(SMALL.text.vocabulary))
    (tmp_path / "vocab.txt").write_text(text, encoding="utf-8")
    words = ["import-checkpoint", str(tmp_path / "x.ckpt"), "--vocab", str(tmp_path / "vocab.txt")]
    return [*words, "--modality", "cxr", "--output", str(tmp_path / "out"), "--preset", "tiny"]


def test_help_has_an_example_and_loads_nothing_heavy(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["import-checkpoint", "--help"])
    assert caught.value.code == 0
    assert "afloc-train import-checkpoint Pretrained_CXR.ckpt" in capsys.readouterr().out


def test_an_import_is_told_as_one_json_object(site, tmp_path, capsys):
    assert main([*site, "--id", "my-model", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["id"] == "my-model"
    assert len(told["sha256"]) == 64
    assert (told["missing"], told["unexpected"], told["warnings"]) == ([], [], [])
    assert (tmp_path / "out" / "bundle.json").is_file()


def test_an_import_is_told_to_a_person(site, capsys):
    assert main(site) == 0
    assert "the graphs equal torch" in capsys.readouterr().err


def test_a_checkpoint_that_cannot_be_used_is_told_with_what_to_do(site, tmp_path, capsys):
    (tmp_path / "x.ckpt").write_bytes(b"\x80\x02.")
    assert main([*site, "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    reason, remedy = printed.err.strip().splitlines()
    assert "1.6" in reason
    assert "safetensors" in remedy
    assert not (tmp_path / "out").exists()


def test_absent_libraries_are_told_with_what_to_install(site, capsys, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "afloc_training.afloc.importing":
            raise ModuleNotFoundError(name, name="torch")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main(site) == 2
    assert "pip install" in capsys.readouterr().err
