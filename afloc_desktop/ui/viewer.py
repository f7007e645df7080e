"""The film with its tools: a bar above, warnings below it, the canvas under both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.dicom.display import AUTO, AsColour, MinMax, choices
from afloc_desktop.core.domain import VoiLut
from afloc_desktop.state.store import home_of
from afloc_desktop.ui import strings
from afloc_desktop.ui.canvas import FilmCanvas
from afloc_desktop.ui.notes import Notes
from afloc_desktop.ui.qt import (
    QAction,
    QComboBox,
    QSizePolicy,
    Qt,
    QToolButton,
    QWidget,
    column,
    row,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.dicom.display import Choice
    from afloc_desktop.state.store import State


class Viewer(QWidget):
    """Everything about looking at one film."""

    def __init__(self) -> None:
        super().__init__()
        self.canvas = FilmCanvas()
        self._windows = QComboBox()
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self._windows.setSizeAdjustPolicy(policy)  # a long name must not push the buttons out
        self._windows.setMinimumContentsLength(10)
        self._windows.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._windows.setAccessibleName(strings.WINDOW)
        self._windows.activated.connect(self._choose_window)
        self._choices: tuple[Choice, ...] = ()
        self._notes = Notes()
        self._bar = row(self._windows)
        self._bar.setContentsMargins(8, 7, 8, 7)
        self._bar.setSpacing(5)
        layout = column(self._notes, self.canvas)
        layout.insertLayout(0, self._bar)
        layout.setSpacing(0)
        self.setLayout(layout)
        self.canvas.viewed.connect(self._show_window)

    def add_buttons(self, looking: Sequence[QAction], asking: Sequence[QAction]) -> None:
        """Put actions into the bar: those about the film on the left, about AI on the right."""
        for action in looking:
            self._bar.addWidget(_button(action))
        self._bar.addStretch(1)
        for action in asking:
            self._bar.addWidget(_button(action))

    def render_state(self, old: State, new: State) -> None:
        """Show the film, the windows it offers and what to be told about it."""
        self.canvas.render_state(old, new)
        if old.image is not new.image:
            self._fill_windows()
        if old.image is not new.image or old.model is not new.model:
            self._notes.show_notes(warnings(new))

    def _fill_windows(self) -> None:
        scene = self.canvas.scene
        self._choices = () if scene is None else choices(scene.film.image)
        self._windows.clear()
        self._windows.addItems([name_of(c, i) for i, c in enumerate(self._choices, start=1)])
        self._windows.setEnabled(bool(self._choices))
        self._show_window()

    def _show_window(self) -> None:
        """Select the window in use; a reader's own stands as text that is not in the list."""
        scene = self.canvas.scene
        used = None if scene is None else scene.choice
        numbers = [i for i, choice in enumerate(self._choices) if choice == used]
        self._windows.setCurrentIndex(numbers[0] if numbers else -1)
        self._windows.setPlaceholderText(strings.USER_WINDOW if self._choices else "")

    def _choose_window(self, index: int) -> None:
        self.canvas.set_choice(self._choices[index])


def warnings(state: State) -> list[str]:
    """What a reader must know before trusting an answer on this film."""
    if state.image is None:
        return []
    found = list(state.image.warnings)
    home = home_of(state.listing, state.image.ref)
    accepted = () if state.model is None else state.model.dicom_modalities
    if home is not None and accepted and home.series.modality not in accepted:
        modality = home.series.modality or strings.NO_MODALITY
        found.insert(0, strings.other_modality(modality, ", ".join(accepted)))
    return found


def name_of(choice: Choice, number: int) -> str:
    """How a window or table is called in the list."""
    if isinstance(choice, AsColour):
        return strings.COLOUR
    if isinstance(choice, MinMax):
        return strings.MIN_MAX
    if isinstance(choice, VoiLut):
        return choice.explanation or strings.table(number)
    if choice.explanation == AUTO:
        return strings.AUTO_WINDOW
    return choice.explanation or strings.window(choice.centre, choice.width)


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return button
