"""Photographs of eyes, as fine-tuning sees them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.prompts import library_of
from afloc_desktop.core.wording import Phrasebook
from afloc_training.facts import Claim
from afloc_training.fundus.eyes import render
from afloc_training.fundus.matching import export_eyes
from afloc_training.fundus.network import GRID
from afloc_training.fundus.recipe import load_eye_recipe
from afloc_training.fundus.tables import hold_out, outlined, read_grades, without_copies
from afloc_training.fundus.vocabulary import FINDINGS, IDS, sentence_bank
from afloc_training.sentences import Sentence
from afloc_training.tuning.field import Field
from afloc_training.tuning.said import Said, statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from afloc_desktop.core.domain import FloatArray
    from afloc_desktop.core.preprocess import PreprocessSpec
    from afloc_training.fundus.eyes import Eye
    from afloc_training.fundus.network import EyeMatcher
    from afloc_training.fundus.vocabulary import Sentence as Taught
    from afloc_training.fundus.vocabulary import Term
    from afloc_training.network import Matcher
    from afloc_training.site.store import StoredCase

_MOST_TRIES = 60
_DISC = Claim("optic_disc")


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """An image of the base's training, as `field.Rehearsed`.

    Attributes:
        eye: As it is shown, and what is known of it.
        ids: Findings, in the order of what is known.
    """

    eye: Eye
    ids: tuple[str, ...] = IDS

    @property
    def planes(self) -> FloatArray:
        """In [0, 1], shape (3, side, side)."""
        return self.eye.plane

    @property
    def is_painted(self) -> bool:
        """Whether it is known where things are."""
        return self.eye.masks is not None

    def truth(self, claims: Sequence[Claim]) -> npt.NDArray[np.int8]:
        """Of the positive content of every claim: 1, 0, or -1 for unknown."""
        known: npt.NDArray[np.int8] = self.eye.truth[[self.ids.index(c.finding) for c in claims]]
        return known

    def target(self, claim: Claim) -> FloatArray | None:
        """Share of each cell that the finding of a true claim covers."""
        if self.eye.masks is None:
            return None
        covered: FloatArray = self.eye.masks[self.ids.index(claim.finding)].astype(np.float32)
        return covered


class EyeReplay:
    """The photographs the default fundus bundle was trained on."""

    def __init__(self, data: Path, spec: PreprocessSpec) -> None:
        """Read the tables; photographs are read when they are drawn.

        Args:
            data: Folder that holds `fundus/`, as for `default-fundus`.
            spec: How the base sees photographs.

        Raises:
            DatasetError: The tables cannot be used.
            UnreadableFile: A photograph is absent or damaged.
        """
        folder, settings = data / "fundus", load_eye_recipe(None).fit
        rows = without_copies(read_grades(folder, "train"), outlined(folder))
        # What chose the base's thresholds stays unseen.
        self._rows, _ = hold_out(rows, settings.held_out_share, settings.seed)
        self._grounds = [row for row in self._rows if row.is_paintable]
        self._spec = spec

    def __len__(self) -> int:
        return len(self._rows)

    def plain(self, rng: np.random.Generator, count: int) -> Iterator[Replayed]:
        """Real photographs.

        Raises:
            UnreadableFile: A picture is absent or damaged.
        """
        for number in rng.choice(len(self._rows), count, replace=False):
            seed = int(rng.integers(2**32))
            yield Replayed(render(self._rows[number], seed, self._spec, is_painted=False))

    def painted(self, rng: np.random.Generator, count: int) -> Iterator[Replayed]:
        """Photographs without retinopathy, with lesions painted on them.

        Raises:
            DatasetError: No photograph shows a retina to paint on.
            UnreadableFile: A picture is absent or damaged.
        """
        for _ in range(count):
            yield self._painted(rng)

    def _painted(self, rng: np.random.Generator) -> Replayed:
        for number in rng.permutation(len(self._grounds))[:_MOST_TRIES]:
            seed = int(rng.integers(2**32))
            eye = render(self._grounds[number], seed, self._spec, is_painted=True)
            if eye.masks is not None:
                return Replayed(eye)
        raise DatasetError(
            "No photograph to replay shows a retina to paint on.",
            remedy="Leave --replay away, or give the data the default bundle is made of.",
        )


def phrasebook_of(modality: str, findings: Sequence[Term]) -> Phrasebook:
    """Every name in the library of a modality, and those of the findings that are taught."""
    terms = {term: f.id for f in library_of(modality).findings for term in f.terms}
    own = {name.lower(): t.id for t in findings for name in (t.label, *t.names, *t.synonyms)}
    return Phrasebook(terms | own)


def _said(case: StoredCase, book: Phrasebook) -> Said:
    """The statements of a report, without places: a side names the eye, and no half of it."""
    found = (s for sentence in case.sentences for s in statements(sentence.text, book))
    stated = [Claim(s.finding, s.is_negated) for s in found if s.finding in IDS]
    # "Severe retinopathy; no exudates" denies something, and is not normal.
    is_normal = case.is_normal and all(claim.is_negated for claim in stated)
    return Said(tuple(dict.fromkeys((*stated, _DISC))), is_normal)


def claimed(bank: Iterable[Taught], ids: Sequence[str]) -> tuple[Sentence, ...]:
    """Sentences as fine-tuning takes them; `ids` are the findings in the order of the bank."""
    return tuple(Sentence(s.text, Claim(ids[s.finding], s.is_negated)) for s in bank)


def _export(matcher: Matcher, path: Path, side: int) -> float:
    return export_eyes(cast("EyeMatcher", matcher), path)


FIELD = Field(
    image="photograph",
    grid=GRID,
    labels={term.id: term.label for term in FINDINGS},
    routed=frozenset(("retinal_hemorrhage", "hard_exudates", "cotton_wool_spots")),
    taught=frozenset(),
    target_sigma_cells=1.0,
    recipe="tune-fundus.toml",
    phrasebook=partial(phrasebook_of, "fundus", FINDINGS),
    said=_said,
    bank=lambda: claimed(sentence_bank(), IDS),
    rehearsal=EyeReplay,
    export_image=_export,
)
