"""`afloc-send HOST PORT PATH…`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_dicom_send.send import Peer, Report, echo, send

if TYPE_CHECKING:
    from collections.abc import Sequence

DONE, SOME_FAILED, NOTHING_DONE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; gives back its exit status."""
    chosen = _parser().parse_args(arguments)
    peer = Peer(chosen.host, chosen.port, chosen.called, chosen.calling, chosen.timeout)
    if chosen.echo:
        is_there = echo(peer)
        _say("the archive answers" if is_there else "the archive does not answer")
        if not is_there or not chosen.paths:
            return DONE if is_there else NOTHING_DONE
    paths = [file for path in chosen.paths for file in _files(path)]
    if not paths:
        _say("nothing to send")
        return NOTHING_DONE
    reports = send(peer, paths, told=lambda report: _say(_line(report)))
    stored = sum(report.state in ("stored", "warning") for report in reports)
    _say(f"{stored} of {len(reports)} stored")
    if chosen.json:
        print(json.dumps([_entry(report) for report in reports], indent=1))
    return DONE if stored == len(reports) else SOME_FAILED if stored else NOTHING_DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="afloc-send",
        description="Send DICOM files to an archive. Plain DICOM, without encryption.",
        epilog="example: afloc-send pacs 104 results/objects --called PACS",
    )
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("paths", metavar="PATH", nargs="*", type=Path, help="files or folders")
    parser.add_argument("--called", default="ANY-SCP", help="the archive's title")
    parser.add_argument("--calling", default="AFLOC", help="our title")
    parser.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS")
    parser.add_argument("--echo", action="store_true", help="first ask whether it is there")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    return parser


def _files(path: Path) -> list[Path]:
    return sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]


def _entry(report: Report) -> dict[str, str]:
    return {
        "file": str(report.path),
        "sop_instance_uid": report.sop_instance_uid,
        "state": report.state,
        "reason": report.reason,
    }


def _line(report: Report) -> str:
    return f"{report.state} {report.path.name} {report.reason}".rstrip()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
