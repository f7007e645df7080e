"""Which findings are drawn beside the chosen one, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Prompt
    from afloc_desktop.state.store import Store


class Drawn:
    """The reader's choice of what is seen. Main thread only."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, prompt: Prompt, is_kept: bool) -> None:
        """Draw a finding whatever else is chosen, or no longer."""
        others = tuple(p for p in self._store.state.kept if p != prompt)
        self._store.update(kept=(*others, prompt) if is_kept else others)

    def draw_all(self, is_on: bool) -> None:
        """Draw everything at or above its threshold, on this film and those to come."""
        self._store.update(draws_all=is_on)

    def draw_boxes(self, is_on: bool) -> None:
        """Draw a box around each place instead of its outline."""
        self._store.update(has_boxes=is_on)
