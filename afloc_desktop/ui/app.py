"""Starts the window: builds the parts, shows it, and only then loads what is slow."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import SettingsError
from afloc_desktop.state import presets
from afloc_desktop.state.crashes import note_crash
from afloc_desktop.state.paths import Paths
from afloc_desktop.state.session import Session
from afloc_desktop.state.settings import Settings, load_settings, save_settings, set_aside
from afloc_desktop.state.store import Problem, State, Store
from afloc_desktop.state.tasks import Tasks
from afloc_desktop.state.training import Schooling
from afloc_desktop.state.workspace import Engine, Workspace, engine
from afloc_desktop.ui import dialogs, strings, theme
from afloc_desktop.ui.autosave import Autosave
from afloc_desktop.ui.loop import Loop
from afloc_desktop.ui.qt import (
    QApplication,
    QEvent,
    QGuiApplication,
    QMessageBox,
    QObject,
    QSize,
    QTimer,
)
from afloc_desktop.ui.window import MainWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from types import TracebackType

    from afloc_desktop.ui.qt import QWidget

_PICTURE_SIZE = (1440, 900)
_SETTLED_MS = 300
_SHARE_OF_SCREEN = 0.9


def run(
    paths: Sequence[Path],
    *,
    demo: bool = False,
    screenshot: Path | None = None,
    quit_after_s: float | None = None,
    opened: Callable[[], object] | None = None,
) -> int:
    """Show the window until it is closed.

    Args:
        paths: Opened at start.
        demo: Open the sample study and show its strongest finding.
        screenshot: Save a picture of the window once nothing is under way any more, and quit.
        quit_after_s: Quit after this long, whatever is under way.
        opened: Called once the window is on the screen.

    Returns:
        0, or 1 where the picture could not be saved.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C in a terminal ends the window
    application = QApplication.instance() or QApplication([strings.APP])
    assert isinstance(application, QApplication)
    application.setApplicationName(strings.APP)
    home = Paths.default()
    station = Station(home, engine(home))
    theme.dress(application, station.window.house.settings.look)
    sys.excepthook = partial(_crashed, station, home.log)
    camera = None
    if screenshot is not None:
        station.window.resize(*_PICTURE_SIZE)
        camera = Camera(station, screenshot)
    if opened is not None:
        AfterFirstPaint(station.window, opened)
    station.show(paths, demo=demo)
    if camera is None and quit_after_s is None:
        station.window.house.welcome()
        station.autosave.offer()
    if quit_after_s is not None:
        timer = QTimer(station.window)
        timer.setSingleShot(True)
        timer.timeout.connect(station.window.close if camera is None else camera.take)
        timer.start(round(quit_after_s * 1000))
    application.exec()
    code = 0 if camera is None or camera.is_saved else 1
    if not station.close():
        # A worker is inside native code that cannot be interrupted; an interpreter that ends
        # under it may abort.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.excepthook = sys.__excepthook__
    return code


class Station:
    """The parts of one running window, and what is remembered of it.

    Attributes:
        has_begun: Whether what is slow has been asked for; false until the first paint.
    """

    def __init__(self, home: Paths, slow_calls: Engine) -> None:
        self._file = home.settings_file
        self._settings, problem = _remembered(self._file)
        self.has_begun = False
        self._loop = Loop()
        self.store = Store(
            State(
                opacity=self._settings.opacity,
                is_contour=self._settings.is_contour,
                settings_problem=problem,
                presets=presets.parse(self._settings.presets),
                remembered=tuple(self._settings.questions.splitlines()),
            )
        )
        self.tasks = Tasks(self._loop.post, self._show_busy)
        self.workspace = Workspace(self.store, self.tasks, slow_calls, self._loop.post)
        self.window = MainWindow(self.store, self.workspace)
        self.window.move_in(self._settings, home.log)
        self._schooling = Schooling(self.tasks, self._loop.post, home)
        self.window.house.teach_with(self._schooling)
        session = Session(self.store, self.tasks, home.session)
        lock = home.session.with_suffix(".lock")
        self.autosave = Autosave(self.window, self.store, self.workspace, session, lock)
        self.window.closing.connect(self._remember)
        _place(self.window, self._settings)

    def show(self, paths: Sequence[Path], *, demo: bool) -> None:
        """Show the window; the slow parts start once it is on screen."""
        AfterFirstPaint(self.window, partial(self._begin, tuple(paths), demo))
        if self._settings.is_maximized:
            self.window.showMaximized()
        else:
            self.window.show()
        self.window.viewer.canvas.setFocus()

    def close(self) -> bool:
        """Stop all work; nothing is delivered any more. Whether all of it has ended."""
        self._schooling.trainer.close()
        has_ended = self.tasks.close()
        self.workspace.slides.end()
        return has_ended

    def _begin(self, paths: tuple[Path, ...], is_demo: bool) -> None:
        self.has_begun = True
        if is_demo:
            self.workspace.open_sample()
        self.workspace.open_paths(paths)
        self.workspace.start()

    def _show_busy(self, keys: frozenset[str]) -> None:
        self.store.update(busy=keys)

    def _remember(self) -> None:
        self.autosave.end()
        window, state = self.window, self.store.state
        place = window.normalGeometry()
        settings = replace(
            window.house.now(),
            window=(place.x(), place.y(), place.width(), place.height()),
            is_maximized=window.isMaximized(),
            columns=tuple(window.splitter.sizes()),
            opacity=state.opacity,
            is_contour=state.is_contour,
            last_folder=window.last_folder,
            presets=presets.written(state.presets),
            questions="\n".join(state.questions),
        )
        try:
            save_settings(self._file, settings)
        except SettingsError as error:
            sys.stderr.write(f"{error}\n")


class AfterFirstPaint(QObject):
    """Calls once, in the turn after a widget was first painted; never where it goes before that.

    The window system exposes a window some turns after it is shown, so no delay is the right one.
    """

    def __init__(self, widget: QWidget, call: Callable[[], object]) -> None:
        super().__init__(widget)
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(call)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let every event pass; the first paint ends the watch."""
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            self._turn.start(0)
        return False


class Camera(QObject):
    """Takes one picture of the window when everything has come to rest, then closes it."""

    def __init__(self, station: Station, path: Path) -> None:
        super().__init__(station.window)
        self._station = station
        self._path = path
        self.is_saved = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_SETTLED_MS)
        self._rest.timeout.connect(self._look)
        self._rest.start()
        station.store.listen(self._changed)

    def take(self) -> None:
        """Take the picture now."""
        self.is_saved = self._station.window.grab().save(str(self._path))
        self._station.window.close()

    def _changed(self, old: State, new: State) -> None:
        self._rest.start()

    def _look(self) -> None:
        if not self._station.has_begun:
            self._rest.start()
        elif not self._station.store.state.busy:
            self.take()


def _remembered(path: Path) -> tuple[Settings, Problem | None]:
    try:
        return load_settings(path), None
    except SettingsError as error:
        set_aside(path)
        return Settings(), Problem.of(error)


def _place(window: MainWindow, settings: Settings) -> None:
    """Where the reader left it, if a screen is still there; else most of the screen."""
    free = QGuiApplication.primaryScreen().availableGeometry()
    if len(settings.window) == 4:
        left, top, width, height = settings.window
        if any(s.geometry().contains(left + 40, top + 40) for s in QGuiApplication.screens()):
            window.setGeometry(left, top, width, height)
    else:
        size = QSize(int(free.width() * _SHARE_OF_SCREEN), int(free.height() * _SHARE_OF_SCREEN))
        window.resize(size)
    if len(settings.columns) == window.splitter.count():
        window.splitter.setSizes(list(settings.columns))


def _crashed(
    station: Station,
    log: Path,
    kind: type[BaseException],
    error: BaseException,
    where: TracebackType | None,
) -> None:
    """A defect of ours: on stderr, in the log, and in front of the reader, one at a time."""
    details = "".join(traceback.format_exception(kind, error, where))
    sys.stderr.write(details)
    note_crash(log, kind, where)
    station.autosave.crashed()
    if station.window.findChild(QMessageBox) is None:
        dialogs.crash(station.window, details).open()
