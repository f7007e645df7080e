import importlib
import tomllib
from pathlib import Path

import exported
import numpy as np
import pytest

from afloc_desktop.core.export.pseudonyms import Pseudonyms
from afloc_desktop.core.export.selection import FilmResults, Selection

FOLDER = Path(__file__).resolve().parents[3] / "plugins/example_exporter"


@pytest.fixture
def exporter(monkeypatch):
    """Made as the entry point says."""
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ((name, target),) = project["entry-points"]["afloc_desktop.exporters"].items()
    module, maker = target.split(":")
    monkeypatch.syspath_prepend(FOLDER)
    made = getattr(importlib.import_module(module), maker)()
    assert made.id == name
    return made


def selection(make_image, **changes):
    image = make_image(np.zeros((120, 100)))
    one = exported.statement(image, "Smith effusion", finding_id="text", origin="typed")
    other = exported.statement(image, "Nodule", regions=())
    gone = exported.statement(image, "Mass", status="rejected", author="A")
    return Selection((FilmResults(image, (one, other, gone)),), **changes)


def test_each_finding_that_was_not_rejected_is_a_line(exporter, make_image, tmp_path):
    (path,) = exporter.write(selection(make_image), tmp_path / "out")
    assert path.read_text(encoding="utf-8").splitlines() == [
        "film 1: Smith effusion, image-text similarity 0.81, 1 regions, proposed",
        "film 1: Nodule, image-text similarity 0.81, below threshold, proposed",
    ]
    (again,) = exporter.write(selection(make_image), tmp_path / "out")
    assert again != path


def test_typed_words_stay_where_the_patient_stays(exporter, make_image, tmp_path):
    (path,) = exporter.write(selection(make_image, pseudonyms=Pseudonyms()), tmp_path / "out")
    assert "Smith" not in path.read_text(encoding="utf-8")


def test_nothing_is_written_of_nothing(exporter, tmp_path):
    assert exporter.write(Selection(()), tmp_path / "out") == ()
    assert not (tmp_path / "out").exists()
