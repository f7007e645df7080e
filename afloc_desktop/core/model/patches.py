"""What a film gives the model to compare words with, at the model's own resolution or a higher one.

A higher one is asked for, never taken: nobody has shown for these weights that it is better.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from afloc_desktop.core.errors import InferenceError
from afloc_desktop.core.preprocess import PreprocessSpec, prepare, resize

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.domain import FloatArray, Image
    from afloc_desktop.core.geometry import Frame
    from afloc_desktop.core.model.manifest import Manifest
    from afloc_desktop.core.model.session import Sessions

Resolution = Literal["standard", "high", "tiled"]
RESOLUTIONS: tuple[Resolution, ...] = ("standard", "high", "tiled")
Patches = npt.NDArray[np.float64]
_LARGER = 1.5  # times the side that the model was trained with
_STRIDE = 16  # network pixels that a cell of AFLoc's deep level spans


def check_resolution(resolution: Resolution, manifest: Manifest, sessions: Sessions) -> None:
    """Refuse what a model cannot do.

    Raises:
        InferenceError: It takes no other size, or its cells do not fit into tiles.
    """
    if resolution == "high" and not sessions.takes_other_sizes:
        raise InferenceError(
            "This model takes films in one size only.", remedy="Choose standard or tiled."
        )
    side, grid = manifest.preprocess.side, manifest.heatmap.grid
    is_cut = manifest.preprocess.fit == "letterbox" and side % grid == 0 and grid % 2 == 0
    if resolution == "tiled" and not is_cut:
        raise InferenceError(
            "This model's grid does not fit into tiles.", remedy="Choose standard or high."
        )


def film_patches(
    image: Image,
    manifest: Manifest,
    sessions: Sessions,
    resolution: Resolution,
    check: Callable[[], None],
) -> tuple[Patches, Frame]:
    """Vectors of the film's places, (D, grid, grid), and how the film lies in the network's input.

    Double precision, because raw products are many times larger than they differ from place to
    place, and because an answer must not depend on what was asked along with it.

    Args:
        image: Any film. One that has no more pixels than the network sees is taken at `standard`.
        manifest, sessions: Of the bundle.
        resolution: `high` shows the whole film larger, `tiled` joins the whole with four parts
            that overlap. Both have half as many cells again a side.
        check: May raise `Cancelled`.

    Raises:
        InferenceError: The network could not be run.
    """
    spec = manifest.preprocess
    if resolution == "standard" or max(image.rows, image.columns) <= spec.side:
        tensor, frame = _prepared(image, spec)
        check()
        return sessions.encode_patches(tensor, check=check).astype(np.float64), frame
    tensor, frame = _prepared(image, replace(spec, side=round(spec.side * _LARGER)))
    check()
    if resolution == "high":
        net_side = _STRIDE * round(manifest.heatmap.grid * _LARGER)
        patches = sessions.encode_patches(tensor, net_side=net_side, check=check)
        return patches.astype(np.float64), frame
    whole = sessions.encode_patches(_prepared(image, spec)[0], check=check)
    return (_enlarged(whole) + _joined(tensor, spec.side, sessions, check)) / 2, frame


def _prepared(image: Image, spec: PreprocessSpec) -> tuple[FloatArray, Frame]:
    prepared = prepare(
        image.pixels,
        spec,
        padding=image.padding,
        pixel_aspect=image.pixel_aspect,
        colour=image.colour,
    )
    return prepared.tensor, prepared.frame


def _enlarged(whole: FloatArray) -> Patches:
    side = round(whole.shape[1] * _LARGER)
    return np.stack([resize(plane, side, side) for plane in whole]).astype(np.float64)


def _joined(
    tensor: FloatArray, side: int, sessions: Sessions, check: Callable[[], None]
) -> Patches:
    """Four overlapping parts side by side; where they overlap, the nearer one weighs more.

    Args:
        tensor: The film at one and a half times `side`, (1, C, rows, columns).
        side: Of a part.
        sessions, check: As for `film_patches`.
    """
    total = weights = None
    for down in (0, 1):
        for across in (0, 1):
            top, left = down * side // 2, across * side // 2
            part = np.ascontiguousarray(tensor[:, :, top : top + side, left : left + side])
            patches = sessions.encode_patches(part, check=check)
            grid = patches.shape[1]
            if total is None or weights is None:
                cells = round(grid * _LARGER)
                total, weights = np.zeros((len(patches), cells, cells)), np.zeros((cells, cells))
            slope = np.minimum(np.arange(grid) + 0.5, grid / 2)  # falls towards the other part
            y, x = (slope[::-1] if place == 0 else slope for place in (down, across))
            cover = np.outer(y, x)
            rows, columns = (slice(n * grid // 2, n * grid // 2 + grid) for n in (down, across))
            total[:, rows, columns] += patches * cover
            weights[rows, columns] += cover
    assert total is not None
    return np.asarray(total / weights)
