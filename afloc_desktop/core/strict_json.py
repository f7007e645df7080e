"""JSON without doubt: no key twice, no NaN or infinity, no nesting that cannot be read."""

from __future__ import annotations

import json
from typing import Any


def strict_value(text: str) -> Any:
    """Parse JSON; ValueError says in a few words what is wrong with it."""
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def strict_object(text: str) -> dict[str, Any]:
    """Parse one JSON object; ValueError where it is anything else."""
    found = strict_value(text)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a number")
