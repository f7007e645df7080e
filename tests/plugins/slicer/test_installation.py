import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest
import slicer_source
from phantom_files import dot_film, write_film

pytestmark = pytest.mark.slicer_core

ROOT = Path(__file__).resolve().parents[3]
REQUIREMENTS = ROOT / "plugins/slicer/AFLoc/Resources/requirements.txt"


@pytest.fixture
def installation(runtime):
    from AFLocLib import installation

    return installation


@pytest.fixture
def program(tmp_path, installation):
    """Make an empty program in a folder; gives back its path."""

    def make(folder):
        path = tmp_path / folder / installation.PROGRAM
        path.parent.mkdir(parents=True)
        path.touch(mode=0o755)
        return str(path)

    return make


def test_the_chosen_program_comes_before_any_that_is_found(installation, program):
    chosen, other = program("chosen"), program("other")
    engine = installation.find_engine(chosen, {"AFLOC_ENGINE": other})
    assert engine.command == (chosen,)
    assert not engine.is_in_slicer


def test_a_chosen_program_that_is_gone_is_not_replaced_silently(installation, program):
    assert installation.find_engine("/nowhere", {"AFLOC_ENGINE": program("other")}) is None


@pytest.mark.skipif(os.name != "posix", reason="folders of Linux and macOS")
@pytest.mark.parametrize("place", ["named", "path", "home"])
def test_the_program_is_found_where_it_usually_is(installation, program, tmp_path, place):
    path = program(".local/bin")
    environment = {
        "named": {"AFLOC_ENGINE": path},
        "path": {"PATH": str(Path(path).parent)},
        "home": {"HOME": str(tmp_path)},
    }[place]
    assert installation.find_engine("", environment).command == (path,)


def test_what_was_installed_into_slicer_runs_on_its_python(installation, monkeypatch):
    monkeypatch.setattr(
        installation.shutil,
        "which",
        lambda name, path=None: "/slicer/PythonSlicer" if name == "PythonSlicer" else None,
    )
    engine = installation.find_engine("", {})
    assert engine.command == ("/slicer/PythonSlicer", "-m", "afloc_desktop.engine")
    assert engine.is_in_slicer


def test_nothing_is_made_up_where_there_is_no_engine(installation, monkeypatch):
    monkeypatch.setattr(installation.shutil, "which", lambda name, path=None: None)
    assert installation.find_engine("", {}) is None


@pytest.fixture
def installs(slicer, monkeypatch):
    """What pip was asked for."""
    asked = []
    monkeypatch.setattr(slicer.util, "pip_install", lambda words: asked.append(words))
    return asked


def test_slicers_own_way_to_install_is_used_where_there_is_one(installation, installs, monkeypatch):
    packaging = types.ModuleType("slicer.packaging")
    packaging.load_requirements = lambda path: Path(path).name
    packaging.pip_ensure = lambda wanted, requester: installs.append((wanted, requester))
    monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
    installation.install_into_slicer(str(REQUIREMENTS), "/afloc.whl")
    assert installs == [("requirements.txt", "AFLoc"), ["--no-deps", "/afloc.whl"]]


@pytest.mark.skipif(not slicer_source.folder(), reason=f"needs {slicer_source.SWITCH}")
def test_slicer_reads_the_list_and_finds_what_is_there(slicer):
    from slicer.packaging import load_requirements, pip_check

    wanted = load_requirements(str(REQUIREMENTS))
    assert "onnxruntime" in {requirement.name for requirement in wanted}
    assert all(pip_check(requirement) for requirement in wanted)
    assert not pip_check("no-such-package>=1")


def test_older_slicers_install_with_pip(installation, installs, monkeypatch):
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)
    installation.install_into_slicer("list.txt", "/afloc.whl")
    assert installs == [["-r", "list.txt"], ["--no-deps", "/afloc.whl"]]


def test_the_light_slice_is_all_that_the_engine_needs(installed_tiny, tmp_path):
    """A localization where only what is listed, and what Slicer brings, can be imported."""
    film = write_film(tmp_path / "film.dcm", dot_film())
    request = {
        "id": 1,
        "do": "localize",
        "file": str(film),
        "findings": ["bright"],
        "bundle": "tiny",
        "output": str(tmp_path / "o"),
    }
    listed = re.findall(r"^([\w-]+)", REQUIREMENTS.read_text(), re.MULTILINE)
    assert "torch" not in listed
    brought = ["numpy", "simpleitk", "afloc-desktop", "flatbuffers", "protobuf", "packaging"]
    code = f"""
import io, json, sys
from importlib.metadata import packages_distributions
there = set({[*listed, *brought]!r})
for name, owners in packages_distributions().items():
    if not there & {{owner.lower() for owner in owners}}:
        sys.modules[name] = None
from afloc_desktop.engine import Engine
said = io.BytesIO()
asked = json.dumps({request!r}) + "\\n" + json.dumps({{"do": "bye"}}) + "\\n"
Engine(io.BytesIO(asked.encode()), said).serve()
print(said.getvalue().decode())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "results" in json.loads(done.stdout.splitlines()[1]), done.stdout
