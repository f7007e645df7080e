"""Where a slide is looked at: its state, its size, and everything painted over one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.state.store import State
from afloc_desktop.ui import strings, theme
from afloc_desktop.ui.corners import paint_caption
from afloc_desktop.ui.qt import (
    QColor,
    QPainter,
    QPaintEvent,
    QPen,
    QRectF,
    QResizeEvent,
    QSizePolicy,
    Qt,
    Signal,
)
from afloc_desktop.ui.slides import corners, overview
from afloc_desktop.ui.slides.hand import SlideHand
from afloc_desktop.ui.slides.mosaic import placed
from afloc_desktop.ui.slides.overview import Map
from afloc_desktop.ui.slides.scene import SlideScene
from afloc_desktop.ui.slides.view import timer
from afloc_desktop.ui.viewport import spanned

if TYPE_CHECKING:
    from afloc_desktop.core.slides.recent import TileKey
    from afloc_desktop.state.slides import OpenSlide

_REST_MS = 80  # after the last change of the view, it is painted exactly
_REGION, _MARKED = QColor(theme.DARK.warning), QColor(theme.DARK.accent)


class SlideCanvas(SlideHand):
    """Shows the slide of the state. How it is looked at lives here, not in the store."""

    warned = Signal(object)  # what the reader must be told has changed

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 160)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(strings.SLIDE)
        self._shown = State()
        self._warnings: tuple[str, ...] = ()
        self._rest = timer(self, _REST_MS, self.update)

    def render_state(self, old: State, new: State) -> None:
        """Show the state's slide and what was answered on it."""
        self._shown = new
        opened = None if self.scene is None else self.scene.opened
        if new.slide is None or opened is None or opened.tiles is not new.slide.tiles:
            self._show_slide(new.slide)
        elif self.scene is not None:
            self.scene.take(new.slide)
        self.update()

    def _show_slide(self, opened: OpenSlide | None) -> None:
        self.let_go()
        self.scene = self.marked = None
        if opened is not None:
            self.scene = SlideScene(opened, *self._pixels())
            self._warnings = opened.slide.warnings
            opened.tiles.listen(self._came)
        self.probed.emit("")
        self.changed()

    def _came(self, keys: tuple[TileKey, ...]) -> None:
        if self.scene is not None:
            self.scene.has_come(keys)
            self.update()
            told = self.scene.opened.slide.warnings
            if told != self._warnings:
                self._warnings = told
                self.warned.emit(told)

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self.scene is not None:
            self.scene.resize(*self._pixels())
            self.changed()

    def paintEvent(self, event: QPaintEvent) -> None:
        # Ends the painter whatever happens: Qt aborts on one that outlives its paint event.
        with QPainter(self) as painter:
            if self.scene is None:
                painter.fillRect(self.rect(), Qt.GlobalColor.black)
            else:
                self._paint(painter, self.scene)

    def _paint(self, painter: QPainter, scene: SlideScene) -> None:
        ratio = self.devicePixelRatioF()
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        answer = scene.paint(painter, self._shown)
        region = self._shown.region if self.drawn is None else spanned(*self.drawn)
        for box, ink in ((self.marked, _MARKED), (region, _REGION)):
            if box is not None:
                _frame(painter, QRectF(placed(scene.view, box)), ink, ratio)
        painter.restore()
        if scene.is_rough:
            self._rest.start()
        if scene.plan.is_too_far:
            corners.paint_too_far(painter, self.rect())
        self._paint_map(painter, scene)
        paint_caption(painter, self.rect(), self._shown, answer)

    def _paint_map(self, painter: QPainter, scene: SlideScene) -> None:
        """The text of the corners, and the map below it."""
        taken = 0
        if self.has_text:
            corners.paint_corners(painter, self.rect(), self._shown, scene)
            taken = corners.room_above(painter, self._shown, scene)
        slide, size = scene.opened.slide, (self.width(), self.height())
        self._map = Map.placed(size, (slide.columns, slide.rows), taken)
        small, region = scene.opened.small, self._shown.region
        overview.paint(painter, self._map, small, scene.visible, region)


def _frame(painter: QPainter, where: QRectF, ink: QColor, ratio: float) -> None:
    """A rectangle that is seen on any tissue; widths in screen points."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(QColor(0, 0, 0, 160), 4 * ratio), QPen(ink, 2 * ratio)):
        painter.setPen(pen)
        painter.drawRect(where)
