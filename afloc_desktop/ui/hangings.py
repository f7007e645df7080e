"""The menu of hanging protocols: those that fit the study on screen, looked up when it opens."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from afloc_desktop.ui import strings

if TYPE_CHECKING:
    from afloc_desktop.core.hanging import Rule
    from afloc_desktop.state.wall import Wall
    from afloc_desktop.ui.qt import QMenu


def fill_hangings(menu: QMenu, wall: Wall) -> QMenu:
    """Add a menu of rules to another one."""
    rules = menu.addMenu(strings.HANG)
    rules.aboutToShow.connect(partial(_fill, rules, wall))
    return rules


def _fill(menu: QMenu, wall: Wall) -> None:
    menu.clear()
    for rule in wall.fitting():
        title = strings.RULE_TITLES.get(rule.id, rule.title)
        menu.addAction(title.replace("&", "&&")).triggered.connect(partial(_hang, wall, rule))
    if menu.isEmpty():
        menu.addAction(strings.NO_HANGING).setEnabled(False)


def _hang(wall: Wall, rule: Rule, *_: object) -> None:
    wall.hang(rule)
