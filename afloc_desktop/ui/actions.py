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
        text: In the menu.
        keys: Shortcuts, the first one is shown.
        button: On the bar above the film, short; empty where it has no button.
        tip: More than the text says; may be empty.
        is_switch: It is on or off.
        starts_group: A line stands above it in the menu.
    """

    id: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    button: str = ""
    tip: str = ""
    is_switch: bool = False
    starts_group: bool = False


_F, _V, _A, _H = strings.FILE, strings.VIEW, strings.JUDGE, strings.HELP
COMMANDS: tuple[Command, ...] = (
    Command("open_files", _F, strings.OPEN_FILES, ("Ctrl+O",)),
    Command("open_folder", _F, strings.OPEN_FOLDER, ("Ctrl+Shift+O",)),
    Command("open_sample", _F, strings.OPEN_SAMPLE),
    Command("close_all", _F, strings.CLOSE_ALL, ("Ctrl+W",), starts_group=True),
    Command("quit", _F, strings.QUIT, ("Ctrl+Q",), starts_group=True),
    Command("fit", _V, strings.FIT_LONG, ("=",), strings.FIT),
    Command("one_to_one", _V, strings.ONE_TO_ONE_LONG, ("1",), strings.ONE_TO_ONE),
    Command("zoom_in", _V, strings.ZOOM_IN, ("+",)),
    Command("zoom_out", _V, strings.ZOOM_OUT, ("-",)),
    Command("invert", _V, strings.INVERT_LONG, ("I",), strings.INVERT, "", True, True),
    Command("graphics", _V, strings.GRAPHICS, ("O",), is_switch=True),
    Command("rotate_right", _V, strings.ROTATE_RIGHT, ("R",), starts_group=True),
    Command("rotate_left", _V, strings.ROTATE_LEFT, ("Shift+R",)),
    Command("flip_across", _V, strings.FLIP_ACROSS, ("H",)),
    Command("flip_down", _V, strings.FLIP_DOWN, ("V",)),
    Command("reset", _V, strings.RESET_WINDOW_LONG, ("0",), strings.RESET_WINDOW),
    Command(
        "overlay", _V, strings.AI_OVERLAY, ("A",), strings.AI_OVERLAY, strings.AI_TIP, True, True
    ),
    Command("contour", _V, strings.CONTOUR_LONG, ("C",), strings.CONTOUR, "", True),
    Command("clear", _V, strings.CLEAR, ("Esc",)),
    Command("ask", _V, strings.GO_ASK, ("Ctrl+F", "/")),
    Command("previous", _V, strings.PREVIOUS, ("PgUp",), starts_group=True),
    Command("next", _V, strings.NEXT, ("PgDown",)),
    Command("undo", _A, strings.UNDO, ("Ctrl+Z",)),
    Command("redo", _A, strings.REDO, ("Ctrl+Y", "Ctrl+Shift+Z")),
    Command("accept", _A, strings.ACCEPT_LONG, ("Y",), starts_group=True),
    Command("redraw", _A, strings.REDRAW_LONG, ("E",)),
    Command("reject", _A, strings.REJECT_LONG, ("N",)),
    Command("reader", _A, strings.READER_LONG),
    Command("keep", _A, strings.KEEP, ("K",), starts_group=True),
    Command("draw_all", _A, strings.DRAW_ALL_LONG, ("Shift+A",), is_switch=True),
    Command("boxes", _A, strings.BOXES_LONG, ("B",), is_switch=True),
    Command("shortcuts", _H, strings.SHORTCUTS, ("F1",)),
    Command("about", _H, strings.ABOUT),
)
FILM_BAR = ("fit", "one_to_one", "invert", "reset")
ON_A_FILM = (*FILM_BAR, "zoom_in", "zoom_out", "rotate_right", "rotate_left",
             "flip_across", "flip_down")  # fmt: skip
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
        action.setIconText(command.button)  # what a tool button shows
        action.setShortcuts([QKeySequence(keys) for keys in command.keys])
        tip = command.tip or command.text
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
