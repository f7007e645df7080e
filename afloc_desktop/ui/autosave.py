"""Saves the reading session a moment after each change, and offers it after a crash."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from afloc_desktop.ui import dialogs
from afloc_desktop.ui.qt import QLockFile, QObject, QTimer

if TYPE_CHECKING:
    from pathlib import Path

    from afloc_desktop.state.session import Saved, Session
    from afloc_desktop.state.store import State, Store
    from afloc_desktop.state.workspace import Workspace
    from afloc_desktop.ui.qt import QWidget

_AFTER_MS = 400


class Autosave(QObject):
    """One window of a home saves; a second one beside it neither saves nor offers."""

    def __init__(
        self, window: QWidget, store: Store, workspace: Workspace, session: Session, lock: Path
    ) -> None:
        super().__init__(window)
        self._window = window
        self._workspace = workspace
        self._session = session
        with suppress(OSError):  # nothing is saved there, and a film can be read all the same
            lock.parent.mkdir(parents=True, exist_ok=True)
        self._lock = QLockFile(str(lock))
        self._lock.setStaleLockTime(0)  # a lock is stale once its process is gone, not before
        self.is_first = self._lock.tryLock(0)
        self._saved: Saved | None = session.left() if self.is_first else None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_AFTER_MS)
        self._pause.timeout.connect(session.save)
        if self.is_first:
            store.listen(self._changed)

    def offer(self) -> None:
        """Ask whether to bring back what a run that did not end properly had open."""
        if self._saved is None:
            return
        box = dialogs.restore(self._window)
        box.accepted.connect(self._restore)
        box.rejected.connect(self._session.end)
        box.open()

    def crashed(self) -> None:
        """Save now: something of ours went wrong."""
        if self.is_first:
            self._session.save_now()

    def end(self) -> None:
        """The window closes as it should."""
        self._pause.stop()
        if self.is_first:
            self._session.end()
            self._lock.unlock()

    def _changed(self, old: State, new: State) -> None:
        if self._session.is_touched(old, new):
            self._pause.start()

    def _restore(self) -> None:
        saved, self._saved = self._saved, None
        if saved is not None:
            self._session.bring_back(saved)
            self._workspace.open_paths(saved.opened)
