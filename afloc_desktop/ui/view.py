"""What a reader does to the film on screen. Nothing of it changes a pixel or the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from afloc_desktop.core.dicom.orientation import Turn
from afloc_desktop.core.geometry import Point
from afloc_desktop.ui.qt import QPointF, QWidget, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.dicom.display import Choice
    from afloc_desktop.ui.scene import Scene
    from afloc_desktop.ui.viewport import Viewport


class Zoomable(Protocol):
    """A film or a slide, and how it lies on the screen."""

    view: Viewport

    def fit(self) -> None:
        """Show all of it."""

    def zoom(self, factor: float, at: Point | None = None) -> None:
        """Zoom about a position in device pixels, or about the middle."""


class ZoomView(QWidget):
    """Looks at one thing from near or far, in device pixels; harmless where there is none."""

    viewed = Signal()  # what is looked at, or how, has changed

    def fit(self) -> None:
        """Show the whole of it."""
        scene = self._looked_at()
        if scene is not None:
            scene.fit()
            self.changed()

    def one_to_one(self) -> None:
        """Show one of its pixels per screen pixel."""
        scene = self._looked_at()
        if scene is not None:
            self.zoom_by(1 / scene.view.zoom)

    def zoom_by(self, factor: float, at: Point | None = None) -> None:
        """Zoom about a position in device pixels, or about the middle."""
        scene = self._looked_at()
        if scene is not None:
            scene.zoom(factor, at)
            self.changed()

    def changed(self) -> None:
        """Paint again, and tell whoever shows how it is looked at."""
        self.viewed.emit()
        self.update()

    def _looked_at(self) -> Zoomable | None:
        raise NotImplementedError

    def _device(self, position: QPointF) -> Point:
        ratio = self.devicePixelRatioF()
        return Point(position.x() * ratio, position.y() * ratio)

    def _pixels(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))


class FilmView(ZoomView):
    """Window, inversion, zoom and turn of one film; every call is harmless without a film.

    Attributes:
        scene: The film; None where there is none.
        has_graphics: Graphics of a file are drawn, on this film and those to come.
        has_text: Whose film it is and how it is shown stands in the corners.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scene: Scene | None = None
        self.has_graphics = True
        self.has_text = True

    def _looked_at(self) -> Scene | None:
        return self.scene

    def set_choice(self, choice: Choice) -> None:
        """Show the film through one of its windows, or one of the reader's own."""
        if self.scene is not None:
            self.scene.choice = choice
            self.changed()

    def set_inverted(self, is_inverted: bool) -> None:
        """Swap dark and bright on the screen."""
        if self.scene is not None:
            self.scene.is_inverted = is_inverted
            self.changed()

    def set_graphics(self, is_on: bool) -> None:
        """Draw the file's own graphics, on this film and those to come, or leave them out."""
        self.has_graphics = is_on
        if self.scene is not None:
            self.scene.has_graphics = is_on
            self.changed()

    def set_text(self, is_on: bool) -> None:
        """Write into the corners whose film it is, or leave the film bare."""
        self.has_text = is_on
        self.changed()

    def rotate_right(self) -> None:
        """Turn the film clockwise, for the eye alone."""
        self._turn(lambda turn: turn.rotated(1))

    def rotate_left(self) -> None:
        """Turn the film anticlockwise, for the eye alone."""
        self._turn(lambda turn: turn.rotated(-1))

    def flip_across(self) -> None:
        """Exchange left and right, for the eye alone; the markers follow."""
        self._turn(Turn.flipped_across)

    def flip_down(self) -> None:
        """Exchange top and bottom, for the eye alone; the markers follow."""
        self._turn(Turn.flipped_down)

    def _turn(self, change: Callable[[Turn], Turn]) -> None:
        if self.scene is not None:
            self.scene.turn(change(self.scene.view.turn))
            self.changed()

    def reset(self) -> None:
        """Go back to the film's own first window, not inverted, not turned."""
        if self.scene is not None:
            self.scene.reset()
            self.changed()
