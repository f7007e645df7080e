"""What a film gives the model to compare words with, looked at once or more often.

More is asked for, never taken: it costs time, and what it brings depends on model and finding.
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

Resolution = Literal["standard", "mirrored", "high", "tiled"]
RESOLUTIONS: tuple[Resolution, ...] = ("standard", "mirrored", "high", "tiled")
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
            "This model takes films in one size only.",
            remedy="Choose standard, mirrored or tiled.",
        )
    side, grid = manifest.preprocess.side, manifest.heatmap.grid
    is_letterbox = manifest.preprocess.fit == "letterbox"
    if resolution == "mirrored" and not (is_letterbox and side % (2 * grid) == 0):
        raise InferenceError(
            "This model's grid cannot be moved by half a cell.", remedy="Choose standard or high."
        )
    is_cut = is_letterbox and side % grid == 0 and grid % 2 == 0
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
        image: Any film. One that has no more pixels than the network sees is not made larger.
        manifest, sessions: Of the bundle.
        resolution: `high` shows the whole film larger, `tiled` joins the whole with four parts
            that overlap; both have half as many cells again a side. `mirrored` is the mean of the
            film and its mirror image, half a cell aside, with twice as many cells a side.
        check: May raise `Cancelled`.

    Raises:
        InferenceError: The network could not be run.
    """
    spec = manifest.preprocess
    is_small = max(image.rows, image.columns) <= spec.side
    if resolution == "standard" or (is_small and resolution != "mirrored"):
        tensor, frame = _prepared(image, spec)
        check()
        return sessions.encode_patches(tensor, check=check).astype(np.float64), frame
    if resolution == "mirrored":
        tensor, frame = _prepared(image, spec)
        check()
        empty = (spec.pad - spec.mean) / spec.std
        moved = _moved_mirror_image(tensor, manifest.heatmap.grid, empty)
        seen = [sessions.encode_patches(look, check=check) for look in (tensor, moved)]
        return _mirrored(*seen), frame
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


def _moved_mirror_image(tensor: FloatArray, grid: int, empty: float) -> FloatArray:
    """Half a cell further down and to the right, with `empty` where nothing moved in."""
    half = tensor.shape[-1] // (2 * grid)
    moved = np.full_like(tensor, empty)
    moved[..., half:, half:] = tensor[..., :-half, : half - 1 : -1]
    return moved


def _mirrored(whole: FloatArray, mirrored: FloatArray) -> Patches:
    """The mean of what a film and its moved mirror image say, (D, 2 grid, 2 grid)."""
    one, other = (p.repeat(2, 1).repeat(2, 2).astype(np.float64) for p in (whole, mirrored))
    # Half a cell back; the last half cell was pushed out of sight, and its neighbour stands in.
    back = np.pad(other, ((0, 0), (0, 1), (0, 1)), "edge")[:, 1:, 1:]
    joined: Patches = (one + back[:, :, ::-1]) / 2
    return joined


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
