"""Plays the images of a series one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.state.store import home_of
from afloc_desktop.ui.qt import QObject, QTimer, Signal

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Series
    from afloc_desktop.state.store import State
    from afloc_desktop.state.wall import Wall

SPEEDS = (2, 5, 10, 15, 20, 25, 30)  # images per second
DEFAULT_SPEED = 10


class Cine(QObject):
    """Asks for the next image as often as it was told to, and for nothing while one is read."""

    changed = Signal()  # it plays or stands

    def __init__(self, parent: QObject, wall: Wall) -> None:
        super().__init__(parent)
        self._wall = wall
        self._series: Series | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(1000 // DEFAULT_SPEED)
        self._timer.timeout.connect(self._next)

    @property
    def is_playing(self) -> bool:
        """Whether images follow one another by themselves."""
        return self._timer.isActive()

    def set_speed(self, images_per_s: int) -> None:
        """Play faster or slower."""
        self._timer.setInterval(round(1000 / images_per_s))

    def play(self, is_on: bool) -> None:
        """Start, or stop at the image on screen and ask about it."""
        if is_on == self.is_playing:
            return
        if is_on and self._series is not None:
            self._timer.start()
        elif not is_on:
            self._timer.stop()
            self._wall.pause()
        self.changed.emit()

    def render_state(self, old: State, new: State) -> None:
        """Stop when another series comes on screen."""
        if old.image_ref == new.image_ref and old.listing is new.listing:
            return
        series = playable(new)
        if self.is_playing and (series is None or series is not self._series):
            self._timer.stop()
            self.changed.emit()
        self._series = series

    def _next(self) -> None:
        self._wall.play()


def playable(state: State) -> Series | None:
    """The series on screen, if it has more than one image; the levels of a slide are one."""
    home = None if state.image_ref is None else home_of(state.listing, state.image_ref)
    if home is None or home.series.is_slide:
        return None
    return home.series if len(home.series.images) > 1 else None
