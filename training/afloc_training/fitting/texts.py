"""Reports as the text encoder reads them: sentences drawn, put in a row, and their units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from afloc_desktop.core.text import WordPiece, as_sentence
from afloc_training.afloc.losses import AlsoTrue
from afloc_training.afloc.units import Vocabulary, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from torch import Tensor

    from afloc_desktop.core.text import TextSpec

    Units = list[list[list[int]]]


@dataclass(frozen=True, slots=True, eq=False)
class TextBatch:
    """B texts, padded to the longest.

    Attributes:
        ids, mask: int64 (B, T).
        words, sentences: Units of each text as `gather_units` takes them; the first is [CLS].
        also_true: What the reports of other films say in the same words.
    """

    ids: Tensor
    mask: Tensor
    words: list[Units]
    sentences: list[Units]
    also_true: AlsoTrue


class Reader:
    """Turns sentences into token ids, each sentence once."""

    def __init__(self, pieces: Mapping[str, int], spec: TextSpec) -> None:
        self._spec = spec
        self._tokenizer = WordPiece(pieces, spec)
        self._vocabulary = Vocabulary(
            separator=pieces["[SEP]"],
            period=pieces.get("."),
            continuations=frozenset(n for p, n in pieces.items() if p.startswith("##")),
        )
        self._start = pieces["[CLS]"]
        self._known: dict[str, tuple[int, ...]] = {}

    def batch(self, reports: Sequence[Sequence[str]], drawn: Sequence[Sequence[int]]) -> TextBatch:
        """Some sentences of each report, in the order given.

        Args:
            reports: All sentences of each film's report.
            drawn: Which of them are used, at least one; what is too long is left out at the end.
        """
        texts = [
            self._text([report[n] for n in numbers])
            for report, numbers in zip(reports, drawn, strict=True)
        ]
        longest = max(len(ids) for ids, _, _ in texts)
        ids = torch.zeros(len(texts), longest, dtype=torch.int64)
        for row, (own, _, _) in zip(ids, texts, strict=True):
            row[: len(own)] = torch.tensor(own)
        mask = torch.zeros_like(ids)
        for row, (own, _, _) in zip(mask, texts, strict=True):
            row[: len(own)] = 1
        words = [[[word] for word in words_of(own, self._vocabulary)] for own, _, _ in texts]
        said = [kept for _, _, kept in texts]
        also_true = _also_true([frozenset(report) for report in reports], said)
        return TextBatch(ids, mask, words, [units for _, units, _ in texts], also_true)

    def _text(self, sentences: Sequence[str]) -> tuple[list[int], Units, list[str]]:
        """Ids from [CLS] to [SEP], sentence units, and the sentences that found room."""
        ids, kept = [self._start], []
        spans: list[tuple[int, int]] = []
        room = self._spec.max_tokens - 1
        for sentence in sentences:
            own = self._pieces(sentence)
            gap = self._period if spans else ()
            if len(ids) + len(gap) + len(own) > room:
                if spans:
                    break
                own = own[: room - len(ids)]
            ids += gap
            spans.append((len(ids), len(ids) + len(own)))
            ids += own
            kept.append(sentence)
        if self._spec.cleaning == "none" and len(ids) < room:
            # The closing period is part of the last sentence, as AFLoc counts it.
            ids += self._period
            spans[-1] = (spans[-1][0], len(ids))
        words = words_of([*ids, self._vocabulary.separator], self._vocabulary)
        units = [[word for word in words if start <= word[0] < end] for start, end in spans]
        return [*ids, self._vocabulary.separator], [[[0]], *units], kept

    @property
    def _period(self) -> tuple[int, ...]:
        return () if self._vocabulary.period is None else (self._vocabulary.period,)

    def _pieces(self, sentence: str) -> tuple[int, ...]:
        """Of one sentence, without its closing period; cleaned as the desktop cleans words."""
        if sentence not in self._known:
            text = sentence.rstrip(" .!?")
            if self._spec.cleaning != "none":
                text = as_sentence(text or sentence, self._spec)
            # A sentence that cleaning leaves nothing of still needs a unit.
            self._known[sentence] = tuple(self._tokenizer.encode(text)[1:-1]) or (
                self._tokenizer.unknown_id,
            )
        return self._known[sentence]


def draw_sentences(rng: np.random.Generator, count: int) -> list[int]:
    """Between one and all of a report's sentences, in random order."""
    return [int(n) for n in rng.permutation(count)[: rng.integers(1, count + 1)]]


def _also_true(reports: Sequence[frozenset[str]], said: Sequence[Sequence[str]]) -> AlsoTrue:
    """Equal sentences are equal statements; the unit of a [CLS] stands for its whole text."""
    texts = [[report.issuperset(text) for text in said] for report in reports]
    sentences = [
        [
            holds
            for text, is_whole in zip(said, row, strict=True)
            for holds in (is_whole, *(sentence in report for sentence in text))
        ]
        for report, row in zip(reports, texts, strict=True)
    ]
    return AlsoTrue(torch.tensor(texts), torch.tensor(sentences))
