import json
from importlib import resources

import pytest

from afloc_desktop.core.export import codes
from afloc_desktop.core.export.codes import Code


def shipped_ids():
    text = (resources.files("afloc_resources") / "bundles/afloc-cxr-base/bundle.json").read_text()
    return [finding["id"] for finding in json.loads(text)["findings"]]


EVERY = [value for value in vars(codes).values() if isinstance(value, Code)]
EVERY += [*codes.DECISIONS.values(), *map(codes.finding_code, shipped_ids())]


@pytest.mark.parametrize("code", EVERY, ids=lambda code: code.value)
def test_a_code_fits_its_elements(code):
    assert 0 < len(code.value) <= 16
    assert 0 < len(code.scheme) <= 16
    assert 0 < len(code.meaning) <= 64


def test_no_code_means_two_things():
    meanings = {}
    for code in EVERY:
        assert meanings.setdefault(code[:2], code.meaning) == code.meaning


@pytest.mark.parametrize("finding_id", shipped_ids())
def test_every_finding_of_the_shipped_model_has_a_code_of_its_own(finding_id):
    assert codes.finding_code(finding_id) != codes.IN_WORDS


def test_what_only_words_say_has_the_code_that_says_so():
    assert codes.finding_code("text") == codes.IN_WORDS
    assert codes.site_code("text") is None


def test_a_similarity_is_called_neither_certainty_nor_probability():
    assert codes.SIMILARITY.scheme == codes.SCHEME
    assert codes.SIMILARITY.meaning == "Image-text similarity"
    assert len({codes.SIMILARITY, codes.PROBABILITY, codes.THRESHOLD}) == 3
