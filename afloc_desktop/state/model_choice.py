"""Which of the models looks at what is on screen: the one made for its kind of image.

A model is opened when the first image of its kind is shown, and stays open while others are used.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING

from afloc_desktop.state.gate import kind_on_screen
from afloc_desktop.state.store import BLANK, Model, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from afloc_desktop.core.domain import Prompt
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.state.gate import Kind
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.tasks import Tasks, Token

    OpenModel = Callable[[Kind | None, str | None], Localizer]

_MOST_OPEN = 2  # a published network takes half a gigabyte


class ModelChoice:
    """Keeps the open models and says which one is in use. Main thread only.

    `open_model` is called on the inference lane with the kind of image, None where there is none
    yet, and the id of the bundle the reader chose for it, None where nobody chose. It raises
    `BundleError` where there is no model. `changed` is called when a model was opened.
    """

    def __init__(
        self, store: Store, tasks: Tasks, open_model: OpenModel, changed: Callable[[], None]
    ) -> None:
        self._store = store
        self._tasks = tasks
        self._open_model = open_model
        self._changed = changed
        self._open: OrderedDict[Kind, Localizer] = OrderedDict()
        self._kind: Kind | None = None  # that is looked at, or to be looked at
        self._left: dict[Kind, Prompt] = {}  # findings that were chosen of other kinds

    @property
    def in_use(self) -> Localizer | None:
        """The model to ask, on its lane alone; None while there is none."""
        is_there = self._kind is not None and self._store.state.model is not None
        return self._open.get(self._kind) if is_there and self._kind else None

    def load(self) -> None:
        """Open the model for what is on screen, or the one that was chosen last, anew."""
        self._open.clear()
        self._kind = kind_on_screen(self._store.state)
        self._load()

    def attend(self) -> None:
        """Use the model for what is on screen; where it is not open, none until it is."""
        kind = kind_on_screen(self._store.state)
        is_first = self._kind is None and self._tasks.is_running("model")
        if kind is None or kind == self._kind or is_first:
            return
        prompt = self._store.state.prompt
        if self._kind is not None and prompt is not None:
            self._left[self._kind] = prompt
        self._kind = kind
        self._tasks.cancel("model")
        if kind in self._open:
            self._use(kind, self._open[kind])
        else:
            self._store.update(model=None, model_problem=None, **BLANK)
            self._load()

    def choose(self, bundle_id: str) -> None:
        """Let a model of the reader's choice look at images like the one on screen."""
        state = self._store.state
        kind = kind_on_screen(state) or self._kind
        if kind is None or (state.model is not None and state.model.id == bundle_id):
            return
        self._open.pop(kind, None)
        self._kind = kind
        self._store.update(
            model=None, model_problem=None, chosen={**state.chosen, kind: bundle_id}, **BLANK
        )
        self._load()

    def _load(self) -> None:
        kind = self._kind
        chosen = None if kind is None else self._store.state.chosen.get(kind)
        work, done = partial(self._opened, kind, chosen), partial(self._is_open, kind)
        self._tasks.submit("model", work, done, self._failed, lane="infer")

    def _opened(self, kind: Kind | None, chosen: str | None, token: Token) -> Localizer:
        token.check()
        return self._open_model(kind, chosen)

    def _is_open(self, kind: Kind | None, localizer: Localizer) -> None:
        self._kind = kind or localizer.manifest.modality
        self._open[self._kind] = localizer
        on_screen = kind_on_screen(self._store.state)
        if kind is None and on_screen not in (None, self._kind):
            self.attend()  # something else was opened meanwhile
            return
        self._use(self._kind, localizer)
        self._changed()

    def _use(self, kind: Kind, localizer: Localizer) -> None:
        self._open[kind] = localizer
        self._open.move_to_end(kind)
        while len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)
        prompt = self._prompt(kind, localizer)
        self._store.update(model=_described(localizer), model_problem=None, prompt=prompt, **BLANK)

    def _prompt(self, kind: Kind, localizer: Localizer) -> Prompt | None:
        """The chosen question; a finding that a model does not list gives way to its own one."""
        prompt = self._store.state.prompt
        listed = {finding.id for finding in localizer.manifest.findings}
        is_foreign = prompt is not None and prompt.origin == "preset" and prompt.words not in listed
        return self._left.get(kind) if is_foreign else prompt

    def _failed(self, error: AflocError) -> None:
        self._store.update(model_problem=Problem.of(error))


def _described(localizer: Localizer) -> Model:
    manifest = localizer.manifest
    return Model(
        id=manifest.id,
        version=manifest.version,
        title=manifest.title,
        bundle_sha256=localizer.bundle_sha256,
        fingerprint=localizer.fingerprint,
        provider=localizer.provider,
        modality=manifest.modality,
        dicom_modalities=manifest.dicom_modalities,
        findings=manifest.findings,
        fallback=localizer.fallback,
    )
