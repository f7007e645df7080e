"""The series of the study on screen as small pictures; a click shows one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.state.store import home_of
from afloc_desktop.state.thumbs import SIDE, middle
from afloc_desktop.ui import strings
from afloc_desktop.ui.labels import one_line
from afloc_desktop.ui.prints import picture_of
from afloc_desktop.ui.qt import (
    QIcon,
    QListWidget,
    QListWidgetItem,
    QPixmap,
    QSize,
    Qt,
    Signal,
    lay_as_pictures,
    plain_tip,
)

if TYPE_CHECKING:
    from afloc_desktop.core.dicom.display import PaintedArray
    from afloc_desktop.core.domain import ImageRef, Series
    from afloc_desktop.state.store import State

_REF = Qt.ItemDataRole.UserRole
_CELL = QSize(SIDE + 14, SIDE + 30)
_HEIGHT = 2 * _CELL.height() + 6


class SeriesStrip(QListWidget):
    """Hidden where the study has one series."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        lay_as_pictures(self, strings.SERIES_STRIP, SIDE, _CELL)
        self.setMaximumHeight(_HEIGHT)
        self.itemClicked.connect(self._choose)
        self.itemActivated.connect(self._choose)
        self._study: object = None
        self._places: dict[ImageRef, int] = {}
        self.hide()

    def render_state(self, old: State, new: State) -> None:
        """Show the study's series, their pictures as they come, and which one is on screen."""
        is_other = old.listing is not new.listing or old.image_ref != new.image_ref
        home = None
        if is_other:
            home = None if new.image_ref is None else home_of(new.listing, new.image_ref)
            study = None if home is None else home.study
            if study is not self._study:
                self._study = study
                self._fill(() if study is None else study.series)
            self._mark(None if home is None else home.series)
        if is_other or old.thumbs is not new.thumbs:
            for ref, place in self._places.items():
                item = self.item(place)
                if item is not None and ref in new.thumbs and item.icon().isNull():
                    item.setIcon(_icon(new.thumbs[ref]))

    def _fill(self, series: tuple[Series, ...]) -> None:
        self.clear()
        self._places.clear()
        shown = [one for one in series if one.images]
        for place, one in enumerate(shown):
            words = one_line(f"{one.modality} {one.view_position or one.description}")
            item = QListWidgetItem(words)
            size = one.slide
            count = strings.slide_summary(size) if size else strings.images(len(one.images))
            item.setToolTip(plain_tip(one_line(f"{words} {one.description} ({count})")))
            item.setSizeHint(_CELL)
            item.setData(_REF, one.images[0])
            self.addItem(item)
            self._places[middle(one.images)] = place
        self.setVisible(len(shown) > 1)

    def _mark(self, series: Series | None) -> None:
        place = None if series is None else self._places.get(middle(series.images))
        self.blockSignals(True)
        self.setCurrentRow(-1 if place is None else place)
        self.blockSignals(False)

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(_REF))


def _icon(pixels: PaintedArray) -> QIcon:
    """The picture as it is, also where it is chosen: Qt would tint it."""
    made = QIcon()
    picture = QPixmap.fromImage(picture_of(pixels).copy())  # does not look into the state
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        made.addPixmap(picture, mode)
    return made
