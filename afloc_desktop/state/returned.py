"""Results that came back in files, ours and others': opened over the films they are about.

They stay what a file says: nothing of them becomes a finding of this session.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from afloc_desktop.state.store import Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from afloc_desktop.core.domain import Image, ImageRef
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.export.found import Node, Reading, Target
    from afloc_desktop.core.geometry import Point
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.tasks import Tasks, Token

_KEY = "result"


@dataclass(frozen=True, slots=True)
class Line:
    """Something to draw over a film.

    Attributes:
        label: As in the file.
        points: Source pixels.
        is_closed: An outline.
        target: The film it belongs to.
        size: Rows and columns of the film it was drawn on; None where the file does not say.
    """

    label: str
    points: tuple[Point, ...]
    is_closed: bool
    target: Target
    size: tuple[int, int] | None = None

    def is_on(self, image: Image) -> bool:
        """Whether it belongs to exactly this film, at its size."""
        if self.size not in (None, (image.rows, image.columns)):
            return False
        return self.target.matches(image.ref.sop_instance_uid, image.ref.frame)


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A result object that was opened.

    Attributes:
        path, member: Where it lies, as in `ImageRef`.
        kind, title, is_verified, notes: As in `Reading`.
        targets: Every film it refers to.
        lines: What lies over them.
        tree: All of it as text.
    """

    path: Path
    member: str
    kind: str
    title: str
    targets: tuple[Target, ...]
    lines: tuple[Line, ...]
    tree: Node
    is_verified: bool
    notes: tuple[str, ...]


class Returned:
    """The way back into a workspace. Main thread only.

    `select` shows a film.
    """

    def __init__(self, store: Store, tasks: Tasks, select: Callable[[ImageRef], None]) -> None:
        self._store = store
        self._tasks = tasks
        self._select = select

    def open(self, path: Path, member: str) -> None:
        """Show a result over its film, or as text where nothing can be drawn; again hides it."""
        known = self._store.state.results
        left = tuple(r for r in known if (r.path, r.member) != (path, member))
        if len(left) < len(known):
            self._store.update(results=left)
            return
        self._read(path, member, self._opened)

    def tell(self, path: Path, member: str) -> None:
        """Show a result as text."""
        self._read(path, member, self._told)

    def put_away(self) -> None:
        """The text, or what was wrong, was read."""
        self._store.update(result_told=None)

    def forget(self) -> None:
        """Every result leaves the screen."""
        self._tasks.cancel(_KEY)
        self._store.update(results=(), result_told=None)

    def _read(self, path: Path, member: str, done: Callable[[Result], None]) -> None:
        work = partial(_read_result, path, member)
        self._tasks.submit(_KEY, work, done, self._failed, lane="files")

    def _opened(self, result: Result) -> None:
        state = self._store.state
        refs = [ref for ref in state.listing.images if _is_about(result, ref)]
        if not result.lines or not refs:
            self._told(result)
            return
        self._store.update(results=(*state.results, result))
        if state.image_ref not in refs:
            self._select(refs[0])

    def _told(self, result: Result) -> None:
        self._store.update(result_told=result)

    def _failed(self, error: AflocError) -> None:
        self._store.update(result_told=Problem.of(error))


def _is_about(result: Result, ref: ImageRef) -> bool:
    lines = result.lines
    return any(line.target.matches(ref.sop_instance_uid, ref.frame) for line in lines)


def _read_result(path: Path, member: str, token: Token) -> Result:
    from afloc_desktop.core.export.reading import read_result

    token.check()
    reading = read_result(path, member)
    return Result(
        path=path,
        member=member,
        kind=reading.kind,
        title=reading.title,
        targets=reading.targets,
        lines=_lines(reading),
        tree=reading.tree,
        is_verified=reading.is_verified,
        notes=reading.notes,
    )


def _lines(reading: Reading) -> tuple[Line, ...]:
    from afloc_desktop.core.export.raster import outlines

    drawn = [Line(s.label, s.points, s.is_closed, s.target) for s in reading.shapes]
    for mask in reading.masks:
        rows, columns = mask.pixels.shape
        drawn += [
            Line(mask.label, outline, True, mask.target, (rows, columns))
            for outline in outlines(mask.pixels)
        ]
    return tuple(drawn)
