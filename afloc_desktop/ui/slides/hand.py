"""Mouse and keys over a slide: moving, looking closer, jumping on the map, choosing a region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.ui import strings
from afloc_desktop.ui.qt import QEvent, QKeyEvent, QMouseEvent, QPointF, Qt, QWheelEvent, Signal
from afloc_desktop.ui.slides.mosaic import placed
from afloc_desktop.ui.slides.view import SlideView
from afloc_desktop.ui.viewport import spanned

if TYPE_CHECKING:
    from afloc_desktop.ui.slides.overview import Map

_WHEEL_STEP = 1.2  # per notch
_KEY_STEP = 0.2  # of the screen
_LEAST_REGION = 8  # device pixels; less was a click
_BUTTONS, _SHIFT = Qt.MouseButton, Qt.KeyboardModifier.ShiftModifier
_ARROWS = {
    Qt.Key.Key_Left: (1, 0),
    Qt.Key.Key_Right: (-1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class SlideHand(SlideView):
    """What the hand does over one slide.

    Attributes:
        is_choosing: The next drag chooses a region; with Shift any drag does.
        drawn: Corners of the region being drawn, slide pixels.
    """

    probed = Signal(str)  # what is under the pointer, empty beside the slide
    chosen = Signal(object)  # a region was drawn

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.is_choosing = False
        self.drawn: tuple[Point, Point] | None = None
        self._pan_from: QPointF | None = None
        self._map: Map | None = None
        self._is_on_map = False

    def choose_region(self, is_on: bool) -> None:
        """Let the next drag choose a region, or not any more."""
        self.is_choosing = is_on
        self.drawn = None
        self._show_cursor()
        self.viewed.emit()
        self.update()

    def put_down(self) -> bool:
        """Leave what is half drawn, then the tool. Whether there was anything to leave."""
        was_busy = self.is_choosing or self.drawn is not None or self.marked is not None
        if was_busy:
            self.marked = None
            self.choose_region(False)
        return was_busy

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120  # 0 where a wheel is tilted sideways
        if notches:
            self.zoom_by(_WHEEL_STEP**notches, self._device(event.position()))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _ARROWS.get(Qt.Key(event.key()))
        if step is None or self.scene is None:
            super().keyPressEvent(event)
        else:
            wide, high = self._pixels()
            self.scene.pan(step[0] * wide * _KEY_STEP, step[1] * high * _KEY_STEP)
            self.changed()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        scene, is_left = self.scene, event.button() == _BUTTONS.LeftButton
        if scene is None:
            return
        self._is_on_map = is_left and self._jump(event.position(), is_start=True)
        if self._is_on_map:
            return
        if is_left and (self.is_choosing or event.modifiers() & _SHIFT):
            corner = scene.view.to_source(self._device(event.position()))
            self.drawn = (corner, corner)
        elif is_left or event.button() == _BUTTONS.MiddleButton:
            self._pan_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        scene = self.scene
        if scene is None:
            return
        at = self._device(event.position())
        self._probe(at)
        if self._is_on_map:
            self._jump(event.position())
        elif self.drawn is not None:
            self.drawn = (self.drawn[0], scene.view.to_source(at))
            self.update()
        elif self._pan_from is not None:
            step = self._device(event.position() - self._pan_from)
            self._pan_from = event.position()
            scene.pan(step.x, step.y)
            self.changed()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drawn, scene = self.drawn, self.scene
        self.let_go()
        if drawn is None or scene is None:
            return
        whole = Box(*(round(value) for value in scene.inside(spanned(*drawn))))
        where = placed(scene.view, whole)
        self.choose_region(False)
        if min(where.width(), where.height()) >= _LEAST_REGION:
            self.chosen.emit(whole)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        is_on_map = self._map is not None and self._map.slide_point(event.position()) is not None
        if event.button() == _BUTTONS.LeftButton and not is_on_map:
            self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        self.probed.emit("")

    def _jump(self, at: QPointF, *, is_start: bool = False) -> bool:
        """Show what is under the pointer on the map. Whether it is there, or began there."""
        if self._map is None or self.scene is None:
            return False
        if is_start and self._map.slide_point(at) is None:
            return False
        self.scene.centre_on(self._map.nearest(at))
        self.changed()
        return True

    def let_go(self) -> None:
        """Whatever was held over the slide is put down."""
        self._pan_from = self.drawn = None
        self._is_on_map = False
        self._show_cursor()

    def _show_cursor(self) -> None:
        if self.is_choosing:
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.unsetCursor()

    def _probe(self, at: Point) -> None:
        point = None if self.scene is None else self.scene.place(at)
        if point is None or self.scene is None:
            self.probed.emit("")
            return
        size = self.scene.opened.slide.um_per_pixel
        where = None if size is None else (point.x * size[0] / 1000, point.y * size[1] / 1000)
        self.probed.emit(strings.slide_place(int(point.x), int(point.y), where))
