import json

import pytest

from afloc_desktop.cli import main
from afloc_desktop.core.dicom import trial
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.state import models


@pytest.fixture
def only_tiny(installed_tiny, monkeypatch, tmp_path):
    """The tiny bundle instead of the shipped one, with the sample study."""
    shipped = models.shipped
    places = {"bundles": tmp_path / "none"}
    monkeypatch.setattr(models, "shipped", lambda name: places.get(name) or shipped(name))
    return places


def test_bundles_decoders_and_the_sample_are_tried(only_tiny, capsysbinary):
    assert main(["self-test", "--json", "--provider", "cpu"]) == 0
    answer = json.loads(capsysbinary.readouterr().out)
    assert [report["bundle_id"] for report in answer["passed"]] == ["tiny"]
    assert answer["failed"] == []
    assert len(answer["decoders"]) == 5
    assert answer["sample"]["film"] == "effusion.dcm"
    assert answer["figures"]["peak_memory_mb"] > 20


def test_what_fails_is_named_and_costs_only_itself(only_tiny, afloc_home, monkeypatch, capsys):
    broken = UnreadableFile("The decoder died.", remedy="Install again.")
    monkeypatch.setattr(trial, "_fault", lambda name, frame: broken if name == "RLE" else None)
    only_tiny["sample"] = afloc_home / "nothing"
    assert main(["self-test"]) == 1
    said = capsys.readouterr()
    assert "passed tiny on CPUExecutionProvider" in said.out
    assert "passed decoders: JPEG, JPEG-LS" in said.out
    assert "failed RLE The decoder died. Install again." in said.err
    assert "failed sample study" in said.err


def test_an_installation_without_a_working_model_does_not_pass(only_tiny, afloc_home, capsys):
    (afloc_home / "bundles" / "tiny" / "image.onnx").write_bytes(b"x")
    assert main(["self-test"]) == 2
    assert "image.onnx" in capsys.readouterr().err
    (afloc_home / "bundles").rename(afloc_home / "elsewhere")
    assert main(["self-test"]) == 2
    assert "no model bundle" in capsys.readouterr().err
