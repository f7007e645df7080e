"""Literal text with a dark outline, readable on black and on white."""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import TYPE_CHECKING

from afloc_desktop.ui.qt import (
    QColor,
    QFont,
    QFontMetrics,
    QImage,
    QPainter,
    QPointF,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

INK = QColor(222, 226, 231)
_SHADE = QColor(0, 0, 0, 150)
_AROUND = ((-1.4, 0), (1.4, 0), (0, -1.4), (0, 1.4), (-1, -1), (-1, 1), (1, -1), (1, 1))
_ROOM = 3  # points around a word for its outline
_KEPT = 200  # words that are drawn once; outlining all of a film's takes longer than the film


def write(painter: QPainter, places: Sequence[tuple[float, float, str]], ink: QColor = INK) -> None:
    """Draw pieces of text whose upper left corners are at (x, y), screen points."""
    ratio, font = painter.device().devicePixelRatio(), painter.font().toString()
    for left, top, text in places:
        painter.drawImage(corner_of(left, top), word(text, font, ink.rgba(), ratio))


def corner_of(left: float, top: float) -> QPointF:
    """Where the picture of a word goes so that its first letter begins at a place."""
    return QPointF(round(left) - _ROOM, round(top) - _ROOM)


@lru_cache(maxsize=_KEPT)
def word(text: str, font_name: str, ink: int, ratio: float) -> QImage:
    """A word with its outline, drawn once; font and ink as Qt writes them."""
    font = QFont()
    font.fromString(font_name)
    metrics = QFontMetrics(font)
    wide, high = metrics.horizontalAdvance(text) + 2 * _ROOM, metrics.height() + 2 * _ROOM
    kind = QImage.Format.Format_ARGB32_Premultiplied
    picture = QImage(ceil(wide * ratio), ceil(high * ratio), kind)
    picture.setDevicePixelRatio(ratio)
    picture.fill(0)
    with QPainter(picture) as painter:
        painter.setFont(font)
        # Eight times the word itself: stroking the outlines of its letters takes ten times as long.
        painter.setPen(_SHADE)
        for x, y in _AROUND:
            painter.drawText(QPointF(_ROOM + x, _ROOM + metrics.ascent() + y), text)
        painter.setPen(QColor.fromRgba(ink))
        painter.drawText(QPointF(_ROOM, _ROOM + metrics.ascent()), text)
    return picture
