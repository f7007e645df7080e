"""Carries calls from worker threads to the main thread: one object, one queued signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui.qt import QObject, Qt, Signal, Slot

if TYPE_CHECKING:
    from collections.abc import Callable


class Loop(QObject):
    """Lives as long as the application; made on the main thread."""

    _home = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._home.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[[], None]) -> None:
        """Run `call` on the main thread, soon and in order. Any thread."""
        self._home.emit(call)

    @Slot(object)
    def _run(self, call: Callable[[], None]) -> None:
        call()
