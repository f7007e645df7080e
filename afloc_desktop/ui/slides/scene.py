"""One slide on its canvas: how it is looked at, and painting it. Everything but the mouse."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.ui import returned
from afloc_desktop.ui.qt import QColor, QPainter
from afloc_desktop.ui.slides.heat import Heat
from afloc_desktop.ui.slides.mosaic import Mosaic, placed, snapped
from afloc_desktop.ui.slides.plan import Plan, plan
from afloc_desktop.ui.viewport import Viewport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.slides.recent import TileKey
    from afloc_desktop.state.slides import OpenSlide
    from afloc_desktop.state.store import Answer, State

_MARGIN = 6  # device pixels around a fitted slide
_SMALLEST = 0.0002  # a metre of tissue still fits
_UM_AT_1X = 10.0  # of a pixel at a magnification of 1, as makers of scanners count


class SlideScene:
    """A slide and how it is looked at. All positions are device pixels of the canvas.

    Attributes:
        opened: The slide.
        view: How it lies on the canvas, always at whole device pixels.
    """

    def __init__(self, opened: OpenSlide, width: int, height: int) -> None:
        self.opened = opened
        slide = opened.slide
        self._mosaic = Mosaic(slide.levels, opened.tiles, QColor(*slide.background))
        self._mosaic.lay_under(opened.small)
        self._heat = Heat()
        self._is_fitted = True
        self._last_view: Viewport | None = None
        size = slide.um_per_pixel
        aspect = 1.0 if size is None else size[1] / size[0]
        middle = Point(slide.columns / 2, slide.rows / 2)
        self.view = Viewport(width, height, 1.0, middle, aspect, smallest=_SMALLEST)
        self._plan: tuple[Viewport, Plan] | None = None
        self.fit()

    def take(self, opened: OpenSlide) -> None:
        """More is known of the same slide."""
        if opened is not self.opened:
            self.opened = opened
            self._mosaic.lay_under(opened.small)

    @property
    def is_rough(self) -> bool:
        """The last frame was painted for speed; painting it again makes it exact."""
        return self._mosaic.is_rough or self._heat.is_rough

    @property
    def plan(self) -> Plan:
        """What to read for the view."""
        if self._plan is None or self._plan[0] != self.view:
            self._plan = (self.view, plan(self.opened.slide.levels, self.view))
        return self._plan[1]

    @property
    def um_per_pixel(self) -> float | None:
        """Across a device pixel; None where the slide does not say."""
        size = self.opened.slide.um_per_pixel
        return None if size is None else size[0] / self.view.scale[0]

    @property
    def magnification(self) -> float | None:
        """As of a microscope, 40 where a device pixel is 0.25 µm; None where unknown."""
        size = self.um_per_pixel
        return None if size is None else _UM_AT_1X / size

    @property
    def visible(self) -> Box:
        """The part of the slide on the screen, slide pixels."""
        slide = self.opened.slide
        seen = self.view.visible(slide.rows, slide.columns)
        return seen or Box(*self.view.centre, *self.view.centre)

    def fit(self) -> None:
        """Show the whole slide, also after the canvas changes its size."""
        slide = self.opened.slide
        self._look(self.view.fitted(slide.rows, slide.columns, _MARGIN))
        self._is_fitted = True

    def zoom(self, factor: float, at: Point | None = None) -> None:
        """Zoom about a position, or the middle."""
        middle = Point(self.view.width / 2, self.view.height / 2)
        self._look(self.view.zoomed(factor, middle if at is None else at))

    def magnify(self, times: float) -> None:
        """Look as through an objective, where the slide has a scale."""
        now = self.magnification
        if now is not None:
            self.zoom(times / now)

    def pan(self, dx: float, dy: float) -> None:
        """Move the slide."""
        self._look(self.view.panned(dx, dy))

    def centre_on(self, point: Point) -> None:
        """Show a place of the slide in the middle."""
        self._look(replace(self.view, centre=point))

    def show(self, box: Box) -> None:
        """Show a part of the slide as large as it goes, but no pixel larger than it is."""
        wide, high = box.x1 - box.x0, box.y1 - box.y0
        nearer = self.view.fitted(max(1, round(high)), max(1, round(wide)), _MARGIN)
        self._look(replace(nearer, zoom=min(1.0, nearer.zoom), centre=box.centre))

    def inside(self, box: Box) -> Box:
        """What of a part lies on the slide."""
        slide = self.opened.slide
        x0, y0 = min(max(box.x0, 0), slide.columns), min(max(box.y0, 0), slide.rows)
        x1, y1 = min(max(box.x1, x0), slide.columns), min(max(box.y1, y0), slide.rows)
        return Box(x0, y0, x1, y1)

    def resize(self, width: int, height: int) -> None:
        """Follow the canvas."""
        self._look(self.view.resized(width, height), is_fitted=self._is_fitted)
        if self._is_fitted:
            self.fit()

    def place(self, at: Point) -> Point | None:
        """Where on the slide a position is; None outside."""
        point, slide = self.view.to_source(at), self.opened.slide
        is_inside = 0 <= point.x < slide.columns and 0 <= point.y < slide.rows
        return point if is_inside else None

    def has_come(self, keys: Sequence[TileKey]) -> None:
        """These tiles were read."""
        self._mosaic.spoil(keys)

    def paint(self, painter: QPainter, state: State) -> Answer | None:
        """Draw the slide and over it the answer that belongs to it.

        Args:
            painter: In device pixels.
            state: Of this very moment.

        Returns:
            The answer that was drawn.
        """
        is_moving = self._last_view is not None and self._last_view != self.view
        self._last_view = self.view
        painter.drawPixmap(0, 0, self._mosaic.picture(self.view, self.plan))
        slide = self.opened.slide
        painter.save()
        painter.setClipRect(placed(self.view, Box(0, 0, slide.columns, slide.rows)))
        answer = self._heat.paint(painter, self.view, state, is_moving=is_moving)
        self._heat.paint_lines(painter, self.view, state)
        returned.paint(painter, self.view, slide, state)
        painter.restore()
        return answer

    def _look(self, view: Viewport, *, is_fitted: bool = False) -> None:
        """Take a view, with a place of the slide in its middle."""
        slide = self.opened.slide
        x = min(max(view.centre.x, 0.0), float(slide.columns))
        y = min(max(view.centre.y, 0.0), float(slide.rows))
        self.view = snapped(replace(view, centre=Point(x, y)))
        self._is_fitted = is_fitted
