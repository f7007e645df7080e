"""What the verbs share: options, progress on stderr, one JSON document on stdout."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.model.runtime import PROVIDER_CHOICES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from afloc_desktop.core.domain import Skipped

DONE, SOME_FAILED, NOTHING_DONE = 0, 1, 2
Verbs = Any  # argparse keeps the type of its subparsers private


def add_verb(verbs: Verbs, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    """A verb with its `--help` and an example."""
    import argparse

    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=f"example: {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def add_json(parser: argparse.ArgumentParser) -> None:
    """`--json`: one document on stdout and nothing else there."""
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def add_model(parser: argparse.ArgumentParser) -> None:
    """`--bundle` and `--provider`."""
    parser.add_argument(
        "--bundle", metavar="ID", help="else the chosen or the shipped one for the kind of image"
    )
    parser.add_argument(
        "--provider",
        choices=PROVIDER_CHOICES,
        help="where to run the model, there or not at all; auto is the best that works (default: "
        "that of the settings, else auto)",
    )


def add_resolution(parser: argparse.ArgumentParser) -> None:
    """`--resolution`."""
    parser.add_argument(
        "--resolution",
        choices=("standard", "mirrored", "high", "tiled"),
        default="standard",
        help="show the model more than the film once: mirrored its mirror image too, half a cell "
        "aside; or larger, as it was not trained: high where its network takes other sizes, tiled "
        "as the whole with four parts that overlap (default: standard)",
    )


def add_one_provider(parser: argparse.ArgumentParser, default: str) -> None:
    """`--provider` of a verb that tests.

    Args:
        parser: Of the verb.
        default: What is tested where none is named, in words.
    """
    parser.add_argument("--provider", choices=PROVIDER_CHOICES[1:], help=f"(default: {default})")


def say(text: str) -> None:
    """A line for the person at the terminal; never on stdout."""
    print(text, file=sys.stderr, flush=True)


def answer(text: str) -> None:
    """A line of the answer itself."""
    print(text)


def answer_json(value: object) -> None:
    """The answer as one JSON document; what is not finite becomes null."""
    text = json.dumps(_plain(value), indent=1, allow_nan=False, ensure_ascii=False)
    # Names in a file system need not be text; they are shown escaped, not refused.
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")


def say_skipped(skipped: Iterable[Skipped]) -> None:
    """Name every input that failed, with its reason and remedy."""
    for entry in skipped:
        place = f"{entry.path} {entry.member}".rstrip()
        say(f"skipped {printable(place)}: {entry.reason} {entry.remedy}")


def printable(text: str) -> str:
    """Text from a file, with control and direction characters shown as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _plain(value: object) -> object:
    """Values of the vocabulary as JSON knows them."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
