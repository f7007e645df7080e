"""What a reader accepted leaves the station as files: one outcome for each of them.

Only accepted and edited findings leave. Films are read again and everything is written on a
worker thread; the window sees the outcomes come in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from afloc_desktop.core.errors import AflocError, ExportError
from afloc_desktop.core.export.atomic import sweep
from afloc_desktop.core.export.formats import CSV, FORMATS, Planned, of_slides, plan
from afloc_desktop.core.export.names import describe_series
from afloc_desktop.state.slide_films import read_slide, slide_files
from afloc_desktop.state.store import Problem, home_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import Image, ImageRef, Spacing
    from afloc_desktop.core.export.exporter import Exporter
    from afloc_desktop.core.export.formats import Scope
    from afloc_desktop.core.export.pseudonyms import Pseudonyms
    from afloc_desktop.core.export.selection import FilmResults, Selection, Statement
    from afloc_desktop.core.measuring import FilmKey, Mark
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.tasks import Post, Tasks, Token

    Film = tuple[ImageRef, tuple[Statement, ...]]
    Studies = tuple[tuple[Film, ...], ...]
    MakeExporters = Callable[[Sequence[str]], Mapping[str, Exporter]]

_KEY = "export"
_NOT_OF_SLIDES = Problem(
    "Findings on a slide are not written as such.",
    "Choose the report, the segmentation or a picture.",
)
_KINDS = {kind.id: kind for kind in FORMATS}


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written.

    Attributes:
        formats: Ids of exporters, ours and those of plugins.
        folder: Where to.
        is_deidentified: Patient, reader, typed words and original UIDs stay here.
    """

    formats: tuple[str, ...]
    folder: Path
    is_deidentified: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one thing that was to be written.

    Attributes:
        format: Id of the exporter; empty where it is about no kind of file.
        films: Numbers of the films it is about, in the order of the plan, from 1.
        paths: Written.
        problem: Why not, or why not all.
    """

    format: str
    films: tuple[int, ...]
    paths: tuple[Path, ...] = ()
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Export:
    """An export under way or done.

    Attributes:
        folder: Where to.
        total: How many outcomes are to come.
        outcomes: So far.
        is_done: Nothing more comes.
        is_stopped: The reader gave it up.
    """

    folder: Path
    total: int
    outcomes: tuple[Outcome, ...] = ()
    is_done: bool = False
    is_stopped: bool = False


class Exports:
    """The way out of a workspace. Main thread only; `read` and `note` are called on a worker.

    `accepted` gives what may leave, by film; `note` is `Audit.note`.
    """

    def __init__(
        self,
        store: Store,
        tasks: Tasks,
        post: Post,
        *,
        accepted: Callable[[], Mapping[ImageRef, tuple[Statement, ...]]],
        read: Callable[..., Image],
        note: Callable[..., None],
    ) -> None:
        self._store = store
        self._tasks = tasks
        self._post = post
        self._accepted = accepted
        self._read = read
        self._note = note

    def studies(self) -> Studies:
        """What may leave, by study and film, in the order it was accepted."""
        found: dict[str, list[Film]] = {}
        for ref, statements in self._accepted().items():
            home = home_of(self._store.state.listing, ref)
            uid = str(ref.path) if home is None else home.study.uid
            found.setdefault(uid, []).append((ref, statements))
        return tuple(tuple(films) for films in found.values())

    def planned(self, format_id: str) -> Planned | None:
        """What would be written of one kind; None of a plugin, which decides itself."""
        kind, studies = _KINDS.get(format_id), self.studies()
        if kind is None:
            return None
        films = [[f for f in study if kind.fits_slides or not self._files(f)] for study in studies]
        planned = plan(kind, [[statements for _, statements in study] for study in films])
        if kind is CSV and planned.count and self._has_marks(studies):
            return replace(planned, count=2, name=f"{planned.name}, measurements*.csv")
        return planned

    @property
    def is_of_slides(self) -> bool:
        """Whether everything that may leave was found on slides."""
        films = [film for study in self.studies() for film in study]
        return bool(films) and all(map(self._files, films))

    def _files(self, film: Film) -> tuple[ImageRef, ...]:
        return slide_files(self._store.state.listing, *film)

    def _has_marks(self, studies: Studies) -> bool:
        drawn = {key[:2] for key, marks in self._store.state.marks.items() if marks}
        return any((r.sop_instance_uid, r.frame) in drawn for study in studies for r, _ in study)

    def series(self, *, is_deidentified: bool) -> tuple[str, ...]:
        """What the new series of each study would be called."""
        return tuple(_description(s, is_deidentified=is_deidentified) for s in self.studies())

    def start(self, order: Order, make: MakeExporters) -> None:
        """Write what was accepted; `State.export` tells what becomes of it.

        Args:
            order: What, and where to.
            make: Gives the exporters of some ids; called on a worker thread.
        """
        studies, state = self.studies(), self._store.state
        total = sum(_expected(id_, self.planned(id_)) for id_ in order.formats)
        self._store.update(export=Export(order.folder, total))
        slides = {film[0]: self._files(film) for study in studies for film in study}
        drawn = _Drawn(state.marks, state.calibrations, slides)
        work = partial(self._run, order, studies, make, drawn)
        self._tasks.submit(_KEY, work, self._done, self._failed, lane="files")

    def stop(self) -> None:
        """Write nothing further; what is written stays."""
        export = self._store.state.export
        if export is not None and self._tasks.is_running(_KEY):
            self._tasks.cancel(_KEY)
            self._store.update(export=replace(export, is_done=True, is_stopped=True))

    def forget(self) -> None:
        """The last export is of no interest any more."""
        self.stop()
        self._store.update(export=None)

    def _run(
        self, order: Order, studies: Studies, make: MakeExporters, drawn: _Drawn, token: Token
    ) -> None:
        _check_folder(order.folder, studies)
        sweep(order.folder)
        exporters = make(order.formats)
        writing = _Writing(
            order=order,
            exporters=exporters,
            read=partial(self._read_film, token),
            drawn=drawn,
            note=partial(self._note, "exported"),
            tell=partial(self._tell, token),
            check=token.check,
        )
        writing.write_all(studies)

    def _read_film(self, token: Token, ref: ImageRef) -> Image:
        return self._read(ref, should_stop=lambda: token.is_cancelled)

    def _tell(self, token: Token, outcome: Outcome) -> None:
        self._post(partial(self._add, token, outcome))

    def _add(self, token: Token, outcome: Outcome) -> None:
        export = self._store.state.export
        if export is not None and not token.is_cancelled:
            self._store.update(export=replace(export, outcomes=(*export.outcomes, outcome)))

    def _done(self, result: None) -> None:
        export = self._store.state.export
        if export is not None:
            self._store.update(export=replace(export, is_done=True))

    def _failed(self, error: AflocError) -> None:
        export = self._store.state.export
        if export is not None:
            outcomes = (*export.outcomes, Outcome("", (), problem=Problem.of(error)))
            self._store.update(export=replace(export, outcomes=outcomes, is_done=True))


class _Drawn(NamedTuple):
    """What a reader drew and calibrated, by film, and which files are slides."""

    marks: Mapping[FilmKey, tuple[Mark, ...]]
    calibrations: Mapping[FilmKey, Spacing]
    slides: Mapping[ImageRef, tuple[ImageRef, ...]]

    def on(self, image: Image, statements: tuple[Statement, ...]) -> FilmResults:
        """A film with what was stated and drawn on it, at the reader's own scale."""
        from afloc_desktop.core.export.selection import FilmResults
        from afloc_desktop.core.measuring import FilmKey

        key = FilmKey.of(image)
        scaled = replace(image, spacing=self.calibrations.get(key, image.spacing))
        return FilmResults(scaled, statements, self.marks.get(key, ()))


@dataclass(frozen=True, slots=True, eq=False)
class _Writing:
    """One export while it is written, on a worker thread."""

    order: Order
    exporters: Mapping[str, Exporter]
    read: Callable[[ImageRef], Image]
    drawn: _Drawn
    note: Callable[[FilmResults, Sequence[str]], None]
    tell: Callable[[Outcome], None]
    check: Callable[[], None]

    def write_all(self, studies: Studies) -> None:
        """Write film by film, study by study, and last what is about everything."""
        from afloc_desktop.core.export.pseudonyms import Pseudonyms

        pseudonyms = Pseudonyms() if self.order.is_deidentified else None
        keeps_all = any(_scope(id_) == "export" for id_ in self.exporters)
        number, everything = 0, []
        for study in studies:
            together, films = self._selection(study, pseudonyms), []
            for ref, statements in study:
                number += 1
                film = self._film(ref, statements, number)
                if film is not None:
                    films.append((number, film))
                    self._write("film", films[-1:], together)
            self._write("study", films, together)
            everything += films if keeps_all else []
        self._write("export", everything, self._selection((), pseudonyms))

    def _selection(self, study: Sequence[Film], pseudonyms: Pseudonyms | None) -> Selection:
        """No film yet, but what all objects of a study share."""
        from afloc_desktop.core.export.objects import SeriesBook
        from afloc_desktop.core.export.selection import Selection

        description = _description(study, is_deidentified=pseudonyms is not None)
        return Selection((), pseudonyms, SeriesBook(description))

    def _film(
        self, ref: ImageRef, statements: tuple[Statement, ...], number: int
    ) -> FilmResults | None:
        self.check()
        try:
            slide = self.drawn.slides.get(ref)
            if slide:
                return read_slide(slide, statements)
            return self.drawn.on(self.read(ref), statements)
        except AflocError as error:
            self.tell(Outcome("", (number,), problem=Problem.of(error)))
            return None

    def _write(
        self, scope: Scope, films: Sequence[tuple[int, FilmResults]], together: Selection
    ) -> None:
        """Write everything of one scope that these films call for."""
        for id_ in (id_ for id_ in self.exporters if _scope(id_) == scope):
            fitting = [(n, film) for n, film in films if _fits(id_, film)]
            left = tuple(n for n, film in films if not _fits(id_, film) and _shows(id_, [film]))
            if left:
                self.tell(Outcome(id_, left, problem=_NOT_OF_SLIDES))
            selection = replace(together, films=tuple(film for _, film in fitting))
            numbers = tuple(number for number, _ in fitting)
            if not _shows(id_, selection.films):
                continue
            self.check()
            paths: tuple[Path, ...] = ()
            try:
                paths = tuple(self.exporters[id_].write(selection, self.order.folder))
                for film in selection.films:
                    self.note(film, [id_])
            except AflocError as error:
                self.tell(Outcome(id_, numbers, paths, Problem.of(error)))
            else:
                self.tell(Outcome(id_, numbers, paths))


def _description(study: Sequence[Film], *, is_deidentified: bool) -> str:
    stated = [s for _, statements in study for s in statements]
    return describe_series(s.harmless_label if is_deidentified else s.label for s in stated)


def _scope(format_id: str) -> Scope:
    """A plugin is given everything at once."""
    kind = _KINDS.get(format_id)
    return "export" if kind is None else kind.scope


def _shows(format_id: str, films: Sequence[FilmResults]) -> bool:
    kind = _KINDS.get(format_id)
    return any(film.stated if kind is None else kind.shows(film.stated) for film in films)


def _fits(format_id: str, film: FilmResults) -> bool:
    """Whether such files are written of it; plugins know films alone."""
    return film.slide is None or format_id in of_slides()


def _expected(format_id: str, planned: Planned | None) -> int:
    """How many outcomes: what is about everything has one, however many files it is."""
    if planned is None:
        return 1
    return min(planned.count, 1) if _scope(format_id) == "export" else planned.count


def _check_folder(folder: Path, studies: Studies) -> None:
    """The folders that films lie in are never written to.

    Raises:
        ExportError: The folder is one of them, or below.
    """
    target = folder.resolve()
    for study in studies:
        for ref, _ in study:
            if target.is_relative_to(ref.path.parent.resolve()):
                raise ExportError(
                    "The folder is that of the films or lies in it; nothing is written there.",
                    remedy="Choose another folder.",
                )
