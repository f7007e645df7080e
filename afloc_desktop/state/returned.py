"""Results that came back in files, ours and others': opened over the films they are about.

They stay what a file says: nothing of them becomes a finding of this session. Our own results of
the study on screen are laid over their films unasked, once; a reader takes them off like any.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from afloc_desktop.core.domain import Image
from afloc_desktop.core.errors import InputError
from afloc_desktop.core.export.names import is_own
from afloc_desktop.state.store import Problem, home_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from afloc_desktop.core.domain import ImageRef, Listing, Study
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.export.found import Node, Reading, Target
    from afloc_desktop.core.export.selection import Statement
    from afloc_desktop.core.geometry import Point
    from afloc_desktop.core.slides.slide import Slide
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.tasks import Tasks, Token

    Place = tuple[Path, str]
    Slides = tuple[tuple[ImageRef, ...], ...]

_KEY, _BROUGHT_KEY = "result", "own results"
_MOST_BROUGHT = 24  # of a study; a session writes three or four for a film


@dataclass(frozen=True, slots=True)
class Line:
    """Something to draw over a film.

    Attributes:
        label: As in the file.
        points: Source pixels.
        is_closed: An outline.
        target: The film it belongs to.
        size: Rows and columns of the film it was drawn on; None where the file does not say.
        status, author: Of our own, what was decided on it and by whom; empty of others.
        tracking_uid: The same in every object that shows it; may be empty.
    """

    label: str
    points: tuple[Point, ...]
    is_closed: bool
    target: Target
    size: tuple[int, int] | None = None
    status: str = ""
    author: str = ""
    tracking_uid: str = ""

    def is_on(self, image: Image | Slide) -> bool:
        """Whether it belongs to exactly this film, at its size, or to this slide."""
        if self.size not in (None, (image.rows, image.columns)):
            return False
        ref = image.ref if isinstance(image, Image) else image.refs[0]
        return self.target.matches(ref.sop_instance_uid, ref.frame)


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
        self._brought: frozenset[Place] = frozenset()

    def bring(self) -> None:
        """Lay our own results of the study on screen over their films, each once."""
        state = self._store.state
        home = None if state.image_ref is None else home_of(state.listing, state.image_ref)
        found = () if home is None else _own_of(home.study)
        new = tuple(place for place in found if place not in self._brought)[:_MOST_BROUGHT]
        if new:
            slides = _slides_of(state.listing)
            work, done = partial(_read_own, new, slides), partial(self._lay, new)
            self._tasks.submit(_BROUGHT_KEY, work, done, _ignore, lane="files")

    def _lay(self, places: tuple[Place, ...], results: tuple[Result, ...]) -> None:
        self._brought |= frozenset(places)
        known = self._store.state.results
        is_open = {(r.path, r.member) for r in known}
        seen = {line.tracking_uid for r in known for line in r.lines}
        for result in results:
            new = {line.tracking_uid for line in result.lines} - seen
            if new and (result.path, result.member) not in is_open:
                known, seen = (*known, result), seen | new
        self._store.update(results=known)

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
        for key in (_KEY, _BROUGHT_KEY):
            self._tasks.cancel(key)
        self._brought = frozenset()
        self._store.update(results=(), result_told=None)

    def _read(self, path: Path, member: str, done: Callable[[Result], None]) -> None:
        work = partial(_read_result, path, member, _slides_of(self._store.state.listing))
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


def _read_result(path: Path, member: str, slides: Slides, token: Token) -> Result:
    from afloc_desktop.core.export.reading import read_result
    from afloc_desktop.core.export.selection import on_files

    token.check()
    reading = read_result(path, member, slides=[on_files(files) for files in slides])
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


def _own_of(study: Study) -> tuple[Place, ...]:
    """Our own results of a study by their description, the most exact first."""
    reports = [o for o in study.others if o.modality == "SR" and is_own(o.description)]
    states = [o for o in study.others if o.modality == "PR" and is_own(o.description)]
    masks = [
        image
        for series in study.series
        if series.is_result and is_own(series.description)
        for image in series.images
    ]
    found = [(r.path, r.member) for kind in (reports, states, masks) for r in kind]
    return tuple(dict.fromkeys(found))


def _slides_of(listing: Listing) -> Slides:
    """The files of every slide that is open."""
    every = (series for study in listing.studies for series in study.series)
    return tuple(series.images for series in every if series.is_slide)


def _read_own(places: tuple[Place, ...], slides: Slides, token: Token) -> tuple[Result, ...]:
    """Those that can be read and are ours; why another cannot is told when it is opened."""
    found = []
    for place in places:
        with suppress(InputError):
            found.append(_read_result(*place, slides, token))
    return tuple(r for r in found if any(line.status for line in r.lines))


def _lines(reading: Reading) -> tuple[Line, ...]:
    from afloc_desktop.core.export.raster import outlines

    drawn = [
        Line(s.label, s.points, s.is_closed, s.target, tracking_uid=s.tracking_uid)
        for s in reading.shapes
    ]
    for mask in reading.masks:
        rows, columns = mask.pixels.shape
        line = partial(Line, mask.label, is_closed=True, target=mask.target, size=(rows, columns))
        drawn += [
            line(outline, tracking_uid=mask.tracking_uid) for outline in outlines(mask.pixels)
        ]
    return tuple(_stated(line, reading.tracked.get(line.tracking_uid)) for line in drawn)


def _stated(line: Line, statement: Statement | None) -> Line:
    if statement is None:
        return line
    finding = statement.finding
    return replace(line, label=statement.label, status=finding.status, author=finding.author)


def _ignore(error: AflocError) -> None:
    """Nobody asked for it."""
