"""`afloc render`: what the canvas would paint."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_desktop.cli.common import (
    DONE,
    NOTHING_DONE,
    SOME_FAILED,
    Verbs,
    add_verb,
    printable,
    say,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from afloc_desktop.core.dicom.display import Choice
    from afloc_desktop.core.domain import Image, ImageRef

_OVERVIEW = 2048  # pixels of the longer side of a whole slide
_LONGEST_NUMBER = 9  # digits
_COMPRESSION = 3  # as small as the default level on films, in half the time


def add_verbs(verbs: Verbs) -> None:
    """Register the verbs of this module."""
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
        help="the file's K-th own choice, or win1, voilut1, minmax, colour (default: its first)",
    )
    voi.add_argument("--window", metavar=("C", "W"), nargs=2, type=float, help="centre and width")
    render.add_argument(
        "--overlay", action="store_true", help="with the file's own graphics, in white"
    )
    render.add_argument(
        "--batch", metavar="CSV", type=Path, help="many at once: file, frame, mode, overlay, png"
    )
    render.add_argument("--root", metavar="DIR", type=Path, help="of the files in --batch")
    render.set_defaults(run=_render)


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
    _write_png(image, _mode(chosen), chosen.output, has_overlays=chosen.overlay)
    return DONE


def _mode(chosen: argparse.Namespace) -> str | tuple[float, float] | None:
    if chosen.window:
        return (chosen.window[0], chosen.window[1])
    return str(chosen.voi) if chosen.voi is not None else None


def _render_batch(chosen: argparse.Namespace) -> int:
    """Render every row of the table that can be; say which cannot, and why."""
    from afloc_desktop.core.errors import AflocError
    from afloc_desktop.core.regions import read_table

    rows = read_table(chosen.batch, ("file", "frame", "mode", "overlay", "png"))
    batch = _Batch(chosen.root, chosen.output)
    refused = 0
    for row in rows:
        try:
            batch.render(row)
        except AflocError as error:
            refused += 1
            names = f"{row['file']} [{row['frame']}] {row['mode']}"
            say(f"skipped {printable(names)}: {error.reason} {error.remedy}")
    if rows and refused == len(rows):
        return NOTHING_DONE
    return SOME_FAILED if refused else DONE


class _Batch:
    """Rows of one table, rendered one after the other."""

    def __init__(self, root: Path, output: Path) -> None:
        self._root = root
        self._output = output
        self._written: set[Path] = set()
        # Rows of one frame stand together: it is read once.
        self._last: tuple[tuple[str, str], Image] | None = None

    def render(self, row: dict[str, str]) -> None:
        """Write the picture that a row asks for, or raise an `AflocError` for the reader."""
        from afloc_desktop.core.export.atomic import make_folder

        target = self._target(row["png"])
        image = self._image(row["file"], row["frame"])
        make_folder(target.parent)
        has_overlays = row["overlay"].strip().lower() in ("true", "yes", "1")
        _write_png(image, row["mode"], target, has_overlays=has_overlays)
        self._written.add(target)

    def _target(self, name: str) -> Path:
        """Where a picture goes: inside the output, under a name of its own."""
        if not name or "\0" in name:
            raise _unsupported("The row names no picture to write.")
        target = (self._output / name).resolve()
        if self._output.resolve() not in target.parents:
            raise _unsupported("The row names a picture outside the output.")
        if target in self._written:
            raise _unsupported("The row names a picture that another row has written.")
        return target

    def _image(self, name: str, frame: str) -> Image:
        if not name or "\0" in name:
            raise _unsupported("The row names no file.")
        if self._last is None or self._last[0] != (name, frame):
            self._last = None
            self._last = ((name, frame), _read(self._root / name, _number(frame)))
        return self._last[1]


def _number(frame: str) -> int:
    if not frame:
        return 1
    if not (frame.isascii() and frame.isdecimal()) or len(frame) > _LONGEST_NUMBER:
        raise _unsupported("The row's frame is no number.")
    return int(frame)


def _read(path: Path, frame: int) -> Image:
    from afloc_desktop.core.dicom.read import read
    from afloc_desktop.core.dicom.scan import find_frame
    from afloc_desktop.core.slides.opening import find_slide

    ref = find_frame(path, frame)
    files = find_slide(ref)
    return read(ref) if not files else _overview(ref, files)


def _overview(ref: ImageRef, files: Sequence[ImageRef]) -> Image:
    """A whole slide as a picture of a usual size."""
    from afloc_desktop.core.dicom.colour import luminance
    from afloc_desktop.core.domain import Image, read_only
    from afloc_desktop.core.slides.opening import open_slide

    slide = open_slide(files)
    try:
        colour = slide.thumbnail(_OVERVIEW)
        return Image(
            ref=ref,
            pixels=read_only(luminance(colour)),
            is_inverted=False,
            padding=None,
            voi=(),
            spacing=None,
            pixel_sha256=slide.sha256,
            orientation=None,
            warnings=slide.warnings,
            colour=read_only(colour),
        )
    finally:
        slide.close()


def _unsupported(reason: str) -> Exception:
    from afloc_desktop.core.errors import UnsupportedImage

    return UnsupportedImage(reason, remedy="Ask for something else of this file.")


def _write_png(
    image: Image, mode: str | tuple[float, float] | None, target: Path, *, has_overlays: bool
) -> None:
    import PIL.Image

    from afloc_desktop.core.dicom.display import draw_overlays, render
    from afloc_desktop.core.export.atomic import write_atomically

    painted = render(image, _choice(image, mode))
    if has_overlays:
        painted = draw_overlays(image, painted)
    stream = io.BytesIO()
    PIL.Image.fromarray(painted).save(stream, "PNG", compress_level=_COMPRESSION)
    write_atomically(target, stream.getvalue())


def _choice(image: Image, mode: str | tuple[float, float] | None) -> Choice:
    """What a mode names: None, (centre, width), `3`, `win1`, `voilut1`, `minmax` or `colour`.

    Of a colour image one channel, too: `green` is red-free.
    """
    from afloc_desktop.core.dicom.display import CHANNELS, AsColour, MinMax, first_choice
    from afloc_desktop.core.domain import VoiLut, VoiWindow

    if mode is None:
        return first_choice(image)
    if isinstance(mode, tuple):
        return VoiWindow(mode[0], mode[1], "LINEAR", "")
    if mode == "minmax":
        return MinMax()
    channel = next((channel for channel in CHANNELS if channel.name == mode), None)
    if mode == "colour" or channel:
        if image.colour is None:
            raise _unsupported("The image is not in colour.")
        return channel or AsColour()
    kinds: dict[str, Any] = {"win": VoiWindow, "voilut": VoiLut, "": (VoiWindow, VoiLut)}
    name = mode.rstrip("0123456789")
    if name in kinds and 0 < len(mode) - len(name) <= _LONGEST_NUMBER:
        own: list[Choice] = [voi for voi in image.voi if isinstance(voi, kinds[name])]
        number = int(mode[len(name) :])
        if 1 <= number <= len(own):
            return own[number - 1]
    raise _unsupported(f"The file has no VOI {mode[:20]!r}; it has {len(image.voi)} of its own.")
