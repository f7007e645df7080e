"""Tiles of stained tissue, as fine-tuning sees them."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from afloc_training.facts import Claim
from afloc_training.fundus.field import FIELD as EYES
from afloc_training.fundus.field import Replayed, claimed, phrasebook_of
from afloc_training.histo.building import said_of
from afloc_training.histo.tiles import read_tiles, render
from afloc_training.histo.vocabulary import FINDINGS, IDS, sentence_bank
from afloc_training.tuning.said import Said, statements

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy as np

    from afloc_desktop.core.preprocess import PreprocessSpec
    from afloc_desktop.core.wording import Phrasebook
    from afloc_training.fundus.eyes import Eye
    from afloc_training.site.store import StoredCase

_SPARSE = re.compile(r"\bsparse(?:ly)?\b", re.IGNORECASE)


class TileReplay:
    """The tiles the demonstration bundle was trained on."""

    def __init__(self, data: Path, spec: PreprocessSpec) -> None:
        """Read the table; tiles are read when they are drawn.

        Args:
            data: Folder that holds `histo/`, as for `histo-demo`.
            spec: How the base sees tiles.

        Raises:
            DatasetError: The table cannot be used.
        """
        self._rows = [row for row in read_tiles(data / "histo") if row.split == "train"]
        self._spec = spec

    def __len__(self) -> int:
        return len(self._rows)

    def plain(self, rng: np.random.Generator, count: int) -> Iterator[Replayed]:
        """Tiles of which no more is known than their sentence says.

        Raises:
            UnreadableFile: A picture is absent or damaged.
        """
        for text, tile in self._drawn(rng, count):
            yield Replayed(replace(tile, truth=said_of(text), masks=None), IDS)

    def painted(self, rng: np.random.Generator, count: int) -> Iterator[Replayed]:
        """Tiles with what a program finds on them.

        Raises:
            UnreadableFile: A picture is absent or damaged.
        """
        for _, tile in self._drawn(rng, count):
            yield Replayed(tile, IDS)

    def _drawn(self, rng: np.random.Generator, count: int) -> Iterator[tuple[str, Eye]]:
        for number in rng.choice(len(self._rows), count):
            row = self._rows[number]
            yield row.text, render(row, int(rng.integers(2**32)), self._spec)


def _said(case: StoredCase, book: Phrasebook) -> Said:
    """The statements of a report, without places: a slide has neither right nor left."""
    stated: list[Claim] = []
    for sentence in case.sentences:
        found = (s for s in statements(sentence.text, book) if s.finding in IDS)
        stated += (Claim(s.finding, s.is_negated) for s in found)
        if _SPARSE.search(sentence.text):
            stated.append(Claim("dense_nuclei", is_negated=True))
    return Said(tuple(dict.fromkeys(stated)), is_normal=False)


FIELD = replace(
    EYES,
    image="tile",
    labels={term.id: term.label for term in FINDINGS},
    routed=frozenset(("dense_nuclei",)),
    target_sigma_cells=4.0,
    phrasebook=partial(phrasebook_of, "histo", FINDINGS),
    said=_said,
    bank=lambda: claimed(sentence_bank(), IDS),
    rehearsal=TileReplay,
)
