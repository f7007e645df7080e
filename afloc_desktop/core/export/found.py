"""What a result object says about films, whoever wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from afloc_desktop.core.domain import BoolArray
    from afloc_desktop.core.export.selection import Statement
    from afloc_desktop.core.geometry import Point


@dataclass(frozen=True, slots=True)
class Target:
    """A film that an object refers to.

    Attributes:
        sop_instance_uid: Of the file.
        frame: 1-based; None for all of its frames.
    """

    sop_instance_uid: str
    frame: int | None = None

    def matches(self, sop_instance_uid: str, frame: int) -> bool:
        """Whether it is that frame."""
        return self.sop_instance_uid == sop_instance_uid and self.frame in (None, frame)


@dataclass(frozen=True, slots=True)
class Shape:
    """Something drawn over a film.

    Attributes:
        label: As in the file, plain text.
        points: Source pixels; the first point of a closed outline is not repeated.
        is_closed: An outline and not a line; a single point is neither.
        target: The film it belongs to.
        tracking_uid: Under which other objects know it; may be empty.
    """

    label: str
    points: tuple[Point, ...]
    is_closed: bool
    target: Target
    tracking_uid: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """A segment on one film.

    Attributes:
        label: As in the file, plain text.
        pixels: True inside; lies on the film only where it has the film's rows and columns.
        target: The film it belongs to.
        tracking_uid: Under which other objects know it; may be empty.
    """

    label: str
    pixels: BoolArray
    target: Target
    tracking_uid: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A line of an object as text, and what is below it."""

    text: str
    children: tuple[Node, ...] = ()

    def lines(self, depth: int = 0) -> list[str]:
        """It and everything below, indented by two spaces a level."""
        below = [line for child in self.children for line in child.lines(depth + 1)]
        return ["  " * depth + self.text, *below]


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A result object, read.

    Attributes:
        kind: `SC` is a picture like any film and is shown as one; `other` is only a tree.
        title: Its series description, else what the standard calls it.
        targets: Every film it refers to.
        shapes, masks: What lies over them.
        tree: All of it as text.
        statements: Of our own objects, complete but for their heatmaps; else none.
        tracked: The same by the tracking UIDs of their regions.
        is_verified: A person signed it.
        notes: What could not be shown, for the reader.
    """

    kind: Literal["SEG", "SR", "GSPS", "SC", "other"]
    title: str
    targets: tuple[Target, ...]
    shapes: tuple[Shape, ...]
    masks: tuple[Mask, ...]
    tree: Node
    statements: tuple[Statement, ...]
    tracked: Mapping[str, Statement]
    is_verified: bool
    notes: tuple[str, ...]
