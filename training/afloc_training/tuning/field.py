"""What fine-tuning has to know of a kind of image: its words, its network, what is shown again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from afloc_desktop.core.domain import FloatArray
    from afloc_desktop.core.preprocess import PreprocessSpec
    from afloc_desktop.core.wording import Phrasebook
    from afloc_training.facts import Claim
    from afloc_training.network import Matcher
    from afloc_training.sentences import Sentence
    from afloc_training.site.store import StoredCase
    from afloc_training.tuning.said import Said


class Rehearsed(Protocol):
    """An image of the base's own training, and all that is known of it."""

    @property
    def planes(self) -> FloatArray:
        """In [0, 1], shape (planes, side, side)."""

    @property
    def is_painted(self) -> bool:
        """Whether it is known where things are."""

    def truth(self, claims: Sequence[Claim]) -> npt.NDArray[np.int8]:
        """Of the positive content of every claim: 1, 0, or -1 for unknown."""

    def target(self, claim: Claim) -> FloatArray | None:
        """Share of each cell of the grid that a true claim speaks of; None where that is vague."""


class Rehearsal(Protocol):
    """The training of a base, shown again so that it is not forgotten."""

    def __len__(self) -> int:
        """Images it draws from."""

    def plain(self, rng: np.random.Generator, count: int) -> Iterator[Rehearsed]:
        """Real ones."""

    def painted(self, rng: np.random.Generator, count: int) -> Iterator[Rehearsed]:
        """Ones on which things were painted."""


@dataclass(frozen=True, slots=True)
class Field:
    """A kind of image.

    Attributes:
        image: What readers call one of them, and with an s some.
        grid: Cells of a map on each side.
        labels: What readers see of every finding that is taught, by id.
        routed: Findings whose maps the base draws well enough to teach with.
        taught: Of these, whose maps a bundle smooths less.
        target_sigma_cells: Smoothing of a map before it is taught with.
        recipe: File of the recipe that comes along.
        phrasebook: Every name of every finding.
        said: What the report of a case states.
        bank: Sentences the text side is taught with.
        rehearsal: The base's own training, from the folder of its data.
        export_image: Writes the image graph for inputs of a side; its difference from torch.
    """

    image: str
    grid: int
    labels: Mapping[str, str]
    routed: frozenset[str]
    taught: frozenset[str]
    target_sigma_cells: float
    recipe: str
    phrasebook: Callable[[], Phrasebook]
    said: Callable[[StoredCase, Phrasebook], Said]
    bank: Callable[[], tuple[Sentence, ...]]
    rehearsal: Callable[[Path, PreprocessSpec], Rehearsal]
    export_image: Callable[[Matcher, Path, int], float]

    def all_said(self, cases: Sequence[StoredCase]) -> list[Said]:
        """What the reports of some cases state."""
        book = self.phrasebook()
        return [self.said(case, book) for case in cases]


def field_of(modality: str) -> Field:
    """The field of a bundle.

    Args:
        modality: `cxr`, `fundus` or `histo`, as in its manifest.
    """
    if modality == "fundus":
        from afloc_training.fundus.field import FIELD
    elif modality == "histo":
        from afloc_training.histo.field import FIELD
    else:
        from afloc_training.tuning.chest import FIELD
    return FIELD
