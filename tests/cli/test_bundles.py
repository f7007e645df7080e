import json
import zipfile

import pytest

from afloc_desktop.cli import main
from afloc_desktop.state import trainer


@pytest.fixture
def packed(tiny_bundle, tmp_path):
    path = tmp_path / "tiny.aflocbundle"
    with zipfile.ZipFile(path, "w") as archive:
        for file in tiny_bundle.iterdir():
            archive.write(file, file.name)
    return path


def test_a_bundle_is_installed_chosen_and_removed(packed, capsysbinary):
    assert main(["bundles", "install", str(packed), "--json"]) == 0
    told = json.loads(capsysbinary.readouterr().out)
    assert told["id"] == "tiny"
    assert len(told["sha256"]) == 64
    assert main(["bundles", "use", "tiny", "--json"]) == 0
    assert json.loads(capsysbinary.readouterr().out)["id"] == "tiny"
    assert main(["findings", "--json"]) == 0
    assert json.loads(capsysbinary.readouterr().out)["bundle"]["id"] == "tiny"
    assert main(["bundles", "remove", "tiny", "--json"]) == 0
    assert json.loads(capsysbinary.readouterr().out) == {"id": "tiny", "removed": True}
    assert main(["findings", "--json"]) == 0
    assert json.loads(capsysbinary.readouterr().out)["bundle"]["id"] != "tiny"


def test_people_are_told_in_words(packed, capsys):
    for words, said in (
        (["install", str(packed)], "tiny is installed"),
        (["use", "tiny"], "tiny answers from now on"),
        (["remove", "tiny"], "tiny is removed"),
    ):
        assert main(["bundles", *words]) == 0
        assert said in capsys.readouterr().out


def test_what_cannot_be_installed_is_told_with_what_to_do(packed, capsys):
    packed.write_bytes(packed.read_bytes()[:-100])
    assert main(["bundles", "install", str(packed)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Get the bundle again" in printed.err


@pytest.mark.parametrize("is_json", [True, False])
def test_an_import_hands_its_options_on_and_tells_what_came_of_it(
    monkeypatch, capsys, is_json, tmp_path
):
    told = {"id": "m", "sha256": "0", "missing": ["a"], "unexpected": [], "warnings": ["w"]}
    told |= {"thresholds": "on 42 films"}
    asked = []
    monkeypatch.setattr(
        trainer, "import_checkpoint", lambda request, paths: asked.append(request) or told
    )
    words = ["bundles", "import-checkpoint", "x.ckpt", "--vocab", "v.txt", "--modality", "fundus"]
    words += ["--mode", "calibrated"]
    assert main([*words, *["--json"] * is_json]) == 0
    printed = capsys.readouterr()
    (request,) = asked
    assert (request.modality, request.cleaning, request.bundle_id, request.mode) == (
        "fundus",
        "afloc-words",
        None,
        "calibrated",
    )
    if is_json:
        assert json.loads(printed.out) == told
    else:
        assert printed.out.startswith("m is installed")
        assert "missing: a" in printed.err
        assert "warnings: w" in printed.err
        assert "on 42 films" in printed.err


@pytest.mark.parametrize("action", ["install", "remove", "use", "import-checkpoint"])
def test_every_action_has_an_example(action, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["bundles", action, "--help"])
    assert caught.value.code == 0
    assert f"example: afloc bundles {action}" in capsys.readouterr().out
