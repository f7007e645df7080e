"""Mouse and keys over a film: looking closer, the window, marks, the lens, what is dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.state.drawings import marks_of
from afloc_desktop.state.store import State
from afloc_desktop.ui.qt import (
    QCursor,
    QDragEnterEvent,
    QDropEvent,
    QEvent,
    QKeyEvent,
    QMouseEvent,
    QPointF,
    Qt,
    QWheelEvent,
    QWidget,
    Signal,
)
from afloc_desktop.ui.tools.lens import Lens
from afloc_desktop.ui.tools.pencil import Pencil
from afloc_desktop.ui.view import FilmView
from afloc_desktop.ui.windowing import as_window, dragged

if TYPE_CHECKING:
    from afloc_desktop.core.domain import VoiWindow
    from afloc_desktop.ui.tools.pencil import Tool

FILM_MIME = "application/x-afloc-film"  # a film of the browser, as `ui.panels.studies` writes it

_WHEEL_STEP = 1.2  # per notch
_BUTTONS = Qt.MouseButton
_ARROWS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class FilmMouse(FilmView):
    """What the hand does over one film.

    Attributes:
        cell: Its place on the screen.
        shown: The state as this cell shows it.
        pencil: Draws and moves marks with the left button.
        lens: A magnifying glass at the pointer.
    """

    probed = Signal(str)  # what is under the pointer, empty outside the film
    touched = Signal(int)  # a button went down over this cell
    scrolled = Signal(int)  # another image of the stack is wanted, so many on
    dropped = Signal(int, object)  # a film of the browser was dropped on this cell

    def __init__(self, parent: QWidget | None = None, *, cell: int = 0) -> None:
        super().__init__(parent)
        self.cell = cell
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.pencil = Pencil()
        self.lens = Lens()
        self.shown = State()
        self._notches = 0.0
        self._pan_from: QPointF | None = None
        self._window_from: tuple[QPointF, VoiWindow] | None = None

    def let_go(self) -> None:
        """The film leaves: whatever was held over it is put down."""
        self._pan_from = self._window_from = None
        self.pencil.put_down()

    def wheelEvent(self, event: QWheelEvent) -> None:
        notches = event.angleDelta().y() / 120  # 0 where a wheel is tilted sideways
        is_ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        self.touched.emit(self.cell)
        if self.scene is not None and self.scene.is_stack(self.shown.listing) and not is_ctrl:
            self._scroll(notches)
        elif notches:
            self.zoom_by(_WHEEL_STEP**notches, self._device(event.position()))
        event.accept()

    def _scroll(self, notches: float) -> None:
        """Whole notches turn to the next image; a touch pad sends many small parts of one."""
        self._notches += notches
        whole = int(self._notches)
        self._notches -= whole
        if whole:
            self.scrolled.emit(-whole)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _ARROWS.get(Qt.Key(event.key()))
        if step is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        else:
            self.scrolled.emit(step)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.touched.emit(self.cell)
        if self.scene is None:
            return
        is_ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        is_left = event.button() == _BUTTONS.LeftButton
        if event.button() == _BUTTONS.RightButton or (is_left and is_ctrl):
            if self.scene.film.image.colour is not None:
                return
            window = as_window(self.scene.film.image, self.scene.choice)
            self._window_from = (event.position(), window)
        elif is_left and self._press_pencil(event.position()):
            self.update()
        elif is_left or event.button() == _BUTTONS.MiddleButton:
            self._pan_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._probe(event.position())
        if self.lens.at is not None:
            self.lens.at = self._device(event.position())
            self.update()
        if self.scene is None:
            return
        if self.pencil.is_busy and self._window_from is None and self._pan_from is None:
            self.pencil.move(self._device(event.position()), self.scene.view)
            self.update()
        elif self._window_from is not None:
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
        is_looking = self._pan_from is not None or self._window_from is not None
        self._pan_from = self._window_from = None
        self._show_cursor()
        if self.scene is not None and not is_looking and event.button() == _BUTTONS.LeftButton:
            at = self._device(event.position())
            self.pencil.release(at, self.scene.view, self.devicePixelRatioF())
            self.update()

    def _press_pencil(self, position: QPointF) -> bool:
        if self.scene is None:
            return False
        at, marks = self._device(position), marks_of(self.shown)
        return self.pencil.press(at, self.scene.view, marks, self.devicePixelRatioF())

    def take(self, tool: Tool) -> None:
        """Draw with another tool from now on."""
        self.pencil.choose(tool)
        self._show_cursor()
        self.update()

    def enlarge(self, is_on: bool) -> None:
        """Hold a lens over the film at the pointer, or put it away."""
        is_here = is_on and self.underMouse()
        pointer = self._device(QPointF(self.mapFromGlobal(QCursor.pos())))
        self.lens.at = pointer if is_here else None
        self.update()

    def _show_cursor(self) -> None:
        if self.pencil.tool == "hand":
            self.unsetCursor()
        else:
            self.setCursor(Qt.CursorShape.CrossCursor)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(FILM_MIME):
            event.acceptProposedAction()
        else:
            event.ignore()  # files are for the window

    def dropEvent(self, event: QDropEvent) -> None:
        self.dropped.emit(self.cell, bytes(event.mimeData().data(FILM_MIME).data()))
        event.acceptProposedAction()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() != _BUTTONS.LeftButton:
            return
        if self.pencil.tool == "hand" and not self._press_pencil(event.position()):
            self.fit()

    def leaveEvent(self, event: QEvent) -> None:
        self.probed.emit("")
        self.lens.at = None
        self.update()

    def _probe(self, position: QPointF) -> None:
        found = None if self.scene is None else self.scene.probe(self._device(position))
        self.probed.emit("" if found is None or self.scene is None else self.scene.words(*found))
