"""The films on screen, side by side: one canvas for each cell, one of them active."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.state.store import SINGLE, State
from afloc_desktop.ui.canvas import FilmCanvas
from afloc_desktop.ui.qt import QGridLayout, QWidget, Signal

if TYPE_CHECKING:
    from afloc_desktop.ui.tools.pencil import Tool

_GAP = 2


class FilmWall(QWidget):
    """Shows every cell as the store has it; which one is active is the store's to say.

    Attributes:
        is_linked: All films are looked at as the active one is.
    """

    probed = Signal(str)  # what is under the pointer, wherever it is
    viewed = Signal()  # how the active film is looked at has changed
    activated = Signal(int)  # a cell was touched that is not the active one
    scrolled = Signal(int)  # another image of the active stack is wanted
    dropped = Signal(int, object)  # a film of the browser was dropped on a cell

    def __init__(self) -> None:
        super().__init__()
        self.is_linked = False
        self._grid = SINGLE
        self._number = 0
        self._canvases: list[FilmCanvas] = []
        self._cells = QGridLayout(self)
        self._cells.setContentsMargins(0, 0, 0, 0)
        self._cells.setSpacing(_GAP)
        self._add()

    @property
    def active(self) -> FilmCanvas:
        """The canvas that keys and panels are about."""
        return self._canvases[self._number]

    @property
    def canvases(self) -> tuple[FilmCanvas, ...]:
        """Those on screen, along the rows."""
        return tuple(self._canvases[: self._grid.cells])

    def render_state(self, old: State, new: State) -> None:
        """Show the films, the cells and which of them is active."""
        if self._grid != new.grid:
            self._arrange(new)
        has_moved, self._number = self._number != new.active, new.active
        for cell, canvas in enumerate(self.canvases):
            canvas.is_marked = new.grid.cells > 1 and cell == new.active
            canvas.render_state(canvas.shown, new.at(cell))
        if has_moved:
            self.viewed.emit()

    def take(self, tool: Tool) -> None:
        """Draw with another tool, on whichever film."""
        for canvas in self._canvases:
            canvas.take(tool)

    def set_linked(self, is_linked: bool) -> None:
        """Look at all films as at the active one, from now on."""
        self.is_linked = is_linked
        self._follow()

    def _arrange(self, state: State) -> None:
        self._grid = state.grid
        while len(self._canvases) < state.grid.cells:
            self._add()
        for cell, canvas in enumerate(self._canvases):
            self._cells.removeWidget(canvas)
            is_shown = cell < state.grid.cells
            if is_shown:
                self._cells.addWidget(canvas, *divmod(cell, state.grid.columns))
            else:
                canvas.render_state(canvas.shown, State())
            canvas.setVisible(is_shown)

    def _add(self) -> None:
        cell = len(self._canvases)
        canvas = FilmCanvas(cell=cell)
        canvas.probed.connect(self.probed)
        canvas.viewed.connect(self._viewed)
        canvas.touched.connect(self._touched)
        canvas.scrolled.connect(self.scrolled)
        canvas.dropped.connect(self.dropped)
        if self._canvases:
            first = self._canvases[0]
            canvas.has_graphics, canvas.has_text = first.has_graphics, first.has_text
            canvas.take(first.pencil.tool)
            canvas.pencil.drawn = first.pencil.drawn
            canvas.pencil.changed = first.pencil.changed
        self._canvases.append(canvas)
        self._cells.addWidget(canvas, *divmod(cell, self._grid.columns))

    def _viewed(self) -> None:
        self._follow()
        self.viewed.emit()

    def _touched(self, cell: int) -> None:
        if cell != self._number:
            self.activated.emit(cell)

    def _follow(self) -> None:
        """Look at the other films as at the active one."""
        scene = self.active.scene
        if not self.is_linked or scene is None:
            return
        for canvas in self.canvases:
            if canvas is not self.active and canvas.scene is not None:
                canvas.scene.follow(scene)
                canvas.update()
