"""Photographs as they are shown to the network: varied, painted, laid into its square."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from afloc_desktop.core.picture import read_picture
from afloc_desktop.core.preprocess import PreprocessSpec, prepare
from afloc_training.fundus.network import GRID
from afloc_training.fundus.painting import PAINTABLE, compose, disc_mask, find_retina
from afloc_training.fundus.tables import ABSENT, PRESENT, UNKNOWN
from afloc_training.fundus.vocabulary import FINDINGS, IDS

if TYPE_CHECKING:
    import numpy.typing as npt

    from afloc_desktop.core.domain import BoolArray, ColourArray, FloatArray
    from afloc_training.fundus.tables import EyeRow
    from afloc_training.painting import Rng

# A microaneurysm covers a third of a cell: a cell counts as covered well before it is full.
_FILL, _FILLS = 2.0, {"microaneurysms": 3.0}
PARTS, _LARGER = 4, 1.5
"""Parts of a photograph, and their magnification, as `core.model.patches` tiles it."""
_REFERABLE = ("retinal_hemorrhage", "hard_exudates", "cotton_wool_spots")
"""Any of these refers an eye; microaneurysms alone are mild retinopathy."""


@dataclass(frozen=True, slots=True, eq=False)
class Eye:
    """One photograph as it is shown.

    Attributes:
        plane: float32 in [0, 1], shape (3, side, side).
        truth: Of every finding, int8: 1, 0, or -1 for unknown.
        masks: Share of each cell a finding covers, float16, shape (findings, GRID, GRID), where
            it is known; None on a real eye.
    """

    plane: FloatArray
    truth: npt.NDArray[np.int8]
    masks: npt.NDArray[np.float16] | None


def render(
    row: EyeRow, seed: int, spec: PreprocessSpec, *, is_painted: bool, part: int | None = None
) -> Eye:
    """A varied eye, painted on where asked for and possible. Equal arguments give equal eyes.

    Args:
        row: The photograph.
        seed: Of everything random.
        spec: Of the bundle.
        is_painted: Whether lesions are painted on it.
        part: None shows the whole; 0 to 3 show one of the parts that an answer in tiles is made
            of, one and a half times as large.

    Raises:
        UnreadableFile: The picture is absent or damaged.
    """
    rng = np.random.default_rng(seed)
    view = _View(spec, part)
    film = vary(rng, film_of(row, view.spec))
    retina = find_retina(film, view.zoom) if is_painted else None
    if retina is None:
        # What a whole eye shows need not lie in a part of it.
        is_doubtful = (row.truth == PRESENT) & (part is not None)
        return Eye(view.seen(film), np.where(is_doubtful, UNKNOWN, row.truth).astype(np.int8), None)
    canvas = compose(rng, film, retina)
    masks = np.zeros((len(FINDINGS), GRID, GRID), np.float16)
    for kind, mask in canvas.masks.items():
        masks[IDS.index(kind)] = np.minimum(view.cells(mask) * _FILLS.get(kind, _FILL), 1)
    if set(canvas.masks) & set(_REFERABLE):
        lesions = [IDS.index(kind) for kind in PAINTABLE]
        masks[IDS.index("diabetic_retinopathy")] = masks[lesions].max(axis=0)
    masks[IDS.index("optic_disc")] = view.cells(disc_mask(retina))
    truth = np.where(masks.any(axis=(1, 2)), PRESENT, ABSENT).astype(np.int8)
    return Eye(view.seen(canvas.eye), truth, masks)


class _View:
    """How a photograph lies in the network's square: whole, or one of its parts.

    Attributes:
        zoom: Pixels for one of the whole.
        spec: For a photograph of this size.
    """

    def __init__(self, spec: PreprocessSpec, part: int | None) -> None:
        self.zoom = 1.0 if part is None else _LARGER
        self.spec = replace(spec, side=round(spec.side * self.zoom))
        top, left = (n * spec.side // 2 for n in divmod(part or 0, 2))
        self._window = np.s_[top : top + spec.side, left : left + spec.side]

    def seen(self, film: FloatArray) -> FloatArray:
        """What the network sees of it, planes first."""
        square = self._square(film, self.spec.pad)[self._window]
        return np.ascontiguousarray(square.transpose(2, 0, 1))

    def cells(self, mask: BoolArray) -> FloatArray:
        """Share of each cell that a mask of the photograph covers."""
        square = self._square(mask[..., None], 0)[..., 0][self._window]
        size = len(square) // GRID
        cells: FloatArray = square.reshape(GRID, size, GRID, size).mean(axis=(1, 3))
        return cells

    def _square(self, film: FloatArray | BoolArray, pad: float) -> FloatArray:
        frame = self.spec.frame(*film.shape[:2])
        square = np.full((self.spec.side, self.spec.side, film.shape[2]), pad, np.float32)
        bottom, right = frame.top + frame.height, frame.left + frame.width
        square[frame.top : bottom, frame.left : right] = film
        return square


def film_of(row: EyeRow, spec: PreprocessSpec) -> ColourArray:
    """A photograph in the size the network sees it, uint8, shape (rows, columns, 3)."""
    image = read_picture(row.path)
    prepared = prepare(image.pixels, spec, padding=None, colour=image.colour)
    frame = prepared.frame
    bottom, right = frame.top + frame.height, frame.left + frame.width
    planes = prepared.tensor[0, :, frame.top : bottom, frame.left : right]
    levels: ColourArray = np.rint(planes.transpose(1, 2, 0) * 255).astype(np.uint8)
    return levels


def vary(rng: Rng, film: ColourArray) -> FloatArray:
    """Mirror, turn by up to 12°, scale by up to 12 %, and change light and tint.

    An eye may be mirrored: the other eye looks so, and no sentence names a side.
    """
    rows, columns = film.shape[:2]
    angle, scale = np.deg2rad(rng.uniform(-12, 12)), rng.uniform(0.9, 1.12)
    cos, sin = np.cos(angle) / scale, np.sin(angle) / scale
    across = cos * rng.choice((-1, 1)), -sin
    down = sin, cos * rng.choice((-1, 1))
    middle = columns / 2, rows / 2
    shift = rng.uniform(-8, 8, 2)
    matrix = [
        value
        for row, centre, off in zip((across, down), middle, shift, strict=True)
        for value in (*row, centre - row[0] * middle[0] - row[1] * middle[1] + off)
    ]
    turned = Image.fromarray(film).transform(
        (columns, rows), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
    )
    values = np.asarray(turned, np.float32) / 255
    tint = rng.uniform(0.92, 1.08, 3) * rng.uniform(0.85, 1.15)
    lit: FloatArray = np.clip(values ** rng.uniform(0.85, 1.2) * tint, 0, 1).astype(np.float32)
    return lit
