"""Brings the verdict panel, the canvas and the reader's name together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.findings import peak
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.judging import outlines
from afloc_desktop.ui import strings
from afloc_desktop.ui.outlining import OutlineSheet, first_outline
from afloc_desktop.ui.qt import QInputDialog, QObject, Qt, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.judging import Outline
    from afloc_desktop.state.store import State, Store
    from afloc_desktop.state.workspace import Workspace
    from afloc_desktop.ui.canvas import FilmCanvas
    from afloc_desktop.ui.panels.verdict import VerdictPanel


class Judging(QObject):
    """Asks who reads, once, and lays the sheet for redrawing over the active canvas.

    Attributes:
        sheet: Lies on the canvas while a finding is redrawn; else None.
    """

    def __init__(
        self,
        window: QWidget,
        store: Store,
        workspace: Workspace,
        panel: VerdictPanel,
        canvas: Callable[[], FilmCanvas],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._store = store
        self._workspace = workspace
        self._canvas = canvas
        self._panel = panel
        self._call: Callable[[], None] | None = None
        self.sheet: OutlineSheet | None = None
        panel.redraw.connect(self.draw)
        panel.nameless.connect(self.ask_name)

    def calls(self) -> dict[str, Callable[..., object]]:
        """What the commands about findings do, by command id."""
        workspace, panel = self._workspace, self._panel
        return {
            "undo": workspace.history.undo,
            "redo": workspace.history.redo,
            "accept": panel.accept,
            "redraw": panel.draw,
            "reject": panel.choose_reason,
            "reader": self.ask_name,
            "keep": self.keep,
            "draw_all": workspace.drawn.draw_all,
            "boxes": workspace.drawn.draw_boxes,
        }

    def keep(self) -> None:
        """Keep the chosen finding on the film, or no longer."""
        state = self._store.state
        if state.prompt is not None:
            self._workspace.drawn.keep(state.prompt, state.prompt not in state.kept)

    def render_state(self, old: State, new: State) -> None:
        """Leave the sheet when what it is about leaves the screen."""
        if self.sheet is not None and (old.answer is not new.answer or new.is_hidden):
            self.sheet.leave()

    def ask_name(self, call: object = None) -> None:
        """Ask who reads; `call` is made once there is a name."""
        self._call = call if callable(call) else None
        dialog = QInputDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(strings.READER_TITLE)
        dialog.setLabelText(strings.READER_ASK)
        dialog.setTextValue(self._store.state.reader)
        dialog.textValueSelected.connect(self._named)
        dialog.open()

    def draw(self) -> None:
        """Let the reader pull the outlines of the chosen finding where it is."""
        state, canvas = self._store.state, self._canvas()
        if self.sheet is not None or state.answer is None or canvas.scene is None:
            return
        self.sheet = OutlineSheet(canvas, _begin_with(state))
        self.sheet.kept.connect(self._drawn)
        self.sheet.left.connect(self._left)

    def _named(self, name: str) -> None:
        self._workspace.judging.set_reader(name)
        call, self._call = self._call, None
        if call is not None and self._store.state.reader:
            call()

    def _drawn(self, lines: tuple[Outline, ...]) -> None:
        self.sheet = None
        self._workspace.judging.judge("edited", outlines=lines)

    def _left(self) -> None:
        self.sheet = None


def _begin_with(state: State) -> tuple[Outline, ...]:
    """What was drawn before, else what the model shows, else a circle where it is strongest."""
    answer, image = state.answer, state.image
    assert answer is not None
    assert image is not None
    judgement = state.judgement(answer)
    if judgement is not None and judgement.status == "edited":
        return tuple(region.outline for region in judgement.statement.finding.regions)
    found = outlines(answer.heatmap, state.level(answer))
    if found:
        return found
    highest = peak(answer.heatmap)
    middle = Point(image.columns / 2, image.rows / 2) if highest is None else highest[0]
    return (first_outline(middle, image.rows, image.columns),)
