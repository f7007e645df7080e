"""From words to token ids."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LONGEST_WORD = 100  # BERT's own limit: longer words become [UNK]


@dataclass(frozen=True, slots=True)
class TextSpec:
    """How a bundle reads words. No field has a default.

    Attributes:
        tokenizer: Kind of `tokenizer.json`.
        is_lowercase: Words are lower-cased and accents dropped before splitting.
        max_tokens: Including [CLS] and [SEP]; longer prompts are cut.
        cleaning: `none` reads the words as typed. `afloc` is the cleaning of AFLoc's authors: text
            is cut at numbered items and periods, what has a single word is dropped, other words
            lose their signs and letters beyond ASCII. `afloc-words` does the same, but keeps
            single words and digits.
        sentence: Wraps words that are not yet a sentence; `{}` stands for them. With
            `afloc-words` a single word alone, with `afloc` nothing.
    """

    tokenizer: Literal["wordpiece"]
    is_lowercase: bool
    max_tokens: int
    cleaning: Literal["none", "afloc", "afloc-words"]
    sentence: str

    @property
    def is_literal(self) -> bool:
        """Whether typed words reach the model as they are, and never as a finding's own."""
        return self.cleaning != "none"


def as_sentence(words: str, spec: TextSpec) -> str:
    """Wrap a bare term as the bundle was trained to read it; leave a sentence as it is.

    Returns:
        May be empty where the bundle's cleaning drops the words.
    """
    text = " ".join(words.split())
    if not text:
        raise ValueError("no words")
    if spec.cleaning == "afloc":
        return _cleaned(text, r"[0-9]+\.|\.", fewest=2)
    if spec.cleaning == "afloc-words":
        cleaned = _cleaned(text, r"\.", fewest=1)
        return cleaned if " " in cleaned else _cleaned(spec.sentence.format(cleaned), r"\.", 1)
    if len(text.split()) > 4 or text.endswith((".", "!", "?")):
        return text if text.endswith((".", "!", "?")) else text + "."
    lowered = text if text.isupper() else text[0].lower() + text[1:]
    return spec.sentence.format(lowered)


def _cleaned(text: str, boundary: str, fewest: int) -> str:
    """The words of every part that has at least `fewest`, lower case, ASCII, one space apart."""
    parts = (re.findall(r"\w+", part.lower()) for part in re.split(boundary, text))
    words = [word for part in parts if len(part) >= fewest for word in part]
    plain = (word.encode("ascii", "ignore").decode() for word in words)
    return " ".join(word for word in plain if word)


class WordPiece:
    """BERT's tokenizer, read from a `tokenizer.json`; equal to the reference on plain text.

    Our own forty lines, because the reference library brings a network client with it.
    """

    def __init__(self, vocabulary: Mapping[str, int], spec: TextSpec) -> None:
        self._vocabulary = vocabulary
        self._spec = spec
        self._cls, self._sep, self._unknown = (vocabulary[t] for t in ("[CLS]", "[SEP]", "[UNK]"))

    @property
    def unknown_id(self) -> int:
        """The id of a word piece the vocabulary lacks."""
        return self._unknown

    def encode(self, text: str) -> list[int]:
        """Token ids from [CLS] to [SEP], cut at `max_tokens`."""
        return [self._cls, *self._all_pieces(text)[: self._spec.max_tokens - 2], self._sep]

    def is_cut(self, text: str) -> bool:
        """Whether a text is longer than what is read of it."""
        return len(self._all_pieces(text)) > self._spec.max_tokens - 2

    def encode_all(self, texts: Sequence[str]) -> tuple[list[list[int]], list[list[int]]]:
        """Ids and masks of several texts, padded with zeros to the longest."""
        rows = [self.encode(text) for text in texts]
        longest = max(map(len, rows))
        ids = [row + [0] * (longest - len(row)) for row in rows]
        masks = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
        return ids, masks

    def _all_pieces(self, text: str) -> list[int]:
        return [piece for word in self._words(text) for piece in self._pieces(word)]

    def _words(self, text: str) -> list[str]:
        if self._spec.is_lowercase:
            text = unicodedata.normalize("NFD", text.lower())
            text = "".join(c for c in text if unicodedata.category(c) != "Mn")
        spaced = "".join(_spaced(c) for c in text)
        return spaced.split()

    def _pieces(self, word: str) -> list[int]:
        if len(word) > _LONGEST_WORD:
            return [self._unknown]
        ids, start = [], 0
        while start < len(word):
            prefix = "##" if start else ""
            for end in range(len(word), start, -1):
                found = self._vocabulary.get(prefix + word[start:end])
                if found is not None:
                    break
            else:
                return [self._unknown]
            ids.append(found)
            start = end
        return ids


def _spaced(c: str) -> str:
    """One character as BERT's basic tokenizer sees it: punctuation and CJK stand alone."""
    code = ord(c)
    category = unicodedata.category(c)
    if c in "\t\n\r" or category == "Zs":
        return " "
    if code in (0, 0xFFFD) or category in ("Cc", "Cf"):
        return ""
    is_ascii_sign = 33 <= code <= 47 or 58 <= code <= 64 or 91 <= code <= 96 or 123 <= code <= 126
    is_cjk = 0x4E00 <= code <= 0x9FFF or 0x3400 <= code <= 0x4DBF or 0xF900 <= code <= 0xFAFF
    return f" {c} " if is_ascii_sign or is_cjk or category.startswith("P") else c
