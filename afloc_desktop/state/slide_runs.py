"""The model on the slide on screen: in the background, a few windows at a time, kept as it goes.

Films are asked in between: a run never holds the inference lane for longer than half a second.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from afloc_desktop.state.slide_answers import as_answers
from afloc_desktop.state.store import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from afloc_desktop.core.domain import Prompt
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.geometry import Box
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.core.slides.answers import SlideAnswer
    from afloc_desktop.core.slides.regions import Plan
    from afloc_desktop.core.slides.runs import SlideRun
    from afloc_desktop.core.slides.slide import Slide
    from afloc_desktop.state.questions import Questions
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.tasks import Tasks, Token

    OpenRun = Callable[..., SlideRun]

RUN = "slide run"  # key of the work under way, in `State.busy`
_AT_ONCE_S = 0.5
# Answers are made anew while a run goes on, but never for more than a fifth of its time.
_ANSWER_S, _ANSWER_SHARE = 2.0, 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """How far the model is with a slide, and what it answered so far.

    Attributes:
        slide_sha256: `Slide.sha256`.
        region: Slide pixels; None for the whole slide.
        is_running: Windows are being looked at now; else `resume` goes on.
        done, total: Windows looked at and all of them; 0 of 0 until they are planned.
        plan: Which windows; None until then.
        answers: By prompt: the chosen one and those that are kept, as far as the run is.
        problem: Why it stopped.
    """

    slide_sha256: str
    region: Box | None = None
    is_running: bool = False
    done: int = 0
    total: int = 0
    plan: Plan | None = None
    answers: Mapping[Prompt, SlideAnswer] = field(default_factory=dict)
    problem: Problem | None = None

    @property
    def is_finished(self) -> bool:
        """Whether every window was looked at."""
        return self.plan is not None and self.done == self.total


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """What a piece of work came to."""

    done: int
    plan: Plan
    answers: dict[Prompt, SlideAnswer]


class _Lane:
    """The run as the inference lane knows it, which alone calls this."""

    def __init__(self, open_run: OpenRun) -> None:
        self._open_run = open_run
        self._run: SlideRun | None = None
        self._wanted: tuple[Slide, Box | None, Localizer] | None = None
        self._next_answer = 0.0

    def step(
        self,
        slide: Slide,
        run: Run,
        prompts: tuple[Prompt, ...],
        localizer: Localizer,
        token: Token,
    ) -> _Step:
        """Look at windows for a while, if that is wanted; answer what is new."""
        under_way = self._opened(slide, run.region, localizer, token)
        until = time.monotonic() + _AT_ONCE_S
        while run.is_running and not under_way.is_finished:
            under_way.step(check=token.check)
            if time.monotonic() >= until:
                break
        answers = self._answers(under_way, prompts, run.answers, token)
        return _Step(under_way.done, under_way.plan, answers)

    def close(self, token: Token) -> None:
        """Let go of the file of windows."""
        if self._run is not None:
            self._run.close()
        self._run = self._wanted = None

    def _opened(
        self, slide: Slide, region: Box | None, localizer: Localizer, token: Token
    ) -> SlideRun:
        wanted = slide, region, localizer
        if self._run is None or self._wanted != wanted:
            self.close(token)
            self._run = self._open_run(slide, localizer, region=region, check=token.check)
            self._wanted, self._next_answer = wanted, 0.0
        return self._run

    def _answers(
        self,
        run: SlideRun,
        prompts: tuple[Prompt, ...],
        known: Mapping[Prompt, SlideAnswer],
        token: Token,
    ) -> dict[Prompt, SlideAnswer]:
        started = time.monotonic()
        is_due = run.is_finished or started >= self._next_answer
        wanted = [
            prompt
            for prompt in prompts
            if prompt not in known or (is_due and known[prompt].evidence.looked != run.done)
        ]
        if not wanted:
            return {}
        answers = run.ask(wanted, check=token.check)
        took = time.monotonic() - started
        self._next_answer = started + took + max(_ANSWER_S, _ANSWER_SHARE * took)
        return dict(zip(wanted, answers, strict=True))


class SlideRuns:
    """The run over the slide on screen. Main thread only.

    `open_run` is `core.slides.runs.SlideRun`, told where windows are kept; it is called on the
    inference lane.
    """

    def __init__(self, store: Store, tasks: Tasks, questions: Questions, open_run: OpenRun) -> None:
        self._store = store
        self._tasks = tasks
        self._questions = questions
        self._lane = _Lane(open_run)
        self._slide: Slide | None = None
        self._model = ""
        questions.listen(self._seen)
        questions.listen_chosen(self._work)

    @property
    def run(self) -> Run | None:
        """Of the slide on screen, if there is one."""
        return None if self._slide is None else self._store.state.slide_runs[self._slide.sha256]

    def open(self, slide: Slide) -> None:
        """A slide comes on screen: answer what earlier runs kept of it."""
        self._slide = slide
        self._begin(Run(slide.sha256))

    def start(self, region: Box | None = None) -> None:
        """Look at the windows of a region of the slide on screen; known ones are not repeated.

        Args:
            region: Slide pixels; None for the whole slide.
        """
        run = self.run
        if run is not None and run.region == region:
            self.resume()
        elif run is not None:
            self._begin(Run(run.slide_sha256, region, is_running=True))

    def resume(self) -> None:
        """Go on with the run that was cancelled or failed."""
        self._put(is_running=True, problem=None)
        self._work()

    def cancel(self) -> None:
        """Stop; what was looked at stays kept, and answered."""
        self._tasks.cancel(RUN)
        self._put(is_running=False)

    def close(self) -> None:
        """The slide leaves the screen, and its maps with it."""
        if self._slide is not None:
            self._slide = None
            self._store.update(slide_runs={})
            self._tasks.submit(RUN, self._lane.close, _leave, _leave, lane="infer")

    def _seen(self) -> None:
        """Another film or model is there: no map of one model is ever shown for another."""
        run = self.run
        if run is not None and self._model != self._model_in_use():
            self._begin(Run(run.slide_sha256, run.region, is_running=run.is_running))

    def _model_in_use(self) -> str:
        model = self._store.state.model
        return "" if model is None else f"{model.bundle_sha256} {model.provider}"

    def _begin(self, run: Run) -> None:
        self._tasks.cancel(RUN)
        self._model = self._model_in_use()
        self._store.update(slide_runs={run.slide_sha256: run}, answers={})
        self._work()

    def _work(self) -> None:
        """Look at some windows where a run is on, and answer the prompts that are chosen."""
        state, slide, run = self._store.state, self._slide, self.run
        if slide is not None and run is not None and run.problem is None:
            chosen = () if state.prompt is None else (state.prompt,)
            prompts = tuple(dict.fromkeys((*chosen, *state.kept)))
            work = partial(self._lane.step, slide, run, prompts)
            self._questions.with_model(RUN, work, self._stepped, self._failed)

    def _stepped(self, step: _Step) -> None:
        run = self.run
        if run is None:
            return
        total = len(step.plan.windows)
        goes_on = run.is_running and step.done < total
        answers = {**run.answers, **step.answers}
        self._put(done=step.done, total=total, plan=step.plan, answers=answers, is_running=goes_on)
        if goes_on:
            self._work()

    def _failed(self, error: AflocError) -> None:
        self._put(is_running=False, problem=Problem.of(error))

    def _put(self, **changes: Any) -> None:
        run = self.run
        if run is not None:
            run = replace(run, **changes)
            answers = as_answers(run.answers, self._store.state.answers)
            self._store.update(slide_runs={run.slide_sha256: run}, answers=answers)


def _leave(nothing: object) -> None:
    """Nobody waits for a file to be closed."""
