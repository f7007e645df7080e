"""Names of files as faults may show them: paths of a site often hold the patient's name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from afloc_training.site.words import CLINICAL, NAMES

if TYPE_CHECKING:
    from collections.abc import Set

HIDDEN = "…"
_PIECES = re.compile(r"[^\W\d_]+|\d+|[\W_]+")
_HUMPS = re.compile(r"[A-ZÀ-Þ]+(?![a-zà-ÿ])|[A-ZÀ-Þ]?[a-zà-ÿ]+|\w+")
_MOST_DIGITS = 5
_LONGEST_CODE = 2  # letters, such as "pa", "cr", "IM": no name is that short
_PLAIN_TEXT = """
image images img film films dicom dcm study studies series report reports chest xray data train test
dev val site export exports table tables patient case scan png jpg jpeg csv tsv jsonl xlsx txt pdf
hl zip frontal lateral pa ap lat missing
"""
_PLAIN = frozenset(_PLAIN_TEXT.split())


def shown(path: str, vocabulary: Set[str], named: Set[str]) -> str:
    """A path without what may identify: unknown words, names, dates and long numbers are hidden.

    Args:
        path: Below the data folder.
        vocabulary: Words of the text encoder, lower case.
        named: Parts of names and numbers known from headers and tables, lower case.
    """
    shown_pieces = [
        piece if _is_harmless(piece, vocabulary, named) else HIDDEN
        for piece in _PIECES.findall(path)
    ]
    return re.sub(f"{HIDDEN}(?:[.^ _-]*{HIDDEN})+", HIDDEN, "".join(shown_pieces))


def _is_harmless(piece: str, vocabulary: Set[str], named: Set[str]) -> bool:
    if piece.isdecimal():
        return len(piece) <= _MOST_DIGITS and piece not in named
    if not piece[0].isalpha():
        return piece.isprintable()
    words = [word.lower() for word in _HUMPS.findall(piece)]
    return all(
        word in _PLAIN
        or word in CLINICAL
        or (
            word not in named
            and word not in NAMES
            and (len(word) <= _LONGEST_CODE or (piece.islower() and word in vocabulary))
        )
        for word in words
    )
