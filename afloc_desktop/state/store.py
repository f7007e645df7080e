"""What the application knows, as one frozen snapshot, and who is told when it changes.

Zoom, pan, window/level and a drag in progress are not here: they belong to the view.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import exp
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from afloc_desktop.core.domain import IdentityKey, Listing, Prompt
from afloc_desktop.core.measuring import FilmKey
from afloc_desktop.state.presets import DEFAULT, Preset

if TYPE_CHECKING:
    from pathlib import Path

    from afloc_desktop.core.dicom.display import PaintedArray
    from afloc_desktop.core.domain import (
        ColourArray,
        Heatmap,
        Image,
        ImageRef,
        Series,
        Spacing,
        Study,
    )
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.geometry import Box
    from afloc_desktop.core.measuring import Mark
    from afloc_desktop.core.model.manifest import FindingSpec
    from afloc_desktop.core.understanding import Question
    from afloc_desktop.state.comparison import Comparison
    from afloc_desktop.state.exporting import Export
    from afloc_desktop.state.gate import Kind
    from afloc_desktop.state.index import KnownStudy
    from afloc_desktop.state.judgements import Judgement
    from afloc_desktop.state.reports import Report
    from afloc_desktop.state.returned import Result
    from afloc_desktop.state.slide_runs import Run
    from afloc_desktop.state.slides import OpenSlide

Listener = Callable[["State", "State"], None]
_MOST_QUESTIONS = 50  # that are remembered
# What belongs to one film and one model, and leaves the screen with either.
BLANK: Mapping[str, Any] = MappingProxyType(
    {"answers": MappingProxyType({}), "answer_problem": None}
)


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as something to show: what happened and what to do."""

    reason: str
    remedy: str

    @classmethod
    def of(cls, error: AflocError) -> Problem:
        """Take the two sentences of an error."""
        return cls(error.reason, error.remedy)


@dataclass(frozen=True, slots=True)
class Model:
    """What the reader may know about the model in use. The model itself stays on its lane.

    Attributes:
        id, version, title: As its maker named it.
        bundle_sha256, fingerprint: Half of every identity key.
        provider: The execution provider really used.
        modality: What it was trained on: `cxr`, `fundus` or `histo`.
        dicom_modalities: Modalities it was made for.
        findings: In display order.
        fallback: Why it does not run where it was chosen to; empty where it does.
    """

    id: str
    version: str
    title: str
    bundle_sha256: str
    fingerprint: str
    provider: str
    modality: str
    dicom_modalities: tuple[str, ...]
    findings: tuple[FindingSpec, ...]
    fallback: str = ""


class ModelName(NamedTuple):
    """A model that can be chosen: its id and title, and the kind of image it was made for."""

    id: str
    title: str
    modality: Kind


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """Everything one question on one film came to.

    Attributes:
        prompt: What was asked; answers and thresholds are kept by it.
        question: What was understood of the words.
        heatmap: Where.
        similarity: The highest anywhere on the film; NaN where the network saw none of it.
        extent: Similarity down to which the strongest place extends.
        seconds: From asking the model to here.
    """

    prompt: Prompt
    question: Question
    heatmap: Heatmap
    similarity: float
    extent: float
    seconds: float

    @property
    def floor(self) -> float:
        """Where the colours start, whatever threshold the reader sets."""
        return min(self.question.threshold, self.extent)


class Grid(NamedTuple):
    """How the screen is divided into cells, which count along the rows from 0."""

    rows: int
    columns: int

    @property
    def cells(self) -> int:
        """How many there are."""
        return self.rows * self.columns


SINGLE = Grid(1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Pane:
    """What a cell that is not the active one shows.

    Attributes:
        image_ref, image, image_problem, answers: As in `State`, of this cell.
        model: That gave the answers; None where there are none.
    """

    image_ref: ImageRef | None = None
    image: Image | None = None
    image_problem: Problem | None = None
    answers: Mapping[Prompt, Answer] = field(default_factory=dict)
    model: Model | None = None


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """One moment of the application.

    Attributes:
        listing: All that was opened.
        opened: The files and folders that were given to be opened.
        image_ref: The film that was chosen; `image` follows when it is decoded.
        image: The film on screen; None while it is read or where it cannot be.
        image_problem: Why the chosen film is not shown.
        model: For the kind of image on screen; None until it is loaded, and where it cannot be.
        model_problem: Why there is no model.
        installed: Models that can be chosen.
        chosen: Ids of models that were chosen by hand, by the kind of image.
        prompt: The question that is chosen; kept from film to film.
        asked: Typed questions, newest first.
        remembered: Those of earlier runs, offered while the reader types.
        answers: For the film on screen and the model in use, by question.
        answer_problem: Why the chosen question has no answer.
        thresholds: The reader's own, by question; the finding's own where absent.
        opacity: Of the colours, 0 to 1.
        is_contour: A line at the threshold instead of colours above it.
        is_overlay_on: The reader's switch for the overlay.
        is_hidden: Everything the model said is hidden for the moment.
        busy: Keys of the work under way.
        scanned: Files looked at so far while a listing is under way.
        known: Studies listed before that fit what is searched for.
        notice: What came of the last listing, where it was not films.
        settings_problem: Why the settings of the last run are not in use.
        grid: How the screen is divided.
        active: The cell that shows `image`; keys, findings and answers are about it.
        parked: What the other cells show; one without a film is absent.
        marks: What the reader drew, by film.
        calibrations: What the reader calibrated by hand, by film.
        presets: Windows of CT on the number keys.
        reader: Who judges; empty until the reader was asked.
        judged: Verdicts on answers, of every film that was open.
        judgement_problem: Why the last verdict was not taken.
        overruled: Films that the model is asked about although it was not made for them.
        kept: Questions that are drawn whatever else is chosen.
        draws_all: Everything at or above its threshold is drawn.
        has_boxes: A box around each place instead of an outline.
        export: The last export, until its window is closed.
        results: Results from files that lie over their films.
        result_told: A result shown as text, or why one cannot be read.
        reports: Of the study on screen.
        report: Which of them is shown.
        sentence: Which of its sentences is chosen; None where none is.
        comparison: With an earlier film; None where none is made.
        thumbs: Small pictures of films, uint8, by film.
        slide_runs: What the model looked at of the slide on screen, by `Slide.sha256`.
        slide: The slide on screen, in the place of a film; None where a film is.
        region: The part of it that was chosen, slide pixels; None for none.
        windows: Small pictures of parts of it, uint8 RGB, by their boxes in slide pixels.
    """

    listing: Listing = field(default_factory=partial(Listing, (), ()))
    opened: tuple[Path, ...] = ()
    image_ref: ImageRef | None = None
    image: Image | None = None
    image_problem: Problem | None = None
    model: Model | None = None
    model_problem: Problem | None = None
    installed: tuple[ModelName, ...] = ()
    chosen: Mapping[Kind, str] = field(default_factory=dict)
    prompt: Prompt | None = None
    asked: tuple[str, ...] = ()
    remembered: tuple[str, ...] = ()
    answers: Mapping[Prompt, Answer] = field(default_factory=dict)
    answer_problem: Problem | None = None
    thresholds: Mapping[Prompt, float] = field(default_factory=dict)
    opacity: float = 0.45
    is_contour: bool = False
    is_overlay_on: bool = True
    is_hidden: bool = False
    busy: frozenset[str] = frozenset()
    scanned: int = 0
    known: tuple[KnownStudy, ...] = ()
    notice: Problem | None = None
    settings_problem: Problem | None = None
    grid: Grid = SINGLE
    active: int = 0
    parked: Mapping[int, Pane] = field(default_factory=dict)
    marks: Mapping[FilmKey, tuple[Mark, ...]] = field(default_factory=dict)
    calibrations: Mapping[FilmKey, Spacing] = field(default_factory=dict)
    presets: tuple[Preset, ...] = DEFAULT
    reader: str = ""
    judged: Mapping[IdentityKey, Judgement] = field(default_factory=dict)
    judgement_problem: Problem | None = None
    overruled: frozenset[FilmKey] = frozenset()
    kept: tuple[Prompt, ...] = ()
    draws_all: bool = False
    has_boxes: bool = False
    export: Export | None = None
    results: tuple[Result, ...] = ()
    result_told: Result | Problem | None = None
    reports: tuple[Report, ...] = ()
    report: int = 0
    sentence: int | None = None
    comparison: Comparison | None = None
    thumbs: Mapping[ImageRef, PaintedArray] = field(default_factory=dict)
    slide_runs: Mapping[str, Run] = field(default_factory=dict)
    slide: OpenSlide | None = None
    region: Box | None = None
    windows: Mapping[Box, ColourArray] = field(default_factory=dict)

    @property
    def questions(self) -> tuple[str, ...]:
        """Typed questions of this run and those before it, newest first, as many as are kept."""
        return tuple(dict.fromkeys((*self.asked, *self.remembered)))[:_MOST_QUESTIONS]

    def at(self, cell: int) -> State:
        """This moment as one cell of the screen shows it: its film, and answers on that film."""
        if cell == self.active:
            return self
        pane = self.parked.get(cell, Pane())
        return replace(
            self,
            active=cell,
            image_ref=pane.image_ref,
            image=pane.image,
            image_problem=pane.image_problem,
            answers=pane.answers,
            model=self._model_of(pane),
            answer_problem=None,
            notice=None,
            busy=frozenset({"image"} if pane_key(cell) in self.busy else ()),
        )

    def _model_of(self, pane: Pane) -> Model | None:
        """The model in use, or that of a cell which shows another kind of image."""
        own, used = pane.model, self.model
        return used if own is None or (used and used.modality == own.modality) else own

    def spacing(self, image: Image) -> Spacing | None:
        """The reader's own calibration of a film, else what its file says."""
        return self.calibrations.get(FilmKey.of(image), image.spacing)

    @property
    def answer(self) -> Answer | None:
        """The answer to the chosen question on the film on screen, if there is one yet."""
        return None if self.prompt is None else self.answers.get(self.prompt)

    @property
    def shown_report(self) -> Report | None:
        """The report that is shown, if there is one."""
        return self.reports[self.report] if self.report < len(self.reports) else None

    def judgement(self, answer: Answer) -> Judgement | None:
        """The reader's verdict on an answer, if there is one."""
        return self.judged.get(answer.heatmap.key)

    def probability(self, answer: Answer) -> float | None:
        """Calibrated, in [0, 1]; None where the model is not calibrated for just this question."""
        question = answer.question
        if question.gain is None or question.bias is None or answer.similarity != answer.similarity:
            return None
        return 1 / (1 + exp(min(700.0, -(question.gain * answer.similarity + question.bias))))

    def beside(self) -> tuple[Answer, ...]:
        """Answers drawn beside the chosen one: kept ones, and all that are there if so wanted."""
        others = [p for p in self.kept if p in self.answers]
        if self.draws_all:
            others += [p for p, a in self.answers.items() if p not in others and self.is_present(a)]
        return tuple(self.answers[p] for p in others if p != self.prompt)

    def key_for(self, image: Image, question: Prompt | None = None) -> IdentityKey | None:
        """What a map must belong to in order to be painted over `image` now.

        Args:
            image: The film.
            question: The chosen one where None.
        """
        prompt = question or self.prompt
        if self.model is None or prompt is None:
            return None
        return IdentityKey(
            sop_instance_uid=image.ref.sop_instance_uid,
            frame=image.ref.frame,
            pixel_sha256=image.pixel_sha256,
            bundle_sha256=self.model.bundle_sha256,
            preprocess_fingerprint=self.model.fingerprint,
            prompt=prompt.words,
        )

    def threshold(self, answer: Answer) -> float:
        """Similarity from which an answer counts as found: the reader's, else the finding's."""
        return self.thresholds.get(answer.prompt, answer.question.threshold)

    def level(self, answer: Answer) -> float:
        """Similarity from which a map is painted: a finding that is there, in its whole extent."""
        needed = self.threshold(answer)
        return min(needed, answer.extent) if self.is_present(answer) else needed

    def is_present(self, answer: Answer) -> bool:
        """Whether the highest similarity reaches the threshold in use, and may mean a finding."""
        return answer.question.can_be_present and answer.similarity >= self.threshold(answer)


def pane_key(cell: int) -> str:
    """The key under which the film of a cell that is not the active one is read."""
    return f"pane {cell}"


class Home(NamedTuple):
    """Where a film was listed: study, series, and its place in the series from 0."""

    study: Study
    series: Series
    place: int


def home_of(listing: Listing, ref: ImageRef) -> Home | None:
    """Where a film was listed; a search through all of the listing."""
    for study in listing.studies:
        for series in study.series:
            if ref in series.images:
                return Home(study, series, series.images.index(ref))
    return None


class Store:
    """Holds the current `State` and tells listeners `(old, new)` after each change.

    Used on the main thread only.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._listeners: list[Listener] = []
        self._is_telling = False

    @property
    def state(self) -> State:
        """The current snapshot."""
        return self._state

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` after each change.

        Returns:
            A call that ends it.
        """
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def update(self, **changes: Any) -> None:
        """Replace fields and tell every listener once.

        Raises:
            RuntimeError: Called by a listener; views turn intent into a call on the workspace,
                they never answer a change with a change.
        """
        if self._is_telling:
            raise RuntimeError("the store was updated while it was telling its listeners")
        old, self._state = self._state, replace(self._state, **changes)
        self._is_telling = True
        try:
            for listener in tuple(self._listeners):
                listener(old, self._state)
        finally:
            self._is_telling = False
