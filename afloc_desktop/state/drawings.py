"""What the reader measures and draws on films; each step can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.measuring import FilmKey, calibrated

if TYPE_CHECKING:
    from afloc_desktop.core.measuring import Mark
    from afloc_desktop.state.history import History
    from afloc_desktop.state.store import State, Store


def marks_of(state: State) -> tuple[Mark, ...]:
    """What is drawn on the film on screen."""
    return () if state.image is None else state.marks.get(FilmKey.of(state.image), ())


class Drawings:
    """Marks on the film in the active cell. Main thread only."""

    def __init__(self, store: Store, history: History) -> None:
        self._store = store
        self._history = history

    def add(self, mark: Mark) -> None:
        """Draw a mark above all others."""
        self._replace((*marks_of(self._store.state), mark))

    def change(self, number: int, mark: Mark) -> None:
        """Replace the mark so many places from the first."""
        marks = marks_of(self._store.state)
        self._replace((*marks[:number], mark, *marks[number + 1 :]))

    def delete(self, number: int) -> None:
        """Delete the mark so many places from the first."""
        marks = marks_of(self._store.state)
        self._replace((*marks[:number], *marks[number + 1 :]))

    def clear(self) -> None:
        """Delete everything on the film."""
        self._replace(())

    def calibrate(self, line: Mark, known_mm: float) -> None:
        """Say how long a line on the film is: all lengths on it follow."""
        state = self._store.state
        if state.image is None:
            return
        image, (one, other) = state.image, line.points
        spacing = calibrated(one, other, known_mm, image.spacing, image.pixel_aspect)
        if spacing is not None:
            known = {**state.calibrations, FilmKey.of(image): spacing}
            self._history.change(calibrations=known)

    def forget_calibration(self) -> None:
        """Go back to what the file says about lengths."""
        state = self._store.state
        if state.image is not None:
            key = FilmKey.of(state.image)
            kept = {k: spacing for k, spacing in state.calibrations.items() if k != key}
            self._history.change(calibrations=kept)

    def _replace(self, marks: tuple[Mark, ...]) -> None:
        state = self._store.state
        if state.image is None:
            return
        key = FilmKey.of(state.image)
        others = {k: drawn for k, drawn in state.marks.items() if k != key}
        self._history.change(marks={**others, key: marks} if marks else others)
