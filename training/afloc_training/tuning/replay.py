"""Films of the base bundle's own training, shown again so that it is not forgotten.

Real ones a little changed, and ones with lesions painted anew; every film is decided by its
generator alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.picture import read_picture
from afloc_training.facts import FilmFacts, shown_by
from afloc_training.features import cell_masks
from afloc_training.films import hold_out, network_input, read_rows
from afloc_training.lessons import truth_table
from afloc_training.lung_fields import find_lungs
from afloc_training.recipe import load_recipe
from afloc_training.synthesis import PAINTABLE, SyntheticFilm, compose, vary

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from afloc_desktop.core.domain import FloatArray
    from afloc_desktop.core.preprocess import PreprocessSpec
    from afloc_training.facts import Claim
    from afloc_training.films import FilmRow

_MOST_TRIES = 60


@dataclass(frozen=True, slots=True, eq=False)
class ReplayedFilm:
    """A film of the base's training, as `field.Rehearsed`."""

    film: SyntheticFilm

    @property
    def planes(self) -> FloatArray:
        """In [0, 1], shape (1, side, side)."""
        return self.film.film[None]

    @property
    def is_painted(self) -> bool:
        """Whether something was painted on it."""
        return bool(self.film.masks)

    def truth(self, claims: Sequence[Claim]) -> npt.NDArray[np.int8]:
        """Of the positive content of every claim: 1, 0, or -1 for unknown."""
        answers: npt.NDArray[np.int8] = truth_table([self.film.facts], claims)[0]
        return answers

    def target(self, claim: Claim) -> FloatArray | None:
        """Share of each cell that what a true claim speaks of covers; None where that is vague."""
        shown = shown_by(claim, self.film.facts.painted)
        if not shown:
            return None
        covered: FloatArray = cell_masks(self.film)[[PAINTABLE.index(f) for f in shown]].max(axis=0)
        return covered


class Replay:
    """The films the default bundle was trained on."""

    def __init__(self, data: Path, spec: PreprocessSpec) -> None:
        """Read the table; films are read when they are drawn.

        Args:
            data: Folder that holds `cxr/nih.csv` and `cxr/images`, as for `default-bundle`.
            spec: How the base sees films.

        Raises:
            DatasetError: The table cannot be used.
        """
        folder = data / "cxr"
        settings = load_recipe(None).films
        rows = read_rows(folder / "nih.csv", folder / "images", "train")
        # What chose the base's thresholds stays unseen.
        self._rows, _ = hold_out(rows, settings.held_out_share, settings.held_out_seed)
        self._grounds = [r for r in self._rows if r.is_normal and not r.is_low_resolution]
        self._spec = spec

    def __len__(self) -> int:
        return len(self._rows)

    def plain(self, rng: np.random.Generator, count: int) -> Iterator[ReplayedFilm]:
        """Real films, each patient's as likely as another's.

        Raises:
            UnreadableFile: A picture is absent or damaged.
        """
        for number in rng.choice(len(self._rows), count, replace=False):
            row = self._rows[number]
            film, _ = vary(rng, self._plane(row), ())
            yield ReplayedFilm(SyntheticFilm(film, FilmFacts(row.labels), ()))

    def painted(self, rng: np.random.Generator, count: int) -> Iterator[ReplayedFilm]:
        """Normal films with lesions painted on them.

        Raises:
            DatasetError: No film shows two clear lungs.
            UnreadableFile: A picture is absent or damaged.
        """
        for _ in range(count):
            yield ReplayedFilm(self._painted(rng))

    def _painted(self, rng: np.random.Generator) -> SyntheticFilm:
        for number in rng.permutation(len(self._grounds))[:_MOST_TRIES]:
            row = self._grounds[number]
            plane = self._plane(row)
            lungs = find_lungs(plane)
            if lungs is not None:
                return compose(rng, plane, lungs, row.labels)
        raise DatasetError(
            "No film to replay shows two clear lungs to paint on.",
            remedy="Leave --replay away, or give the data the default bundle is made of.",
        )

    def _plane(self, row: FilmRow) -> np.ndarray:
        plane: np.ndarray = network_input(read_picture(row.path), self._spec)[0, 0]
        return plane
