"""The vocabulary of a bundle, from its `tokenizer.json`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import BundleCorrupt
from afloc_desktop.core.text import WordPiece

if TYPE_CHECKING:
    from afloc_desktop.core.model.bundle import Bundle


def load_tokenizer(bundle: Bundle) -> WordPiece:
    """The tokenizer a bundle was trained with.

    Raises:
        BundleCorrupt: `tokenizer.json` holds no word-piece vocabulary.
    """
    try:
        model = json.loads(bundle.read("tokenizer.json").decode("utf-8"))["model"]
        vocabulary = {str(word): int(index) for word, index in model["vocab"].items()}
        if model["type"] != "WordPiece":
            raise ValueError(model["type"])
        return WordPiece(vocabulary, bundle.manifest.text)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise BundleCorrupt(
            "tokenizer.json holds no word-piece vocabulary.",
            remedy="Get the bundle again from its maker.",
        ) from error
