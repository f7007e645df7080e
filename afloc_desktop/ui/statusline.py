"""The bottom line: the pixel under the pointer, what is under way, the model and its processor.

The model's name opens the list of models that can look at images like the one on screen.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from afloc_desktop.ui import strings
from afloc_desktop.ui.qt import (
    QMenu,
    QObject,
    QStatusBar,
    Qt,
    QToolButton,
    Signal,
    label,
    plain_tip,
)

if TYPE_CHECKING:
    from afloc_desktop.state.store import State


class StatusLine(QObject):
    """Fills a status bar.

    Attributes:
        model: Names the model in use; its menu offers the others.
    """

    asked = Signal()  # the list of models is to be seen
    chosen = Signal(str)  # a model, by its id

    def __init__(self, bar: QStatusBar) -> None:
        super().__init__(bar)
        bar.setSizeGripEnabled(False)
        self._doing, self._probe = label(), label()
        self._timing, self.model = label(), _model_button()
        self._menu = QMenu(self.model)
        self._menu.aboutToShow.connect(self.asked)
        self.model.setMenu(self._menu)
        bar.addWidget(self._doing)
        bar.addWidget(self._probe)
        bar.addPermanentWidget(self._timing)
        bar.addPermanentWidget(self.model)

    def render_state(self, old: State, new: State) -> None:
        """Show what is under way, how long the answer took and what computed it."""
        self._doing.setText(doing(new))
        answer = None if new.is_hidden or new.slide is not None else new.answer
        self._timing.setText("" if answer is None else strings.answered_in(answer.seconds))
        if old.model is not new.model or old.busy != new.busy:
            self._name_model(new)
        if old.model is not new.model or old.installed != new.installed:
            self._offer(new)

    def _name_model(self, state: State) -> None:
        model = state.model
        if model is None:
            is_loading = "model" in state.busy
            self.model.setText(strings.LOADING_MODEL if is_loading else strings.NO_MODEL)
        else:
            name, runs_on = strings.model(model.id, model.version), strings.provider(model.provider)
            words = [name, runs_on, *([strings.FALLEN_BACK] if model.fallback else [])]
            self.model.setText("   ·   ".join(words).replace("&", "&&"))
        told = "" if model is None else model.fallback
        self.model.setToolTip(plain_tip("\n".join(filter(None, (told, strings.MODEL_TIP)))))

    def _offer(self, state: State) -> None:
        """The installed models under the kinds of image they were made for."""
        self._menu.clear()
        for kind, heading in strings.MODEL_KINDS.items():
            made = [model for model in state.installed if model.modality == kind]
            if made:
                self._menu.addAction(heading).setEnabled(False)
            for model in made:
                words = strings.model_choice(model.title, model.id)
                action = self._menu.addAction(words.replace("&", "&&"))
                action.setCheckable(True)
                action.setChecked(state.model is not None and state.model.id == model.id)
                action.triggered.connect(partial(self._choose, model.id))

    def _choose(self, model_id: str, *_: object) -> None:
        self.chosen.emit(model_id)

    def show_probe(self, text: str) -> None:
        """Show what is under the pointer."""
        self._probe.setText(text)


def _model_button() -> QToolButton:
    button = QToolButton()
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAutoRaise(True)
    button.setAccessibleName(strings.MODEL_TIP)
    return button


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
