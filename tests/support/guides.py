"""The commands that documents tell people to type."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_PROGRAMS = ("afloc", "afloc-train")


def commands(document: Path, kind: str | None = None) -> Iterator[list[str]]:
    """Words of every line that starts one of our programs.

    Args:
        document: Markdown.
        kind: Only of blocks of this language; None also takes indented lines.
    """
    text = document.read_text(encoding="utf-8")
    blocks = [body for name, body in _FENCE.findall(text) if kind in (None, name)]
    if kind is None:
        blocks += re.findall(r"^ {4}(afloc.*)$", _FENCE.sub("", text), re.MULTILINE)
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        for part in re.split(r"&&|\|(?!\w)", line):
            words = _words(part)
            if words[:1] and words[0] in _PROGRAMS:
                yield words


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return []  # half a line of something else
