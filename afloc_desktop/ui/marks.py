"""Findings as lines over the film: those beside the chosen one, boxes, and what readers drew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.judging import outlines
from afloc_desktop.ui import strings
from afloc_desktop.ui.inks import Ink, ink_of
from afloc_desktop.ui.qt import QColor, QFont, QPainter, QPainterPath, QPen, QPointF, QRectF, Qt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.judging import Outline
    from afloc_desktop.state.store import Answer, State
    from afloc_desktop.ui.scene import Scene
    from afloc_desktop.ui.viewport import Viewport

_LINE = 1.8  # screen points
_SHADE = 0.3  # of the opacity of the heatmap, inside an outline
_UNDER = QColor(0, 0, 0, 150)
_DRAWN = Ink("#ffffff", ())  # what a reader drew
_ROUND = Qt.PenJoinStyle.RoundJoin


class Marks:
    """Paints lines on one canvas; keeps the outlines of the answers on screen."""

    def __init__(self) -> None:
        self._outlines: dict[Answer, tuple[float, tuple[Outline, ...]]] = {}

    def paint(self, painter: QPainter, scene: Scene, state: State) -> None:
        """Draw what belongs to exactly the film and the model on screen.

        Args:
            painter: In device pixels.
            scene: The film.
            state: Of this very moment.
        """
        if state.is_hidden or not state.is_overlay_on:
            return
        image = scene.film.image
        shown = [a for a in wanted(state) if _belongs(a, image, state)]
        self.draw(painter, scene.view, shown, state)

    def draw(
        self, painter: QPainter, view: Viewport, shown: Sequence[Answer], state: State
    ) -> None:
        """Draw answers that are known to belong to what is on screen.

        Args:
            painter: In device pixels.
            view: On their maps.
            shown: In this order.
            state: Of this very moment.
        """
        self._outlines = {a: kept for a, kept in self._outlines.items() if a in shown}
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = _LINE * painter.device().devicePixelRatio()
        for answer in shown:
            judgement = state.judgement(answer)
            if judgement is not None and judgement.status == "edited":
                lines = tuple(r.outline for r in judgement.statement.finding.regions)
                ink = _DRAWN if answer.prompt == state.prompt else ink_of(state, answer.prompt)
            elif judgement is not None and judgement.status == "rejected":
                continue
            else:
                lines, ink = self._lines(answer, state), ink_of(state, answer.prompt)
            _draw(
                painter,
                view,
                lines,
                _Look(ink, width, strings.finding(answer.question.label), state),
            )
        painter.restore()

    def _lines(self, answer: Answer, state: State) -> tuple[Outline, ...]:
        level = state.level(answer)
        kept = self._outlines.get(answer)
        if kept is None or kept[0] != level:
            kept = self._outlines[answer] = (level, outlines(answer.heatmap, level))
        return kept[1]


class _Look:
    """How the lines of one finding are drawn."""

    def __init__(self, ink: Ink, width: float, name: str, state: State) -> None:
        self.ink, self.width, self.name = ink, width, name
        self.is_boxed = state.has_boxes
        self.shade = 0.0 if state.is_contour or ink is _DRAWN else state.opacity * _SHADE


def wanted(state: State) -> list[Answer]:
    """The chosen answer only where it is not painted as a map, or was drawn anew."""
    found = list(state.beside())
    chosen = state.answer
    if chosen is not None:
        judgement = state.judgement(chosen)
        if state.has_boxes or (judgement is not None and judgement.status == "edited"):
            found.append(chosen)
    return found


def _belongs(answer: Answer, image: Image, state: State) -> bool:
    return answer.heatmap.key == state.key_for(image, answer.prompt)


def _draw(painter: QPainter, view: Viewport, lines: tuple[Outline, ...], look: _Look) -> None:
    path = QPainterPath()
    for line in lines:
        part = path_of(view, line)
        if look.is_boxed:
            path.addRect(part.boundingRect())
        else:
            path.addPath(part)
    if path.isEmpty():
        return
    if look.shade and not look.is_boxed:
        shade = QColor(look.ink.colour)
        shade.setAlphaF(look.shade)
        painter.fillPath(path, shade)
    under = QPen(_UNDER, look.width * 2)
    painter.strokePath(path, under)
    painter.strokePath(path, look.ink.pen(look.width))
    _name(painter, path.boundingRect(), view.width, look)


def _name(painter: QPainter, box: QRectF, room: int, look: _Look) -> None:
    """The finding's name at its upper edge, kept on the screen."""
    font = QFont(painter.font())
    font.setPixelSize(round(6.5 * look.width))
    words = QPainterPath()
    painter.setFont(font)
    wide, high = painter.fontMetrics().horizontalAdvance(look.name), painter.fontMetrics().ascent()
    x = min(max(box.left(), 4), room - wide - 4)
    y = box.top() - 4 if box.top() > high + 8 else box.top() + high + 4
    words.addText(QPointF(x, max(y, high + 4)), font, look.name)
    painter.strokePath(words, QPen(QColor(0, 0, 0, 200), look.width * 1.6, j=_ROUND))
    painter.fillPath(words, QColor(look.ink.colour))


def path_of(view: Viewport, line: Outline) -> QPainterPath:
    """A closed outline on the screen, device pixels."""
    path = QPainterPath()
    for number, point in enumerate(line):
        at = view.to_screen(point)
        (path.lineTo if number else path.moveTo)(at.x, at.y)
    path.closeSubpath()
    return path
