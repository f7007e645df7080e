"""Menus, keys and the bar above the film, from one table: a command is described once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.state.presets import MOST
from afloc_desktop.ui import strings
from afloc_desktop.ui.qt import QAction, QKeySequence, QMainWindow, QMenu, plain_tip

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
_L, _W, _M = strings.LAYOUT, strings.WINDOWS, strings.TOOLS
_TOOL_KEYS = {
    "hand": "S", "length": "D", "angle": "G", "rectangle": "Q", "ellipse": "U", "ratio": "T",
    "arrow": "W", "text": "X", "calibrate": "Shift+D",
}  # fmt: skip
COMMANDS: tuple[Command, ...] = (
    Command("open_files", _F, strings.OPEN_FILES, ("Ctrl+O",)),
    Command("open_folder", _F, strings.OPEN_FOLDER, ("Ctrl+Shift+O",)),
    Command("open_sample", _F, strings.OPEN_SAMPLE),
    Command("export", _F, strings.EXPORT, ("Ctrl+E",), starts_group=True),
    Command("close_all", _F, strings.CLOSE_ALL, ("Ctrl+W",), starts_group=True),
    Command("training", _F, strings.TRAINING, starts_group=True),
    Command("settings", _F, strings.SETTINGS, ("Ctrl+,",)),
    Command("quit", _F, strings.QUIT, ("Ctrl+Q",), starts_group=True),
    Command("fit", _V, strings.FIT_LONG, ("=",), strings.FIT),
    Command("one_to_one", _V, strings.ONE_TO_ONE_LONG, ("Ctrl+0",), strings.ONE_TO_ONE),
    Command("zoom_in", _V, strings.ZOOM_IN, ("+",)),
    Command("zoom_out", _V, strings.ZOOM_OUT, ("-",)),
    Command("invert", _V, strings.INVERT_LONG, ("I",), strings.INVERT, "", True, True),
    Command("graphics", _V, strings.GRAPHICS, ("O",), is_switch=True),
    Command("corner_text", _V, strings.CORNER_TEXT, ("J",), is_switch=True),
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
    Command("play", _V, strings.PLAY_LONG, ("P",), strings.PLAY, is_switch=True),
    Command("single", _L, strings.SINGLE, ("F2",)),
    Command("pair", _L, strings.PAIR, ("F3",)),
    Command("quad", _L, strings.QUAD, ("F4",)),
    Command("link", _L, strings.LINK, ("L",), is_switch=True, starts_group=True),
    Command("hang_next", _L, strings.HANG_NEXT, (".",), starts_group=True),
    Command("hang_previous", _L, strings.HANG_PREVIOUS, (",",)),
    *(Command(f"window_{n}", _W, strings.window_key(n), (str(n),)) for n in range(1, MOST + 1)),
    Command("presets", _W, strings.EDIT_PRESETS, starts_group=True),
    *(
        Command(f"tool_{tool}", _M, strings.TOOL_NAMES[tool], (key,), is_switch=True)
        for tool, key in _TOOL_KEYS.items()
    ),
    Command("delete_mark", _M, strings.DELETE_MARK, ("Del", "Backspace"), starts_group=True),
    Command("clear_marks", _M, strings.CLEAR_MARKS),
    Command("forget_calibration", _M, strings.FORGET_CALIBRATION),
    Command("undo", _A, strings.UNDO, ("Ctrl+Z",)),
    Command("redo", _A, strings.REDO, ("Ctrl+Y", "Ctrl+Shift+Z")),
    Command("accept", _A, strings.ACCEPT_LONG, ("Y",), starts_group=True),
    Command("redraw", _A, strings.REDRAW_LONG, ("E",)),
    Command("reject", _A, strings.REJECT_LONG, ("N",)),
    Command("reader", _A, strings.READER_LONG),
    Command("compare", _A, strings.COMPARE, ("Ctrl+P",), starts_group=True),
    Command("keep", _A, strings.KEEP, ("K",), starts_group=True),
    Command("draw_all", _A, strings.DRAW_ALL_LONG, ("Shift+A",), is_switch=True),
    Command("boxes", _A, strings.BOXES_LONG, ("B",), is_switch=True),
    Command("shortcuts", _H, strings.SHORTCUTS, ("F1",)),
    Command("guides", _H, strings.GUIDES, ("Shift+F1",)),
    Command("diagnostics", _H, strings.DIAGNOSTICS, starts_group=True),
    Command("log_folder", _H, strings.LOG_FOLDER),
    Command("licences", _H, strings.ALL_LICENCES, starts_group=True),
    Command("about", _H, strings.ABOUT),
)
FILM_BAR = ("fit", "one_to_one", "invert", "reset")
ON_A_FILM = (*FILM_BAR, "zoom_in", "zoom_out", "rotate_right", "rotate_left",
             "flip_across", "flip_down", *(f"tool_{tool}" for tool in _TOOL_KEYS))  # fmt: skip
ON_A_SLIDE = ("fit", "one_to_one", "zoom_in", "zoom_out")
JUDGES_A_SLIDE = ("accept", "reject")
AI_BAR = ("overlay",)


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


def menu(window: QMainWindow, title: str) -> QMenu:
    """The menu that was made with a title."""
    return next(m for m in window.menuBar().findChildren(QMenu) if m.title() == title)


def _titles() -> dict[str, None]:
    return dict.fromkeys(command.menu for command in COMMANDS)
