"""The bottom line: the pixel under the pointer, what is under way, the model and its processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui import strings
from afloc_desktop.ui.qt import QObject, QStatusBar, label, plain_tip

if TYPE_CHECKING:
    from afloc_desktop.state.store import State


class StatusLine(QObject):
    """Fills a status bar."""

    def __init__(self, bar: QStatusBar) -> None:
        super().__init__(bar)
        bar.setSizeGripEnabled(False)
        self._doing, self._probe = label(), label()
        self._timing, self._model = label(), label()
        bar.addWidget(self._doing)
        bar.addWidget(self._probe)
        bar.addPermanentWidget(self._timing)
        bar.addPermanentWidget(self._model)

    def render_state(self, old: State, new: State) -> None:
        """Show what is under way, how long the answer took and what computed it."""
        self._doing.setText(doing(new))
        answer = None if new.is_hidden or new.slide is not None else new.answer
        self._timing.setText("" if answer is None else strings.answered_in(answer.seconds))
        model = new.model
        if model is None:
            is_loading = "model" in new.busy
            self._model.setText(strings.LOADING_MODEL if is_loading else strings.NO_MODEL)
        else:
            name, runs_on = strings.model(model.id, model.version), strings.provider(model.provider)
            words = [name, runs_on, *([strings.FALLEN_BACK] if model.fallback else [])]
            self._model.setText("   ·   ".join(words))
            self._model.setToolTip(plain_tip(model.fallback))

    def show_probe(self, text: str) -> None:
        """Show what is under the pointer."""
        self._probe.setText(text)


def doing(state: State) -> str:
    """What is under way or, where nothing is, what went wrong last."""
    if "scan" in state.busy:
        return strings.scanned(state.scanned) if state.scanned else strings.LISTING
    if "image" in state.busy:
        return strings.READING_FILM
    if state.busy & {"survey", "answer"}:
        return strings.ANSWERING
    problem = state.notice or state.settings_problem
    return strings.problem(problem) if problem else strings.READY
