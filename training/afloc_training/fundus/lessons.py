"""What each step shows and asks: which eyes, which sentences, what is true, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_training.fundus.network import GRID
from afloc_training.fundus.tables import PRESENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_training.fundus.features import EyeSet
    from afloc_training.fundus.vocabulary import Sentence
    from afloc_training.painting import Rng

_MORE_POSITIVE, _NEGATED = 4, 4
_EMPTY_MASK_SHARE = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class EyeLesson:
    """One batch.

    Attributes:
        eyes: Numbers of its eyes in the set, (N,).
        sentences: Numbers of its sentences in the bank, (K,).
        presence: Truth of the maps, (N, K): 1, 0, -1 unknown. A denied finding has an empty map.
        agreement: Truth of the sentences themselves, (N, K): denial turned round.
        mask_pairs: (eye, sentence) positions in the batch that have a target, (M, 2).
        mask_targets: float32, (M, GRID x GRID).
    """

    eyes: np.ndarray
    sentences: np.ndarray
    presence: np.ndarray
    agreement: np.ndarray
    mask_pairs: np.ndarray
    mask_targets: np.ndarray


class EyeCurriculum:
    """Draws lessons from a set of eyes and a sentence bank."""

    def __init__(self, eyes: EyeSet, bank: Sequence[Sentence]) -> None:
        self._eyes = eyes
        self._painted = np.flatnonzero(eyes.is_painted)
        grades = (np.flatnonzero(~eyes.is_painted & (eyes.grade == grade)) for grade in range(5))
        self._by_grade = [numbers for numbers in grades if len(numbers)]
        self._wordings: dict[tuple[int, bool], list[int]] = {}
        for number, sentence in enumerate(bank):
            key = (sentence.finding, sentence.is_negated)
            self._wordings.setdefault(key, []).append(number)
        self._deniable = [n for n in range(eyes.truth.shape[1]) if (n, True) in self._wordings]

    def draw(self, rng: Rng, batch: int) -> EyeLesson:
        """A batch: half real eyes, every grade alike; half painted ones; every finding once."""
        real = [rng.choice(self._by_grade[int(rng.integers(len(self._by_grade)))])
                for _ in range(batch // 2)]  # fmt: skip
        eyes = np.array([*real, *rng.choice(self._painted, batch - len(real))])
        count = self._eyes.truth.shape[1]
        about = [*range(count), *rng.integers(count, size=_MORE_POSITIVE)]
        findings = np.array([*about, *rng.choice(self._deniable, _NEGATED)])
        negated = np.arange(len(findings)) >= len(about)
        content = self._eyes.truth[np.ix_(eyes, findings)]
        is_true = (content == PRESENT) & ~negated
        is_asked = is_true | (rng.random(content.shape) < _EMPTY_MASK_SHARE)
        pairs = np.argwhere(is_asked & self._eyes.is_painted[eyes][:, None])
        targets = self._eyes.masks[eyes[pairs[:, 0]], findings[pairs[:, 1]]].astype(np.float32)
        targets *= is_true[tuple(pairs.T)][:, None, None]
        wordings = (self._wordings[int(f), bool(n)] for f, n in zip(findings, negated, strict=True))
        return EyeLesson(
            eyes=eyes,
            sentences=np.array([rng.choice(numbers) for numbers in wordings]),
            presence=np.where(negated[None], 0, content),
            agreement=np.where(negated[None] & (content >= 0), 1 - content, content),
            mask_pairs=pairs,
            mask_targets=targets.reshape(-1, GRID * GRID),
        )
