"""What every test stands on: no display, no network, a home of its own, the shared data."""

import hashlib
import os
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from bars import LATEST_S

from afloc_desktop.core.domain import Image, ImageRef, Orientation, read_only

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def afloc_home(tmp_path_factory, monkeypatch) -> Path:
    """Nothing a test writes reaches the home of whoever runs it."""
    home = tmp_path_factory.mktemp("afloc-home")
    monkeypatch.setenv("AFLOC_HOME", str(home))
    return home


@pytest.fixture
def qtbot(qtbot):
    """Waits end with what they wait for; only what never comes runs into their limit."""
    for name in ("waitUntil", "waitSignal"):
        setattr(qtbot, name, partial(getattr(qtbot, name), timeout=int(1000 * LATEST_S)))
    return qtbot


@pytest.fixture(scope="session")
def shared() -> Path:
    """The development data beside the checkout; its absence fails only where it is promised."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        if os.environ.get("AFLOC_REQUIRE_SHARED") == "1":
            pytest.fail("AFLOC_REQUIRE_SHARED is set, but ../shared is not there")
        pytest.skip("needs ../shared")
    return folder


@pytest.fixture(scope="session")
def tiny_bundle_master(tmp_path_factory) -> Path:
    """The tiny bundle, made once; tests that change it take `tiny_bundle`."""
    import tiny_bundle

    return tiny_bundle.make(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture
def tiny_bundle(tiny_bundle_master, tmp_path) -> Path:
    """A copy of the tiny bundle that a test may damage."""
    return Path(shutil.copytree(tiny_bundle_master, tmp_path / "bundles" / "tiny"))


@pytest.fixture
def make_image():
    """Films from arrays, as the reader of DICOM would give them."""

    def make(pixels, **changes) -> Image:
        values = np.asarray(pixels, np.float32)
        rows, columns = values.shape
        fields = {
            "ref": ImageRef(Path("film.dcm"), 1, "1.2.3", rows, columns, 1),
            "pixels": read_only(np.ascontiguousarray(values)),
            "is_inverted": False,
            "padding": None,
            "voi": (),
            "spacing": None,
            "pixel_sha256": hashlib.sha256(values.tobytes()).hexdigest(),
            "orientation": Orientation("L", "F"),
            "warnings": (),
        }
        return Image(**{**fields, **changes})

    return make


@pytest.fixture
def installed_tiny(tiny_bundle_master, afloc_home) -> str:
    """The tiny bundle, installed where the application looks; its id."""
    shutil.copytree(tiny_bundle_master, afloc_home / "bundles" / "tiny")
    return "tiny"


@pytest.fixture(scope="session")
def huge_slide(tmp_path_factory) -> Path:
    """The folder of a slide of 100,000 x 100,000 pixels, 8 levels, 51,000 tiles; 170 MB."""
    from slides_made import make_slide

    folder = tmp_path_factory.mktemp("huge")
    make_slide(folder, 100_000, 100_000, tile=512)
    return folder


@pytest.fixture
def study(tmp_path) -> Path:
    """A folder of two films: a dot at (30, 40), and its MONOCHROME1 twin."""
    from phantom_files import dot_film, write_film

    folder = tmp_path / "study"
    write_film(folder / "a.dcm", dot_film())
    write_film(folder / "b.dcm", 4095 - dot_film(), PhotometricInterpretation="MONOCHROME1")
    return folder
