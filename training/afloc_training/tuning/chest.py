"""Chest films, as fine-tuning sees them."""

from __future__ import annotations

import numpy as np

from afloc_training.export import export_image
from afloc_training.network import GRID
from afloc_training.sentences import Sentence, sentence_bank
from afloc_training.tuning.field import Field
from afloc_training.tuning.replay import Replay
from afloc_training.tuning.routing import ROUTED, TAUGHT
from afloc_training.tuning.said import phrasebook, read_case
from afloc_training.vocabulary import FINDINGS


def _bank() -> tuple[Sentence, ...]:
    return tuple(sentence_bank(np.random.default_rng(0)))


FIELD = Field(
    image="film",
    grid=GRID,
    labels={finding.id: finding.label for finding in FINDINGS},
    routed=ROUTED,
    taught=TAUGHT,
    target_sigma_cells=GRID / 20,
    recipe="tune.toml",
    phrasebook=phrasebook,
    said=read_case,
    bank=_bank,
    rehearsal=Replay,
    export_image=export_image,
)
