from collections import Counter

from afloc_desktop.ui import actions
from afloc_desktop.ui.qt import QKeySequence, QMainWindow


def test_no_key_does_two_things():
    keys = Counter(
        QKeySequence(key).toString() for command in actions.COMMANDS for key in command.keys
    )
    assert [key for key, count in keys.items() if count > 1] == []


def test_no_command_stands_twice():
    ids = [command.id for command in actions.COMMANDS]
    assert len(ids) == len(set(ids))


def test_every_command_is_in_its_menu_and_called(qtbot):
    window, called = QMainWindow(), []
    qtbot.addWidget(window)
    calls = {
        command.id: lambda *_, name=command.id: called.append(name) for command in actions.COMMANDS
    }
    made = actions.make(window, calls)
    for action in made.values():
        action.trigger()
    assert called == [command.id for command in actions.COMMANDS]
    in_menus = [a for menu in window.menuBar().actions() for a in menu.menu().actions()]
    assert {a for a in in_menus if not a.isSeparator()} == set(made.values())
