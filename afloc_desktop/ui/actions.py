"""Menus, keys and the bar above the film, from one table: a command is described once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.ui import strings
from afloc_desktop.ui.qt import QAction, QKeySequence, QMainWindow, plain_tip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a reader can do.

    Attributes:
        id: Stable name.
        menu: Where it stands.
        text: In the menu and on a button.
        tip: The longer wording; empty where the text says it all.
        keys: Shortcuts, the first one is shown.
        is_switch: It is on or off.
        starts_group: A line stands above it in the menu.
    """

    id: str
    menu: str
    text: str
    tip: str = ""
    keys: tuple[str, ...] = ()
    is_switch: bool = False
    starts_group: bool = False


COMMANDS: tuple[Command, ...] = (
    Command("open_files", strings.FILE, strings.OPEN_FILES, keys=("Ctrl+O",)),
    Command("open_folder", strings.FILE, strings.OPEN_FOLDER, keys=("Ctrl+Shift+O",)),
    Command("open_sample", strings.FILE, strings.OPEN_SAMPLE),
    Command("close_all", strings.FILE, strings.CLOSE_ALL, keys=("Ctrl+W",), starts_group=True),
    Command("quit", strings.FILE, strings.QUIT, keys=("Ctrl+Q",), starts_group=True),
    Command("fit", strings.VIEW, strings.FIT, strings.FIT_LONG, ("=",)),
    Command("one_to_one", strings.VIEW, strings.ONE_TO_ONE, strings.ONE_TO_ONE_LONG, ("1",)),
    Command("zoom_in", strings.VIEW, strings.ZOOM_IN, keys=("+",)),
    Command("zoom_out", strings.VIEW, strings.ZOOM_OUT, keys=("-",)),
    Command("invert", strings.VIEW, strings.INVERT, strings.INVERT_LONG, ("I",), True, True),
    Command(
        "reset_window", strings.VIEW, strings.RESET_WINDOW, strings.RESET_WINDOW_LONG, ("R", "0")
    ),
    Command(
        "overlay", strings.VIEW, strings.AI_OVERLAY, strings.AI_OVERLAY_LONG, ("A",), True, True
    ),
    Command("contour", strings.VIEW, strings.CONTOUR, strings.CONTOUR_LONG, ("C",), True),
    Command("clear", strings.VIEW, strings.CLEAR, strings.CLEAR_LONG, ("Esc",)),
    Command("ask", strings.VIEW, strings.GO_ASK, keys=("Ctrl+F", "/")),
    Command("previous", strings.VIEW, strings.PREVIOUS, keys=("PgUp",), starts_group=True),
    Command("next", strings.VIEW, strings.NEXT, keys=("PgDown",)),
    Command("shortcuts", strings.HELP, strings.SHORTCUTS, keys=("F1",)),
    Command("about", strings.HELP, strings.ABOUT),
)
FILM_BAR = ("fit", "one_to_one", "invert", "reset_window")
AI_BAR = ("overlay", "contour")


def make(window: QMainWindow, calls: Mapping[str, Callable[..., object]]) -> dict[str, QAction]:
    """Put every command into its menu and connect it.

    Args:
        window: Gets the menus.
        calls: By command id; a switch is called with its new state.
    """
    menus = {title: window.menuBar().addMenu(title) for title in _titles()}
    made = {}
    for command in COMMANDS:
        action = QAction(command.text, window)
        action.setShortcuts([QKeySequence(keys) for keys in command.keys])
        tip = command.tip or command.text.rstrip("…")
        keys = f" ({command.keys[0]})" if command.keys else ""
        action.setToolTip(plain_tip(tip + keys))
        if command.starts_group:
            menus[command.menu].addSeparator()
        menus[command.menu].addAction(action)
        if command.is_switch:
            action.setCheckable(True)
            action.toggled.connect(calls[command.id])
        else:
            action.triggered.connect(calls[command.id])
        made[command.id] = action
    return made


def _titles() -> dict[str, None]:
    return dict.fromkeys(command.menu for command in COMMANDS)
