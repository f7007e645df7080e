"""`afloc scan` and `afloc render`: what is in a folder, and what the canvas would paint."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_desktop.cli.common import (
    DONE,
    NOTHING_DONE,
    SOME_FAILED,
    Verbs,
    add_json,
    add_verb,
    answer,
    answer_json,
    printable,
    say,
    say_skipped,
)

if TYPE_CHECKING:
    import argparse

    from afloc_desktop.core.domain import Image, Listing


def add_verbs(verbs: Verbs) -> None:
    """Register the verbs of this module."""
    scan = add_verb(verbs, "scan", "studies, series and images; headers only", "afloc scan .")
    scan.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="files or folders")
    add_json(scan)
    scan.set_defaults(run=_scan)
    render = add_verb(
        verbs,
        "render",
        "the 8-bit image the canvas would paint",
        "afloc render film.dcm --output film.png --window 2048 4096",
    )
    render.add_argument("file", metavar="FILE", nargs="?", type=Path)
    render.add_argument("--output", metavar="PNG", type=Path, required=True)
    render.add_argument("--frame", metavar="N", type=int, default=1, help="1-based")
    voi = render.add_mutually_exclusive_group()
    voi.add_argument(
        "--voi",
        metavar="K",
        help="the file's K-th own choice, or win1, voilut1, minmax (default: its first)",
    )
    voi.add_argument("--window", metavar=("C", "W"), nargs=2, type=float, help="centre and width")
    render.add_argument(
        "--batch", metavar="CSV", type=Path, help="many at once: file, frame, mode, overlay, png"
    )
    render.add_argument("--root", metavar="DIR", type=Path, help="of the files in --batch")
    render.set_defaults(run=_render)


def _scan(chosen: argparse.Namespace) -> int:
    from afloc_desktop.core.dicom.scan import scan

    listing = scan(chosen.paths)
    if chosen.json:
        answer_json(listing)
    else:
        _print_listing(listing)
    say_skipped(listing.skipped)
    return status(listing)


def status(listing: Listing) -> int:
    """The exit status a listing deserves."""
    if not listing.images:
        return NOTHING_DONE
    return SOME_FAILED if listing.skipped else DONE


def _print_listing(listing: Listing) -> None:
    for study in listing.studies:
        heading = (study.patient_name, study.patient_id, study.date, study.description)
        answer(printable("  ".join(part for part in heading if part)) or "(no patient)")
        for series in study.series:
            labels = (series.modality, series.body_part, series.view_position, series.description)
            count = f"{len(series.images)} image{'s' if len(series.images) != 1 else ''}"
            answer(f"  {printable(' '.join(part for part in labels if part))}: {count}")
            for image in series.images:
                size = f"{image.rows}×{image.columns}"
                answer(f"    {printable(str(image.path))} [{image.frame}] {size}")


def _render(chosen: argparse.Namespace) -> int:
    if chosen.batch is not None:
        if chosen.file is not None or chosen.root is None:
            say("afloc render: --batch takes --root DIR and --output DIR, and no FILE")
            return NOTHING_DONE
        return _render_batch(chosen)
    if chosen.file is None:
        say("afloc render: a FILE is needed")
        return NOTHING_DONE
    image = _read(chosen.file, chosen.frame)
    for warning in image.warnings:
        say(f"warning: {warning}")
    _write_png(image, _mode(chosen), chosen.output)
    return DONE


def _mode(chosen: argparse.Namespace) -> str | tuple[float, float] | None:
    if chosen.window:
        return (chosen.window[0], chosen.window[1])
    return str(chosen.voi) if chosen.voi is not None else None


def _render_batch(chosen: argparse.Namespace) -> int:
    """Render every row of the table that can be; say which cannot, and why."""
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.export.atomic import make_folder
    from afloc_desktop.core.regions import read_table

    rows = read_table(chosen.batch, ("file", "frame", "mode", "overlay", "png"))
    refused = 0
    last: tuple[tuple[str, str], Image] | None = None
    for row in rows:
        try:
            if row["overlay"].lower() in ("true", "yes", "1"):
                raise _unsupported("Overlay planes are not painted yet.")
            if not row["png"]:
                raise _unsupported("The row names no picture to write.")
            wanted = (row["file"], row["frame"])
            if last is None or last[0] != wanted:
                last = (wanted, _read(chosen.root / row["file"], _number(row["frame"])))
            target = chosen.output / row["png"]
            make_folder(target.parent)
            _write_png(last[1], row["mode"], target)
        except AflocError as error:
            refused += 1
            say(f"skipped {printable(row['file'])} {row['mode']}: {error.reason} {error.remedy}")
    if rows and refused == len(rows):
        return NOTHING_DONE
    return SOME_FAILED if refused else DONE


def _number(frame: str) -> int:
    if not frame:
        return 1
    if not frame.isdecimal():
        raise _unsupported("The row's frame is no number.")
    return int(frame)


def _read(path: Path, frame: int) -> Image:
    from afloc_desktop.core.dicom.read import read
    from afloc_desktop.core.dicom.scan import find_frame

    return read(find_frame(path, frame))


def _unsupported(reason: str) -> Exception:
    from afloc_desktop.core.errors import UnsupportedImage

    return UnsupportedImage(reason, remedy="Ask for something else of this file.")


def _write_png(image: Image, mode: str | tuple[float, float] | None, target: Path) -> None:
    import PIL.Image

    from afloc_desktop.core.dicom.display import render
    from afloc_desktop.core.export.atomic import write_atomically

    stream = io.BytesIO()
    PIL.Image.fromarray(render(image, _choice(image, mode))).save(stream, "PNG")
    write_atomically(target, stream.getvalue())


def _choice(image: Image, mode: str | tuple[float, float] | None) -> Any:
    """The VOI a mode names: None, (centre, width), `3`, `win1`, `voilut1` or `minmax`."""
    from afloc_desktop.core.dicom.display import MinMax, first_choice
    from afloc_desktop.core.domain import VoiLut, VoiWindow

    if mode is None:
        return first_choice(image)
    if isinstance(mode, tuple):
        return VoiWindow(mode[0], mode[1], "LINEAR", "")
    if mode == "minmax":
        return MinMax()
    kinds: dict[str, Any] = {"win": VoiWindow, "voilut": VoiLut, "": (VoiWindow, VoiLut)}
    name = mode.rstrip("0123456789")
    if name in kinds and mode != name:
        own = [voi for voi in image.voi if isinstance(voi, kinds[name])]
        number = int(mode[len(name) :])
        if 1 <= number <= len(own):
            return own[number - 1]
    raise _unsupported(f"The file has no VOI {mode!r}; it has {len(image.voi)} of its own.")
