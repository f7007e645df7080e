import os
import subprocess
import sys
from pathlib import Path

import pytest

from afloc_desktop.core.errors import AflocError, BundleError, CheckpointError
from afloc_desktop.state import trainer
from afloc_desktop.state.models import find
from afloc_desktop.state.paths import Paths
from afloc_desktop.state.trainer import ImportRequest, import_checkpoint, run_trainer

# Stands in for the training module: copies a finished bundle, or does what the file name says.
_PRETENDER = """
import json, pathlib, shutil, sys
checkpoint = pathlib.Path(sys.argv[2])
options = {sys.argv[n]: sys.argv[n + 1] for n in range(4, len(sys.argv) - 1, 2)}
if checkpoint.name == "hostile.ckpt":
    sys.exit("afloc-train: The checkpoint asks for os.system to be run.\\nUse another file.")
if checkpoint.name == "dies.ckpt":
    sys.exit(3)
if checkpoint.name == "crashes.ckpt":
    raise RuntimeError("boom")
shutil.copytree(SOURCE, options["--output"])
told = {"id": "tiny", "sha256": "0", "missing": [], "unexpected": ["x"], "warnings": []}
print(json.dumps({"event": "imported", **told, "options": options}))
"""


@pytest.fixture
def pretender(tmp_path, tiny_bundle, monkeypatch):
    """A training module of our own, found before the real one by the child process."""
    package = tmp_path / "lib" / "afloc_training"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    code = f"SOURCE = {str(tiny_bundle)!r}\n{_PRETENDER}"
    (package / "cli.py").write_text(code, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.fspath(package.parent))


def request(name="x.ckpt", **changes):
    fields = {"modality": "cxr", "cleaning": "afloc", "bundle_id": None}
    return ImportRequest(Path(name), Path("vocab.txt"), **{**fields, **changes})


def test_an_imported_checkpoint_is_installed_and_told(pretender, afloc_home):
    told = import_checkpoint(request(bundle_id="own"), Paths.default())
    assert {n: told[n] for n in ("id", "missing", "unexpected", "warnings")} == {
        "id": "tiny", "missing": [], "unexpected": ["x"], "warnings": [],
    }  # fmt: skip
    assert "event" not in told
    assert told["options"]["--vocab"] == str(Path("vocab.txt").absolute())
    assert told["options"]["--modality"] == "cxr"
    assert told["options"]["--cleaning"] == "afloc"
    assert told["options"]["--mode"] == "official"
    assert told["options"]["--id"] == "own"
    assert find(Paths.default(), "tiny").manifest.id == "tiny"
    assert [p.name for p in Paths.default().bundles.iterdir()] == ["tiny"]


def test_what_the_trainer_refuses_is_told_in_its_words(pretender, afloc_home):
    with pytest.raises(CheckpointError, match=r"os\.system") as caught:
        import_checkpoint(request("hostile.ckpt"), Paths.default())
    assert caught.value.remedy == "Use another file."
    assert list(Paths.default().bundles.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "said"), [("dies.ckpt", "without a word"), ("crashes.ckpt", "boom")]
)
def test_a_trainer_that_dies_is_told(pretender, afloc_home, name, said):
    with pytest.raises(CheckpointError, match=said) as caught:
        import_checkpoint(request(name), Paths.default())
    assert "pip install" in caught.value.remedy


def test_a_bundle_that_cannot_be_used_is_not_installed(pretender, tiny_bundle, afloc_home):
    (tiny_bundle / "text.onnx").write_bytes(b"x")
    with pytest.raises(BundleError):
        import_checkpoint(request(), Paths.default())
    assert list(Paths.default().bundles.iterdir()) == []


def test_an_absent_training_module_is_told_with_what_to_install(monkeypatch):
    monkeypatch.setattr(trainer, "find_spec", lambda name: None)
    with pytest.raises(AflocError, match="not installed") as caught:
        run_trainer(["import-checkpoint"])
    assert "pip install" in caught.value.remedy


def test_an_installed_program_starts_the_trainer_beside_it(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "afloc"))
    with pytest.raises(AflocError, match="not installed") as caught:
        trainer.trainer_command()
    assert "pip" not in caught.value.remedy
    (tmp_path / "afloc-train").touch()
    assert trainer.trainer_command() == [str(tmp_path / "afloc-train")]


def test_a_trainer_without_end_is_stopped(monkeypatch):
    def endless(command, **options):
        assert command[0] == sys.executable
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(subprocess, "run", endless)
    with pytest.raises(CheckpointError, match="hour"):
        run_trainer(["import-checkpoint"])
