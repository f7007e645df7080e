"""Intent in, state out: every gesture of a reader is one call here.

No Qt and no slow call on the main thread: listing, reading and answering go through `Tasks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from afloc_desktop.core.domain import Prompt
from afloc_desktop.state.audit import Audit
from afloc_desktop.state.comparison import Comparisons
from afloc_desktop.state.drawings import Drawings
from afloc_desktop.state.drawn import Drawn
from afloc_desktop.state.exporting import Exports
from afloc_desktop.state.films import Films
from afloc_desktop.state.history import History
from afloc_desktop.state.index import Query, StudyIndex
from afloc_desktop.state.judgements import Judgements
from afloc_desktop.state.listings import Listings
from afloc_desktop.state.model_list import ModelList
from afloc_desktop.state.priors import prior_files
from afloc_desktop.state.questions import Questions
from afloc_desktop.state.reports import Reports
from afloc_desktop.state.returned import Returned
from afloc_desktop.state.shelf import Shelf
from afloc_desktop.state.slide_runs import SlideRuns
from afloc_desktop.state.slides import Slides
from afloc_desktop.state.store import ModelName
from afloc_desktop.state.thumbs import Thumbs
from afloc_desktop.state.wall import Wall

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import Image, ImageRef, Study
    from afloc_desktop.core.geometry import Box
    from afloc_desktop.core.hanging import Rule
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.core.slides.runs import SlideRun
    from afloc_desktop.core.slides.slide import Slide
    from afloc_desktop.state.films import Slices
    from afloc_desktop.state.gate import Kind
    from afloc_desktop.state.index import KnownStudy
    from afloc_desktop.state.model_choice import OpenModel
    from afloc_desktop.state.paths import Paths
    from afloc_desktop.state.presets import Preset
    from afloc_desktop.state.reports import Report
    from afloc_desktop.state.shelf import Found
    from afloc_desktop.state.store import Problem, Store
    from afloc_desktop.state.tasks import Post, Tasks, Token


@dataclass(frozen=True, slots=True)
class Engine:
    """The slow calls, each made on a worker thread only.

    Attributes:
        scan: `Shelf.scan`.
        read: `core.dicom.read.read`.
        open_stack: `core.dicom.stack.open_stack`.
        open_slide: `core.slides.opening.open_slide`.
        open_run: `core.slides.runs.SlideRun`, told where windows are kept.
        start_decoders: Starts the decoder processes without waiting for them.
        open_model: As for `ModelChoice`.
        list_models: Gives the models that can be chosen.
        sample: Gives the folder of the sample study.
        forget: `Shelf.clear`, called on the main thread.
        search: Studies listed before that hold these words.
        note: `Audit.note_one`.
        note_film: `Audit.note`.
        reports: `report_files.read_reports`.
        prior: Files of a study's prior among studies that were listed before; `prior_files`.
        rules: Hanging protocols, and why the site's own are not in use; on the main thread.
    """

    scan: Callable[..., Found]
    read: Callable[..., Image]
    open_stack: Callable[..., Slices]
    open_slide: Callable[..., Slide]
    open_run: Callable[..., SlideRun]
    start_decoders: Callable[[], None]
    open_model: OpenModel
    list_models: Callable[[], tuple[ModelName, ...]]
    sample: Callable[[], Path]
    forget: Callable[[], None]
    search: Callable[[str], tuple[KnownStudy, ...]]
    note: Callable[..., None]
    note_film: Callable[..., None]
    reports: Callable[..., tuple[Report, ...]]
    prior: Callable[[Study, frozenset[str]], tuple[Path, ...]]
    rules: Callable[[], tuple[tuple[Rule, ...], Problem | None]]


def engine(paths: Paths) -> Engine:
    """The real calls; each loads what it needs on the thread that makes it."""
    index = StudyIndex(paths.index)
    shelf = Shelf(index)
    return Engine(
        scan=shelf.scan,
        read=_read,
        open_stack=_open_stack,
        open_slide=_open_slide,
        open_run=partial(_open_run, paths),
        start_decoders=partial(_start_decoders, paths),
        open_model=partial(_open_model, paths),
        list_models=partial(_list_models, paths),
        sample=_sample,
        forget=shelf.clear,
        search=lambda words: index.search(Query(text=words)),
        note=Audit(paths.audit).note_one,
        note_film=Audit(paths.audit).note,
        reports=_read_reports,
        prior=partial(prior_files, index),
        rules=partial(_load_rules, paths),
    )


class Workspace:
    """What a reader can do. Main thread only; changes the store, never a widget.

    `post` runs a call on the main thread, as in `Tasks`.

    Attributes:
        history: What can be taken back.
        models: Which of them can look at what is on screen.
        judging: Verdicts on answers.
        exports: What leaves the station.
        returned: Results that came back in files.
        drawn: Which findings are seen beside the chosen one.
        comparing: The film on screen beside an earlier one.
        reports: What was written about the study on screen.
        wall: The cells of the screen.
        drawings: What the reader measures and draws.
        slides: The slide on screen.
        slide_runs: The model on that slide.
    """

    def __init__(self, store: Store, tasks: Tasks, engine: Engine, post: Post) -> None:
        self._store = store
        self._tasks = tasks
        self._listings = Listings(store, tasks, post, engine)
        self.slides = Slides(store, tasks, post, engine.open_slide)
        self._films = Films(store, tasks, engine.read, engine.open_stack, self.slides)
        self._questions = Questions(store, tasks, engine.open_model)
        self.models = ModelList(store, tasks, engine.list_models, self._questions)
        self.slide_runs = SlideRuns(store, tasks, self._questions, engine.open_run)
        self.slides.follow(self._enter_slide, self.slide_runs.close)
        self.history = History(store)
        self.judging = Judgements(store, tasks, engine.note, self.history, self._questions.survey)
        self.exports = Exports(
            store,
            tasks,
            post,
            accepted=self.judging.accepted,
            read=engine.read,
            note=engine.note_film,
        )
        self.returned = Returned(store, tasks, self.select_image)
        self._questions.listen(self.returned.bring)
        self.drawn = Drawn(store)
        self._thumbs = Thumbs(store, tasks, engine.read, engine.open_slide, self._questions)
        self.comparing = Comparisons(store, tasks, engine.read, self._questions)
        self.reports = Reports(store, tasks, engine.reports, self._questions)
        self.wall = Wall(store, tasks, self._films, self._questions)
        self.drawings = Drawings(store, self.history)
        self._find_prior = engine.prior
        self._find_sample = engine.sample
        self._start_decoders = engine.start_decoders
        self._load_rules = engine.rules

    def start(self) -> None:
        """Load the model and start the decoders; the window is already there."""
        self._listings.search("")
        self._questions.load_model()
        self.models.look()
        self.wall.rules, problem = self._load_rules()
        if problem is not None:
            self._store.update(settings_problem=problem)
        self._tasks.submit(
            "decoders", lambda _: self._start_decoders(), _ignore, _ignore, lane="files"
        )

    def open_paths(self, paths: Sequence[Path]) -> None:
        """List files and folders and add them to what is open; show the first film found."""
        given = tuple(paths)
        if given:
            opened = tuple(dict.fromkeys((*self._store.state.opened, *given)))
            self._store.update(opened=opened)
            self._listings.open(lambda: given, self.select_image, self._hang)

    def open_sample(self) -> None:
        """Open the sample study and show the strongest of the findings selected by default."""
        self._listings.open(lambda: (self._find_sample(),), self._show_strongest)

    def search_known(self, words: str) -> None:
        """Look for studies that were listed before; no words find the latest."""
        self._listings.search(words)

    def stop_listing(self) -> None:
        """Give up a listing under way; what was open stays."""
        self._listings.stop()

    def close_all(self) -> None:
        """Close every study."""
        self._questions.drop()
        self.reports.close()
        self.comparing.close()
        self._store.update(opened=())
        self._films.drop()
        self.wall.close_all()
        self.history.forget()
        self.returned.forget()
        self._listings.close_all()

    def select_image(self, ref: ImageRef) -> None:
        """Show a film; the one before, and all answers on it, leave the screen at once."""
        self.wall.place(self._store.state.active, ref)

    def select_next(self) -> None:
        """Show the film after the one on screen, in the order of the listing."""
        self._step(1)

    def select_previous(self) -> None:
        """Show the film before the one on screen."""
        self._step(-1)

    def select_finding(self, finding_id: str) -> None:
        """Ask for one of the findings the model lists."""
        self._questions.choose(Prompt(finding_id, "preset"))

    def ask(self, words: str) -> None:
        """Ask in free words; words that only name a listed finding choose that finding."""
        text = " ".join(words.split())
        if text:
            self._questions.choose(Prompt(text, "typed"))

    def clear_question(self) -> None:
        """Show the film alone."""
        self._questions.clear()

    def set_presets(self, presets: tuple[Preset, ...]) -> None:
        """Put other windows of CT on the number keys."""
        self._store.update(presets=presets)

    def _enter_slide(self, slide: Slide) -> None:
        self._questions.models.attend()
        self.slide_runs.open(slide)

    def _hang(self, ref: ImageRef) -> None:
        """Hang what was opened; where its prior is known but not open, open that and hang again."""
        self.wall.hang_opened(ref)
        self.slides.complete()
        self.returned.bring()
        current = self.wall.newest()
        if current is not None:
            is_open = frozenset(study.uid for study in self._store.state.listing.studies)
            work = partial(_prior_of, self._find_prior, current, is_open)
            done = partial(self._prior_found, ref)
            self._tasks.submit("prior", work, done, _ignore, lane="files")

    def _prior_found(self, ref: ImageRef, paths: tuple[Path, ...]) -> None:
        if paths and not self._tasks.is_running("scan"):
            self._listings.open(lambda: paths, _leave, lambda _: self.wall.hang_opened(ref))

    def _step(self, by: int) -> None:
        ref = self._films.neighbour(by)
        if ref is not None:
            self.select_image(ref)

    def _show_strongest(self, ref: ImageRef) -> None:
        self.select_image(ref)
        self._questions.choose_strongest()


def _read(ref: ImageRef, *, should_stop: Callable[[], bool]) -> Image:
    from afloc_desktop.core.dicom.read import read

    return read(ref, should_stop=should_stop)


def _read_reports(
    study: Study, *, is_alone: bool, should_stop: Callable[[], bool]
) -> tuple[Report, ...]:
    from afloc_desktop.state.report_files import read_reports

    return read_reports(study, is_alone=is_alone, should_stop=should_stop)


def _start_decoders(paths: Paths) -> None:
    from afloc_desktop.core.dicom.workers import workers
    from afloc_desktop.core.export.atomic import sweep

    for folder in (paths.settings_file.parent, paths.data, paths.cache, paths.log):
        sweep(folder)
    workers().start()


def _prior_of(
    find: Callable[[Study, frozenset[str]], tuple[Path, ...]],
    current: Study,
    is_open: frozenset[str],
    token: Token,
) -> tuple[Path, ...]:
    token.check()
    return find(current, is_open)


def _leave(ref: ImageRef) -> None:
    """What was found is only listed."""


def _ignore(result: object) -> None:
    """Decoders that could not be started are started, or missed aloud, by the first film."""


def _open_stack(refs: Sequence[ImageRef], *, should_stop: Callable[[], bool]) -> Slices:
    from afloc_desktop.core.dicom.stack import open_stack

    return open_stack(refs, should_stop=should_stop)


def _open_slide(refs: Sequence[ImageRef]) -> Slide:
    from afloc_desktop.core.slides.opening import open_slide

    return open_slide(refs)


def _open_run(
    paths: Paths,
    slide: Slide,
    localizer: Localizer,
    *,
    region: Box | None,
    check: Callable[[], None],
) -> SlideRun:
    from afloc_desktop.core.slides.runs import SlideRun

    return SlideRun(slide, localizer, paths.slides, region=region, check=check)


def _open_model(paths: Paths, kind: Kind | None, chosen: str | None) -> Localizer:
    from afloc_desktop.state.models import open_default

    return open_default(paths, bundle_id=chosen, kind=kind, resolution=None)


def _list_models(paths: Paths) -> tuple[ModelName, ...]:
    from afloc_desktop.core.model.bundle import open_bundle
    from afloc_desktop.state.models import installed

    manifests = (e.bundle.manifest for e in installed(paths, open_bundle) if e.bundle)
    return tuple(ModelName(m.id, m.title, m.modality) for m in manifests)


def _load_rules(paths: Paths) -> tuple[tuple[Rule, ...], Problem | None]:
    from afloc_desktop.state.rules import load_rules

    return load_rules(paths)


def _sample() -> Path:
    from afloc_desktop.state.models import sample_study

    return sample_study()
