import json
from importlib import resources

import pytest
from pydicom.sr._concepts_dict import concepts

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


def check_of(digits):
    """Verhoeff's: 0 where the last digit fits the others, as in every SNOMED CT identifier."""

    def times(a, b):
        """In the symmetries of a pentagon: 0 to 4 turn it, 5 to 9 turn it over."""
        if a < 5:
            return (a + b) % 5 + (0 if b < 5 else 5)
        return (a - b) % 5 + 5 if b < 5 else (a - b) % 5

    check = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        for _ in range(place % 8):
            digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
        check = times(check, digit)
    return check


def test_what_is_borrowed_from_a_vocabulary_is_no_slip_of_a_finger():
    borrowed = {code for code in (*EVERY, *map(codes.site_code, shipped_ids())) if code}
    known = {
        scheme: {value: words for name in names.values() for value, (words, _) in name.items()}
        for scheme, names in concepts.items()
    }
    for code in borrowed:
        if code.scheme == "SCT":
            assert check_of(code.value) == 0, code
        if code.value in known.get(code.scheme, {}) and code.scheme in ("SCT", "DCM"):
            first = code.meaning.casefold().split()[0]
            assert known[code.scheme][code.value].casefold().startswith(first[:5]), code
    assert check_of("95436006") != 0
