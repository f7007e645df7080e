"""Where the film is looked at: mouse, keys and size; the scene paints itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.display import AsColour
from afloc_desktop.core.geometry import Point
from afloc_desktop.state.store import State
from afloc_desktop.ui import corners, strings
from afloc_desktop.ui.marks import Marks
from afloc_desktop.ui.qt import (
    QColor,
    QEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPointF,
    QResizeEvent,
    QSizePolicy,
    Qt,
    QWheelEvent,
    QWidget,
    Signal,
)
from afloc_desktop.ui.scene import Scene
from afloc_desktop.ui.view import FilmView
from afloc_desktop.ui.windowing import as_window, dragged

if TYPE_CHECKING:
    from afloc_desktop.core.domain import VoiWindow

_WHEEL_STEP = 1.2  # per notch
_BUTTONS = Qt.MouseButton


class FilmCanvas(FilmView):
    """Shows one film. How it is looked at lives here, not in the store."""

    probed = Signal(str)  # what is under the pointer, empty outside the film

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 320)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(strings.FILM)
        self._state = State()
        self._marks = Marks()
        self._pan_from: QPointF | None = None
        self._window_from: tuple[QPointF, VoiWindow] | None = None

    def render_state(self, old: State, new: State) -> None:
        """Show the state's film and what was answered on it."""
        self._state = new
        if old.image is not new.image:
            self._pan_from = self._window_from = None
            self.scene = None if new.image is None else Scene(new.image, *self._pixels())
            if self.scene is not None:
                self.scene.has_graphics = self.has_graphics
            self.probed.emit("")
            self.viewed.emit()
        self.update()

    # --- mouse

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120
        if notches:  # a wheel may also be tilted sideways
            self.zoom_by(_WHEEL_STEP**notches, self._device(event.position()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.scene is None:
            return
        is_ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        is_left = event.button() == _BUTTONS.LeftButton
        if event.button() == _BUTTONS.RightButton or (is_left and is_ctrl):
            if isinstance(self.scene.choice, AsColour):
                return
            window = as_window(self.scene.film.image, self.scene.choice)
            self._window_from = (event.position(), window)
        elif is_left or event.button() == _BUTTONS.MiddleButton:
            self._pan_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._probe(event.position())
        if self.scene is None:
            return
        if self._window_from is not None:
            start, window = self._window_from
            moved = event.position() - start
            is_turned = self.scene.film.image.is_inverted != self.scene.is_inverted
            self.set_choice(dragged(window, moved.x(), moved.y(), is_inverted=is_turned))
        elif self._pan_from is not None:
            step = self._device(event.position() - self._pan_from)
            self._pan_from = event.position()
            self.scene.pan(step.x, step.y)
            self.changed()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pan_from = self._window_from = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == _BUTTONS.LeftButton:
            self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        self.probed.emit("")

    def _probe(self, position: QPointF) -> None:
        found = None if self.scene is None else self.scene.probe(self._device(position))
        self.probed.emit("" if found is None or self.scene is None else self.scene.words(*found))

    # --- size and painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self.scene is not None:
            self.scene.resize(*self._pixels())
            self.viewed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        # Ends the painter whatever happens: Qt aborts on one that outlives its paint event.
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), QColor(0, 0, 0))
        scene = self.scene
        if scene is None:
            corners.paint_message(painter, self.rect(), self._state)
            return
        ratio = self.devicePixelRatioF()
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        answer = scene.paint(painter, self._state)
        self._marks.paint(painter, scene, self._state)
        painter.restore()
        corners.paint_markers(painter, self.rect(), scene)
        corners.paint_corners(painter, self.rect(), self._state, scene)
        corners.paint_caption(painter, self.rect(), self._state, answer)

    def _device(self, position: QPointF) -> Point:
        ratio = self.devicePixelRatioF()
        return Point(position.x() * ratio, position.y() * ratio)

    def _pixels(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))
