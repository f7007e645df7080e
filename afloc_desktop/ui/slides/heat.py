"""What the model answered on a slide, in colour over it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.ui import overlay
from afloc_desktop.ui.marks import Marks, wanted
from afloc_desktop.ui.qt import QImage, QPainter, QPointF
from afloc_desktop.ui.scene import transparent
from afloc_desktop.ui.slides.mosaic import draw_part

if TYPE_CHECKING:
    from afloc_desktop.core.domain import FloatArray, Heatmap
    from afloc_desktop.core.slides.answers import SlideMap
    from afloc_desktop.state.store import Answer, State
    from afloc_desktop.ui.viewport import Viewport

_LINE = 2.2  # screen points


class Heat:
    """Paints answers on one slide.

    Attributes:
        is_rough: The last one was painted for speed; painting it again makes it exact.
    """

    def __init__(self) -> None:
        self.is_rough = False
        self._layer: tuple[object, overlay.Layer | None] | None = None
        self._cells: tuple[object, QImage] | None = None
        self._wider: tuple[Answer, Heatmap] | None = None
        self._marks = Marks()

    def paint(
        self, painter: QPainter, view: Viewport, state: State, *, is_moving: bool
    ) -> Answer | None:
        """Draw the chosen answer, where it belongs to the slide and model of the state.

        Args:
            painter: In device pixels.
            view: On the slide.
            state: Of this very moment.
            is_moving: The view changes from frame to frame: scale the cells of the map.

        Returns:
            The answer that was drawn.
        """
        self.is_rough = False
        found = answer_on_slide(state)
        if found is None or state.has_boxes:
            return None if found is None else found[0]
        answer, laid = found
        low, high = overlay.colour_range(answer.floor, answer.similarity)
        line_px = _LINE * painter.device().devicePixelRatio() if state.is_contour else 0
        look = overlay.Look(state.level(answer), low, high, line_px)
        painter.save()
        painter.setOpacity(1.0 if state.is_contour else state.opacity)
        if is_moving and not state.is_contour:
            self.is_rough = True
            self._paint_cells(painter, view, laid, look)
        else:
            self._paint_exactly(painter, view, answer, laid, look)
        painter.restore()
        return answer

    def _paint_exactly(
        self, painter: QPainter, view: Viewport, answer: Answer, laid: SlideMap, look: overlay.Look
    ) -> None:
        seen = (answer, view, look)
        if self._layer is None or self._layer[0] != seen:
            if self._wider is None or self._wider[0] is not answer:
                wider = replace(answer.heatmap, similarity=widened(laid.similarity))
                self._wider = (answer, wider)
            on_map = _on_map(view, laid)
            layer = overlay.paint(self._wider[1], on_map, look)
            if layer is not None:
                _clear_unseen(layer, on_map, laid)
            self._layer = (seen, layer)
        layer = self._layer[1]
        if layer is not None:
            painter.drawImage(QPointF(layer.left, layer.top), transparent(layer.argb))

    def _paint_cells(
        self, painter: QPainter, view: Viewport, laid: SlideMap, look: overlay.Look
    ) -> None:
        """One colour a cell, scaled by Qt: a hundredth of the time."""
        seen = (laid, look)
        if self._cells is None or self._cells[0] != seen:
            self._cells = (seen, transparent(overlay.coloured(laid.similarity, look)).copy())
        rows, columns = laid.similarity.shape
        (left, top), (across, down) = laid.origin, laid.scale
        area = Box(left, top, left + columns * across, top + rows * down)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        draw_part(painter, view, self._cells[1], area)

    def paint_lines(self, painter: QPainter, view: Viewport, state: State) -> None:
        """Draw the answers beside the chosen one, and boxes where they are wanted."""
        if state.is_hidden or not state.is_overlay_on:
            return
        found = [(answer, laid) for a in wanted(state) for answer, laid in on_slide(state, a)]
        if found:
            # One run has one corner for all its maps.
            on_map = _on_map(view, found[0][1])
            self._marks.draw(painter, on_map, [answer for answer, _ in found], state)


def widened(similarity: FloatArray) -> FloatArray:
    """A map whose values go on for one map pixel where nobody looked.

    Between a value and none there is nothing to interpolate: half a map pixel would be lost at
    every edge of the tissue.
    """
    found = similarity.copy()
    for axis in (0, 1):
        for step in (1, -1):
            beside = np.roll(found, step, axis)
            edge = [slice(None)] * 2
            edge[axis] = slice(0, 1) if step == 1 else slice(-1, None)
            beside[tuple(edge)] = np.nan
            found = np.where(np.isnan(found), beside, found)
    return found


def _clear_unseen(layer: overlay.Layer, on_map: Viewport, laid: SlideMap) -> None:
    """No colour on the screen where the map has no value."""
    rows, columns = layer.argb.shape
    near = on_map.to_source(Point(layer.left + 0.5, layer.top + 0.5))
    far = on_map.to_source(Point(layer.left + columns - 0.5, layer.top + rows - 0.5))
    down = np.linspace(near.y, far.y, rows) // laid.scale[1]
    across = np.linspace(near.x, far.x, columns) // laid.scale[0]
    most_down, most_across = laid.similarity.shape
    is_unseen = np.isnan(laid.similarity)[
        np.ix_(
            np.clip(down, 0, most_down - 1).astype(np.intp),
            np.clip(across, 0, most_across - 1).astype(np.intp),
        )
    ]
    layer.argb[is_unseen] = 0


def _on_map(view: Viewport, laid: SlideMap) -> Viewport:
    """The view, counted from the corner of a map."""
    x, y = view.centre.x - laid.origin.x, view.centre.y - laid.origin.y
    return replace(view, centre=Point(x, y))


def answer_on_slide(state: State) -> tuple[Answer, SlideMap] | None:
    """The chosen answer and its map, if it may be painted on what is on screen."""
    answer = state.answer
    if answer is None or state.is_hidden or not state.is_overlay_on:
        return None
    return next(iter(on_slide(state, answer)), None)


def on_slide(state: State, answer: Answer) -> list[tuple[Answer, SlideMap]]:
    """An answer and its map; empty where they are not of exactly the slide and model on screen."""
    model = state.model
    if state.slide is None or model is None:
        return []
    sha256 = state.slide.slide.sha256
    run = state.slide_runs.get(sha256)
    laid = None if run is None else run.answers.get(answer.prompt)
    key = answer.heatmap.key
    shown = (sha256, model.bundle_sha256, model.fingerprint)
    is_its = shown == (key.pixel_sha256, key.bundle_sha256, key.preprocess_fingerprint)
    return [(answer, laid.map)] if is_its and laid is not None and key == laid.map.key else []
