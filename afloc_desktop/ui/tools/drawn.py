"""Painting marks and what they measure, in whichever way the film lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.measuring import angle_deg, bounds, length, ratio, runs_down, statistics
from afloc_desktop.state.drawings import marks_of
from afloc_desktop.ui import strings
from afloc_desktop.ui.lettering import write
from afloc_desktop.ui.qt import QColor, QPainter, QPen, QPointF, QPolygonF, QRectF, Qt
from afloc_desktop.ui.tools.shapes import lines

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Image, Spacing
    from afloc_desktop.core.measuring import Mark
    from afloc_desktop.state.store import State
    from afloc_desktop.ui.scene import Scene
    from afloc_desktop.ui.tools.pencil import Pencil
    from afloc_desktop.ui.viewport import Viewport

_COLOUR = QColor(240, 228, 66)
_CHOSEN = QColor(255, 255, 255)
_UNDER = QPen(QColor(0, 0, 0, 150), 4.0, j=Qt.PenJoinStyle.RoundJoin)
_LINE = 1.6
_HANDLE = 3.5
_BESIDE = 10  # screen points from the last point of a mark to its words


def paint(painter: QPainter, scene: Scene, state: State, pencil: Pencil) -> None:
    """Draw what the reader drew on the film on screen, and what is being drawn.

    Args:
        painter: In screen points.
        scene: The film and how it lies.
        state: As its cell shows it.
        pencil: Of the same film.
    """
    marks = list(pencil.shown(marks_of(state)))
    chosen = pencil.selected
    if pencil.draft is not None:
        chosen = len(marks)
        marks.append(pencil.draft)
    if not marks:
        return
    points = 1 / painter.device().devicePixelRatio()
    spacing = state.spacing(scene.film.image)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for number, mark in enumerate(marks):
        ink = _CHOSEN if number == chosen else _COLOUR
        _draw(painter, mark, scene, points, ink)
        if number == chosen:
            _handles(painter, mark, scene.view, points)
        _words(painter, mark, scene, spacing, points)
    painter.restore()


def words(mark: Mark, image: Image, spacing: Spacing | None) -> list[str]:
    """What a mark says, line by line; every length with where it is true."""
    points = mark.points
    if mark.kind in ("arrow", "text"):
        return [mark.text] if mark.text else []
    if mark.kind == "length":
        return [strings.length(length(points[0], points[1], spacing))]
    if mark.kind == "angle":
        if len(points) < 3:
            return []
        shape = image.pixel_aspect if spacing is None else spacing.row_mm / spacing.column_mm
        return [strings.angle(angle_deg(points[0], points[1], points[2], shape))]
    if mark.kind == "ratio":
        return _ratio_words(mark, image, spacing)
    found = statistics(image, mark, spacing)
    return strings.statistics(found, "" if image.is_as_stored else image.unit)


def _ratio_words(mark: Mark, image: Image, spacing: Spacing | None) -> list[str]:
    is_down = runs_down(image)
    if len(mark.points) < 4:
        one, other = mark.points[0], mark.points[1]
        across = other._replace(x=one.x) if is_down else other._replace(y=one.y)
        return [strings.heart(length(one, across, spacing))]
    return strings.ratio(ratio(mark, spacing, runs_down=is_down))


def _draw(painter: QPainter, mark: Mark, scene: Scene, points: float, ink: QColor) -> None:
    for line in lines(mark, scene.view, runs_down=runs_down(scene.film.image)):
        shape = QPolygonF([QPointF(p.x * points, p.y * points) for p in line])
        for pen in (_UNDER, QPen(ink, _LINE, j=Qt.PenJoinStyle.RoundJoin)):
            painter.setPen(pen)
            painter.drawPolyline(shape)


def _handles(painter: QPainter, mark: Mark, view: Viewport, points: float) -> None:
    painter.setPen(QPen(_CHOSEN, 1.2))
    painter.setBrush(QColor(0, 0, 0, 160))
    for point in mark.points:
        at = view.to_screen(point)
        painter.drawEllipse(QPointF(at.x * points, at.y * points), _HANDLE, _HANDLE)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _words(
    painter: QPainter, mark: Mark, scene: Scene, spacing: Spacing | None, points: float
) -> None:
    """Beside the mark, kept on the screen where the mark is on it."""
    said = [line for line in words(mark, scene.film.image, spacing) if line]
    if not said:
        return
    metrics = painter.fontMetrics()
    wide = max(metrics.horizontalAdvance(line) for line in said)
    high = metrics.lineSpacing() * len(said)
    box = scene.view.box_on_screen(bounds(mark))
    room = QRectF(0, 0, scene.view.width * points, scene.view.height * points)
    if min(box.x1, box.y1) < 0 or box.x0 > scene.view.width or box.y0 > scene.view.height:
        return  # of a mark that is off the screen
    left, top = box.x1 * points + _BESIDE, (box.y0 + box.y1) / 2 * points - high / 2
    if mark.kind == "text":
        left, top = box.x0 * points, box.y0 * points - high / 2
    elif left + wide > room.right() - _BESIDE:
        left = box.x0 * points - _BESIDE - wide
    left = min(max(left, _BESIDE), max(_BESIDE, room.right() - wide - _BESIDE))
    top = min(max(top, _BESIDE), max(_BESIDE, room.bottom() - high - _BESIDE))
    step = metrics.lineSpacing()
    write(painter, [(left, top + i * step, line) for i, line in enumerate(said)], _COLOUR)
