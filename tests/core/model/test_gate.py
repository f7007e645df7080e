import numpy as np
import pytest
import tiny_bundle as tiny

from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.model.gate import Gate
from afloc_desktop.core.model.session import Sessions
from afloc_desktop.core.model.tokenizer import load_tokenizer


def gate(folder):
    bundle = load_bundle(folder)
    return Gate(bundle, Sessions(bundle, "cpu"), load_tokenizer(bundle))


def test_words_pass_that_are_like_a_reference(tiny_bundle):
    tiny.gate(tiny_bundle)
    asked = gate(tiny_bundle)
    assert asked.admits("bright zebra")
    assert not asked.admits("zebra")
    # Both words at once lie halfway between the two references.
    assert asked.similarity("bright dark") == pytest.approx(np.sqrt(0.5), abs=1e-3)


def test_any_words_pass_where_there_is_no_gate(tiny_bundle):
    assert gate(tiny_bundle).admits("zebra")


def test_typed_words_are_asked_and_nothing_else_is_loaded_for_them(tiny_bundle):
    tiny.gate(tiny_bundle)
    localizer = Localizer.open(tiny_bundle, provider="cpu")
    assert localizer.understand("there spot zebra").is_related is False
    assert localizer.understand("right bright spot").is_related is True
