"""One film on its canvas: window, zoom, and painting. Everything but the mouse."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.dicom.display import first_choice, modality_value
from afloc_desktop.core.dicom.orientation import Turn
from afloc_desktop.core.geometry import Point
from afloc_desktop.state.store import home_of
from afloc_desktop.ui import overlay, strings
from afloc_desktop.ui.film import Film
from afloc_desktop.ui.prints import Print, picture_of
from afloc_desktop.ui.qt import QColor, QImage, QPainter, QPointF, QRect, QRectF, QRegion, Qt
from afloc_desktop.ui.sampling import sampled, taps
from afloc_desktop.ui.viewport import Viewport
from afloc_desktop.ui.windowing import carried

if TYPE_CHECKING:
    import numpy.typing as npt

    from afloc_desktop.core.dicom.display import Choice, PaintedArray
    from afloc_desktop.core.domain import Image, Listing
    from afloc_desktop.core.geometry import Box
    from afloc_desktop.state.store import Answer, Home, State
    from afloc_desktop.ui.sampling import Array

_MARGIN = 6  # device pixels around a fitted film
_LINE = 2.2  # screen points
_BLACK = QColor(0, 0, 0)
_GRAPHICS = np.uint32(0xFF63D3FF)


class Scene:
    """A film and how it is looked at. All positions are device pixels of the canvas.

    Attributes:
        film: The film.
        choice: How its values become grey.
        is_inverted: Dark and bright are swapped by the reader.
        view: How it lies on the canvas, and how the reader turned it.
        has_graphics: The file's own graphics are drawn, where it has any.
        is_rough: The last frame was painted for speed; painting it again makes it exact.
    """

    def __init__(self, image: Image, width: int, height: int) -> None:
        self.film = Film(image)
        self.choice: Choice = first_choice(image)
        self.is_inverted = False
        self.has_graphics = True
        self._is_fitted = True
        self.view = Viewport(width, height, 1.0, Point(0, 0), image.pixel_aspect)
        self.fit()
        self.is_rough = False
        self._last_view: Viewport | None = None
        self._rough: tuple[object, PaintedArray, QImage] | None = None
        self._exact: tuple[Viewport, QPointF, Print] | None = None
        self._drawn: tuple[object, QImage] | None = None
        self._layer: tuple[object, overlay.Layer | None] | None = None
        self._home: tuple[Listing, Home | None] | None = None

    def look_like(self, other: Scene) -> None:
        """Be looked at as another image of the same stack: same window, same place, same turn."""
        self.choice, self.is_inverted = other.choice, other.is_inverted
        self.view, self._is_fitted = other.view, other._is_fitted

    def follow(self, other: Scene) -> None:
        """Be looked at as another film: as near, as far from the middle, as bright.

        All of it relative to each film whole and through its own first window: two films need
        not have the same size, nor two machines the same grey levels.
        """
        fitted, its = _fitted(self.film.image, self.view), _fitted(other.film.image, other.view)
        self.view = fitted
        self._is_fitted = other._is_fitted
        if not other._is_fitted:
            x, y = (
                other.view.centre.x / (2 * its.centre.x),
                other.view.centre.y / (2 * its.centre.y),
            )
            centre = Point(x * 2 * fitted.centre.x, y * 2 * fitted.centre.y)
            zoom = fitted.zoom * other.view.zoom / its.zoom
            self.view = replace(fitted, centre=centre, zoom=zoom)
        self.is_inverted = other.is_inverted
        found = carried(other.choice, other.film.image, self.film.image)
        if found is not None:
            self.choice = found

    def enlarged(self, at: Point, side: int, factor: float) -> Scene:
        """A square of `side` device pixels around a position, `factor` times as large.

        It shares the film and its copies.
        """
        lens = copy(self)
        lens._exact = lens._rough = lens._drawn = lens._layer = None
        lens._last_view = None
        view = replace(self.view, zoom=self.view.zoom * factor, width=side, height=side)
        lens.view = replace(view, centre=self.view.to_source(at))
        return lens

    def is_stack(self, listing: Listing) -> bool:
        """It is one of several slices or frames, not of films that were taken one by one."""
        home = self.home(listing)
        images = () if home is None else home.series.images
        is_slice = len(images) > 1 and images[0].position_mm is not None
        return is_slice or (len(images) > 1 and images[-1].frame > 1)

    def is_stacked_with(self, other: Scene, listing: Listing) -> bool:
        """Both are of one stack and of one size."""
        here, there = self.home(listing), other.home(listing)
        is_same = here is not None and there is not None and here.series is there.series
        sizes = [(s.film.image.rows, s.film.image.columns) for s in (self, other)]
        return is_same and sizes[0] == sizes[1] and self.is_stack(listing)

    def home(self, listing: Listing) -> Home | None:
        """Where the film was listed; sought once in a listing, however often it paints."""
        if self._home is None or self._home[0] is not listing:
            self._home = (listing, home_of(listing, self.film.image.ref))
        return self._home[1]

    def reset(self) -> None:
        """Go back to how the film opened: its own first window, not inverted, not turned."""
        self.choice, self.is_inverted = first_choice(self.film.image), False
        self.turn(Turn())

    def turn(self, turn: Turn) -> None:
        """Show the film turned; its pixels, and everything measured on them, stay as they are."""
        self.view = replace(self.view, turn=turn)
        if self._is_fitted:
            self.fit()

    def fit(self) -> None:
        """Show the whole film, also after the canvas changes its size."""
        self.view, self._is_fitted = _fitted(self.film.image, self.view), True

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

    def words(self, column: int, row: int, value: float) -> str:
        """What a probe found, in words."""
        image = self.film.image
        if image.colour is not None:
            return strings.probe_colour(column, row, *image.colour[row, column].tolist())
        if image.is_as_stored or image.rescale is None:
            return strings.probe(column, row, value, image.unit, is_as_stored=image.is_as_stored)
        slope, intercept = image.rescale
        stored = round((value - intercept) / slope)
        return strings.probe_both(column, row, stored, value, image.unit)

    def answer_to_paint(self, state: State) -> Answer | None:
        """The chosen answer, if it belongs to exactly the film, model and words on screen.

        None, too, where the reader rejected it.
        """
        if state.is_hidden or not state.is_overlay_on:
            return None
        answer, wanted = state.answer, state.key_for(self.film.image)
        is_its = answer is not None and answer.heatmap.key == wanted
        return answer if is_its and not is_rejected(state) else None

    def paint(self, painter: QPainter, state: State) -> Answer | None:
        """Draw the film and over it the answer that belongs to it.

        Args:
            painter: In device pixels.
            state: Of this very moment.

        Returns:
            The answer that was drawn.
        """
        image = self.film.image
        visible = self.view.visible(image.rows, image.columns)
        if visible is not None:
            painter.save()
            painter.setClipRect(_rectangle(self.view, visible), Qt.ClipOperation.IntersectClip)
            self._paint_film(painter, visible)
            if self.has_graphics:
                self._paint_graphics(painter, visible)
            painter.restore()
        answer = self.answer_to_paint(state)
        if answer is not None and not state.has_boxes:
            self._paint_overlay(painter, answer, state)
        return answer

    def _paint_film(self, painter: QPainter, visible: Box) -> None:
        """Roughly while the view changes from frame to frame, then exactly.

        Exact: values are laid over the pixels of the screen once, and a window is a table over
        them; that takes four frames of moving.
        """
        self.is_rough = self._last_view != self.view
        self._last_view = self.view
        if self.is_rough:
            self._paint_roughly(painter, visible)
            return
        if self._exact is None or self._exact[0] != self.view:
            left, top, values = _on_pixels(self.film, self.view, visible)
            self._exact = (self.view, QPointF(left, top), Print(self.film, values))
        _, corner, exact = self._exact
        painter.drawImage(corner, exact.picture(self.choice, is_inverted=self.is_inverted))

    def _paint_roughly(self, painter: QPainter, visible: Box) -> None:
        """An averaged copy in grey, scaled by Qt."""
        part = self.film.part(visible, self.view.scale)
        seen = (part, self.choice, self.is_inverted, self.view.turn)
        if self._rough is None or self._rough[0] != seen:
            grey = self.view.turn.apply(self.film.grey(self.film.values(part), self.choice))
            pixels = np.ascontiguousarray(255 - grey if self.is_inverted else grey)
            self._rough = (seen, pixels, picture_of(pixels))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(_rectangle(self.view, part.area), self._rough[2])

    def _paint_graphics(self, painter: QPainter, visible: Box) -> None:
        """The file's own graphics, in a colour that no film and no heatmap has."""
        found = self.film.graphics(visible, self.view.scale)
        if found is None:
            return
        part, mask = found
        seen = (part, self.view.turn)
        if self._drawn is None or self._drawn[0] != seen:
            argb = np.where(self.view.turn.apply(mask), _GRAPHICS, np.uint32(0))
            self._drawn = (seen, transparent(np.ascontiguousarray(argb)).copy())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(_rectangle(self.view, part.area), self._drawn[1])

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
            painter.drawImage(QPointF(layer.left, layer.top), transparent(layer.argb))
            painter.setOpacity(1.0)


def paint_around(painter: QPainter, view: Viewport, image: Image) -> None:
    """Black where a film is not, up to a pixel under its edge; the rest is painted once."""
    area = QRect(0, 0, view.width, view.height)
    visible = view.visible(image.rows, image.columns)
    around = QRegion(area)
    if visible is not None:
        around -= QRegion(_rectangle(view, visible).toRect().adjusted(2, 2, -2, -2) & area)
    for part in around:  # type: ignore[attr-defined]  # Qt's stubs do not know that it can
        painter.fillRect(part, _BLACK)


def is_rejected(state: State) -> bool:
    """Whether the reader rejected the chosen answer: its map leaves the film."""
    judgement = None if state.answer is None else state.judgement(state.answer)
    return judgement is not None and judgement.status == "rejected"


def _fitted(image: Image, view: Viewport) -> Viewport:
    """The whole film on the same area."""
    return view.fitted(image.rows, image.columns, _MARGIN)


def _rectangle(view: Viewport, box: Box) -> QRectF:
    seen = view.box_on_screen(box)
    return QRectF(seen.x0, seen.y0, seen.x1 - seen.x0, seen.y1 - seen.y0)


def _on_pixels(film: Film, view: Viewport, visible: Box) -> tuple[int, int, Array]:
    """The film's values at the middles of screen pixels: left, top, and the values."""
    part = film.part(visible, view.scale)
    values, area = film.values(part), part.area
    left, top, right, bottom = overlay.on_screen(view, visible)
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    near = view.to_source(Point(left + 0.5, top + 0.5))
    far = view.to_source(Point(right - 0.5, bottom - 0.5))
    wide, high = right - left, bottom - top
    if view.turn.is_sideways:
        wide, high = high, wide
    across, down = 2**part.across, 2**part.down
    columns = taps((near.x - area.x0) / across, (far.x - area.x0) / across, wide, values.shape[1])
    rows = taps((near.y - area.y0) / down, (far.y - area.y0) / down, high, values.shape[0])
    found = sampled(values, rows, columns)
    return left, top, found.swapaxes(0, 1) if view.turn.is_sideways else found


def transparent(argb: npt.NDArray[np.uint32]) -> QImage:
    rows, columns = argb.shape
    kind = QImage.Format.Format_ARGB32_Premultiplied
    return QImage(argb.data, columns, rows, columns * 4, kind)
