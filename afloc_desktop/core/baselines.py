"""What a model must beat: maps that know nothing of the film, or nothing of the words."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.heatmap import over_film
from afloc_desktop.core.metrics import SIDE
from afloc_desktop.core.picture import read_picture
from afloc_desktop.core.preprocess import prepare, resize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from afloc_desktop.core.domain import BoolArray, FloatArray, Image
    from afloc_desktop.core.geometry import Frame
    from afloc_desktop.core.preprocess import PreprocessSpec
    from afloc_desktop.core.regions import RegionCase

_CENTRE_SIGMA = 50 / SIDE  # of the film's longer side
_RANDOM_SIGMA_CELLS = 1.5
_PATCH = 16  # pixels of the input; the grid of the shipped model has cells of this size
_WIDTHS = (64, 64)


def region_mask(case: RegionCase, rows: int, columns: int) -> BoolArray:
    """The union of a case's boxes and masks on a film of `rows` × `columns`.

    Raises:
        UnreadableFile: A mask is absent or damaged.
    """
    region = np.zeros((rows, columns), bool)
    for lesion in lesion_masks(case, rows, columns):
        region |= lesion
    return region


def lesion_masks(case: RegionCase, rows: int, columns: int) -> Iterable[BoolArray]:
    """Each box and each mask of a case alone, shape (rows, columns).

    Raises:
        UnreadableFile: A mask is absent or damaged.
    """
    for x, y, w, h in case.boxes:
        lesion = np.zeros((rows, columns), bool)
        top, left = int(y * rows), int(x * columns)
        bottom = max(top + 1, int((y + h) * rows))
        right = max(left + 1, int((x + w) * columns))
        lesion[top:bottom, left:right] = True
        yield lesion
    for mask in case.masks:
        drawn = (read_picture(mask).pixels > 0).astype(np.float32)
        yield resize(drawn, rows, columns) >= 0.5


def centre_prior(frame: Frame) -> FloatArray:
    """A round blob in the middle of the film; float32, shape of the film in `frame`."""
    sigma = _CENTRE_SIGMA * frame.side
    y = np.arange(frame.height, dtype=np.float32)[:, None] + 0.5 - frame.height / 2
    x = np.arange(frame.width, dtype=np.float32)[None, :] + 0.5 - frame.width / 2
    prior: FloatArray = np.exp(-(x**2 + y**2) / (2 * sigma**2)).astype(np.float32)
    return prior


class MeanRegions:
    """Where a finding usually is: the mean of its regions on films of all other patients.

    It uses regions that people drew, so it knows more than a model without annotation may.
    """

    def __init__(self, cases: Sequence[RegionCase]) -> None:
        self._sums: dict[str, FloatArray] = {}
        self._count: dict[str, int] = defaultdict(int)
        self._own: dict[tuple[str, str], list[BoolArray]] = defaultdict(list)
        for case in cases:
            mask = region_mask(case, SIDE, SIDE)
            total = self._sums.setdefault(case.label, np.zeros((SIDE, SIDE), np.float32))
            total += mask
            self._count[case.label] += 1
            self._own[case.label, case.patient].append(mask)

    def map(self, label: str, patient: str) -> FloatArray | None:
        """Share of other patients' films with the label that have it there.

        Returns:
            float32 in [0, 1], shape (`SIDE`, `SIDE`) over the film; None without another patient.
        """
        own = self._own[label, patient]
        others = self._count[label] - len(own)
        if others < 1:
            return None
        total = self._sums[label] - np.sum(own, axis=0, dtype=np.float32)
        return total / np.float32(others)


class RandomWeights:
    """A network that has learned nothing: random weights from film to map, seeded.

    Patches of the very input the model sees go through two random layers; each label is a
    random direction in what comes out.
    """

    def __init__(self, spec: PreprocessSpec, *, seed: int = 0) -> None:
        self._spec = spec
        self._seed = seed
        random = np.random.default_rng(seed)
        sizes = (spec.channels * _PATCH * _PATCH, *_WIDTHS)
        self._layers = [
            (random.standard_normal((a, b)) * np.sqrt(2 / a)).astype(np.float32)
            for a, b in itertools.pairwise(sizes)
        ]

    def maps(self, film: Image, labels: Iterable[str]) -> dict[str, FloatArray]:
        """A similarity map of each label: cosine, smoothed as AFLoc does."""
        prepared = prepare(
            film.pixels,
            self._spec,
            padding=film.padding,
            pixel_aspect=film.pixel_aspect,
            colour=film.colour,
        )
        channels, side = prepared.tensor.shape[1], prepared.tensor.shape[2]
        cells = side // _PATCH
        inside = prepared.tensor[0, :, : cells * _PATCH, : cells * _PATCH]
        patches = inside.reshape(channels, cells, _PATCH, cells, _PATCH)
        values = patches.transpose(1, 3, 0, 2, 4).reshape(cells * cells, -1)
        first, last = self._layers
        vectors = np.maximum(values @ first, 0) @ last
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return {
            label: over_film(
                (vectors @ self._direction(label)).reshape(cells, cells),
                prepared.frame,
                _RANDOM_SIGMA_CELLS,
                0,
            ).similarity()
            for label in labels
        }

    def _direction(self, label: str) -> FloatArray:
        digest = hashlib.sha256(f"{self._seed} {label}".encode()).digest()
        random = np.random.default_rng(int.from_bytes(digest[:8], "little"))
        vector = random.standard_normal(_WIDTHS[-1]).astype(np.float32)
        unit: FloatArray = vector / np.linalg.norm(vector)
        return unit
