"""The part of the side panel that is about slides; made when the first one is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui.qt import QWidget, column

if TYPE_CHECKING:
    from afloc_desktop.state.store import State
    from afloc_desktop.state.workspace import Workspace
    from afloc_desktop.ui.slides.canvas import SlideCanvas
    from afloc_desktop.ui.slides.panel import SlidePanel
    from afloc_desktop.ui.viewer import Viewer


class SlideSide(QWidget):
    """Brings the panel and the canvas of slides together.

    Attributes:
        panel: None until the first slide.
    """

    def __init__(self, workspace: Workspace, viewer: Viewer) -> None:
        super().__init__()
        self._workspace = workspace
        self._viewer = viewer
        self.panel: SlidePanel | None = None
        self.setLayout(column())
        self.hide()

    def render_state(self, old: State, new: State) -> None:
        """Show the panel while a slide is on screen; the canvas must be there already."""
        canvas = self._viewer.slide
        if self.panel is None and new.slide is not None and canvas is not None:
            self.panel = self._made(canvas)
        if self.panel is not None:
            self.panel.render_state(old, new)
        self.setVisible(new.slide is not None)

    def _made(self, canvas: SlideCanvas) -> SlidePanel:
        from afloc_desktop.ui.slides.panel import SlidePanel

        made = SlidePanel(self._workspace)
        made.choosing.connect(canvas.choose_region)
        made.shown.connect(canvas.show_box)
        canvas.chosen.connect(self._workspace.slides.choose)
        canvas.viewed.connect(self._show_tool)
        layout = self.layout()
        if layout is not None:
            layout.addWidget(made)
        return made

    def _show_tool(self) -> None:
        if self.panel is not None and self._viewer.slide is not None:
            self.panel.show_tool(self._viewer.slide.is_choosing)
