"""The main window: puts the panels side by side, and menus and keys to work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.core.measuring import FilmKey
from afloc_desktop.state.drawings import marks_of
from afloc_desktop.state.presets import MOST
from afloc_desktop.state.store import State
from afloc_desktop.ui import actions, strings
from afloc_desktop.ui.cine import playable
from afloc_desktop.ui.comparing import Comparing
from afloc_desktop.ui.exporting import Exporting
from afloc_desktop.ui.hands import GRIDS, TOOLS, Hands
from afloc_desktop.ui.hangings import fill_hangings
from afloc_desktop.ui.house import House
from afloc_desktop.ui.judging import Judging
from afloc_desktop.ui.panels.browser import Browser
from afloc_desktop.ui.panels.findings import FindingsPanel, has_no_model_for_slides
from afloc_desktop.ui.panels.heatmap import HeatmapPanel
from afloc_desktop.ui.panels.report import ReportPanel
from afloc_desktop.ui.panels.studies import read_film
from afloc_desktop.ui.panels.verdict import VerdictPanel
from afloc_desktop.ui.preset_dialog import PresetDialog
from afloc_desktop.ui.qt import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QEvent,
    QFileDialog,
    QKeyEvent,
    QMainWindow,
    QSplitter,
    Qt,
    QTabWidget,
    QWidget,
    Signal,
    column,
    label,
)
from afloc_desktop.ui.returned import Returning
from afloc_desktop.ui.slides.side import SlideSide
from afloc_desktop.ui.statusline import StatusLine
from afloc_desktop.ui.viewer import Viewer

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.state.settings import Settings
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.workspace import Workspace
    from afloc_desktop.ui.canvas import FilmCanvas


class MainWindow(QMainWindow):
    """Everything the reader sees. Renders the store; knows no file and no model.

    Attributes:
        last_folder: Where the next file dialog opens; empty for the platform's own choice.
    """

    closing = Signal()

    def __init__(self, store: Store, workspace: Workspace) -> None:
        super().__init__()
        self.last_folder = ""
        self._store = store
        self._workspace = workspace
        self.setWindowTitle(strings.TITLE)
        self.setAcceptDrops(True)
        self.viewer = Viewer(workspace.wall)
        self._hands = Hands(self, store, workspace, self.viewer)
        self.findings = FindingsPanel(workspace)
        self.heatmap = HeatmapPanel(workspace)
        self.report = ReportPanel(workspace)
        self.verdict = VerdictPanel(workspace)
        self.slide = SlideSide(workspace, self.viewer)
        self.comparing = Comparing(self, store, workspace)
        self.judging = Judging(self, store, workspace, self.verdict, self._canvas)
        self._exporting = Exporting(self, store, workspace)
        self._returning = Returning(self, workspace)
        self.house = House(self, store, workspace)
        self._actions = actions.make(self, self._calls())
        self.viewer.add_buttons(
            [self._actions[name] for name in actions.FILM_BAR],
            [self._actions[name] for name in actions.AI_BAR],
        )
        layout, measure = (actions.menu(self, t) for t in (strings.LAYOUT, strings.TOOLS))
        fill_hangings(layout, workspace.wall)
        self.viewer.add_menus(
            [(strings.LAYOUT_BUTTON, layout), (strings.MEASURE_BUTTON, measure)],
            self._actions["play"],
        )
        self.browser = Browser(workspace, self._actions["open_files"], self._actions["open_folder"])
        self.splitter = self._lay_out()
        self._status = StatusLine(self.statusBar())
        self._status.asked.connect(workspace.models.look)
        self._status.chosen.connect(workspace.models.choose)
        self.viewer.wall.probed.connect(self._status.show_probe)
        self.viewer.wall.viewed.connect(self._show_switches)
        self.viewer.wall.dropped.connect(self._place_dropped)
        self.viewer.cine.changed.connect(self._show_switches)
        self._parts = (
            self.viewer,
            self.browser,
            self.findings,
            self.heatmap,
            self.report,
            self.verdict,
            self.slide,
            self.judging,
            self.comparing,
            self._returning,
            self._status,
        )
        self._stop_listening = store.listen(self.render_state)
        self.render_state(State(), store.state)

    def _calls(self) -> dict[str, Callable[..., object]]:
        workspace = self._workspace
        return {
            "open_files": self.open_files,
            "open_folder": self.open_folder,
            "open_sample": workspace.open_sample,
            "export": self._exporting.start,
            "close_all": workspace.close_all,
            "quit": self.close,
            "overlay": workspace.drawn.set_overlay,
            "contour": workspace.drawn.set_contour,
            "clear": self._clear,
            "ask": self._go_to_box,
            "previous": workspace.select_previous,
            "next": workspace.select_next,
            "presets": self._edit_presets,
            **self._hands.calls(),
            **self.judging.calls(),
            **self.house.calls(),
            "compare": self.comparing.start,
        }

    def _lay_out(self) -> QSplitter:
        research = label(strings.RESEARCH_ONLY, role="research")
        research.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.findings, strings.FINDINGS)
        self.tabs.addTab(self.report, strings.REPORT)
        side = QWidget()
        side.setLayout(
            column(
                research, self.tabs, self.slide, self.heatmap, self.verdict, margins=(6, 8, 8, 0)
            )
        )
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(3)
        for part in (self.browser, self.viewer, side):
            splitter.addWidget(part)
        splitter.setChildrenCollapsible(False)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([270, 860, 330])
        self.setCentralWidget(splitter)
        return splitter

    def render_state(self, old: State, new: State) -> None:
        """Let every part show the new state."""
        for part in self._parts:
            part.render_state(old, new)
        self.verdict.setVisible(not has_no_model_for_slides(new))
        self._actions["overlay"].setEnabled(new.model is not None)
        self._actions["contour"].setEnabled(new.model is not None)
        self._actions["close_all"].setEnabled(bool(new.listing.studies or new.listing.skipped))
        self._actions["export"].setEnabled(bool(new.listing.studies))
        _set_quietly(self._actions["overlay"], new.is_overlay_on)
        _set_quietly(self._actions["contour"], new.is_contour)
        _set_quietly(self._actions["boxes"], new.has_boxes)
        _set_quietly(self._actions["draw_all"], new.draws_all)
        for name in ("accept", "redraw", "reject", "keep"):
            is_there = new.answer is not None and not new.is_hidden
            fits = new.slide is None or name in actions.JUDGES_A_SLIDE
            self._actions[name].setEnabled(is_there and fits)
        self._actions["compare"].setEnabled(new.image is not None)
        self._actions["undo"].setEnabled(self._workspace.history.can_undo)
        self._actions["redo"].setEnabled(self._workspace.history.can_redo)
        for name in actions.ON_A_FILM:
            is_slide = new.slide is not None and name in actions.ON_A_SLIDE
            self._actions[name].setEnabled(new.image is not None or is_slide)
        for name, grid in GRIDS.items():
            self._actions[name].setEnabled(new.grid != grid)
        self._actions["link"].setEnabled(new.grid.cells > 1)
        has_marks = bool(marks_of(new))
        for name in ("delete_mark", "clear_marks"):
            self._actions[name].setEnabled(has_marks)
        is_calibrated = new.image is not None and FilmKey.of(new.image) in new.calibrations
        self._actions["forget_calibration"].setEnabled(is_calibrated)
        self._actions["play"].setEnabled(playable(new) is not None)
        self._name_windows()
        has_graphics = new.image is not None and bool(new.image.overlays)
        self._actions["graphics"].setEnabled(has_graphics)

    def move_in(self, settings: Settings, log: Path) -> None:
        """Wear what the reader chose in the last run; `log` is the folder of logs."""
        self.last_folder = settings.last_folder
        self.house.move_in(settings, log, self._actions)

    def _canvas(self) -> FilmCanvas:
        return self.viewer.canvas

    def _show_switches(self) -> None:
        canvas, scene = self.viewer.canvas, self.viewer.canvas.scene
        _set_quietly(self._actions["invert"], scene is not None and scene.is_inverted)
        _set_quietly(self._actions["graphics"], canvas.has_graphics)
        _set_quietly(self._actions["corner_text"], canvas.has_text)
        _set_quietly(self._actions["link"], self.viewer.wall.is_linked)
        _set_quietly(self._actions["play"], self.viewer.cine.is_playing)
        for tool in TOOLS:
            _set_quietly(self._actions[f"tool_{tool}"], canvas.pencil.tool == tool)

    def _name_windows(self) -> None:
        """Say in the menu which window is on which key of this film."""
        for number in range(1, MOST + 1):
            name = self.viewer.named(number)
            self._actions[f"window_{number}"].setText(name or strings.window_key(number))
            self._actions[f"window_{number}"].setVisible(bool(name))

    def _place_dropped(self, cell: int, written: object) -> None:
        ref = read_film(written, self._store.state.listing)
        if ref is not None:
            self._workspace.wall.place(cell, ref)

    def _edit_presets(self) -> None:
        dialog = PresetDialog(self, self._store.state.presets)
        dialog.chosen.connect(self._workspace.set_presets)
        dialog.open()

    # --- opening

    def open_files(self) -> None:
        """Ask for files and open them."""
        title, names = strings.OPEN_FILES_TITLE, strings.ANY_FILE
        chosen, _ = QFileDialog.getOpenFileNames(self, title, self.last_folder, names)
        self._open([Path(name) for name in chosen])

    def open_folder(self) -> None:
        """Ask for a folder and open it."""
        title = strings.OPEN_FOLDER_TITLE
        chosen = QFileDialog.getExistingDirectory(self, title, self.last_folder)
        self._open([Path(chosen)] if chosen else [])

    def _open(self, paths: list[Path]) -> None:
        if paths:
            self.last_folder = str(paths[0] if paths[0].is_dir() else paths[0].parent)
            self._workspace.open_paths(paths)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        urls = [url for url in event.mimeData().urls() if url.isLocalFile()]
        self._open([Path(url.toLocalFile()) for url in urls])
        event.acceptProposedAction()

    # --- keys and small windows

    def _go_to_box(self) -> None:
        self.tabs.setCurrentWidget(self.findings)
        self.findings.box.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _clear(self) -> None:
        """Esc leaves a box first, then the finding."""
        for box in (self.findings.box, self.browser.box):
            if box.hasFocus():
                box.clear()
                box.clearFocus()
                return
        if not self._hands.put_down():
            self._workspace.clear_question()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self._workspace.drawn.hide_ai(True)
        elif event.key() == Qt.Key.Key_M and not event.modifiers():
            self._hands.enlarge(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._workspace.drawn.hide_ai(False)
        elif event.key() == Qt.Key.Key_M and not event.isAutoRepeat():
            self._hands.enlarge(False)
        else:
            super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        # The release of a held key goes elsewhere when the window loses the keyboard.
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self._workspace.drawn.hide_ai(False)
            self._hands.enlarge(False)
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self._stop_listening()
        self.closing.emit()
        super().closeEvent(event)


def _set_quietly(action: QAction, is_on: bool) -> None:
    action.blockSignals(True)
    action.setChecked(is_on)
    action.blockSignals(False)
