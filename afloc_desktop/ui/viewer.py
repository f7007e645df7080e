"""The films with their tools: a bar above, warnings below it, the cells under both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.state.store import home_of
from afloc_desktop.ui import strings
from afloc_desktop.ui.cine import DEFAULT_SPEED, SPEEDS, Cine, playable
from afloc_desktop.ui.notes import Notes
from afloc_desktop.ui.presets import Offered, offered
from afloc_desktop.ui.qt import (
    QAction,
    QComboBox,
    QMenu,
    QSizePolicy,
    Qt,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
    column,
)
from afloc_desktop.ui.wall import FilmWall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.state.store import State
    from afloc_desktop.state.wall import Wall
    from afloc_desktop.ui.canvas import FilmCanvas
    from afloc_desktop.ui.slides.canvas import SlideCanvas
    from afloc_desktop.ui.tools.pencil import Tool


_OBJECTIVES = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0)  # on the keys of the windows


class Viewer(QWidget):
    """Everything about looking at films.

    Attributes:
        wall: The films.
        slide: A slide in their place; None until the first one is opened.
        cine: Plays the series of the active one.
    """

    def __init__(self, cells: Wall) -> None:
        super().__init__()
        self.wall = FilmWall()
        self.slide: SlideCanvas | None = None
        self.wall.activated.connect(cells.activate)
        self.wall.scrolled.connect(cells.scroll)
        self.cine = Cine(self, cells)
        self._windows = _list(strings.WINDOW)
        self._windows.activated.connect(self._choose_window)
        self._speeds = _list(strings.SPEED)
        self._speeds.addItems([strings.speed(speed) for speed in SPEEDS])
        self._speeds.setCurrentIndex(SPEEDS.index(DEFAULT_SPEED))
        self._speeds.activated.connect(self._choose_speed)
        self._speeds.setParent(self)
        self._speeds.hide()
        self._player: list[QAction] = []
        self._offered = Offered()
        self._notes = Notes()
        self._bar = QToolBar()  # what does not fit into it stays within reach at its end
        self._bar.addWidget(self._windows)
        space = QWidget()
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._space = self._bar.addWidget(space)
        layout = column(self._bar, self._notes, self.wall)
        layout.setStretch(2, 1)
        layout.setSpacing(0)
        self.setLayout(layout)
        self.wall.viewed.connect(self._show_window)

    @property
    def canvas(self) -> FilmCanvas:
        """The active film."""
        return self.wall.active

    @property
    def looked_at(self) -> FilmCanvas | SlideCanvas:
        """The slide, where one is on screen, else the active film."""
        slide = self.slide
        return self.canvas if slide is None or slide.scene is None else slide

    def add_buttons(self, looking: Sequence[QAction], asking: Sequence[QAction]) -> None:
        """Put actions into the bar: those about the film first, then those about AI."""
        for action in looking:
            self._bar.insertWidget(self._space, _button(action))
        for action in asking:  # not last: what comes last is the first that finds no room
            self._bar.insertWidget(self._space, _button(action))

    def add_menus(self, menus: Sequence[tuple[str, QMenu]], play: QAction) -> None:
        """Put menus and the control of a series into the bar, right of what looks at the film."""
        for title, menu in menus:
            self._bar.insertWidget(self._space, _menu_button(title, menu))
        for part in (_button(play), self._speeds):
            self._player.append(self._bar.insertWidget(self._space, part))
        self._show_player(None)

    def render_state(self, old: State, new: State) -> None:
        """Show the films, the windows the active one offers and what to be told about it."""
        self.wall.render_state(old, new)
        self._show_slide(old, new)
        self.cine.render_state(old, new)
        has_changed = old.image is not new.image or old.slide is not new.slide
        if has_changed or old.presets != new.presets:
            self._fill_windows(new)
        if old.image_ref != new.image_ref or old.listing is not new.listing:
            self._show_player(new)
        if has_changed or old.model is not new.model:
            self._notes.show_notes(warnings(new))

    def take(self, tool: Tool) -> None:
        """Draw with another tool."""
        self.wall.take(tool)
        self.wall.viewed.emit()

    def choose_number(self, number: int) -> None:
        """Look through the window on a number key, where the film has one there.

        On a slide, through an objective.
        """
        place = self._offered.on_key(number)
        if self.slide is not None and self.slide.scene is not None:
            if number <= len(_OBJECTIVES):
                self._choose_window(number - 1)
        elif place is not None:
            self._choose_window(place)

    def named(self, number: int) -> str:
        """The name of the window or objective on a number key; empty where there is none."""
        if self.looked_at is self.slide:
            return self._windows.itemText(number - 1)
        place = self._offered.on_key(number)
        return "" if place is None else self._offered.names[place]

    def _show_slide(self, old: State, new: State) -> None:
        """A slide takes the place of all films; what shows it is made for the first one."""
        if self.slide is None and new.slide is not None:
            from afloc_desktop.ui.slides.canvas import SlideCanvas

            self.slide = SlideCanvas()
            self.slide.has_text = self.canvas.has_text
            self.slide.probed.connect(self.wall.probed)
            self.slide.viewed.connect(self.wall.viewed)
            self.slide.warned.connect(self._notes.show_notes)
            layout = self.layout()
            assert isinstance(layout, QVBoxLayout)
            layout.addWidget(self.slide, 1)
        if self.slide is not None:
            self.slide.render_state(old, new)
            is_slide = new.slide is not None
            is_looked_at = self.window().focusWidget() in (self.slide, *self.wall.canvases)
            self.slide.setVisible(is_slide)
            self.wall.setVisible(not is_slide)
            if is_looked_at:  # what is hidden gives the keyboard to a button
                (self.slide if is_slide else self.canvas).setFocus()

    def _fill_windows(self, state: State) -> None:
        self._offered = Offered() if state.image is None else offered(state.image, state.presets)
        names = list(self._offered.names)
        if state.slide is not None and state.slide.slide.um_per_pixel is not None:
            names = [strings.slide_objective(times) for times in _OBJECTIVES]
        self._windows.clear()
        self._windows.addItems(names)
        self._windows.setEnabled(bool(names))
        is_slide = state.slide is not None
        self._windows.setAccessibleName(strings.MAGNIFICATION if is_slide else strings.WINDOW)
        self._show_window()

    def _show_window(self) -> None:
        """Select the window in use; a reader's own stands as text that is not in the list."""
        if self.slide is not None and self.slide.scene is not None:
            times = self.slide.scene.magnification
            self._windows.setCurrentIndex(-1)
            shown = "" if times is None else strings.slide_objective(float(f"{times:.3g}"))
            self._windows.setPlaceholderText(shown)
            return
        scene = self.canvas.scene
        used = None if scene is None else scene.choice
        numbers = [i for i, choice in enumerate(self._offered.choices) if choice == used]
        self._windows.setCurrentIndex(numbers[0] if numbers else -1)
        self._windows.setPlaceholderText(strings.USER_WINDOW if self._offered.choices else "")

    def _choose_window(self, index: int) -> None:
        if self.slide is not None and self.slide.scene is not None:
            self.slide.magnify(_OBJECTIVES[index])
            return
        self.canvas.set_choice(self._offered.choices[index])

    def _choose_speed(self, index: int) -> None:
        self.cine.set_speed(SPEEDS[index])

    def _show_player(self, state: State | None) -> None:
        is_playable = state is not None and playable(state) is not None
        for part in self._player:
            part.setVisible(is_playable)


def warnings(state: State) -> list[str]:
    """What a reader must know before trusting an answer on this film or slide."""
    if state.slide is not None:
        return list(state.slide.slide.warnings)
    if state.image is None:
        return []
    found = list(state.image.warnings)
    home = home_of(state.listing, state.image.ref)
    accepted = () if state.model is None else state.model.dicom_modalities
    if home is not None and accepted and home.series.modality not in accepted:
        modality = home.series.modality or strings.NO_MODALITY
        found.insert(0, strings.other_modality(modality, ", ".join(accepted)))
    return found


def _list(name: str) -> QComboBox:
    box = QComboBox()
    policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    box.setSizeAdjustPolicy(policy)  # a long name must not push the buttons out
    box.setMinimumContentsLength(9 if name == strings.WINDOW else 4)
    box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    box.setAccessibleName(name)
    return box


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return button


def _menu_button(title: str, menu: QMenu) -> QToolButton:
    button = QToolButton()
    button.setText(title)
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
