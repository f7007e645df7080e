"""JSON objects without doubt: no key twice, no NaN, nothing but an object."""

from __future__ import annotations

import json
from typing import Any


def strict_object(text: str) -> dict[str, Any]:
    """Parse one JSON object; ValueError where it is anything else, or too deep to read."""
    try:
        found = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(name: str) -> None:
    raise ValueError(name)
