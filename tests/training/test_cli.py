from __future__ import annotations

import builtins

import pytest
from afloc_training import default_bundle
from afloc_training.cli import main

from afloc_desktop.core.errors import CheckpointError


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["default-bundle", "--help"])
    assert caught.value.code == 0
    assert "afloc-train default-bundle --data" in capsys.readouterr().out


def test_a_verb_that_does_not_exist_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["fine-tune"])
    assert caught.value.code == 2
    assert "default-bundle" in capsys.readouterr().err


def test_a_missing_recipe_is_told_with_its_remedy(tmp_path, capsys):
    arguments = ["default-bundle", "--data", str(tmp_path), "--output", str(tmp_path / "out")]
    assert main([*arguments, "--recipe", str(tmp_path / "none.toml")]) == 2
    printed = capsys.readouterr()
    assert "none.toml cannot be read" in printed.err
    assert "default-cxr.toml" in printed.err
    assert printed.out == ""


def test_missing_weights_are_told_before_anything_is_written(tmp_path, capsys, monkeypatch):
    def absent():
        raise CheckpointError("Not installed.", remedy="Install them.")

    monkeypatch.setattr(default_bundle, "backbone_state", absent)
    arguments = ["default-bundle", "--data", str(tmp_path), "--output", str(tmp_path / "out")]
    assert main(arguments) == 2
    assert capsys.readouterr().err == "afloc-train: Not installed.\nInstall them.\n"
    assert list(tmp_path.iterdir()) == []


def test_without_the_training_libraries_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("builtins.__import__", _without_torch(builtins.__import__))
    assert main(["default-bundle", "--data", "x", "--output", "y"]) == 2
    told = capsys.readouterr().err
    assert "torch is missing" in told
    assert "afloc-desktop[train]" in told


def _without_torch(original):
    def refuse(name, *rest):
        if name == "afloc_training.default_bundle":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return original(name, *rest)

    return refuse
