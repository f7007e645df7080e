"""One picture of a film with everything stated on it: numbered outlines, legend, disclaimer."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from afloc_desktop.core.dicom.display import render
from afloc_desktop.core.export.overlay import BANNER, Picture
from afloc_desktop.core.export.selection import in_picture

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.export.selection import FilmResults, Statement

Colour = tuple[int, int, int]

LONGEST = 1536  # long side of the film; 300 dpi on half a page
_NARROWEST = 720  # below, the legend would not fit
_GROUND, _INK, _WARNING = (24, 26, 30), (235, 235, 235), (255, 214, 102)
# Told apart by all common kinds of colour vision, light on dark (Okabe and Ito).
_COLOURS = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (213, 94, 0),
    (204, 121, 167),
    (255, 255, 255),
)


class _Line(NamedTuple):
    text: str
    colour: Colour


def draw_statements(results: FilmResults) -> Picture:
    """A film as it opens, square pixels, with the outlines of its findings and what they say."""
    film = draw_outlined(results)
    lines = [_Line(_sentence(n, s), colour) for n, s, colour in numbered(results)]
    absent = [s for s in results.stated if not s.finding.is_present]
    lines += [_Line(_below(absent), _INK)] if absent else []
    lines += [_Line(text, _INK) for text in _makers(results)]
    return _framed(film, [*lines, _Line(BANNER, _WARNING)])


def numbered(results: FilmResults) -> list[tuple[int, Statement, Colour]]:
    """What was found on a film, with the number and the colour of its outlines."""
    found = (s for s in results.stated if s.finding.is_present)
    return [(n, s, _COLOURS[(n - 1) % len(_COLOURS)]) for n, s in enumerate(found, 1)]


def draw_outlined(results: FilmResults) -> Picture:
    """A film as it opens, square pixels, with the numbered outlines of its findings alone."""
    results = in_picture(results)
    film = _film(results.image)
    zoom = (film.width / results.image.columns, film.height / results.image.rows)
    draw = PIL.ImageDraw.Draw(film)
    for number, statement, colour in numbered(results):
        for region in statement.regions:
            _outline(draw, [(x * zoom[0], y * zoom[1]) for x, y in region.outline], number, colour)
    return film


def _film(image: Image) -> Picture:
    film = PIL.Image.fromarray(render(image))
    tall, wide = image.rows * image.pixel_aspect, float(image.columns)
    zoom = min(max(1.0, _NARROWEST / wide), LONGEST / max(tall, wide))
    size = (max(1, round(wide * zoom)), max(1, round(tall * zoom)))
    shrinks = zoom < 1
    method = PIL.Image.Resampling.BOX if shrinks else PIL.Image.Resampling.BILINEAR
    return (film if size == film.size else film.resize(size, method)).convert("RGB")


def _outline(
    draw: PIL.ImageDraw.ImageDraw,
    points: list[tuple[float, float]],
    number: int,
    colour: Colour,
) -> None:
    draw.line([*points, points[0]], fill=colour, width=3)
    x, y = min(p[0] for p in points), min(p[1] for p in points)
    place = (max(2, x - 4), max(2, y - 26))
    draw.text(
        place, str(number), font=_font(22), fill=colour, stroke_width=2, stroke_fill=(0, 0, 0)
    )


def _sentence(number: int, statement: Statement) -> str:
    finding = statement.finding
    numbers = f"similarity {two(finding.similarity)}, threshold {two(finding.threshold)}"
    if finding.probability is not None:
        numbers += f", calibrated probability {finding.probability:.0%}"
    return _drawable(f"{number}  {statement.label}: {numbers}, {decision(statement)}")


def decision(statement: Statement) -> str:
    """What was decided on a finding, and by whom."""
    finding = statement.finding
    return f"{finding.status} by {finding.author}" if finding.author else finding.status


def _below(statements: list[Statement]) -> str:
    each = (
        f"{s.label} {two(s.finding.similarity)} (of {two(s.finding.threshold)})" for s in statements
    )
    return _drawable(f"Below their thresholds: {', '.join(each)}")


def two(value: float) -> str:
    """Two decimals, and no minus before zero."""
    return f"{round(value, 2) + 0.0:.2f}"


def _drawable(text: str) -> str:
    """Text in the letters of the built-in font: accents go, other scripts become `?`."""
    bare = (c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in bare)


def _makers(results: FilmResults) -> list[str]:
    return [
        f"Model {p.bundle_id}, sha256 {p.bundle_sha256[:16]}, AFLoc Desktop {p.app_version}, "
        f"{p.created}. Image-text similarity is no probability."
        for p in dict.fromkeys(s.finding.provenance for s in results.stated)
    ]


def _framed(film: Picture, lines: list[_Line]) -> Picture:
    """The film with lines below it, wide enough to be read; long ones are broken."""
    width = max(film.width, _NARROWEST)
    font = _font(max(15, width // 70))
    gap, step = 12, font.size + 8 if isinstance(font, PIL.ImageFont.FreeTypeFont) else 20
    broken = [piece for line in lines for piece in _broken(line, font, width - 2 * gap)]
    picture = PIL.Image.new(
        "RGB", (width, film.height + 2 * gap + round(step) * len(broken)), _GROUND
    )
    picture.paste(film, ((width - film.width) // 2, 0))
    draw = PIL.ImageDraw.Draw(picture)
    for row, line in enumerate(broken):
        place = (gap, film.height + gap + row * round(step))
        draw.text(place, line.text, font=font, fill=line.colour)
    return picture


def _broken(line: _Line, font: PIL.ImageFont.ImageFont, room: float) -> list[_Line]:
    pieces, text = [], ""
    for word in line.text.split(" "):
        longer = f"{text} {word}" if text else word
        if text and font.getlength(longer) > room:
            pieces.append(_Line(text, line.colour))
            longer = word
        text = longer
    return [*pieces, _Line(text, line.colour)]


def _font(size: int) -> PIL.ImageFont.ImageFont:
    return PIL.ImageFont.load_default(size)  # type: ignore[return-value]
