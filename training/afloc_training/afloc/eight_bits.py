"""An image network in 8 bits, kept only where it draws the same maps on real films.

Weights and activations become whole numbers with a scale (onnxruntime's static quantisation), which
processors with instructions for them multiply several times as fast. What that costs depends on the
weights, so it is measured on the site's own films for the bundle's own findings, and a network that
falls short is not shipped.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.dicom.read import read
from afloc_desktop.core.dicom.scan import scan
from afloc_desktop.core.errors import DatasetError, InputError
from afloc_desktop.core.heatmap import gaussian_matrix
from afloc_desktop.core.model.runtime import onnxruntime
from afloc_desktop.core.model.session import PATCHES
from afloc_desktop.core.preprocess import prepare
from afloc_training.export import open_session, quiet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import FloatArray, Image
    from afloc_desktop.core.preprocess import PreprocessSpec

FEWEST_FILMS, MOST_FILMS = 40, 120
_CALIBRATION_SHARE = 0.4
PEARSON, DICE = 0.999, 0.98
_SHARE_OF_MAPS = 0.95  # have to be as alike as that
_MASK_SHARE = 0.7  # of the way from a map's lowest to its highest: AFLoc's own threshold of 0.4


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How alike the maps of both networks are, on films that set no scale.

    Attributes:
        films: Compared.
        pearson, dice: Correlation of maps and overlap of masks that 95 of 100 maps reach.
    """

    films: int
    pearson: float
    dice: float

    @property
    def is_enough(self) -> bool:
        """Whether the 8-bit network may stand for the other."""
        return self.pearson >= PEARSON and self.dice >= DICE

    def __str__(self) -> str:
        verdict = "is in the bundle" if self.is_enough else "falls short and is left out"
        return (
            f"the 8-bit network {verdict}: on {self.films} films 19 of 20 maps correlate by "
            f"{self.pearson:.4f} ({PEARSON} is needed), masks overlap by {self.dice:.3f} ({DICE})"
        )


def site_images(folder: Path) -> Iterator[Image]:
    """The DICOM films below a folder, at most 120; others are passed over.

    Args:
        folder: Of the site's own films, of the kind the checkpoint was trained on.
    """
    for ref in scan([folder]).images[:MOST_FILMS]:
        with suppress(InputError):
            yield read(ref)


def read_films(folder: Path, spec: PreprocessSpec) -> list[FloatArray]:
    """Network inputs of the films of `site_images`.

    Args:
        folder: As there.
        spec: Of the bundle.
    """
    films = []
    for image in site_images(folder):
        prepared = prepare(
            image.pixels,
            spec,
            padding=image.padding,
            pixel_aspect=image.pixel_aspect,
            colour=image.colour,
        )
        films.append(prepared.tensor)
    return films


def add_eight_bits(
    folder: Path, films: Sequence[FloatArray], vectors: FloatArray, sigma_cells: float
) -> Fidelity:
    """Write `patches.int8.onnx` beside `patches.onnx`, and take it away again if it falls short.

    Args:
        folder: Of the bundle.
        films: Network inputs, (1, C, rows, columns); two fifths set the scales, the others judge.
        vectors: Of the bundle's findings, (K, D).
        sigma_cells: Of the maps' smoothing.

    Raises:
        DatasetError: Too few films to judge by.
    """
    if len(films) < FEWEST_FILMS:
        raise DatasetError(
            f"{len(films)} films are too few to judge an 8-bit network by.",
            remedy=f"Give at least {FEWEST_FILMS}, of different patients.",
        )
    count = round(_CALIBRATION_SHARE * len(films))
    target = folder / PATCHES["int8"]
    quantise(folder / PATCHES["float32"], target, films[:count])
    fidelity = compare(folder, films[count:], vectors, sigma_cells)
    if not fidelity.is_enough:
        target.unlink()
    return fidelity


def compare(
    folder: Path, films: Sequence[FloatArray], vectors: FloatArray, sigma_cells: float
) -> Fidelity:
    """Draw every finding on every film with both networks.

    Args:
        folder: Of the bundle, with both networks.
        films: Network inputs, (1, C, rows, columns).
        vectors: Of the findings, (K, D).
        sigma_cells: Of the maps' smoothing.
    """
    single, eight = (open_session(folder / name, threads=2) for name in PATCHES.values())
    alike: list[tuple[float, float]] = []
    for film in films:
        pair = (session.run(["local"], {"image": film})[0][0] for session in (single, eight))
        grids = (np.tensordot(vectors, patches, axes=1) for patches in pair)
        some, others = (_smooth(grid, sigma_cells) for grid in grids)
        alike += [_alike(a.ravel(), b.ravel()) for a, b in zip(some, others, strict=True)]
    pearson, dice = np.quantile(np.array(alike), 1 - _SHARE_OF_MAPS, axis=0)
    return Fidelity(len(films), float(pearson), float(dice))


def _smooth(grids: FloatArray, sigma_cells: float) -> FloatArray:
    smooth = gaussian_matrix(grids.shape[1], sigma_cells)
    maps: FloatArray = smooth @ grids @ smooth.T
    return maps


def _alike(some: FloatArray, others: FloatArray) -> tuple[float, float]:
    """Correlation of two maps, and overlap of their masks."""
    masks = [m >= m.min() + _MASK_SHARE * np.ptp(m) for m in (some, others)]
    overlap = 2 * (masks[0] & masks[1]).sum() / (masks[0].sum() + masks[1].sum())
    return float(np.corrcoef(some, others)[0, 1]), float(overlap)


def quantise(source: Path, target: Path, films: Sequence[FloatArray]) -> None:
    """Write a graph in 8 bits, unjudged.

    Args:
        source: The graph in single precision, of one input named `image`.
        target: Of the new graph.
        films: Network inputs, (1, C, rows, columns), that set the scales.
    """
    onnxruntime().set_default_logger_severity(3)  # it warns of inputs that have a default
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.calibrate import CalibrationDataReader

    class Films(CalibrationDataReader):  # type: ignore[misc]  # the runtime is untyped
        """Hands out the films, one a call, and then nothing."""

        def __init__(self) -> None:
            self._left: Iterator[FloatArray] = iter(films)

        def get_next(self) -> dict[str, FloatArray] | None:
            """The next input."""
            film = next(self._left, None)
            return None if film is None else {"image": film}

    with quiet():
        quantize_static(
            source,
            target,
            Films(),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
        )
