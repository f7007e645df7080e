"""What a text is cut into: words and sentences, as ragged rows with the text they belong to.

AFLoc aligns shallow patches with words and deep patches with sentences. The first unit of every
text is its [CLS] token; [SEP] and padding are no units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    Unit = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Units of all texts of a batch, one below the other.

    Attributes:
        vectors: (M, D).
        owner: Which text each belongs to, ascending, int64 (M,).
        texts: Number of texts; each has at least one unit.
    """

    vectors: Tensor
    owner: Tensor
    texts: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What cutting needs to know of a word-piece vocabulary.

    Attributes:
        separator: Id of [SEP].
        period: Id of "."; None where the vocabulary has none.
        continuations: Ids of pieces that continue a word ("##…").
    """

    separator: int
    period: int | None
    continuations: frozenset[int]


def word_units(tokens: Tensor, ids: Sequence[Sequence[int]], vocabulary: Vocabulary) -> Units:
    """[CLS] and the words of each text; a word is the sum of its pieces.

    Args:
        tokens: (K, T, D), from `TextEncoder.tokens`.
        ids: Token ids of each text from [CLS] to [SEP], padding after it allowed.
        vocabulary: Of the tokenizer.
    """
    texts = [[[word] for word in words_of(row, vocabulary)] for row in ids]
    return gather_units(tokens, texts, is_mean=False)


def sentence_units(tokens: Tensor, ids: Sequence[Sequence[int]], vocabulary: Vocabulary) -> Units:
    """[CLS] and the sentences of each text; a sentence is the mean of its words.

    Periods divide sentences and belong to none, but for the last token: AFLoc counts it as a word
    of the last sentence, so that a closing period opens no empty one. Sentences without a word
    are left out.

    Args:
        tokens: (K, T, D), from `TextEncoder.tokens`.
        ids: Token ids of each text from [CLS] to [SEP], padding after it allowed.
        vocabulary: Of the tokenizer.
    """
    return gather_units(tokens, [_sentences(row, vocabulary) for row in ids], is_mean=True)


def words_of(ids: Sequence[int], vocabulary: Vocabulary) -> list[list[int]]:
    """The token places of each word before [SEP]; [CLS] is the first word."""
    end = list(ids).index(vocabulary.separator)
    words: list[list[int]] = []
    for place in range(end):
        if words and ids[place] in vocabulary.continuations:
            words[-1].append(place)
        else:
            words.append([place])
    return words


def gather_units(tokens: Tensor, texts: Sequence[Sequence[Unit]], *, is_mean: bool) -> Units:
    """Sum or mean of words, one index_add for the whole batch.

    Args:
        tokens: (K, T, D).
        texts: The units of each of the K texts; a unit is a list of words, a word a list of
            token places.
        is_mean: Of the words of a unit; else their sum.
    """
    source: list[int] = []
    target: list[int] = []
    weight: list[float] = []
    owner: list[int] = []
    for text, units in enumerate(texts):
        for words in units:
            share = 1 / len(words) if is_mean else 1.0
            places = [text * tokens.shape[1] + place for word in words for place in word]
            source += places
            target += [len(owner)] * len(places)
            weight += [share] * len(places)
            owner.append(text)
    rows = tokens.flatten(0, 1)[torch.tensor(source, device=tokens.device)]
    rows = rows * torch.tensor(weight, device=tokens.device)[:, None].to(rows.dtype)
    vectors = torch.zeros(len(owner), tokens.shape[2], device=tokens.device, dtype=rows.dtype)
    vectors = vectors.index_add(0, torch.tensor(target, device=tokens.device), rows)
    return Units(vectors, torch.tensor(owner, device=tokens.device), len(texts))


def _sentences(ids: Sequence[int], vocabulary: Vocabulary) -> list[list[list[int]]]:
    words = words_of(ids, vocabulary)
    sentences: list[list[list[int]]] = [[]]
    for number, word in enumerate(words[1:], 1):
        is_last = number == len(words) - 1
        if ids[word[0]] == vocabulary.period and not is_last:
            sentences.append([])
        else:
            sentences[-1].append(word)
    return [words[:1], *(sentence for sentence in sentences if sentence)]
