"""Cases of a comparison as pictures: the film, where the finding is, and both maps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image

from afloc_desktop.core.baselines import region_mask
from afloc_desktop.core.colours import has_hues, heat
from afloc_desktop.core.export.overlay import Picture, draw_film, to_png
from afloc_desktop.core.preprocess import resize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import BoolArray, FloatArray, Heatmap, Image
    from afloc_desktop.core.evaluate import ScoredCase, Tally
    from afloc_desktop.core.regions import RegionCase

_EACH = 4
_WIDTH = 300
_OPACITY = 0.5
_OUTLINE = (80, 220, 255)


@dataclass(frozen=True, slots=True)
class DrawnCase:
    """`label` and PNGs of the film, the base's map and the bundle's; named by no file."""

    label: str
    film: bytes
    base: bytes
    bundle: bytes


def chosen_cases(base: Tally, bundle: Tally) -> list[tuple[str, list[RegionCase]]]:
    """What to look at: best and worst of the bundle, and where the two differ most (by CNR)."""
    pairs = [
        pair
        for label in sorted(base.scored)
        for pair in zip(base.scored[label], bundle.scored[label], strict=True)
    ]

    def change(pair: tuple[ScoredCase, ScoredCase]) -> float:
        return pair[1].scores.cnr - pair[0].scores.cnr

    def own(pair: tuple[ScoredCase, ScoredCase]) -> float:
        return pair[1].scores.cnr

    if not pairs:
        return []
    by_change, by_own = sorted(pairs, key=change), sorted(pairs, key=own)
    return [
        ("Gained most", _cases(by_change[::-1])),
        ("Lost most", _cases(by_change)),
        ("Best of the bundle", _cases(by_own[::-1])),
        ("Worst of the bundle", _cases(by_own)),
    ]


def draw_case(film: Image, case: RegionCase, base: Heatmap, bundle: Heatmap) -> DrawnCase:
    """One case, outlines of its regions on each of the three pictures.

    Raises:
        UnreadableFile: A mask is absent or damaged.
    """
    region = region_mask(case, film.rows, film.columns)
    return draw_maps(film, case.label, (base, bundle), region)


def draw_maps(
    film: Image, label: str, maps: tuple[Heatmap, Heatmap], region: BoolArray | None = None
) -> DrawnCase:
    """A film beside what base and bundle draw on it; outlined where a region is known."""
    plain = np.repeat(_grey(film.pixels)[..., None], 3, axis=2)
    if film.colour is not None and has_hues(film.colour):
        plain = film.colour
    outline = np.zeros(plain.shape[:2], bool)
    if region is not None:
        outline = _edge(region, max(film.pixels.shape) / 250)
    drawn = [_outlined(p, outline) for p in (plain, *(_heated(plain, each) for each in maps))]
    return DrawnCase(label, *drawn)


def _cases(pairs: Sequence[tuple[ScoredCase, ScoredCase]]) -> list[RegionCase]:
    return [pair[1].case for pair in pairs[:_EACH]]


def _grey(pixels: FloatArray) -> np.ndarray:
    low, high = np.percentile(pixels, [1, 99])
    scaled = np.clip((pixels - low) / max(float(high - low), 1e-6), 0, 1)
    return np.asarray(scaled * 255 + 0.5, np.uint8)


def _heated(plain: np.ndarray, heatmap: Heatmap) -> np.ndarray:
    """The upper half of the map's range in colour."""
    values = np.nan_to_num(heatmap.similarity, nan=-1.0)
    laid = resize(values, *plain.shape[:2])
    share = np.clip((laid - laid.min()) / max(float(laid.max() - laid.min()), 1e-6) * 2 - 1, 0, 1)
    colours = heat()[(share * 255).astype(np.uint8)]
    alpha = np.where(share > 0, _OPACITY, 0.0)[..., None]
    return np.asarray(np.clip(plain * (1 - alpha) + colours * alpha + 0.5, 0, 255), np.uint8)


def _edge(mask: BoolArray, width: float) -> BoolArray:
    """Pixels of a mask that are near its border."""
    inner = mask.copy()
    for _ in range(max(1, round(width))):
        framed = np.pad(inner, 1)
        inner = inner & framed[:-2, 1:-1] & framed[2:, 1:-1] & framed[1:-1, :-2] & framed[1:-1, 2:]
    edge: BoolArray = mask & ~inner
    return edge


def _outlined(picture: np.ndarray, edge: BoolArray) -> bytes:
    marked = picture.copy()
    marked[edge] = _OUTLINE
    drawn: Picture = draw_film(marked)
    height = round(drawn.height * _WIDTH / drawn.width)
    return to_png(drawn.resize((_WIDTH, height), PIL.Image.Resampling.LANCZOS))
