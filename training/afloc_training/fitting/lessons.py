"""What a step is trained on. Every draw is a function of seed, step and place in the batch.

Nothing random has to be remembered, so that a training goes on after an interruption as if there
had been none, and two processes draw what one would.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.errors import DatasetError
from afloc_training.fitting.films import as_input, shown, varied
from afloc_training.fitting.texts import draw_sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from afloc_training.fitting.settings import FitRecipe
    from afloc_training.fitting.texts import Reader, TextBatch
    from afloc_training.site.store import Store

# What a generator is for; no two share their numbers.
_ORDER, _FILM, _SENTENCES, _NOISE = range(4)


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A batch: the films of this process and their numbers in the store, and the texts of all."""

    films: Tensor
    cases: tuple[int, ...]
    texts: TextBatch


class Lessons:
    """The training cases of a store, in an order that is new every epoch."""

    def __init__(
        self,
        store: Store,
        reader: Reader,
        recipe: FitRecipe,
        channels: int,
        processes: int = 1,
    ) -> None:
        """Take the cases of the training patients.

        Args:
            store: Of films and sentences.
            reader: Of the text side.
            recipe: Its seed, batch and variations.
            channels: Of the network's input.
            processes: Each gets the same number of films.

        Raises:
            DatasetError: Fewer than two, or fewer than there are processes.
        """
        self._store, self._reader, self._recipe = store, reader, recipe
        self._channels = channels
        self._cases = store.of_split("train")
        self.batch = min(recipe.fit.batch, len(self._cases)) // processes * processes
        if self.batch < 2:
            raise DatasetError(
                "The store has too few films to train on.",
                remedy="Prepare a store of more patients.",
            )
        self.per_epoch = len(self._cases) // self.batch

    def draw(self, number: int, share: tuple[int, int] = (0, 1)) -> Lesson:
        """Lesson `number`, counted from 0 over all epochs.

        Args:
            number: Of the lesson.
            share: This process and how many there are; each gets its part of the films.
        """
        epoch, place = divmod(number, self.per_epoch)
        order = self._rng(_ORDER, epoch).permutation(len(self._cases))
        chosen = [self._cases[n] for n in order[place * self.batch : (place + 1) * self.batch]]
        reports = sentences_of(self._store, chosen)
        drawn = [
            draw_sentences(self._rng(_SENTENCES, number, n), len(report))
            for n, report in enumerate(reports)
        ]
        mine = range(len(chosen))[part(len(chosen), share)]
        cases = tuple(chosen[n] for n in mine)
        films = shown(self._store, cases)
        if self._recipe.fit.trunk == "trained":
            rngs = [self._rng(_FILM, number, n) for n in mine]
            films = varied(films, rngs, self._recipe.variation, self._store.info.preprocess.pad)
        texts = self._reader.batch(reports, drawn)
        return Lesson(as_input(films, self._channels), cases, texts)

    def noise_seed(self, number: int, process: int) -> int:
        """What dropout of a lesson is drawn from."""
        return int(self._rng(_NOISE, number, process).integers(2**62))

    def _rng(self, *purpose: int) -> np.random.Generator:
        return np.random.default_rng((self._recipe.fit.seed, *purpose))


def sentences_of(store: Store, cases: Sequence[int]) -> list[tuple[str, ...]]:
    """All sentences of some cases."""
    return [tuple(sentence.text for sentence in store.cases[n].sentences) for n in cases]


def part(count: int, share: tuple[int, int]) -> slice:
    """Which of `count` things belong to process `share[0]` of `share[1]`."""
    each = count // share[1]
    return slice(share[0] * each, (share[0] + 1) * each)
