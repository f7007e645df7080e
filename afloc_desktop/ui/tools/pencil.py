"""Drawing and changing marks with the mouse. Knows no Qt: positions are device pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot
from typing import TYPE_CHECKING, Literal

from afloc_desktop.core.measuring import POINTS, Kind, Mark
from afloc_desktop.ui.tools.shapes import distance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from afloc_desktop.core.geometry import Point
    from afloc_desktop.ui.viewport import Viewport

Tool = Kind | Literal["hand", "calibrate"]

_REACH = 9.0  # screen points from a handle or a line that still take hold of it
_CLICK = 4.0  # screen points within which a press and its release are one click


@dataclass(frozen=True, slots=True)
class _Grip:
    """What is held: a mark, one of its points (None for all of it), and where it was taken."""

    number: int
    point: int | None
    start: Point
    mark: Mark


class Pencil:
    """One reader's hand over one film at a time.

    A mark is drawn by dragging, or by clicking its points one after the other; a mark that is
    there is moved by its line or its handles.

    Attributes:
        tool: What the next press draws; `hand` draws nothing.
        draft: What is being drawn; None where nothing is.
        selected: Number of the mark whose handles are shown.
    """

    def __init__(self) -> None:
        self.tool: Tool = "hand"
        self.draft: Mark | None = None
        self.selected: int | None = None
        self.drawn: Callable[[Mark], None] = _nobody
        self.changed: Callable[[int, Mark], None] = _nothing
        self._grip: _Grip | None = None
        self._moved: Mark | None = None
        self._pressed_at: Point | None = None
        self._is_resting = False  # between the two extents of a ratio

    @property
    def is_busy(self) -> bool:
        """A mark is being drawn or moved."""
        return self.draft is not None or self._grip is not None

    def choose(self, tool: Tool) -> None:
        """Take another tool; what was half drawn is given up."""
        self.put_down()
        self.tool = tool

    def put_down(self) -> None:
        """Give up what is being drawn or moved, and let go of the selected mark."""
        self.draft = self._grip = self._moved = self.selected = self._pressed_at = None
        self._is_resting = False

    def shown(self, marks: Sequence[Mark]) -> tuple[Mark, ...]:
        """The marks as they are to be painted just now, the moved one where it is held."""
        if self._grip is None or self._moved is None or self._grip.number >= len(marks):
            return tuple(marks)
        number = self._grip.number
        return (*marks[:number], self._moved, *marks[number + 1 :])

    def press(self, at: Point, view: Viewport, marks: Sequence[Mark], ratio: float = 1.0) -> bool:
        """The button goes down. Whether that was meant for a mark.

        Args:
            at: Device pixels.
            view: Of the film.
            marks: On the film.
            ratio: Device pixels per screen point.
        """
        self._pressed_at = at
        if self.draft is not None:
            self._go_on(view.to_source(at))
            return True
        self._grip = _taken(at, view, marks, _REACH * ratio)
        if self._grip is not None:
            self.selected = self._grip.number
            return True
        self.selected = None
        if self.tool == "hand":
            return False
        self._begin(view.to_source(at))
        return True

    def move(self, at: Point, view: Viewport) -> bool:
        """The pointer moves, with or without the button. Whether anything has to be painted."""
        point = view.to_source(at)
        if self._grip is not None:
            grip = self._grip
            if grip.point is None:
                self._moved = grip.mark.moved(point.x - grip.start.x, point.y - grip.start.y)
            else:
                self._moved = grip.mark.with_point(grip.point, point)
            return True
        if self.draft is not None and not self._is_resting:
            self.draft = self.draft.with_point(len(self.draft.points) - 1, point)
            return True
        return False

    def release(self, at: Point, view: Viewport, ratio: float = 1.0) -> None:
        """The button goes up: a held mark is put there, a dragged point is set."""
        grip, moved, start = self._grip, self._moved, self._pressed_at
        self._grip = self._moved = self._pressed_at = None
        is_click = start is None or hypot(at.x - start.x, at.y - start.y) < _CLICK * ratio
        if grip is not None:
            if moved is not None and not is_click:
                self.changed(grip.number, moved)
        elif self.draft is not None and not (is_click and self._is_fresh):
            self.move(at, view)
            self._set_point(view.to_source(at))

    @property
    def _is_fresh(self) -> bool:
        """The two points of a segment still lie on one another."""
        draft = self.draft
        return draft is not None and len(draft.points) > 1 and draft.points[-1] == draft.points[-2]

    @property
    def _kind(self) -> Kind:
        if self.tool in ("hand", "calibrate"):
            return "length"
        return self.tool  # type: ignore[return-value]

    def _begin(self, at: Point) -> None:
        is_single = POINTS[self._kind] == 1
        self.draft = Mark(self._kind, (at,) if is_single else (at, at))

    def _go_on(self, at: Point) -> None:
        """A press while something is half drawn."""
        assert self.draft is not None
        if self._is_resting:
            self._is_resting = False
            self.draft = replace(self.draft, points=(*self.draft.points, at, at))
        else:
            self.draft = self.draft.with_point(len(self.draft.points) - 1, at)
            self._pressed_at = None  # its release sets the point

    def _set_point(self, at: Point) -> None:
        assert self.draft is not None
        count = len(self.draft.points)
        if count == POINTS[self._kind]:
            mark, self.draft = self.draft, None
            self.drawn(mark)
        elif self._kind == "ratio":
            self._is_resting = True
        else:
            self.draft = replace(self.draft, points=(*self.draft.points, at))


def _taken(at: Point, view: Viewport, marks: Sequence[Mark], reach: float) -> _Grip | None:
    """The uppermost mark within reach: by a handle if there is one, else by its line."""
    start = view.to_source(at)
    for number in reversed(range(len(marks))):
        mark = marks[number]
        for place, point in enumerate(mark.points):
            seen = view.to_screen(point)
            if hypot(seen.x - at.x, seen.y - at.y) <= reach:
                return _Grip(number, place, start, mark)
    for number in reversed(range(len(marks))):
        if distance(at, marks[number], view) <= reach:
            return _Grip(number, None, start, marks[number])
    return None


def _nobody(mark: Mark) -> None:
    """Until someone wants to know."""


def _nothing(number: int, mark: Mark) -> None:
    """Until someone wants to know."""
