import json

import numpy as np
import pytest

from afloc_desktop.core.domain import Prompt, Skipped
from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.export.results import ResultsFolder, answer_prompt
from afloc_desktop.core.localize import Localizer


@pytest.fixture
def localizer(tiny_bundle):
    return Localizer.open(tiny_bundle, provider="cpu")


def write(folder, localizer, image, formats=("json", "npz", "png", "csv")):
    results = ResultsFolder(folder, frozenset(formats))
    answers = [answer_prompt(localizer, image, Prompt(w, "typed")) for w in ("bright", "dark")]
    results.add(image, localizer, answers)
    return results.finish([Skipped(folder / "x", "It is empty.", "Copy it again.")])


def test_what_is_returned_is_what_is_written(tmp_path, localizer, make_image):
    document = write(tmp_path / "o", localizer, make_image(np.eye(96)))
    assert json.loads((tmp_path / "o" / "results.json").read_text()) == document
    assert document["skipped"][0]["remedy"] == "Copy it again."


def test_maps_are_written_as_they_were_computed(tmp_path, localizer, make_image):
    image = make_image(np.eye(96))
    document = write(tmp_path / "o", localizer, image)
    name = document["images"][0]["findings"][0]["map"]
    with np.load(tmp_path / "o" / name, allow_pickle=False) as stored:
        expected = localizer.localize(image, Prompt("bright", "typed")).similarity
        assert np.array_equal(stored["map"], expected)
        assert stored["regions"].shape == expected.shape
        assert stored["regions"].max() == len(document["images"][0]["findings"][0]["boxes"])


def test_a_folder_that_refuses_is_an_export_error(tmp_path, localizer, make_image):
    (tmp_path / "o").write_bytes(b"")
    with pytest.raises(ExportError):
        write(tmp_path / "o", localizer, make_image(np.eye(96)))


def test_a_film_of_one_row_is_written_too(tmp_path, localizer, make_image):
    document = write(tmp_path / "o", localizer, make_image(np.arange(300.0)[None]))
    assert document["images"][0]["rows"] == 1
