"""The command line: `afloc VERB …`. One module per family of verbs, imported when asked for.

Exit status: 0 done, 1 some inputs failed (each named with reason and remedy), 2 usage, or
nothing was done.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from afloc_desktop import __version__
from afloc_desktop.core.dicom import DECODER_VERB
from afloc_desktop.core.errors import AflocError

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOTHING_DONE = 2
_INTERRUPTED = 130
_DESCRIPTION = "Ask a film for a finding in words and see where it is. Research use only."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the entry point `afloc`."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == [DECODER_VERB]:
        return _serve_as_decoder(words[1:])
    parser, verbs = _parser()
    # `afloc` and `afloc PATH…` open the window.
    if not words or not (words[0] in verbs or words[0].startswith("-")):
        words.insert(0, "open")
    chosen = parser.parse_args(words)
    try:
        return int(chosen.run(chosen))
    except AflocError as error:
        print(f"afloc: {error.reason} {error.remedy}", file=sys.stderr)
        return _NOTHING_DONE
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe has left; nothing more can be said there.
        sys.stderr.close()
        return _NOTHING_DONE


def _serve_as_decoder(words: Sequence[str]) -> int:
    """Be a decoder process of a frozen application; no verb for people."""
    from afloc_desktop.core.dicom.serve import serve

    serve(*map(int, words))
    return 0


def _parser() -> tuple[argparse.ArgumentParser, set[str]]:
    from afloc_desktop.cli import (
        evaluating,
        films,
        licences,
        listing,
        localizing,
        models,
        self_test,
        window,
    )

    parser = argparse.ArgumentParser(prog="afloc", description=_DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"afloc {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    families = (window, listing, films, localizing, models, evaluating, self_test, licences)
    for family in families:
        family.add_verbs(verbs)
    return parser, set(verbs.choices)
