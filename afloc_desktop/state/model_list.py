"""The models a reader can choose from, and the choice of one by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.state.questions import Questions
    from afloc_desktop.state.store import ModelName, Store
    from afloc_desktop.state.tasks import Tasks


class ModelList:
    """Main thread only; `list_models` is called on the inference lane."""

    def __init__(
        self,
        store: Store,
        tasks: Tasks,
        list_models: Callable[[], tuple[ModelName, ...]],
        questions: Questions,
    ) -> None:
        self._store = store
        self._tasks = tasks
        self._list_models = list_models
        self._questions = questions

    def look(self) -> None:
        """See which models are installed now, after the one that is being opened."""
        work = self._list_models
        self._tasks.submit("models", lambda _: work(), self._listed, _leave, lane="infer")

    def choose(self, bundle_id: str) -> None:
        """Let another model look at images like the one on screen."""
        self._questions.drop()
        self._questions.models.choose(bundle_id)

    def _listed(self, models: tuple[ModelName, ...]) -> None:
        self._store.update(installed=models)


def _leave(error: AflocError) -> None:
    """Nothing to tell: the model in use stays."""
