"""The picture of a slide for one view, put together of the tiles at hand and kept while it moves.

A step of the hand moves what was painted and paints the strip that came into sight; a tile that
comes is painted alone. Only a change of the zoom paints everything.
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.ui.qt import QColor, QImage, QPainter, QPixmap, QRect, QRectF, QRegion
from afloc_desktop.ui.slides.plan import Plan, area, tiles_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import ColourArray
    from afloc_desktop.core.slides.recent import TileKey
    from afloc_desktop.core.slides.slide import Level
    from afloc_desktop.state.slide_tiles import Tiles
    from afloc_desktop.ui.viewport import Viewport

_AROUND = QColor(0, 0, 0)
_SMOOTH = QPainter.RenderHint.SmoothPixmapTransform


class Mosaic:
    """Keeps one picture as large as the screen area.

    Attributes:
        is_rough: The last picture was scaled for speed; asking once more makes it smooth.
    """

    def __init__(self, levels: Sequence[Level], tiles: Tiles, paper: QColor) -> None:
        """Paint nothing yet.

        Args:
            levels: Of the slide, the finest first.
            tiles: Of the slide.
            paper: What stands where no tile was read yet.
        """
        self._levels = levels
        self._tiles = tiles
        self._paper = paper
        self._view: Viewport | None = None
        self._picture = QPixmap()
        self._spoilt = QRegion()
        self._under: QImage | None = None
        self.is_rough = False

    def lay_under(self, small: ColourArray | None) -> None:
        """Show this where no tile is; all of the slide, uint8 RGB."""
        if small is not None:
            self._under = colour_picture(small)
            self._view = None  # everything is painted again

    def spoil(self, keys: Sequence[TileKey]) -> None:
        """These tiles came: their places are painted again."""
        if self._view is not None:
            for key in keys:
                self._spoilt += placed(self._view, area(self._levels, key))

    def picture(self, view: Viewport, plan: Plan) -> QPixmap:
        """The slide as it is at hand, device pixels.

        Args:
            view: Snapped, as `snapped` makes it.
            plan: Of that view.
        """
        last, whole = self._view, QRect(0, 0, view.width, view.height)
        self._view = view
        if last is None or (last.width, last.height) != (view.width, view.height):
            self._picture = QPixmap(view.width, view.height)
            self._spoilt = QRegion(whole)
            self.is_rough = False
        elif last.zoom != view.zoom:
            self._spoilt = QRegion(whole)
            self.is_rough = True
        else:
            if self.is_rough:  # the zoom came to rest
                self._spoilt = QRegion(whole)
            self.is_rough = False
            self._move(*_step(last, view), whole)
        region = self._spoilt & QRegion(whole)
        self._spoilt = QRegion()
        if not region.isEmpty():
            self._paint(view, plan, region)
        return self._picture

    def _move(self, dx: int, dy: int, whole: QRect) -> None:
        if dx or dy:
            self._spoilt.translate(dx, dy)
            self._picture.scroll(dx, dy, whole)
            self._spoilt += QRegion(whole) - QRegion(whole.translated(dx, dy))

    def _paint(self, view: Viewport, plan: Plan, region: QRegion) -> None:
        whole = self._levels[0]
        with QPainter(self._picture) as painter:
            painter.setClipRegion(region)
            painter.fillRect(region.boundingRect(), _AROUND)
            seen = view.visible(whole.rows, whole.columns)
            if seen is None:
                return
            painter.fillRect(placed(view, seen), self._paper)
            painter.setRenderHint(_SMOOTH, not self.is_rough)
            if self._under is not None and not self._is_whole(plan):
                draw_part(painter, view, self._under, Box(0, 0, whole.columns, whole.rows))
            for number in self._painted(plan):
                self._paint_level(painter, view, tiles_in(self._levels, number, seen), region)

    def _painted(self, plan: Plan) -> range:
        """Levels from the coarsest on; those before the right one only where it has gaps."""
        if plan.is_too_far:
            return range(0)  # of so many tiles
        first = plan.level if self._is_whole(plan) else len(self._levels) - 1
        return range(first, plan.level - 1, -1)

    def _is_whole(self, plan: Plan) -> bool:
        return bool(plan.shown) and all(self._tiles.has(key) for key in plan.shown)

    def _paint_level(
        self, painter: QPainter, view: Viewport, keys: Sequence[TileKey], region: QRegion
    ) -> None:
        for key in keys:
            where = placed(view, area(self._levels, key))
            if not region.intersects(where):
                continue
            pixels = self._tiles.at_hand(key)
            if pixels is not None:
                rows, columns = pixels.shape
                kind = QImage.Format.Format_RGB32
                painter.drawImage(where, QImage(pixels.data, columns, rows, columns * 4, kind))


def draw_part(painter: QPainter, view: Viewport, picture: QImage, area: Box) -> None:
    """Draw what is on the screen of a picture that covers an area of the slide.

    Only that: at the largest zooms all of it would be millions of pixels across.
    """
    near, far = view.to_source(Point(0, 0)), view.to_source(Point(view.width, view.height))
    x0, y0 = max(area.x0, near.x), max(area.y0, near.y)
    x1, y1 = min(area.x1, far.x), min(area.y1, far.y)
    if x1 <= x0 or y1 <= y0:
        return
    one, other = view.to_screen(Point(x0, y0)), view.to_screen(Point(x1, y1))
    across = picture.width() / (area.x1 - area.x0)
    down = picture.height() / (area.y1 - area.y0)
    source = QRectF(
        (x0 - area.x0) * across, (y0 - area.y0) * down, (x1 - x0) * across, (y1 - y0) * down
    )
    painter.drawImage(QRectF(one.x, one.y, other.x - one.x, other.y - one.y), picture, source)


def colour_picture(colours: ColourArray) -> QImage:
    """A picture of its own of uint8 RGB, shape (rows, columns, 3)."""
    rows, columns = colours.shape[:2]
    kind = QImage.Format.Format_RGB888
    return QImage(colours.tobytes(), columns, rows, columns * 3, kind).copy()


def snapped(view: Viewport) -> Viewport:
    """The same view, its slide at whole device pixels: moving it never blurs it."""
    corner = view.to_screen(Point(0, 0))
    return view.panned(floor(corner.x + 0.5) - corner.x, floor(corner.y + 0.5) - corner.y)


def placed(view: Viewport, box: Box) -> QRect:
    """The device pixels of a part of the slide: neighbours share their edges."""
    one = view.to_screen(Point(box.x0, box.y0))
    other = view.to_screen(Point(box.x1, box.y1))
    # Rounded to a hair first: what lies at a half must not depend on the last bit.
    left, top, right, bottom = (
        floor(round(value, 6) + 0.5) for value in (one.x, one.y, other.x, other.y)
    )
    return QRect(left, top, right - left, bottom - top)


def _step(last: Viewport, view: Viewport) -> tuple[int, int]:
    """How far the slide moved on the screen, whole device pixels."""
    before, now = last.to_screen(Point(0, 0)), view.to_screen(Point(0, 0))
    return round(now.x - before.x), round(now.y - before.y)
