"""Undo and redo of what a reader makes: some fields of the state, as they were before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from afloc_desktop.state.store import State, Store

_MOST = 200  # steps that are remembered


@dataclass(frozen=True, slots=True)
class _Step:
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class History:
    """Changes fields of the store so that they can be taken back, the last one first.

    One for the whole application: what is undone is what the reader did last, wherever.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._done: list[_Step] = []
        self._undone: list[_Step] = []
        self._listeners: list[Callable[[State, State], None]] = []

    def listen(self, listener: Callable[[State, State], None]) -> None:
        """Call `listener(old, new)` after each step back or forth."""
        self._listeners.append(listener)

    @property
    def can_undo(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether anything was taken back that can be made again."""
        return bool(self._undone)

    def change(self, **fields: Any) -> None:
        """Replace fields of the state as one step; nothing happens where none changes."""
        before = {name: getattr(self._store.state, name) for name in fields}
        if before == fields:
            return
        self._done = [*self._done, _Step(before, fields)][-_MOST:]
        self._undone = []
        self._store.update(**fields)

    def undo(self) -> None:
        """Take the last step back."""
        if self._done:
            step = self._done.pop()
            self._undone.append(step)
            self._step(step.before)

    def redo(self) -> None:
        """Make again what was taken back last."""
        if self._undone:
            step = self._undone.pop()
            self._done.append(step)
            self._step(step.after)

    def _step(self, fields: Mapping[str, Any]) -> None:
        old = self._store.state
        self._store.update(**fields)
        for listener in self._listeners:
            listener(old, self._store.state)

    def forget(self) -> None:
        """Remember nothing: what it was about is closed."""
        self._done, self._undone = [], []
