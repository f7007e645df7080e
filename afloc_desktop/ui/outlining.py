"""Redrawing a finding: the reader pulls its outline where it belongs.

A transparent sheet over the canvas for as long as it takes; whatever is not a pull goes through to
the canvas, so that zoom and window work as always.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from afloc_desktop.core.geometry import Point
from afloc_desktop.core.judging import dense, kept_inside, pulled
from afloc_desktop.ui import strings
from afloc_desktop.ui.marks import path_of
from afloc_desktop.ui.qt import (
    QColor,
    QEvent,
    QFrame,
    QKeyEvent,
    QLabel,
    QMouseEvent,
    QObject,
    QPainter,
    QPaintEvent,
    QPen,
    QPointF,
    Qt,
    QWidget,
    Signal,
    button,
    label,
    row,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.judging import Outline
    from afloc_desktop.ui.canvas import FilmCanvas

_GRASP = 14.0  # screen points from the line within which a press takes hold of it
_STEPS = 160  # points of an outline, so that it bends smoothly
_ROUND = 28  # corners of a first outline where the model gave none
_FIRST_SHARE = 0.08  # of the film's shorter side: radius of a first outline
_INSET = 12  # screen points, of the bar
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_LINE = QColor("#ffffff")
_UNDER = QColor(0, 0, 0, 170)


class OutlineSheet(QWidget):
    """Lies on a canvas until the outlines are kept or left as they were."""

    kept = Signal(object)  # the outlines, source pixels
    left = Signal()

    def __init__(self, canvas: FilmCanvas, outlines: Sequence[Outline]) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._outlines = [_bendable(outline) for outline in outlines]
        self._taken: tuple[int, int] | None = None  # outline and point
        self._from = Point(0, 0)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(strings.REDRAW_HINT)
        self._hint = label(strings.REDRAW_HINT)
        self._bar = _bar(self, self._hint)
        self._fill_canvas()
        canvas.installEventFilter(self)
        self.show()
        self.setFocus()

    def keep(self) -> None:
        """Take the outlines as they are now and go."""
        self.kept.emit(tuple(self._outlines))
        self._go()

    def leave(self) -> None:
        """Change nothing and go."""
        self.left.emit()
        self._go()

    def _go(self) -> None:
        self._canvas.removeEventFilter(self)
        self.hide()
        self._canvas.setFocus()
        self.deleteLater()

    # --- mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = self._device(event.position())
        found = self._nearest(at) if event.button() == Qt.MouseButton.LeftButton else None
        if found is None:
            event.ignore()
            return
        self._taken, self._from = found, self._source(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self._device(event.position())
        if self._taken is None:
            is_near = self._nearest(at) is not None
            self.setCursor(
                Qt.CursorShape.PointingHandCursor if is_near else Qt.CursorShape.ArrowCursor
            )
            event.ignore()
            return
        number, point = self._taken
        to = self._source(at)
        line = pulled(self._outlines[number], point, to.x - self._from.x, to.y - self._from.y)
        scene = self._canvas.scene
        if scene is not None:
            image = scene.film.image
            self._outlines[number] = kept_inside(line, image.rows, image.columns)
        self._from = to
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._taken is None:
            event.ignore()
        elif event.button() == Qt.MouseButton.LeftButton:
            number, _ = self._taken
            self._outlines[number] = _bendable(self._outlines[number])
            self._taken = None

    # --- keys and size

    def event(self, event: QEvent) -> bool:
        """Enter and Esc are for the sheet while it lies there, whatever command has them."""
        is_key = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if is_key and event.key() in (*_ENTER, Qt.Key.Key_Escape):  # type: ignore[attr-defined]
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            self.keep()
        elif event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            event.ignore()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fill_canvas()
        return False

    def _fill_canvas(self) -> None:
        """Cover the canvas; where it is narrow, the two ways out are more than the words."""
        self.setGeometry(self._canvas.rect())
        self._hint.show()
        self._bar.adjustSize()
        if self._bar.width() > self.width() - 2 * _INSET:
            self._hint.hide()
            self._bar.adjustSize()

    def paintEvent(self, event: QPaintEvent) -> None:
        scene = self._canvas.scene
        with QPainter(self) as painter:
            if scene is None:
                return
            ratio = self.devicePixelRatioF()
            painter.scale(1 / ratio, 1 / ratio)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for line in self._outlines:
                path = path_of(scene.view, line)
                painter.strokePath(path, QPen(_UNDER, 4.5 * ratio))
                painter.strokePath(path, QPen(_LINE, 2 * ratio))

    # --- places

    def _nearest(self, at: Point) -> tuple[int, int] | None:
        """The outline and point a press takes hold of."""
        scene = self._canvas.scene
        if scene is None:
            return None
        found = [
            (math.dist(scene.view.to_screen(point), at), number, place)
            for number, line in enumerate(self._outlines)
            for place, point in enumerate(line)
        ]
        if not found:
            return None
        apart, number, place = min(found)
        return (number, place) if apart <= _GRASP * self.devicePixelRatioF() else None

    def _device(self, position: QPointF) -> Point:
        ratio = self.devicePixelRatioF()
        return Point(position.x() * ratio, position.y() * ratio)

    def _source(self, at: Point) -> Point:
        scene = self._canvas.scene
        return at if scene is None else scene.view.to_source(at)


def first_outline(middle: Point, rows: int, columns: int) -> Outline:
    """A circle to begin with, where the model gave no outline."""
    radius = _FIRST_SHARE * min(rows, columns)
    turns = (2 * math.pi * n / _ROUND for n in range(_ROUND))
    circle = tuple(
        Point(middle.x + radius * math.cos(t), middle.y + radius * math.sin(t)) for t in turns
    )
    return kept_inside(circle, rows, columns)


def _bendable(outline: Outline) -> Outline:
    around = sum(math.dist(a, b) for a, b in zip(outline, outline[1:] + outline[:1], strict=True))
    return dense(outline, max(around / _STEPS, 1e-3))


def _bar(sheet: OutlineSheet, hint: QLabel) -> QFrame:
    """What to do, and the two ways out."""
    bar = QFrame(sheet)
    bar.setProperty("role", "sheet")
    keep, leave = button(strings.REDRAW_KEEP), button(strings.REDRAW_LEAVE)
    keep.clicked.connect(sheet.keep)
    leave.clicked.connect(sheet.leave)
    layout = row(hint, keep, leave)
    layout.setContentsMargins(10, 6, 8, 6)
    bar.setLayout(layout)
    bar.adjustSize()
    bar.move(_INSET, 46)
    return bar
