from __future__ import annotations

from types import SimpleNamespace

import torch
from afloc_training.text_features import SentenceEncoder, sentence_features
from torch import nn

from afloc_desktop.core.text import TextSpec, WordPiece

VOCABULARY = {w: n for n, w in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "c"])}


class Counting(nn.Module):
    """The state of every token is its id, 384 times."""

    def forward(self, input_ids, attention_mask):
        states = input_ids[:, :, None].float().expand(-1, -1, 384)
        return SimpleNamespace(last_hidden_state=states)


def test_features_are_the_mean_of_the_tokens_beside_the_first_one():
    ids = torch.tensor([[2, 4, 6, 3], [2, 5, 3, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    features = SentenceEncoder(Counting())(ids, mask)
    assert features.shape == (2, 768)
    assert features[0, 0] == (2 + 4 + 6 + 3) / 4
    assert torch.isclose(features[1, 0], torch.tensor((2 + 5 + 3) / 3))
    assert (features[:, 384:] == 2).all()


def test_features_keep_the_order_of_their_texts():
    tokenizer = WordPiece(VOCABULARY, TextSpec("wordpiece", True, 16, "none", "{}"))
    texts = ["a b c", "c", "a b", "b"]
    features = sentence_features(SentenceEncoder(Counting()), tokenizer, texts)
    assert [round(float(f[0]), 4) for f in features] == [4.0, 3.6667, 3.5, 3.3333]
