"""What the model is asked and what it answered; the model itself stays on its own lane."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.findings import extent, peak
from afloc_desktop.state.gate import is_refused
from afloc_desktop.state.model_choice import ModelChoice
from afloc_desktop.state.store import Answer, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.core.understanding import Question
    from afloc_desktop.state.model_choice import OpenModel
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.tasks import Tasks, Token

Answers = dict[Prompt, Answer]
T = TypeVar("T")
_AT_ONCE = 6  # findings of a survey in one piece of work: some 100 ms on two cores


class Questions:
    """The inference lane's half of a workspace.

    `open_model` is as for `ModelChoice`.

    Attributes:
        models: Which model is asked.
    """

    def __init__(self, store: Store, tasks: Tasks, open_model: OpenModel) -> None:
        self._store = store
        self._tasks = tasks
        self.models = ModelChoice(store, tasks, open_model, self.survey)
        self._wants_strongest = False
        self._listeners: list[Callable[[], None]] = []
        self._chosen_listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever another film, or another model, is there to be asked."""
        self._listeners.append(listener)

    def listen_chosen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever another question was chosen."""
        self._chosen_listeners.append(listener)

    def with_model(
        self,
        key: str,
        work: Callable[[Localizer, Token], T],
        done: Callable[[T], None],
        failed: Callable[[AflocError], None],
    ) -> None:
        """Do a short piece of work on the inference lane; nothing while there is no model.

        Args:
            key, done, failed: As for `Tasks.submit`.
            work: Gets the model, which nobody else uses meanwhile.
        """
        localizer = self.models.in_use
        if localizer is not None:
            self._tasks.submit(key, partial(work, localizer), done, failed, lane="infer")

    def read(self, texts: tuple[str, ...], done: Callable[[Mapping[str, Question]], None]) -> None:
        """Have the model read texts, of a report, without asking a film."""
        localizer = self.models.in_use
        if localizer is not None and texts:
            work = partial(_read_all, localizer, texts)
            self._tasks.submit("sentences", work, done, _leave, lane="infer")

    def ask_about(
        self,
        image: Image,
        prompts: tuple[Prompt, ...],
        finish: Callable[[Answers], T],
        done: Callable[[T], None],
    ) -> None:
        """Ask about a film that is not the one on screen, an earlier one of the patient.

        Args:
            image: That film.
            prompts: What is asked.
            finish: Makes of the answers what `done` gets, on the inference lane.
            done: Not called where a network could not be run.
        """
        localizer = self.models.in_use
        if localizer is not None:
            work = partial(_answer_and, localizer, image, prompts, finish)
            self._tasks.submit("prior answers", work, done, _leave, lane="infer")

    def load_model(self) -> None:
        """Load the model and ask it about the film on screen."""
        self.models.load()

    def survey(self) -> None:
        """Ask every listed finding, and the chosen question, on the film on screen.

        One pass of the image network answers them all, so a selection later costs nothing.
        """
        self.models.attend()
        for listener in self._listeners:
            listener()
        state = self._store.state
        if state.image is None or state.model is None or is_refused(state):
            return
        if state.prompt is not None:
            self._ask_model(state.prompt)  # first, so that the chosen question is not kept waiting
        self._survey(tuple(Prompt(f.id, "preset") for f in state.model.findings))

    def drop(self) -> None:
        """The film leaves the screen: nobody wants its answers any more."""
        self._wants_strongest = False
        self._tasks.cancel("survey")
        self._tasks.cancel("answer")

    def choose(self, prompt: Prompt) -> None:
        """Show the answer to a question, asking the model where it is not yet known."""
        self._tasks.cancel("answer")
        self._wants_strongest = False
        state = self._store.state
        asked = state.asked
        if prompt.origin == "typed" and prompt.words not in asked:
            asked = (prompt.words, *asked)
        self._store.update(prompt=prompt, asked=asked, answer_problem=None)
        if prompt not in state.answers:
            self._ask_model(prompt)
        for listener in self._chosen_listeners:
            listener()

    def choose_strongest(self) -> None:
        """Choose the default finding farthest above its threshold, once the numbers are known."""
        self._wants_strongest = True
        self._choose_if_wanted()

    def clear(self) -> None:
        """Choose nothing."""
        self._tasks.cancel("answer")
        self._wants_strongest = False
        self._store.update(prompt=None, answer_problem=None)

    def _survey(self, prompts: tuple[Prompt, ...]) -> None:
        """Ask some of the prompts, then the others, so that a chosen question can go between."""
        image, localizer = self._store.state.image, self.models.in_use
        if image is not None and localizer is not None and prompts:
            now, later = prompts[:_AT_ONCE], prompts[_AT_ONCE:]
            work, done = (
                partial(_answer_all, localizer, image, now),
                partial(self._surveyed, later),
            )
            self._tasks.submit("survey", work, done, self._failed, lane="infer")

    def _surveyed(self, later: tuple[Prompt, ...], answers: Answers) -> None:
        self._store.update(answers={**self._store.state.answers, **answers})
        self._survey(later)
        self._choose_if_wanted()

    def _choose_if_wanted(self) -> None:
        state = self._store.state
        if not self._wants_strongest or state.model is None or self._tasks.is_running("survey"):
            return
        prompts = [Prompt(f.id, "preset") for f in state.model.findings if f.is_default]
        answered = [state.answers[p] for p in prompts if p in state.answers]
        if answered:
            self.choose(max(answered, key=_margin).prompt)

    def _ask_model(self, prompt: Prompt) -> None:
        image, localizer = self._store.state.image, self.models.in_use
        if image is None or localizer is None or is_refused(self._store.state):
            return
        work = partial(_answer_all, localizer, image, (prompt,))
        done = partial(self._answered, prompt)
        self._tasks.submit("answer", work, done, self._failed, lane="infer")

    def _answered(self, asked: Prompt, answers: Answers) -> None:
        """Take in an answer; where the words only named a listed finding, choose that one."""
        state, question = self._store.state, answers[asked].question
        if asked.origin == "typed" and question.prompt.origin == "preset":
            others = tuple(words for words in state.asked if words != asked.words)
            self._store.update(asked=others)
            self.choose(Prompt(question.finding_id, "preset"))
        else:
            self._store.update(answers={**state.answers, **answers})

    def _failed(self, error: AflocError) -> None:
        self._store.update(answer_problem=Problem.of(error))


def _margin(answer: Answer) -> float:
    return answer.similarity - answer.question.threshold


def _answer_and(
    localizer: Localizer,
    image: Image,
    prompts: tuple[Prompt, ...],
    finish: Callable[[Answers], T],
    token: Token,
) -> T:
    return finish(_answer_all(localizer, image, prompts, token))


def _read_all(localizer: Localizer, texts: tuple[str, ...], token: Token) -> Mapping[str, Question]:
    read = {}
    for text in texts:
        token.check()
        read[text] = localizer.understand(text)
    return read


def _leave(error: AflocError) -> None:
    """What was asked by the way and failed is missing where it would be shown."""


def _answer_all(
    localizer: Localizer, image: Image, prompts: tuple[Prompt, ...], token: Token
) -> Answers:
    answers: Answers = {}
    for prompt in prompts:
        started = time.perf_counter()
        question = localizer.understand(prompt.words)
        heatmap = localizer.localize(image, prompt, check=token.check)
        highest = peak(heatmap)
        similarity = float("nan") if highest is None else highest[1]
        seconds = time.perf_counter() - started
        answers[prompt] = Answer(prompt, question, heatmap, similarity, extent(heatmap), seconds)
    return answers
