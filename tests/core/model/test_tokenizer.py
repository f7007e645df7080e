import json

import pytest
import tiny_bundle as tiny

from afloc_desktop.core.errors import BundleCorrupt
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.model.tokenizer import load_tokenizer


def test_the_vocabulary_is_the_bundles_own(tiny_bundle):
    tokenizer = load_tokenizer(load_bundle(tiny_bundle))
    assert tokenizer.encode("bright spot") == [2, 4, 6, 3]


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"model": {"type": "BPE", "vocab": {"a": 1}}},
        {"model": {"type": "WordPiece", "vocab": {"a": 1}}},
        {"model": {"type": "WordPiece", "vocab": []}},
    ],
)
def test_what_is_no_word_piece_vocabulary_is_corrupt(tiny_bundle, document):
    (tiny_bundle / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")
    tiny.sign(tiny_bundle, tiny.manifest())
    with pytest.raises(BundleCorrupt, match="word-piece"):
        load_tokenizer(load_bundle(tiny_bundle))
