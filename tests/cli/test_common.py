import json
from dataclasses import dataclass
from pathlib import Path

from afloc_desktop.cli.common import answer_json, printable


@dataclass(frozen=True)
class Value:
    path: Path
    number: float
    parts: tuple[int, ...]


def test_values_become_plain_json(capsysbinary):
    answer_json({"v": Value(Path("/a"), float("nan"), (1, 2))})
    assert json.loads(capsysbinary.readouterr().out) == {
        "v": {"path": "/a", "number": None, "parts": [1, 2]}
    }


def test_control_and_direction_characters_are_shown_as_escapes():
    assert printable("a\x1b[2J\u202eb") == "a\\x1b[2J\\u202eb"
    assert printable("Müller 岡") == "Müller 岡"
