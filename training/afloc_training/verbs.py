"""How verbs of `afloc-train` are added to its parser."""

from __future__ import annotations

import argparse
from typing import Any


def add_verb(verbs: Any, name: str, summary: str, example: str) -> argparse.ArgumentParser:
    """A verb with `--json`; its help ends with an example."""
    verb: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=summary,
        description=summary,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("--json", action="store_true", help="one JSON object a line on stdout")
    return verb
