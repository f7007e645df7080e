"""The screen and its cells: which film hangs where, and which cell the reader works in."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from afloc_desktop.core import hanging
from afloc_desktop.core.domain import Prompt
from afloc_desktop.state.store import SINGLE, Grid, Pane, Problem, home_of, pane_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from afloc_desktop.core.domain import Image, ImageRef, Study
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.hanging import Rule
    from afloc_desktop.state.films import Films
    from afloc_desktop.state.questions import Questions
    from afloc_desktop.state.store import Answer, State, Store
    from afloc_desktop.state.tasks import Tasks

_EMPTY = Pane()


class Wall:
    """Several films side by side; findings are asked on the one in the active cell.

    Main thread only. Any other cell keeps its film and what was answered on it.

    Attributes:
        rules: How films may hang, in the order of the menu.
    """

    def __init__(self, store: Store, tasks: Tasks, films: Films, questions: Questions) -> None:
        self._store = store
        self._tasks = tasks
        self._films = films
        self._questions = questions
        self.rules: tuple[Rule, ...] = ()
        self._rule: Rule | None = None
        self._hung: tuple[Grid, tuple[ImageRef, ...]] | None = None

    def arrange(self, grid: Grid) -> None:
        """Divide the screen; films beyond its last cell leave it, the active one stays."""
        state = self._store.state
        if grid == state.grid:
            return
        for cell in range(grid.cells, state.grid.cells):
            self._tasks.cancel(pane_key(cell))
        active = min(state.active, grid.cells - 1)
        kept = {c: p for c, p in state.parked.items() if c < grid.cells and c != active}
        self._store.update(grid=grid, active=active, parked=kept)

    def activate(self, cell: int) -> None:
        """Work in another cell: its film and answers become those the panels speak of."""
        state = self._store.state
        if cell == state.active or not 0 <= cell < state.grid.cells:
            return
        for key in ("image", pane_key(cell)):
            self._tasks.cancel(key)
        self._questions.drop()
        self._films.leave_slide()
        pane = state.parked.get(cell, _EMPTY)
        self._store.update(
            active=cell,
            parked={c: p for c, p in self._shown().items() if c != cell},
            image_ref=pane.image_ref,
            image=pane.image,
            image_problem=pane.image_problem,
            answers={},
            answer_problem=None,
        )
        self._questions.models.attend()
        self._store.update(answers=_still_true(pane, self._store.state))
        self._read_waiting()
        self._catch_up()

    def place(self, cell: int, ref: ImageRef) -> None:
        """Show a film in a cell and work there."""
        self.activate(cell)
        if ref != self._store.state.image_ref:
            self._questions.drop()
            self._films.show(ref, self._questions.survey)

    def scroll(self, by: int) -> None:
        """Show another image of the series on screen; nothing beyond its ends."""
        ref = self._films.in_series(by)
        if ref is not None:
            self.place(self._store.state.active, ref)

    def play(self) -> None:
        """Show the next image of the series, after the last the first, and ask nothing on it.

        Left out while the one before is still being read.
        """
        ref = self._films.in_series(1, wraps=True)
        if ref is not None and self._store.state.image is not None:
            self._questions.drop()
            self._films.show(ref, _ask_nothing)

    def pause(self) -> None:
        """Ask about the image that playing stopped at."""
        if _is_unanswered(self._store.state):
            self._questions.survey()

    def show(self, grid: Grid, refs: tuple[ImageRef, ...]) -> None:
        """Divide the screen anew and fill it, cell by cell; the first one is active."""
        self._clear()
        shown = {pane.image_ref: pane for pane in self._shown().values()}
        parked = {cell: shown.get(ref, Pane(ref)) for cell, ref in enumerate(refs) if cell > 0}
        self._store.update(grid=grid, active=0, parked=parked)
        if refs[0] != self._store.state.image_ref:
            self._questions.drop()
            self._films.show(refs[0], self._questions.survey)
        self._read_waiting()

    def hang(self, rule: Rule) -> bool:
        """Hang the study on screen by a rule. Whether there was a film for each cell."""
        current = _study_of(self._store.state)
        refs = None
        if current is not None:
            studies = self._store.state.listing.studies
            refs = hanging.hang(rule, studies, current)
        if refs is None:
            return False
        self._rule = rule
        self.show(Grid(rule.rows, rule.columns), refs)
        return True

    def hang_another(self, by: int) -> None:
        """Hang by the rule so many places on among those that fit; around the ends."""
        fitting = self.fitting()
        if fitting:
            here = fitting.index(self._rule) if self._rule in fitting else -1 if by > 0 else 0
            self.hang(fitting[(here + by) % len(fitting)])

    def fitting(self) -> tuple[Rule, ...]:
        """The rules that can hang the study on screen."""
        current, studies = _study_of(self._store.state), self._store.state.listing.studies
        if current is None:
            return ()
        return tuple(p for p in self.rules if hanging.hang(p, studies, current))

    def hang_opened(self, ref: ImageRef) -> None:
        """Hang what was just opened by the first automatic rule that fits its newest study.

        Nothing happens where the reader has changed what is on screen since.
        """
        state = self._store.state
        is_untouched = state.image_ref == ref and state.grid == SINGLE
        shown = tuple(self._shown()[cell].image_ref for cell in sorted(self._shown()))
        if not is_untouched and self._hung != (state.grid, shown):
            return
        newest = self.newest()
        if newest is not None:
            found = hanging.automatic(self.rules, state.listing.studies, newest)
            if found is not None:
                rule, refs = found
                self._rule = rule
                self._hung = Grid(rule.rows, rule.columns), refs
                self.show(*self._hung)

    def newest(self) -> Study | None:
        """The newest open study of the patient on screen; None without one."""
        current = _study_of(self._store.state)
        return (
            None if current is None else hanging.newest(self._store.state.listing.studies, current)
        )

    def close_all(self) -> None:
        """Back to one empty cell."""
        self._clear()
        self._store.update(grid=SINGLE, active=0, parked={}, marks={}, calibrations={})

    def _shown(self) -> dict[int, Pane]:
        """What all cells show, the active one included."""
        state = self._store.state
        film = state.image_ref, state.image, state.image_problem
        here = Pane(*film, state.answers, state.model)
        return {**state.parked, state.active: here} if state.image_ref else dict(state.parked)

    def _clear(self) -> None:
        for cell in range(self._store.state.grid.cells):
            self._tasks.cancel(pane_key(cell))

    def _read_waiting(self) -> None:
        """Read the films of cells that have none yet."""
        for cell, pane in self._store.state.parked.items():
            is_waiting = pane.image is None and pane.image_problem is None
            if is_waiting and pane.image_ref and not self._tasks.is_running(pane_key(cell)):
                self._tasks.submit(
                    pane_key(cell),
                    partial(self._films.read, pane.image_ref),
                    partial(self._was_read, cell),
                    partial(self._was_not_read, cell),
                    lane="files",
                )

    def _was_read(self, cell: int, image: Image) -> None:
        self._put(cell, Pane(image.ref, image))

    def _was_not_read(self, cell: int, error: AflocError) -> None:
        ref = self._store.state.parked[cell].image_ref
        self._put(cell, Pane(ref, None, Problem.of(error)))

    def _put(self, cell: int, pane: Pane) -> None:
        self._store.update(parked={**self._store.state.parked, cell: pane})

    def _catch_up(self) -> None:
        """Read the active cell's film where that is still to be done; ask what is not answered."""
        state = self._store.state
        if state.image is not None:
            self._films.attend(state.image.ref)
            if _is_unanswered(state):
                self._questions.survey()
        elif state.image_ref is not None and state.image_problem is None:
            self._films.show(state.image_ref, self._questions.survey)


def _study_of(state: State) -> Study | None:
    """The study of the film on screen."""
    home = None if state.image_ref is None else home_of(state.listing, state.image_ref)
    return None if home is None else home.study


def _ask_nothing() -> None:
    """A film that is only passed by needs no answers."""


def _still_true(pane: Pane, state: State) -> Mapping[Prompt, Answer]:
    """Answers of a cell by the model in use: it may have changed while another cell was active."""
    model = state.model
    if model is None:
        return {}
    used = (model.bundle_sha256, model.fingerprint)
    keys = {prompt: answer.heatmap.key for prompt, answer in pane.answers.items()}
    return {
        prompt: pane.answers[prompt]
        for prompt, key in keys.items()
        if (key.bundle_sha256, key.preprocess_fingerprint) == used
    }


def _is_unanswered(state: State) -> bool:
    if state.model is None:
        return False
    wanted = {Prompt(finding.id, "preset") for finding in state.model.findings}
    wanted |= {state.prompt} if state.prompt else set()
    return not wanted <= set(state.answers)
