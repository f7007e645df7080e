"""What each step asks: which films, which sentences, what is true, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_training.facts import shown_by, truth
from afloc_training.network import GRID
from afloc_training.synthesis import PAINTABLE
from afloc_training.tuning import said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_training.facts import Claim, FilmFacts
    from afloc_training.features import FeatureSet
    from afloc_training.sentences import Sentence

_RANDOM_CLAIMS, _RANDOM_FINDINGS = 12, 8
_EMPTY_MASK_SHARE = 0.15
# Rare labels are drawn more often, but not as often as common ones (training.md 5).
_RARITY_POWER = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """One batch.

    Attributes:
        films: Numbers of its films, (N,).
        sentences: Numbers of its sentences in the bank, (K,).
        presence: Truth of the positive maps, (N, K): 1, 0, -1 unknown. A negated sentence has an
            empty map everywhere, so 0.
        agreement: Truth of the sentences themselves, (N, K): negation turned round.
        mask_pairs: (film, sentence) positions in the batch that have a target, (M, 2).
        mask_targets: float32, (M, 24 x 24).
    """

    films: np.ndarray
    sentences: np.ndarray
    presence: np.ndarray
    agreement: np.ndarray
    mask_pairs: np.ndarray
    mask_targets: np.ndarray


class Curriculum:
    """Draws lessons from a set of films and a sentence bank."""

    def __init__(self, films: FeatureSet, bank: Sequence[Sentence]) -> None:
        self._facts = films.facts
        self._masks = films.masks
        self._claims = tuple(dict.fromkeys(sentence.claim for sentence in bank))
        numbers = {claim: number for number, claim in enumerate(self._claims)}
        self._wordings: list[list[int]] = [[] for _ in self._claims]
        for number, sentence in enumerate(bank):
            self._wordings[numbers[sentence.claim]].append(number)
        self._truth = truth_table(self._facts, self._claims)
        self._is_negated = np.array([claim.is_negated for claim in self._claims])
        findings = sorted({claim.finding for claim in self._claims})
        self._finding = np.array([findings.index(claim.finding) for claim in self._claims])
        self._details = np.array([claim.details for claim in self._claims])
        self._positive = np.flatnonzero(~self._is_negated)
        self._plain = np.flatnonzero(~self._is_negated & (self._details == 0))
        self._halves = [
            (numbers_of_half, _rarity(self._facts, numbers_of_half))
            for is_painted in (False, True)
            if len(numbers_of_half := np.flatnonzero(films.is_painted == is_painted))
        ]

    def draw(self, rng: np.random.Generator, batch: int) -> Lesson:
        """A batch: half real films, half painted; sentences that are true, and some others."""
        share = batch // len(self._halves)
        films = np.concatenate(
            [
                rng.choice(half, share, replace=len(half) < share, p=rarity)
                for half, rarity in self._halves
            ]
        )
        chosen = {int(claim) for film in films for claim in self._claims_about(rng, int(film))}
        chosen.update(map(int, rng.choice(self._positive, _RANDOM_CLAIMS)))
        count = min(_RANDOM_FINDINGS, len(self._plain))
        chosen.update(map(int, rng.choice(self._plain, count, replace=False)))
        claims = np.array(sorted(chosen))
        content = self._truth[np.ix_(films, claims)]
        negated = self._is_negated[claims][None]
        pairs, targets = self._mask_targets(rng, films, claims, content)
        return Lesson(
            films=films,
            sentences=np.array([rng.choice(self._wordings[claim]) for claim in claims]),
            presence=np.where(negated, 0, content),
            agreement=np.where(negated & (content >= 0), 1 - content, content),
            mask_pairs=pairs,
            mask_targets=targets,
        )

    def _claims_about(self, rng: np.random.Generator, film: int) -> list[int]:
        """Up to two true claims, a false one about the same finding, perhaps a true negation."""
        answers = self._truth[film]
        true = self._positive[answers[self._positive] == 1]
        absent = np.flatnonzero(self._is_negated & (answers == 0))
        chosen: list[int] = []
        if len(true):
            finding = rng.choice(np.unique(self._finding[true]))
            about = true[self._finding[true] == finding]
            weight = 1.0 + 2.0 * self._details[about]
            chosen.append(rng.choice(about, p=weight / weight.sum()))
            another = rng.choice(np.unique(self._finding[true]))
            chosen.append(rng.choice(true[self._finding[true] == another]))
            false = self._positive[answers[self._positive] == 0]
            false = false[self._finding[false] == another]
            if len(false):
                chosen.append(rng.choice(false))
        if len(absent) and (not chosen or rng.random() < 0.5):
            chosen.append(rng.choice(absent))
        return chosen

    def _mask_targets(
        self,
        rng: np.random.Generator,
        films: np.ndarray,
        claims: np.ndarray,
        content: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Where true claims about painted lesions are, and that some false ones are nowhere."""
        is_empty = (content == 0) & (rng.random(content.shape) < _EMPTY_MASK_SHARE)
        pairs, targets = [], []
        for n, k in np.argwhere((content == 1) | is_empty):
            claim, film = self._claims[claims[k]], films[n]
            if claim.is_negated:
                continue
            if content[n, k] == 0:
                target = np.zeros((GRID, GRID), np.float32)
            else:
                shown = shown_by(claim, self._facts[film].painted)
                if not shown:
                    continue
                channels = [PAINTABLE.index(finding) for finding in shown]
                target = self._masks[film, channels].max(axis=0).astype(np.float32)
            pairs.append((n, k))
            targets.append(target.ravel())
        if not pairs:
            return np.zeros((0, 2), np.intp), np.zeros((0, GRID * GRID), np.float32)
        return np.array(pairs), np.stack(targets)


def truth_table(films: Sequence[FilmFacts], claims: Sequence[Claim]) -> np.ndarray:
    """Truth of the positive content of every claim on every film, int8 (N, K); -1 unknown."""
    known: dict[FilmFacts, list[int]] = {}
    for film in films:
        if film not in known:
            text = film.said
            answers = (
                truth(claim, film) if text is None else said.truth(claim, text) for claim in claims
            )
            known[film] = [-1 if answer is None else int(answer) for answer in answers]
    return np.array([known[film] for film in films], np.int8)


def _rarity(facts: Sequence[FilmFacts], films: np.ndarray) -> np.ndarray:
    """Probability of drawing each film: by its rarest finding."""
    counts: dict[str, int] = {}
    for film in films:
        for finding in facts[film].findings or {""}:
            counts[finding] = counts.get(finding, 0) + 1
    weights = np.array(
        [
            max(counts[finding] ** -_RARITY_POWER for finding in facts[film].findings or {""})
            for film in films
        ]
    )
    probabilities: np.ndarray = weights / weights.sum()
    return probabilities
