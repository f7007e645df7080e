import json

from afloc_desktop.cli import main


def test_findings_are_listed_with_prompts_and_thresholds(installed_tiny, capsysbinary):
    assert main(["findings", "--bundle", installed_tiny, "--json"]) == 0
    answer = json.loads(capsysbinary.readouterr().out)
    assert [f["id"] for f in answer["findings"]] == ["bright_spot", "dark_spot"]
    assert answer["findings"][0]["threshold"] == 0.8
    assert main(["findings", "--bundle", installed_tiny]) == 0
    assert b"Bright spot" in capsysbinary.readouterr().out


def test_bundles_are_listed_with_their_identity(installed_tiny, capsysbinary):
    main(["bundles", "list", "--json"])
    entries = json.loads(capsysbinary.readouterr().out)["bundles"]
    (tiny,) = [e for e in entries if e.get("id") == "tiny"]
    assert len(tiny["sha256"]) == 64
    assert tiny["shipped"] is False


def test_a_damaged_bundle_is_listed_with_its_fault(installed_tiny, afloc_home, capsys):
    (afloc_home / "bundles" / "tiny" / "text.onnx").write_bytes(b"x")
    assert main(["bundles", "list"]) in (1, 2)
    assert "text.onnx" in capsys.readouterr().err


def test_info_shows_the_card(installed_tiny, capsys):
    assert main(["bundles", "info", installed_tiny]) == 0
    assert "# Tiny" in capsys.readouterr().out


def test_verify_takes_an_id_or_a_folder(installed_tiny, tiny_bundle, capsys):
    assert main(["bundles", "verify", installed_tiny]) == 0
    assert main(["bundles", "verify", str(tiny_bundle)]) == 0
    assert "right" in capsys.readouterr().out


def test_verify_names_the_damaged_file(tiny_bundle, capsys):
    (tiny_bundle / "image.onnx").write_bytes(b"x")
    assert main(["bundles", "verify", str(tiny_bundle)]) == 2
    assert "image.onnx" in capsys.readouterr().err


def test_a_provider_that_is_not_there_is_told(tiny_bundle, capsys):
    assert main(["bundles", "verify", str(tiny_bundle), "--provider", "directml"]) == 2
    assert "'directml' is not usable here" in capsys.readouterr().err
