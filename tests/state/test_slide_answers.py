from types import SimpleNamespace

import numpy as np
import pytest
from doubles import FakeLocalizer

from afloc_desktop.core.domain import IdentityKey, Prompt
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.slides.answers import SlideAnswer, SlideMap
from afloc_desktop.state.slide_answers import as_answers

ASKED = Prompt("effusion", "preset")


def found(similarity):
    key = IdentityKey("1", 1, "slide", "bundle", "print", "effusion")
    return SlideAnswer(
        question=FakeLocalizer().understand("effusion"),
        map=SlideMap(similarity, Point(0, 0), (32.0, 32.0), key),
        finding=SimpleNamespace(similarity=0.9, provenance=SimpleNamespace(bundle_id="fake")),
        evidence=None,
    )


def test_an_answer_on_a_slide_has_the_numbers_of_one_on_a_film():
    similarity = np.array([[np.nan, 0.1], [0.4, 0.9]], np.float32)
    (answer,) = as_answers({ASKED: found(similarity)}, {}).values()
    assert (answer.prompt, answer.similarity, answer.heatmap.bundle_id) == (ASKED, 0.9, "fake")
    assert answer.extent == pytest.approx(0.1 + 0.7 * 0.8)
    assert answer.heatmap.similarity is similarity
    assert answer.heatmap.key.pixel_sha256 == "slide"


def test_an_answer_that_has_not_changed_stays_the_same():
    answer = found(np.full((2, 2), 0.5, np.float32))
    before = as_answers({ASKED: answer}, {})
    assert as_answers({ASKED: answer}, before)[ASKED] is before[ASKED]
    newer = found(np.full((2, 2), 0.5, np.float32))
    assert as_answers({ASKED: newer}, before)[ASKED] is not before[ASKED]
