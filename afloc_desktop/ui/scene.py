"""One film on its canvas: window, zoom, and painting. Everything but the mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.display import first_choice, modality_value
from afloc_desktop.core.geometry import Point
from afloc_desktop.ui import overlay
from afloc_desktop.ui.film import Film
from afloc_desktop.ui.qt import QImage, QPainter, QPointF, QRectF
from afloc_desktop.ui.viewport import Viewport

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from afloc_desktop.core.dicom.display import Choice
    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.geometry import Box
    from afloc_desktop.state.store import Answer, State

_MARGIN = 6  # device pixels around a fitted film
_LINE = 2.2  # screen points


class Scene:
    """A film and how it is looked at. All positions are device pixels of the canvas.

    Attributes:
        film: The film.
        choice: How its values become grey.
        is_inverted: Dark and bright are swapped by the reader.
        view: How it lies on the canvas.
    """

    def __init__(self, image: Image, width: int, height: int) -> None:
        self.film = Film(image)
        self.choice: Choice = first_choice(image)
        self.is_inverted = False
        self._is_fitted = True
        self.view = Viewport(width, height, 1.0, Point(0, 0))
        self.fit()
        self._grey: tuple[object, QImage] | None = None
        self._layer: tuple[object, overlay.Layer | None] | None = None

    def reset_window(self) -> None:
        """Go back to the film's own first window, not inverted."""
        self.choice, self.is_inverted = first_choice(self.film.image), False

    def fit(self) -> None:
        """Show the whole film, also after the canvas changes its size."""
        image, view = self.film.image, self.view
        self.view = Viewport.fitted(view.width, view.height, image.rows, image.columns, _MARGIN)
        self._is_fitted = True

    def zoom(self, factor: float, at: Point | None = None) -> None:
        """Zoom about a position, or the middle."""
        middle = Point(self.view.width / 2, self.view.height / 2)
        self.view = self.view.zoomed(factor, middle if at is None else at)
        self._is_fitted = False

    def pan(self, dx: float, dy: float) -> None:
        """Move the film."""
        self.view = self.view.panned(dx, dy)
        self._is_fitted = False

    def resize(self, width: int, height: int) -> None:
        """Follow the canvas."""
        self.view = self.view.resized(width, height)
        if self._is_fitted:
            self.fit()

    def probe(self, at: Point) -> tuple[int, int, float] | None:
        """Column, row and modality value at a position; None outside the film."""
        image, point = self.film.image, self.view.to_source(at)
        row, column = int(point.y // 1), int(point.x // 1)
        if not (0 <= row < image.rows and 0 <= column < image.columns):
            return None
        return column, row, modality_value(image, row, column)

    def answer_to_paint(self, state: State) -> Answer | None:
        """The chosen answer, if it belongs to exactly the film, model and words on screen."""
        if state.is_hidden or not state.is_overlay_on:
            return None
        answer, wanted = state.answer, state.key_for(self.film.image)
        return answer if answer is not None and answer.heatmap.key == wanted else None

    def paint(self, painter: QPainter, state: State) -> Answer | None:
        """Draw the film and over it the answer that belongs to it.

        Args:
            painter: In device pixels.
            state: Of this very moment.

        Returns:
            The answer that was drawn.
        """
        self._paint_film(painter)
        answer = self.answer_to_paint(state)
        if answer is not None:
            self._paint_overlay(painter, answer, state)
        return answer

    def _paint_film(self, painter: QPainter) -> None:
        image = self.film.image
        visible = self.view.visible(image.rows, image.columns)
        if visible is None:
            return
        part = self.film.part(visible, self.view.zoom)
        seen = (part, self.choice, self.is_inverted)
        if self._grey is None or self._grey[0] != seen:
            grey = self.film.grey(part, self.choice)
            self._grey = (seen, _grey_image(255 - grey if self.is_inverted else grey))
        painter.save()
        painter.setClipRect(self._on_screen(visible))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(self._on_screen(part.area), self._grey[1])
        painter.restore()

    def _paint_overlay(self, painter: QPainter, answer: Answer, state: State) -> None:
        low, high = overlay.colour_range(answer.floor, answer.similarity)
        line_px = _LINE * painter.device().devicePixelRatio() if state.is_contour else 0
        look = overlay.Look(state.level(answer), low, high, line_px)
        seen = (answer, self.view, look)
        if self._layer is None or self._layer[0] != seen:
            self._layer = (seen, overlay.paint(answer.heatmap, self.view, look))
        layer = self._layer[1]
        if layer is not None:
            painter.setOpacity(1.0 if state.is_contour else state.opacity)
            painter.drawImage(QPointF(layer.left, layer.top), _colour_image(layer))
            painter.setOpacity(1.0)

    def _on_screen(self, box: Box) -> QRectF:
        near = self.view.to_screen(Point(box.x0, box.y0))
        far = self.view.to_screen(Point(box.x1, box.y1))
        return QRectF(near.x, near.y, far.x - near.x, far.y - near.y)


def _grey_image(grey: npt.NDArray[np.uint8]) -> QImage:
    rows, columns = grey.shape
    image = QImage(grey.data, columns, rows, columns, QImage.Format.Format_Grayscale8)
    return image.copy()  # owns its pixels: Qt would not keep the array alive


def _colour_image(layer: overlay.Layer) -> QImage:
    rows, columns = layer.argb.shape
    kind = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(layer.argb.data, columns, rows, columns * 4, kind)
