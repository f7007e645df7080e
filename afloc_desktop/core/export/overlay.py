"""Pictures of findings: the film in grey, the similarity in colour, outlines and a banner."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from afloc_desktop.core.colours import heat
from afloc_desktop.core.preprocess import resize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import Finding, FloatArray, Heatmap

BANNER = "RESEARCH USE ONLY: not for diagnosis"
LONGEST = 1024
_OPACITY = 0.45
_OUTLINE = (255, 214, 102)
_BAR = 34

Picture = PIL.Image.Image


def to_png(picture: Picture) -> bytes:
    """The picture as PNG bytes, without any metadata."""
    stream = io.BytesIO()
    # As small as the default level on films, in half the time.
    picture.save(stream, "PNG", compress_level=3)
    return stream.getvalue()


def draw_film(grey: np.ndarray, pixel_aspect: float = 1.0) -> Picture:
    """A rendered film, long side at most `LONGEST`, its pixels made square.

    Args:
        grey: uint8, shape (rows, columns), or (rows, columns, 3) in colour.
        pixel_aspect: Height of a pixel over its width.
    """
    rows, columns = grey.shape[:2]
    # Nothing is thrown away: the shorter side of a pixel stays one.
    tall, wide = rows * max(1.0, pixel_aspect), columns * max(1.0, 1 / pixel_aspect)
    scale = min(1.0, LONGEST / max(tall, wide))
    size = (max(1, round(wide * scale)), max(1, round(tall * scale)))
    film = PIL.Image.fromarray(grey)
    return (film if size == film.size else film.resize(size, PIL.Image.Resampling.BOX)).convert(
        "RGB"
    )


def draw_finding(
    grey: np.ndarray,
    heatmap: Heatmap,
    finding: Finding,
    label: str,
    *,
    pixel_aspect: float = 1.0,
) -> Picture:
    """One finding over its film, with outlines, scale, label and banner.

    Args:
        grey: The film as rendered, as in `draw_film`.
        heatmap: Of the same film.
        finding: What is proposed from it; nothing is coloured below its level.
        label: What the reader calls it.
        pixel_aspect: Height of a pixel over its width.
    """
    picture = draw_places(grey, heatmap, finding, pixel_aspect=pixel_aspect)
    verdict = "proposed" if finding.is_present else "below threshold"
    numbers = f"similarity {finding.similarity:.2f}, threshold {finding.threshold:.2f}"
    return with_bars(picture, f"{label}: {numbers}, {verdict}")


def draw_places(
    grey: np.ndarray, heatmap: Heatmap, finding: Finding, *, pixel_aspect: float = 1.0
) -> Picture:
    """Where one finding is on its film, without a word.

    Args:
        grey, heatmap, finding, pixel_aspect: As for `draw_finding`.
    """
    film = draw_film(grey, pixel_aspect)
    values = resize(heatmap.similarity, film.height, film.width)
    top = max(float(np.nanmax(heatmap.similarity)), finding.level + 0.05)
    share = (values - finding.level) / (top - finding.level)
    alpha = np.where(np.nan_to_num(share, nan=-1.0) >= 0, _OPACITY, 0.0)[..., None]
    mixed = np.asarray(film, np.float32) * (1 - alpha) + _coloured(np.nan_to_num(share)) * alpha
    picture = PIL.Image.fromarray(np.clip(mixed + 0.5, 0, 255).astype(np.uint8))
    draw = PIL.ImageDraw.Draw(picture)
    across, down = film.width / grey.shape[1], film.height / grey.shape[0]
    for region in finding.regions:
        points = [(p.x * across, p.y * down) for p in region.outline]
        draw.line([*points, points[0]], fill=_OUTLINE, width=2)
    return picture


def draw_page(title: str, panels: Sequence[Picture], *, columns: int) -> Picture:
    """Pictures of one study on one dark page, left to right, with a heading and the banner."""
    gap, width = 16, 480
    shown = [p.resize((width, round(p.height * width / p.width))) for p in panels]
    rows = [shown[i : i + columns] for i in range(0, len(shown), columns)]
    heights = [max(p.height for p in row) for row in rows]
    across = min(columns, len(shown)) or 1
    page = PIL.Image.new(
        "RGB",
        (across * width + (across + 1) * gap, sum(heights) + (len(rows) + 1) * gap + 2 * _BAR),
        (24, 26, 30),
    )
    draw = PIL.ImageDraw.Draw(page)
    draw.text((gap, 9), title, font=_font(18), fill=(235, 235, 235))
    y = _BAR + gap
    for row, height in zip(rows, heights, strict=True):
        for index, picture in enumerate(row):
            page.paste(picture, (gap + index * (width + gap), y))
        y += height + gap
    draw.text((gap, page.height - _BAR + 6), BANNER, font=_font(16), fill=_OUTLINE)
    return page


def _coloured(share: FloatArray) -> np.ndarray:
    """Heat colours of values in [0, 1], clipped; shape (rows, columns, 3)."""
    colours: np.ndarray = heat()[(np.clip(share, 0, 1) * 255).astype(np.uint8)]
    return colours


def with_bars(picture: Picture, caption: str) -> Picture:
    """A picture between what it is and what it is not for."""
    framed = PIL.Image.new("RGB", (picture.width, picture.height + 2 * _BAR), (24, 26, 30))
    framed.paste(picture, (0, _BAR))
    draw = PIL.ImageDraw.Draw(framed)
    size = max(9, min(18, picture.width // 34))
    draw.text((8, (_BAR - size) // 2), caption, font=_font(size), fill=(235, 235, 235))
    foot = picture.height + _BAR + (_BAR - size) // 2
    draw.text((8, foot), BANNER, font=_font(size), fill=_OUTLINE)
    return framed


def _font(size: int) -> PIL.ImageFont.FreeTypeFont | PIL.ImageFont.ImageFont:
    return PIL.ImageFont.load_default(size)
