"""The reader's own keys: which command has which, what stands in each other's way, as one text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui.qt import QKeySequence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from afloc_desktop.ui.actions import Command

Keys = dict[str, tuple[str, ...]]  # by command id; only those the reader changed


def parse(text: str, commands: Iterable[Command]) -> Keys:
    """Read what `written` wrote; what no longer means anything is left out.

    Args:
        text: As in the settings, may be empty or spoilt.
        commands: Those there are.
    """
    known = {command.id for command in commands}
    keys: Keys = {}
    for line in text.splitlines():
        name, _, given = line.partition(" ")
        parts = tuple(part for part in given.split(" ") if QKeySequence(part).toString())
        if name in known:
            keys[name] = parts
    return keys


def written(keys: Mapping[str, tuple[str, ...]]) -> str:
    """The reader's keys as one text, a line a command."""
    return "\n".join(f"{name} {' '.join(given)}".rstrip() for name, given in sorted(keys.items()))


def in_use(keys: Mapping[str, tuple[str, ...]], commands: Iterable[Command]) -> Keys:
    """The keys of every command."""
    return {command.id: keys.get(command.id, command.keys) for command in commands}


def conflicts(
    keys: Mapping[str, tuple[str, ...]], commands: Iterable[Command]
) -> dict[str, tuple[str, ...]]:
    """Keys that more than one command has, and the ids of those; reserved ones have `""` too.

    Args:
        keys: The reader's own.
        commands: All there are.
    """
    owners: dict[str, list[str]] = {_named(key): [""] for key in RESERVED}
    for name, given in in_use(keys, commands).items():
        for key in given:
            owners.setdefault(_named(key), []).append(name)
    return {key: tuple(names) for key, names in owners.items() if len(names) > 1}


# Held down, they do something as long as they are: hide everything AI, magnify.
RESERVED = ("Space", "M")


def _named(key: str) -> str:
    return QKeySequence(key).toString()
