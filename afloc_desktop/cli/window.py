"""`afloc open` and `afloc demo`: the window, and the sample study without one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.cli.common import Verbs, add_json, add_model, add_verb, say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence


def add_verbs(verbs: Verbs) -> None:
    """Register the verbs of this module."""
    opening = add_verb(verbs, "open", "the window, with these loaded", "afloc open /media/cdrom")
    opening.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="files or folders")
    opening.set_defaults(run=_open)
    demo = add_verb(
        verbs, "demo", "the sample study, localized", "afloc demo --headless --output first-light"
    )
    demo.add_argument("--headless", action="store_true", help="write files, open no window")
    demo.add_argument("--output", metavar="DIR", type=Path, help="where --headless writes")
    add_model(demo)
    add_json(demo)
    demo.set_defaults(run=_demo)


def _open(chosen: argparse.Namespace) -> int:
    return _show(chosen.paths, demo=False)


def _show(paths: Sequence[Path], *, demo: bool) -> int:
    """Something on the screen at once, then the window."""
    from afloc_desktop.ui.opening import show_opening

    sheet = show_opening()
    _speak()
    from afloc_desktop.ui.app import run

    return run(paths, demo=demo, opened=sheet.close)


def _speak() -> None:
    """Choose the language: menus are made of words as soon as they are loaded."""
    from afloc_desktop.state.paths import Paths
    from afloc_desktop.ui.language import speak_as_set

    speak_as_set(Paths.default().settings_file)


def _demo(chosen: argparse.Namespace) -> int:
    if chosen.headless:
        from afloc_desktop.cli.localizing import run_demo

        if chosen.output is None:
            say("afloc demo: --headless needs --output DIR")
            return 2
        return run_demo(chosen)
    return _show([], demo=True)
