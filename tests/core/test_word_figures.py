import dataclasses
from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest

from afloc_desktop.core.domain import Heatmap, IdentityKey, Prompt
from afloc_desktop.core.prompts import chest_probes
from afloc_desktop.core.regions import RegionCase
from afloc_desktop.core.understanding import Question
from afloc_desktop.core.word_figures import word_figures


class FakeLocalizer:
    """Looks left where "left" is said and else right; refuses words about a cat."""

    manifest = SimpleNamespace(
        findings=(SimpleNamespace(id="pleural_effusion", label="Pleural effusion"),)
    )

    def understand(self, words):
        origin = "preset" if words == "Effusion" else "typed"
        question = Question(Prompt(words, origin), "text", words, 0.5, 1.0, None, None, (), ())
        return question if "cat" not in words else _refused(question)

    def localize(self, film, prompt):
        values = np.zeros((10, 10), np.float32)
        values[5, 7 if "left" in prompt.words else 2] = 0.9
        key = IdentityKey("", 1, film.pixel_sha256, "", "", prompt.words)
        return Heatmap(values, (10.0, 10.0), prompt, "fake", key, ())


def _refused(question):
    return dataclasses.replace(question, is_related=False)


def case(image, label, x):
    return RegionCase(image, f"patient of {image}", label, ((x, 0.4, 0.3, 0.3),), ())


@pytest.fixture
def figures(tmp_path):
    for n in range(3):
        PIL.Image.fromarray(np.full((100, 100), n, np.uint8)).save(tmp_path / f"{n}.png")
    cases = [
        case("0.png", "Effusion", 0.1),  # the patient's right
        case("1.png", "Effusion", 0.6),  # left
        case("2.png", "Effusion", 0.3),  # across the midline
        case("2.png", "Zebra", 0.1),
    ]
    patients = {f"{n}.png": f"patient of {n}.png" for n in range(3)}
    return word_figures(FakeLocalizer(), patients, cases, images=tmp_path)


def test_phrasings_that_get_one_map_correlate_fully(figures):
    assert [row.label for row in figures.phrasings] == ["Pleural effusion"]
    assert figures.phrasing.value == pytest.approx(1)
    assert (figures.films, figures.admitted) == (3, 1.0)


def test_unrelated_words_are_above_by_similarity_and_present_only_where_admitted(figures):
    rows = {row.text: row for row in figures.unrelated}
    assert set(rows) == set(chest_probes().reported)
    assert (rows["a photograph of a cat"].above, rows["a photograph of a cat"].present) == (1, 0)
    assert rows["The weather is nice today."].present == 1
    assert figures.above.value == 1
    refused = sum("cat" in text for text in rows)
    assert figures.present.value == pytest.approx(1 - refused / len(rows))


def test_a_named_side_is_compared_with_the_other(figures):
    side = figures.side
    assert side.cases == 2
    # The peak at x 25 or 75, y 55 lies in boxes from 10 to 40 and 60 to 90, rows 40 to 70.
    assert (side.correct.value, side.wrong.value, side.difference.value) == (1, 0, 1)
    assert side.moved.value == 1
