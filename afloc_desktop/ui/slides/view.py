"""What a reader does to the slide on screen. Nothing of it changes the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui.qt import QTimer
from afloc_desktop.ui.view import ZoomView

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.geometry import Box
    from afloc_desktop.ui.slides.scene import SlideScene


class SlideView(ZoomView):
    """Zoom and place of one slide; every call is harmless without a slide.

    Attributes:
        scene: The slide; None where there is none.
        has_text: Whose slide it is and how it is shown stands in the corners.
        marked: A part of the slide that was gone to, slide pixels.
    """

    def __init__(self) -> None:
        super().__init__()
        self.scene: SlideScene | None = None
        self.has_text = True
        self.marked: Box | None = None
        self._asking = timer(self, 0, self._ask)

    def _looked_at(self) -> SlideScene | None:
        return self.scene

    def magnify(self, times: float) -> None:
        """Look as through an objective."""
        if self.scene is not None:
            self.scene.magnify(times)
            self.changed()

    def show_box(self, box: Box) -> None:
        """Go to a part of the slide, and mark it."""
        if self.scene is not None:
            self.marked = self.scene.inside(box)
            self.scene.show(self.marked)
            self.changed()

    def set_text(self, is_on: bool) -> None:
        """Write into the corners whose slide it is, or leave it bare."""
        self.has_text = is_on
        self.update()

    def changed(self) -> None:
        """Paint again, read what is missing, and tell whoever shows how the slide is looked at."""
        self._asking.start()
        super().changed()

    def _ask(self) -> None:
        """Have the tiles of the view read; not while painting, which must not change the store."""
        if self.scene is not None:
            self.scene.opened.tiles.want(self.scene.plan.wanted)


def timer(parent: SlideView, delay_ms: int, call: Callable[[], object]) -> QTimer:
    """Calls once, so long after it was last started."""
    made = QTimer(parent)
    made.setSingleShot(True)
    made.setInterval(delay_ms)
    made.timeout.connect(call)
    return made
