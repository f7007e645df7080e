"""What is seen of findings: which are drawn, from which similarity, and how."""

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

    def set_threshold(self, similarity: float) -> None:
        """Set the threshold of the chosen question, here and on further films."""
        prompt = self._store.state.prompt
        if prompt is not None:
            known = self._store.state.thresholds
            self._store.update(thresholds={**known, prompt: similarity})

    def reset_threshold(self) -> None:
        """Go back to the finding's own threshold."""
        state = self._store.state
        kept = {p: t for p, t in state.thresholds.items() if p != state.prompt}
        self._store.update(thresholds=kept)

    def set_opacity(self, opacity: float) -> None:
        """Set the opacity of the colours, 0 to 1."""
        self._store.update(opacity=min(1.0, max(0.0, opacity)))

    def set_contour(self, is_contour: bool) -> None:
        """Draw a line at the threshold instead of colours above it."""
        self._store.update(is_contour=is_contour, has_boxes=False)

    def set_overlay(self, is_on: bool) -> None:
        """Switch the overlay on or off."""
        self._store.update(is_overlay_on=is_on)

    def hide_ai(self, is_hidden: bool) -> None:
        """Hide everything the model said for the moment."""
        if is_hidden != self._store.state.is_hidden:
            self._store.update(is_hidden=is_hidden)
