"""The film on screen beside an earlier one of the same patient: what changed, and how surely."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.hanging import priors, view_of
from afloc_desktop.core.registration import laid_over, map_laid_over, register
from afloc_desktop.state.store import Problem, home_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from afloc_desktop.core.domain import Heatmap, Image, ImageRef, Spacing
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.registration import Alignment
    from afloc_desktop.state.questions import Answers, Questions
    from afloc_desktop.state.store import Answer, State, Store
    from afloc_desktop.state.tasks import Tasks, Token

_RADIOGRAPHS = frozenset({"CR", "DX"})


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """An earlier film and how it lies under the one on screen.

    Attributes:
        present: The film on screen.
        ref: The earlier film.
        earlier: It as it was read; None while it is read.
        laid: It in the place of the present one.
        alignment: How it was laid there.
        is_aligned: The reader's switch; off, it is shown as it was taken.
        answers: On the earlier film as it was taken.
        laid_answers: The same in the place of the present film.
        problem: Why there is nothing to compare.
    """

    present: Image
    ref: ImageRef
    earlier: Image | None = None
    laid: Image | None = None
    alignment: Alignment | None = None
    is_aligned: bool = True
    answers: Mapping[Prompt, Answer] = field(default_factory=dict)
    laid_answers: Mapping[Prompt, Answer] = field(default_factory=dict)
    problem: Problem | None = None

    @property
    def is_laid(self) -> bool:
        """Whether the earlier film is shown in the place of the present one."""
        return self.is_aligned and self.alignment is not None and self.alignment.is_trusted

    def shown(self, state: State) -> State:
        """The state as the earlier film's canvas shows it."""
        return replace(
            state,
            image_ref=self.ref,
            image=self.laid if self.is_laid else self.earlier,
            image_problem=self.problem,
            answers=self.laid_answers if self.is_laid else self.answers,
            busy=frozenset({"image"})
            if self.earlier is None and self.problem is None
            else frozenset(),
        )


@dataclass(frozen=True, slots=True)
class Change:
    """One finding on both films.

    Attributes:
        similarity, earlier_similarity: The highest on each.
        extent, earlier_extent: Area at or above the same similarity on both, in `unit`; None
            where areas cannot be compared.
        unit: Square millimetres, or the share of the present film.
    """

    similarity: float
    earlier_similarity: float
    extent: float | None
    earlier_extent: float | None
    unit: str

    @property
    def growth(self) -> float | None:
        """Extent now over extent then, less one; None where that says nothing."""
        if self.extent is None or not self.earlier_extent:
            return None
        return self.extent / self.earlier_extent - 1


def change(state: State, prompt: Prompt) -> Change | None:
    """What became of a finding; None until both films are answered."""
    comparison = state.comparison
    now = state.answers.get(prompt)
    before = None if comparison is None else comparison.answers.get(prompt)
    if comparison is None or comparison.earlier is None or now is None or before is None:
        return None
    present, earlier = comparison.present, comparison.earlier
    # One similarity for both: the extent of each by its own level would say nothing.
    level = state.level(now) if state.is_present(now) else state.level(before)
    spacing, then = state.spacing(present), state.spacing(earlier)
    extents: tuple[float | None, float | None] = (None, None)
    unit = ""
    if spacing is not None and then is not None and spacing.basis == then.basis:
        extents = _mm2(now.heatmap, level, spacing), _mm2(before.heatmap, level, then)
        unit = "mm²"
    elif comparison.is_laid and prompt in comparison.laid_answers:
        laid = comparison.laid_answers[prompt].heatmap
        film = float(present.rows * present.columns)
        extents = _px2(now.heatmap, level) / film, _px2(laid, level) / film
        unit = "%"
    return Change(now.similarity, before.similarity, *extents, unit)


def prior_film(state: State) -> ImageRef | None:
    """The latest earlier film of the patient, open, of the same kind and view."""
    home = None if state.image_ref is None else home_of(state.listing, state.image_ref)
    if home is None:
        return None
    modality, view = home.series.modality, view_of(home.series)
    for study in priors(state.listing.studies, home.study):
        for series in study.series:
            kinds = {modality, series.modality}
            is_same_kind = len(kinds) == 1 or kinds <= _RADIOGRAPHS
            if is_same_kind and view_of(series) == view and series.images:
                return series.images[0]
    return None


class Comparisons:
    """Compares with a prior. Main thread only; `read` is called on a worker thread."""

    def __init__(
        self, store: Store, tasks: Tasks, read: Callable[..., Image], questions: Questions
    ) -> None:
        self._store = store
        self._tasks = tasks
        self._read = read
        self._questions = questions
        questions.listen(self._film_shown)

    def start(self) -> None:
        """Compare the film on screen with the patient's latest earlier one that is open."""
        state = self._store.state
        ref = prior_film(state)
        if state.image is None or ref is None:
            return
        self._store.update(comparison=Comparison(state.image, ref))
        work = partial(self._lay, state.image, ref)
        self._tasks.submit("prior film", work, self._laid, self._failed, lane="files")

    def align(self, is_on: bool) -> None:
        """Show the earlier film in the place of the present one, or as it was taken."""
        self._update(is_aligned=is_on)

    def close(self) -> None:
        """Compare no longer."""
        for key in ("prior film", "prior answers"):
            self._tasks.cancel(key)
        if self._store.state.comparison is not None:
            self._store.update(comparison=None)

    def _film_shown(self) -> None:
        state = self._store.state
        if state.comparison is not None and state.image is not state.comparison.present:
            self.close()
        elif state.comparison is not None:
            self._ask()  # by another model, perhaps

    def _lay(self, present: Image, ref: ImageRef, token: Token) -> tuple[Image, Image, Alignment]:
        token.check()
        earlier = self._read(ref, should_stop=lambda: token.is_cancelled)
        alignment = register(present, earlier, check=token.check)
        return earlier, laid_over(earlier, alignment, present), alignment

    def _laid(self, found: tuple[Image, Image, Alignment]) -> None:
        earlier, laid, alignment = found
        self._update(earlier=earlier, laid=laid, alignment=alignment)
        self._ask()

    def _failed(self, error: AflocError) -> None:
        self._update(problem=Problem.of(error))

    def _ask(self) -> None:
        state = self._store.state
        comparison = state.comparison
        if comparison is None or comparison.earlier is None or state.model is None:
            return
        chosen = () if state.prompt is None else (state.prompt,)
        listed = tuple(Prompt(f.id, "preset") for f in state.model.findings)
        prompts = tuple(dict.fromkeys((*chosen, *state.kept, *listed)))
        if comparison.alignment is not None:
            finish = partial(_lay_maps, comparison.alignment, comparison.present)
            self._questions.ask_about(comparison.earlier, prompts, finish, self._answered)

    def _answered(self, found: tuple[Answers, Answers]) -> None:
        answers, laid = found
        self._update(answers=answers, laid_answers=laid)

    def _update(self, **changes: object) -> None:
        comparison = self._store.state.comparison
        if comparison is not None:
            self._store.update(comparison=replace(comparison, **changes))  # type: ignore[arg-type]


def _lay_maps(alignment: Alignment, present: Image, answers: Answers) -> tuple[Answers, Answers]:
    laid = {
        prompt: replace(answer, heatmap=map_laid_over(answer.heatmap, alignment, present))
        for prompt, answer in answers.items()
    }
    return answers, laid


def _px2(heatmap: Heatmap, level: float) -> float:
    scale_x, scale_y = heatmap.scale
    return float(np.count_nonzero(heatmap.similarity >= level)) * scale_x * scale_y


def _mm2(heatmap: Heatmap, level: float, spacing: Spacing) -> float:
    return _px2(heatmap, level) * spacing.row_mm * spacing.column_mm
