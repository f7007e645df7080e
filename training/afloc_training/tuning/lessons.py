"""What a step of fine-tuning shows: films of the site, films replayed, sentences, what is true.

Every draw is a function of seed and step, so that a stopped training goes on as if it had not
been stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from afloc_desktop.core.errors import DatasetError
from afloc_training.fitting.films import shown, varied
from afloc_training.tuning.chest import FIELD as CHEST
from afloc_training.tuning.drawn import NOTHING_DRAWN, Drawn, drawn_targets
from afloc_training.tuning.said import places, truth_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from afloc_training.facts import Claim
    from afloc_training.sentences import Sentence
    from afloc_training.site.store import Store
    from afloc_training.tuning.field import Field, Rehearsal, Rehearsed
    from afloc_training.tuning.said import Place, Said
    from afloc_training.tuning.settings import TuneRecipe

_TRUE_A_FILM = 2
_EMPTY_MASK_SHARE = 0.1
_HELD_OUT_DRAW = (0, 1)  # a step's draw has one number behind the seed
_WORDINGS = 4  # of each claim; more cost minutes of encoding and teach 80 steps nothing


@dataclass(frozen=True, slots=True)
class Routed:
    """A claim that is true of a film of the site, and where the report says so.

    Attributes:
        film, sentence: Places in the batch.
        frame: top, left, height, width of the film in its plane, as shares of the side.
        where: From the report.
    """

    film: int
    sentence: int
    frame: tuple[float, float, float, float]
    where: tuple[Place, ...]


@dataclass(frozen=True, slots=True, eq=False)
class TuneLesson:
    """One batch.

    Attributes:
        films: (N, planes, side, side) in [0, 1]; those of the site first.
        site_films: How many those are.
        sentences: Numbers in the bank, (K,).
        presence, agreement: As in `lessons.Lesson`, (N, K).
        plain: Which sentences state a finding and nothing more, (K,).
        routed: Maps of the base to cut and to teach.
        mask_pairs, mask_targets: Of replayed films, as in `lessons.Lesson`.
        drawn_pairs, drawn_targets: The same of films of the site, where regions were drawn.
        noise_seed: What dropout is drawn from.
    """

    films: Tensor
    site_films: int
    sentences: np.ndarray
    presence: np.ndarray
    agreement: np.ndarray
    plain: np.ndarray
    routed: tuple[Routed, ...]
    mask_pairs: np.ndarray
    mask_targets: np.ndarray
    drawn_pairs: np.ndarray
    drawn_targets: np.ndarray
    noise_seed: int


class Besides(NamedTuple):
    """What there is to learn from besides films and reports.

    Attributes:
        replay: None where the base's training films are not at hand.
        drawn: Regions on films of the site; of none as a rule.
        field: What kind of images these are.
    """

    replay: Rehearsal | None = None
    drawn: Drawn = NOTHING_DRAWN
    field: Field = CHEST


class TuneLessons:
    """Draws lessons from a store and, where they are at hand, films to replay."""

    def __init__(
        self,
        store: Store,
        said: Sequence[Said],
        bank: Sequence[Sentence],
        recipe: TuneRecipe,
        besides: Besides,
    ) -> None:
        """Find out which films say anything.

        Args:
            store: Films of the site.
            said: What the report of each case says, in the order of the store.
            bank: Sentences the text side is taught with.
            recipe: Of the training.
            besides: What else there is to learn from.

        Raises:
            DatasetError: Fewer than two training films whose report states anything.
        """
        self._store, self._said, self._recipe = store, said, recipe
        self._replay, self._drawn, self._field = besides
        self._claims = tuple(dict.fromkeys(sentence.claim for sentence in bank))
        self._wordings: dict[Claim, list[int]] = {claim: [] for claim in self._claims}
        for number, sentence in enumerate(bank):
            self._wordings[sentence.claim].append(number)
        self.cases = self._speaking("train")
        if len(self.cases) < 2:
            raise DatasetError(
                "The reports of fewer than two training films state a finding, or its absence.",
                remedy="Prepare more films; reports have to be in English.",
            )
        self._truth = self._truth_of(self.cases)
        self._is_negated = np.array([claim.is_negated for claim in self._claims])
        is_plain = [claim.details == 0 for claim in self._claims]
        self._plain = np.flatnonzero(~self._is_negated & np.array(is_plain))
        self.batch = min(recipe.tune.site_films, len(self.cases))

    def draw(self, step: int) -> TuneLesson:
        """The batch of a step, counted from 0."""
        rng = np.random.default_rng((self._recipe.tune.seed, step))
        chosen = rng.choice(len(self.cases), self.batch, replace=False)
        replayed = self._replayed(rng)
        truth = self._truth[chosen]
        if replayed:
            known = [film.truth(self._claims) for film in replayed]
            truth = np.concatenate((truth, known))
        claims = self._about(rng, truth)
        content = truth[:, claims]
        negated = self._is_negated[claims][None]
        pairs, targets = self._masks(rng, replayed, claims, content[self.batch :])
        cases = [self.cases[n] for n in chosen]
        seeds = rng.integers(2**62, size=len(chosen))
        drawn_pairs, drawn_masks = self._drawn_on(seeds, cases, claims, content)
        wordings = [self._wordings[self._claims[claim]] for claim in claims]
        return TuneLesson(
            films=self._films(seeds, cases, replayed),
            site_films=self.batch,
            sentences=np.array([rng.choice(some) for some in wordings]),
            presence=np.where(negated, 0, content),
            agreement=np.where(negated & (content >= 0), 1 - content, content),
            plain=np.isin(claims, self._plain),
            routed=tuple(self._routed(cases, claims, content)),
            mask_pairs=pairs,
            mask_targets=targets,
            drawn_pairs=drawn_pairs,
            drawn_targets=drawn_masks,
            noise_seed=int(rng.integers(2**62)),
        )

    def held_out(self, most: int) -> TuneLesson:
        """Some films that nothing is learned from, as they are: the same at every call.

        Args:
            most: Films; more are not taken.

        Raises:
            DatasetError: No report of the split `dev` states anything.
        """
        cases = self._speaking("dev")
        if not cases:
            raise DatasetError(
                "Early stopping looks at held-out films, and no report of one states a finding, "
                "or its absence.",
                remedy="Prepare films of more patients, or set patience to 0 in the recipe.",
            )
        rng = np.random.default_rng((self._recipe.tune.seed, *_HELD_OUT_DRAW))
        cases = tuple(sorted(rng.permutation(cases)[:most].tolist()))
        truth = self._truth_of(cases)
        is_stated = ~self._is_negated & (truth == 1).any(axis=0)
        claims = np.union1d(self._plain, np.flatnonzero(is_stated))
        content = truth[:, claims]
        no_pairs, no_targets = self._no_masks()
        return TuneLesson(
            films=shown(self._store, cases),
            site_films=len(cases),
            sentences=np.array([self._wordings[self._claims[claim]][0] for claim in claims]),
            presence=content,
            agreement=content,
            plain=np.isin(claims, self._plain),
            routed=tuple(self._routed(cases, claims, content)),
            mask_pairs=no_pairs,
            mask_targets=no_targets,
            drawn_pairs=no_pairs,
            drawn_targets=no_targets,
            noise_seed=0,
        )

    def _speaking(self, split: str) -> tuple[int, ...]:
        """Cases of a split whose report states something, or on which something was drawn."""
        said = self._said
        return tuple(
            n
            for n in self._store.of_split(split)
            if said[n].statements or said[n].is_normal or self._drawn.findings(n)
        )

    def _truth_of(self, cases: Sequence[int]) -> np.ndarray:
        """Of the positive content of all claims, (N, K); what was drawn is there for certain."""
        truth = truth_table([self._said[n] for n in cases], self._claims)
        for row, case in zip(truth, cases, strict=True):
            drawn = self._drawn.findings(case)
            row[[c.finding in drawn and c.details == 0 for c in self._claims]] = 1
        return truth

    def _replayed(self, rng: np.random.Generator) -> list[Rehearsed]:
        if self._replay is None:
            return []
        tune = self._recipe.tune
        return [
            *self._replay.plain(rng, tune.plain_films),
            *self._replay.painted(rng, tune.painted_films),
        ]

    def _films(
        self, seeds: np.ndarray, cases: Sequence[int], replayed: Sequence[Rehearsed]
    ) -> Tensor:
        rngs = [np.random.default_rng(seed) for seed in seeds]
        pad = self._store.info.preprocess.pad
        films = varied(shown(self._store, cases), rngs, self._recipe.variation, pad)
        others = [torch.from_numpy(np.ascontiguousarray(film.planes)) for film in replayed]
        return torch.cat((films, torch.stack(others))) if others else films

    def _about(self, rng: np.random.Generator, truth: np.ndarray) -> np.ndarray:
        """Every finding, and of each film some true claims with a place and a false one."""
        chosen = set(map(int, self._plain))
        for answers in truth:
            is_detailed = ~self._is_negated & (answers == 1)
            true, false = np.flatnonzero(is_detailed), np.flatnonzero(answers == 0)
            count = min(_TRUE_A_FILM, len(true))
            chosen.update(map(int, rng.choice(true, count, replace=False)))
            if len(false):
                chosen.add(int(rng.choice(false)))
        return np.array(sorted(chosen))

    def _routed(
        self, cases: Sequence[int], claims: np.ndarray, content: np.ndarray
    ) -> list[Routed]:
        found = []
        for film, case in enumerate(cases):
            for sentence in np.flatnonzero(content[film] == 1):
                claim = self._claims[claims[sentence]]
                is_drawn = claim.finding in self._drawn.findings(case)
                if claim.finding in self._field.routed and not claim.is_negated and not is_drawn:
                    where = places(claim, self._said[case])
                    found.append(Routed(film, int(sentence), self._store.frame(case), where))
        return found

    def _drawn_on(
        self, seeds: np.ndarray, cases: Sequence[int], claims: np.ndarray, content: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `_masks`, from what people drew on films of the site."""
        rngs = [np.random.default_rng(seed) for seed in seeds]
        wanted = [self._claims[claim] for claim in claims]
        varied_as = (rngs, self._recipe.variation)
        return drawn_targets(self._drawn, self._store, cases, wanted, content, varied_as)

    def _masks(
        self,
        rng: np.random.Generator,
        films: Sequence[Rehearsed],
        claims: np.ndarray,
        content: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Where true claims about painted lesions are, and that some false ones are nowhere."""
        is_empty = (content == 0) & (rng.random(content.shape) < _EMPTY_MASK_SHARE)
        pairs, targets = [], []
        for n, k in np.argwhere((content == 1) | is_empty):
            claim, film = self._claims[claims[k]], films[n]
            if claim.is_negated or not film.is_painted:
                continue
            is_there = content[n, k] == 1
            target = film.target(claim) if is_there else np.zeros(self._field.grid**2, np.float32)
            if target is None:
                continue
            pairs.append((n + self.batch, k))
            targets.append(target.ravel())
        if not pairs:
            return self._no_masks()
        return np.array(pairs), np.stack(targets)

    def _no_masks(self) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros((0, 2), np.intp), np.zeros((0, self._field.grid**2), np.float32)


def some_wordings(bank: Sequence[Sentence], seed: int) -> tuple[Sentence, ...]:
    """A few sentences of every claim, in the order of the bank."""
    rng = np.random.default_rng(seed)
    by_claim: dict[Claim, list[int]] = {}
    for number, sentence in enumerate(bank):
        by_claim.setdefault(sentence.claim, []).append(number)
    kept = {
        int(number)
        for numbers in by_claim.values()
        for number in rng.permutation(numbers)[:_WORDINGS]
    }
    return tuple(sentence for number, sentence in enumerate(bank) if number in kept)
