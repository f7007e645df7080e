"""Sentence features from the frozen text encoder: mean of the token vectors beside [CLS]."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.text import WordPiece

_BATCH = 128


class SentenceEncoder(nn.Module):
    """Token ids and mask, int64 (K, T), to features (K, 768)."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weight = attention_mask[:, :, None].to(states.dtype)
        mean = (states * weight).sum(1) / weight.sum(1)
        return torch.cat((mean, states[:, 0]), dim=1)


@torch.inference_mode()
def sentence_features(
    encoder: SentenceEncoder, tokenizer: WordPiece, texts: Sequence[str]
) -> Tensor:
    """Features of many texts, float32 (texts, 768), in their order.

    Texts of one length are encoded together, so padding cannot shift a number.
    """
    rows = [tokenizer.encode(text) for text in texts]
    lengths = np.array([len(row) for row in rows])
    features = torch.empty(len(texts), 2 * 384)
    for length in np.unique(lengths):
        same = np.flatnonzero(lengths == length)
        for start in range(0, len(same), _BATCH):
            chosen = same[start : start + _BATCH]
            ids = torch.tensor([rows[i] for i in chosen])
            features[chosen] = encoder(ids, torch.ones_like(ids))
    return features
