"""Where a film is looked at: its state, its size, and everything painted over one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui import corners, returned, strings, theme
from afloc_desktop.ui.marks import Marks
from afloc_desktop.ui.mouse import FilmMouse
from afloc_desktop.ui.qt import (
    QColor,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QSizePolicy,
    Qt,
    QTimer,
    QWidget,
)
from afloc_desktop.ui.scene import Scene, paint_around
from afloc_desktop.ui.tools import drawn

if TYPE_CHECKING:
    from afloc_desktop.state.store import State

_BLACK = QColor(0, 0, 0)
_REST_MS = 80  # after the last change of the view, the film is painted exactly


class FilmCanvas(FilmMouse):
    """Shows one film. How it is looked at lives here, not in the store.

    Attributes:
        is_marked: It is the active one of several.
    """

    def __init__(self, parent: QWidget | None = None, *, cell: int = 0) -> None:
        super().__init__(parent, cell=cell)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 160)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(strings.FILM)
        self._marks = Marks()
        self.is_marked = False
        self._last: Scene | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.update)

    def render_state(self, old: State, new: State) -> None:
        """Show the state's film and what was answered on it."""
        self.shown = new
        if old.image is not new.image:
            self.let_go()
            self._show_film(new)
            self.probed.emit("")
            self.viewed.emit()
        self.update()

    def _show_film(self, state: State) -> None:
        """Another film starts afresh; another image of the same stack is looked at as before."""
        self._last = self.scene or self._last
        self.scene = None if state.image is None else Scene(state.image, *self._pixels())
        if self.scene is not None:
            self.scene.has_graphics = self.has_graphics
            if self._last is not None and self.scene.is_stacked_with(self._last, state.listing):
                self.scene.look_like(self._last)
                self.scene.resize(*self._pixels())

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self.scene is not None:
            self.scene.resize(*self._pixels())
            self.viewed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        # Ends the painter whatever happens: Qt aborts on one that outlives its paint event.
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        scene = self.scene
        if scene is None:
            painter.fillRect(self.rect(), _BLACK)
            corners.paint_message(painter, self.rect(), self.shown)
            self._paint_border(painter)
            return
        ratio = self.devicePixelRatioF()
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        paint_around(painter, scene.view, scene.film.image)
        answer = scene.paint(painter, self.shown)
        if scene.is_rough:
            self._rest.start()
        self._marks.paint(painter, scene, self.shown)
        returned.paint(painter, scene.view, scene.film.image, self.shown)
        painter.restore()
        corners.paint_markers(painter, self.rect(), scene)
        if self.has_text:
            corners.paint_corners(painter, self.rect(), self.shown, scene)
        else:
            corners.paint_turn(painter, self.rect(), scene)
        drawn.paint(painter, scene, self.shown, self.pencil)
        corners.paint_caption(painter, self.rect(), self.shown, answer)
        self.lens.paint(painter, scene, self.shown)
        self._paint_border(painter)

    def _paint_border(self, painter: QPainter) -> None:
        """The active one of several cells has a border."""
        if self.is_marked:
            painter.setPen(QPen(QColor(theme.DARK.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
