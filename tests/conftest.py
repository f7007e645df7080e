"""What every test stands on: no display, no network, a home of its own, the shared data."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def afloc_home(tmp_path_factory, monkeypatch) -> Path:
    """Nothing a test writes reaches the home of whoever runs it."""
    home = tmp_path_factory.mktemp("afloc-home")
    monkeypatch.setenv("AFLOC_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def shared() -> Path:
    """The development data beside the checkout; its absence fails only where it is promised."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        if os.environ.get("AFLOC_REQUIRE_SHARED") == "1":
            pytest.fail("AFLOC_REQUIRE_SHARED is set, but ../shared is not there")
        pytest.skip("needs ../shared")
    return folder
