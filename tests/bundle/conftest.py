"""A built folder of programs: made here with AFLOC_BUNDLE=build, else taken from where it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "resources" / "installers"))  # scripts of the build, no package

import make  # noqa: E402


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """The folder `AFLoc`; a test that needs it is skipped where there is none."""
    wanted = os.environ.get("AFLOC_BUNDLE", "")
    if wanted == "build":
        output = tmp_path_factory.mktemp("built")
        make.build(output, has_trainer=True)
        return output / make.FOLDER
    folder = Path(wanted or ROOT / "dist/AFLoc")
    if not (folder / "afloc").is_file():
        pytest.skip("no programs were built; AFLOC_BUNDLE=build builds them")
    return folder


@pytest.fixture(scope="session")
def installed(built, tmp_path_factory) -> Path:
    """The programs in a folder whose name is awkward; hard links, so that it costs nothing."""
    place = tmp_path_factory.mktemp("opt") / "Räume für Ärzte ë"
    place.mkdir()
    subprocess.run(["cp", "-al", built, place / "AFLoc"], check=True)
    return place / "AFLoc"
