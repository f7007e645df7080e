"""Commands about the films on screen: looking, hanging, drawing. One call for each command."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from afloc_desktop.state.drawings import marks_of
from afloc_desktop.state.presets import MOST
from afloc_desktop.state.store import Grid
from afloc_desktop.ui import strings
from afloc_desktop.ui.canvas import FilmCanvas
from afloc_desktop.ui.qt import QInputDialog, QObject, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.measuring import Mark
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.workspace import Workspace
    from afloc_desktop.ui.tools.pencil import Tool
    from afloc_desktop.ui.viewer import Viewer

_ZOOM_STEP = 1.25
_LONGEST_MM = 2000.0
TOOLS: tuple[Tool, ...] = (
    "hand", "length", "angle", "rectangle", "ellipse", "ratio", "arrow", "text", "calibrate",
)  # fmt: skip
GRIDS = {"single": Grid(1, 1), "pair": Grid(1, 2), "quad": Grid(2, 2)}


class Hands(QObject):
    """What keys and menus do to the active film."""

    def __init__(self, window: QWidget, store: Store, workspace: Workspace, viewer: Viewer) -> None:
        super().__init__(window)
        self._window = window
        self._store = store
        self._workspace = workspace
        self._viewer = viewer
        first = viewer.canvas.pencil
        first.drawn, first.changed = self._drawn, workspace.drawings.change

    def calls(self) -> dict[str, Callable[..., object]]:
        """What each command does, by its id; a switch is called with its new state."""
        wall = self._workspace.wall
        return {
            "fit": self._fit,
            "one_to_one": self._one_to_one,
            "zoom_in": partial(self._zoom, _ZOOM_STEP),
            "zoom_out": partial(self._zoom, 1 / _ZOOM_STEP),
            "rotate_right": self._looked(FilmCanvas.rotate_right),
            "rotate_left": self._looked(FilmCanvas.rotate_left),
            "flip_across": self._looked(FilmCanvas.flip_across),
            "flip_down": self._looked(FilmCanvas.flip_down),
            "reset": self._looked(FilmCanvas.reset),
            "invert": self._invert,
            "graphics": self._graphics,
            "corner_text": self._corner_text,
            "link": self._viewer.wall.set_linked,
            "play": self._viewer.cine.play,
            "hang_next": partial(self._hang, 1),
            "hang_previous": partial(self._hang, -1),
            "delete_mark": self._delete,
            "clear_marks": self._clear_marks,
            "forget_calibration": self._forget_calibration,
            **{name: partial(_grid, wall.arrange, grid) for name, grid in GRIDS.items()},
            **{f"tool_{tool}": partial(self._take, tool) for tool in TOOLS},
            **{
                f"window_{number}": partial(self._window_number, number)
                for number in range(1, MOST + 1)
            },
        }

    def put_down(self) -> bool:
        """Esc: leave what is half drawn, then the tool. Whether there was anything to leave."""
        if self._viewer.slide is not None and self._viewer.slide.put_down():
            return True
        pencil = self._viewer.canvas.pencil
        if pencil.is_busy or pencil.selected is not None:
            pencil.put_down()
            self._viewer.canvas.update()
            return True
        if pencil.tool != "hand":
            self._viewer.take("hand")
            return True
        return False

    def enlarge(self, is_on: bool) -> None:
        """Hold the lens over whichever film is under the pointer, or put it away."""
        for canvas in self._viewer.wall.canvases:
            canvas.enlarge(is_on)

    def _fit(self, *_: object) -> None:
        self._viewer.looked_at.fit()

    def _one_to_one(self, *_: object) -> None:
        self._viewer.looked_at.one_to_one()

    def _zoom(self, factor: float, *_: object) -> None:
        self._viewer.looked_at.zoom_by(factor)

    def _looked(self, what: Callable[[FilmCanvas], None]) -> Callable[..., None]:
        return partial(_apply, self._viewer, what)

    def _invert(self, is_on: bool) -> None:
        self._viewer.canvas.set_inverted(is_on)

    def _graphics(self, is_on: bool) -> None:
        for canvas in self._viewer.wall.canvases:
            canvas.set_graphics(is_on)

    def _corner_text(self, is_on: bool) -> None:
        for canvas in self._viewer.wall.canvases:
            canvas.set_text(is_on)
        if self._viewer.slide is not None:
            self._viewer.slide.set_text(is_on)

    def _hang(self, by: int, *_: object) -> None:
        self._workspace.wall.hang_another(by)

    def _window_number(self, number: int, *_: object) -> None:
        self._viewer.choose_number(number)

    def _take(self, tool: Tool, is_on: bool) -> None:
        self._viewer.take(tool if is_on else "hand")

    def _drawn(self, mark: Mark) -> None:
        """A mark is finished: it goes into the state, a calibration into a question."""
        pencil = self._viewer.canvas.pencil
        drawings = self._workspace.drawings
        if pencil.tool == "calibrate":
            known_mm, is_said = QInputDialog.getDouble(
                self._window, strings.CALIBRATE, strings.CALIBRATE_ASK, 100, 0.1, _LONGEST_MM, 1
            )
            if is_said:
                drawings.calibrate(mark, known_mm)
            self._viewer.take("hand")
            return
        if mark.kind in ("arrow", "text"):
            said, is_said = QInputDialog.getText(self._window, strings.NOTE, strings.NOTE_ASK)
            words = " ".join(said.split())
            if not is_said or (mark.kind == "text" and not words):
                return
            mark = replace(mark, text=words)
        drawings.add(mark)
        pencil.selected = len(marks_of(self._store.state)) - 1

    def _delete(self, *_: object) -> None:
        pencil = self._viewer.canvas.pencil
        if pencil.selected is not None:
            number = pencil.selected
            pencil.put_down()
            self._workspace.drawings.delete(number)

    def _clear_marks(self, *_: object) -> None:
        self._viewer.canvas.pencil.put_down()
        self._workspace.drawings.clear()

    def _forget_calibration(self, *_: object) -> None:
        self._workspace.drawings.forget_calibration()


def _apply(viewer: Viewer, what: Callable[[FilmCanvas], None], *_: object) -> None:
    what(viewer.canvas)


def _grid(arrange: Callable[[Grid], None], grid: Grid, *_: object) -> None:
    arrange(grid)
