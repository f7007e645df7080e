"""Colours of findings that are drawn together, told apart by colour-blind readers too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.ui.qt import QColor, QIcon, QPainter, QPen, QPixmap, Qt

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Prompt
    from afloc_desktop.state.store import State

# Okabe and Ito's set (jfly.uni-koeln.de/color), lightened for lines on grey.
_COLOURS = ("#56b4e9", "#e69f00", "#2fd3a2", "#f0e442", "#ff7a3c", "#e08fc0", "#7f9cff", "#b9e36a")
# Beyond eight findings the line itself differs, so that no two look alike.
_DASHES = ((), (6.0, 3.0), (2.0, 2.5), (8.0, 3.0, 2.0, 3.0), (12.0, 4.0))
_SWATCH = 14


@dataclass(frozen=True, slots=True)
class Ink:
    """How the lines of one finding look.

    Attributes:
        colour: As HTML writes it.
        dashes: Lengths of dash and gap in line widths; empty for a solid line.
    """

    colour: str
    dashes: tuple[float, ...]

    def pen(self, width: float) -> QPen:
        """To draw with; `width` in the painter's pixels."""
        pen = QPen(QColor(self.colour), width)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        if self.dashes:
            pen.setDashPattern(list(self.dashes))
        return pen


def ink_of(state: State, prompt: Prompt) -> Ink:
    """The ink of a question: its place in the list decides, so that it keeps its colour."""
    listed = [f.id for f in state.model.findings] if state.model is not None else []
    if prompt.origin == "preset" and prompt.words in listed:
        number = listed.index(prompt.words)
    elif prompt.words in state.asked:
        number = len(listed) + len(state.asked) - 1 - state.asked.index(prompt.words)
    else:
        number = len(listed)
    turn, place = divmod(number, len(_COLOURS))
    return Ink(_COLOURS[place], _DASHES[turn % len(_DASHES)])


def swatch(ink: Ink) -> QIcon:
    """A short piece of the line, for a list."""
    picture = QPixmap(_SWATCH, _SWATCH)
    picture.fill(Qt.GlobalColor.transparent)
    with QPainter(picture) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(ink.pen(2.5))
        painter.drawLine(1, _SWATCH // 2, _SWATCH - 1, _SWATCH // 2)
    return QIcon(picture)
