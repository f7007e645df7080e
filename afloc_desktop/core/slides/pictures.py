"""A slide and its answers as pictures: from above, its strongest windows, their distribution."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import PIL.ImageDraw

from afloc_desktop.core.domain import Image, Spacing, read_only
from afloc_desktop.core.eight_bit import luminance
from afloc_desktop.core.export.overlay import Picture, draw_film, draw_page, draw_places, with_bars
from afloc_desktop.core.export.results import Answer
from afloc_desktop.core.export.selection import FilmResults, LevelFiles, OnSlide
from afloc_desktop.core.findings import extent, moved
from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.core.slides.answers import spacing_of
from afloc_desktop.core.slides.regions import part_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import ColourArray, Heatmap
    from afloc_desktop.core.export.selection import Statement
    from afloc_desktop.core.slides.answers import Evidence, SlideAnswer
    from afloc_desktop.core.slides.regions import Plan
    from afloc_desktop.core.slides.slide import Slide

LONGEST = 1536  # pixels of a picture from above, as of pictures of films
_MOST_READ = 1 << 28  # pixels of a slide that are read for a picture; some seconds
_BLOCK = 256  # of its pixels that are read at once
_TILE = 480  # pixels of a window in a page
_GROUND, _BARS, _INK = (24, 26, 30), (86, 180, 233), (235, 235, 235)


def seen_from_above(slide: Slide, plan: Plan) -> Image:
    """The windows of a region as one picture, which exporters take for a film.

    Its pixels are larger than the slide's; it has the slide's identity.
    """
    return _from_above(slide, plan.box, plan.notes)


def results_on(
    slide: Slide, statements: Sequence[Statement], view: Image | None = None
) -> FilmResults:
    """What was said about a slide, as exporters take it.

    Args:
        slide: Is read for a picture of what was asked.
        statements: In slide pixels.
        view: As `seen_from_above` made it, of the same part of the slide; else it is made here.
    """
    whole = Box(0, 0, slide.columns, slide.rows)
    boxes = [_box_of(s.heatmap) for s in statements if s.heatmap is not None] or [whole]
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    box = Box(min(x0), min(y0), max(x1), max(y1))
    levels = (LevelFiles(v.columns, v.rows, files) for v, files in slide.level_files)
    return FilmResults(
        image=_from_above(slide, box, ()) if view is None else view,
        statements=tuple(statements),
        slide=OnSlide(tuple(levels), box, spacing_of(slide)),
    )


def _box_of(heatmap: Heatmap) -> Box:
    (x, y), (rows, columns) = heatmap.origin, heatmap.similarity.shape
    return Box(x, y, x + columns * heatmap.scale[0], y + rows * heatmap.scale[1])


def _from_above(slide: Slide, box: Box, notes: tuple[str, ...]) -> Image:
    width, height = box.x1 - box.x0, box.y1 - box.y0
    zoom = min(1.0, LONGEST / max(width, height))
    columns, rows = max(1, round(width * zoom)), max(1, round(height * zoom))
    colour = _shrunk(slide, box, columns, rows)
    spacing = spacing_of(slide)
    if spacing is not None:
        down, across = spacing.row_mm * height / rows, spacing.column_mm * width / columns
        spacing = Spacing(down, across, spacing.basis)
    return Image(
        ref=replace(slide.refs[0], frame=1),
        pixels=read_only(luminance(colour).astype(np.float32)),
        is_inverted=False,
        padding=None,
        voi=(),
        spacing=spacing,
        pixel_sha256=slide.sha256,
        orientation=None,
        warnings=(*slide.warnings, *notes),
        colour=read_only(colour),
    )


def in_view(answer: SlideAnswer, view: Image, plan: Plan) -> Answer:
    """An answer in the pixels of the picture from above.

    Args:
        answer: In slide pixels.
        view: As `seen_from_above` made it.
        plan: Of both.
    """
    box, finding = plan.box, answer.finding
    zoom = (view.columns / (box.x1 - box.x0), view.rows / (box.y1 - box.y0))
    scale = (answer.map.scale[0] * zoom[0], answer.map.scale[1] * zoom[1])

    def in_picture(point: Point) -> Point:
        return Point((point.x - box.x0) * zoom[0], (point.y - box.y0) * zoom[1])

    heatmap = replace(answer.heatmap, scale=scale, origin=(0.0, 0.0))
    return Answer(answer.question, heatmap, moved(finding, in_picture))


def draw_view(view: Image, answer: Answer, evidence: Evidence) -> Picture:
    """One finding over its slide; says how similar, never whether it is there.

    The strongest places are coloured even where nothing reaches a threshold, which was set on
    single films, or for a checkpoint that a site brought not at all.
    """
    assert view.colour is not None
    if not evidence.top:
        return with_bars(draw_film(view.colour), f"{answer.question.label}: no window with tissue")
    level = min(answer.finding.level, extent(answer.heatmap))
    finding = replace(answer.finding, level=level)
    digits = _digits(evidence)
    caption = (
        f"{answer.question.label}: highest similarity {finding.similarity:.{digits}f} in "
        f"{evidence.looked} windows; coloured from {finding.level:.{digits}f}"
    )
    return with_bars(draw_places(view.colour, answer.heatmap, finding), caption)


def draw_evidence(slide: Slide, answer: SlideAnswer, label: str, level: int) -> Picture:
    """The distribution of the windows' similarities, and the strongest windows, on one page.

    Args:
        slide: Theirs.
        answer: On it.
        label: What the reader calls it.
        level: Of the pyramid, that windows are drawn from.
    """
    digits = _digits(answer.evidence)
    panels = [_histogram(answer.evidence)]
    for top in answer.evidence.top:
        tile = PIL.Image.fromarray(part_of(slide, top.box, level)).resize((_TILE, _TILE))
        place = f"{top.similarity:.{digits}f} at {top.box.x0:.0f}, {top.box.y0:.0f}"
        panels.append(_captioned(tile, place))
    return draw_page(f"{label}: the windows most similar to the words", panels, columns=4)


def _shrunk(slide: Slide, box: Box, columns: int, rows: int) -> ColourArray:
    """A part of a slide, made small block by block: never more than a block is in memory."""
    level = slide.level_for((box.x1 - box.x0) / columns)
    zoom = slide.levels[level].downsample
    if (box.x1 - box.x0) * (box.y1 - box.y0) / zoom**2 > _MOST_READ:
        return _sampled(slide, box, columns, rows)
    across, down = (box.x1 - box.x0) / columns / zoom, (box.y1 - box.y0) / rows / zoom
    out = np.empty((rows, columns, 3), np.uint8)
    step = max(1, min(_BLOCK, int(_BLOCK * 8 / max(across, down))))
    for top in range(0, rows, step):
        for left in range(0, columns, step):
            height, width = min(step, rows - top), min(step, columns - left)
            x, y = box.x0 / zoom + left * across, box.y0 / zoom + top * down
            x0, y0 = int(x), int(y)
            x1, y1 = int(np.ceil(x + width * across)), int(np.ceil(y + height * down))
            pixels = slide.region(level, x0, y0, x1 - x0, y1 - y0)
            part = (x - x0, y - y0, x - x0 + width * across, y - y0 + height * down)
            small = PIL.Image.fromarray(pixels).resize(
                (width, height), PIL.Image.Resampling.BOX, box=part
            )
            out[top : top + height, left : left + width] = np.asarray(small)
    return out


def _sampled(slide: Slide, box: Box, columns: int, rows: int) -> ColourArray:
    """A part of a slide without coarse levels, from its overview."""
    whole = PIL.Image.fromarray(slide.thumbnail(LONGEST))
    zoom = max(whole.width, whole.height) / max(slide.columns, slide.rows)
    x0, y0, x1, y1 = (round(edge * zoom) for edge in box)
    part = PIL.Image.new("RGB", (max(1, x1 - x0), max(1, y1 - y0)), slide.background)
    part.paste(whole, (-x0, -y0))
    return np.asarray(part.resize((columns, rows), PIL.Image.Resampling.BOX))


def _digits(evidence: Evidence) -> int:
    """Decimals that tell windows apart; raw products of a checkpoint may hardly differ."""
    spread = float(evidence.edges[-1] - evidence.edges[0])
    return min(6, max(2, 1 - math.floor(math.log10(max(spread, 1e-9)))))


def _histogram(evidence: Evidence) -> Picture:
    """Windows by similarity, from the lowest to the highest."""
    picture = PIL.Image.new("RGB", (_TILE, _TILE), _GROUND)
    draw = PIL.ImageDraw.Draw(picture)
    width, most = (_TILE - 40) / len(evidence.counts), max(1, int(evidence.counts.max()))
    for index, count in enumerate(evidence.counts):
        left, height = 20 + index * width, (_TILE - 60) * int(count) / most
        draw.rectangle((left, _TILE - 40 - height, left + width - 2, _TILE - 40), fill=_BARS)
    low, high = (f"{evidence.edges[at]:.{_digits(evidence)}f}" for at in (0, -1))
    draw.text((20, _TILE - 34), low, fill=_INK, font_size=16)
    draw.text((_TILE - 20, _TILE - 34), high, fill=_INK, font_size=16, anchor="ra")
    return _captioned(picture, f"{evidence.looked} windows by their similarity")


def _captioned(picture: Picture, caption: str) -> Picture:
    framed = PIL.Image.new("RGB", (picture.width, picture.height + 26), _GROUND)
    framed.paste(picture, (0, 0))
    PIL.ImageDraw.Draw(framed).text((6, picture.height + 4), caption, fill=_INK, font_size=16)
    return framed
