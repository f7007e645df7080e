"""`afloc localize` on whole slides: a region or all of it, window by window."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.cli.common import printable, say

if TYPE_CHECKING:
    from afloc_desktop.cli.exporting import Export
    from afloc_desktop.core.domain import Prompt, Series, Skipped
    from afloc_desktop.core.export.results import ResultsFolder
    from afloc_desktop.core.geometry import Box
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.core.slides.runs import SlideRun

_TELL_S = 5.0


@dataclass(frozen=True, slots=True)
class SlideOptions:
    """What is looked at of slides.

    Attributes:
        region: Slide pixels; None for the whole slide.
        um: Of a pixel of the network's input, µm; None for the usual one.
        resumes: Windows that were looked at in an earlier run are taken from there.
    """

    region: Box | None = None
    um: float | None = None
    resumes: bool = True


def add_slides(parser: argparse.ArgumentParser) -> None:
    """The options for slides."""
    slides = parser.add_argument_group("whole slides")
    slides.add_argument(
        "--region",
        metavar="X,Y,W,H",
        type=_region,
        help="only there: left, top, width and height in pixels of the finest level",
    )
    slides.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go on where an earlier run on the same slide and model ended, or look at "
        "everything anew (default: go on)",
    )
    slides.add_argument(
        "--um-per-pixel",
        metavar="UM",
        type=_um,
        help="magnification that the model was trained at (default: 0.5, which is 20x)",
    )


def localize_slide(
    series: Series,
    localizer: Localizer,
    prompts: list[Prompt],
    output: tuple[ResultsFolder, Export],
    options: SlideOptions,
) -> list[Skipped]:
    """Answer a slide; gives back what failed."""
    from contextlib import closing

    from afloc_desktop.core.domain import Skipped
    from afloc_desktop.core.errors import InputError
    from afloc_desktop.core.slides.opening import open_slide
    from afloc_desktop.core.slides.regions import WORKING_UM
    from afloc_desktop.core.slides.runs import SlideRun, check_model
    from afloc_desktop.state.paths import Paths

    first = series.images[0]
    try:
        check_model(localizer.manifest.modality)
        with closing(open_slide(series.images)) as slide:
            run = SlideRun(
                slide,
                localizer,
                Paths.default().slides,
                region=options.region,
                um=options.um or WORKING_UM,
            )
            with closing(run):
                if not options.resumes:
                    run.start_anew()
                _look(run, printable(str(first.path)))
                return _write(run, localizer, prompts, output)
    except InputError as error:
        return [Skipped(first.path, error.reason, error.remedy, first.member)]


def _look(run: SlideRun, name: str) -> None:
    """Show the model every window, and tell how far it is."""
    note = f", {run.done} known from an earlier run" if run.done else ""
    for warning in (*run.slide.warnings, *run.plan.notes):
        say(f"warning {name}: {warning}")
    share = f"{run.plan.empty / (run.plan.empty + run.total):.0%}"
    say(f"slide {name}: {run.total} windows{note}; {run.plan.empty} ({share}) hold no tissue")
    told = time.monotonic()
    while not run.is_finished:
        run.step()
        if time.monotonic() - told >= _TELL_S:
            told = time.monotonic()
            say(f"slide {name}: {run.done} of {run.total} windows")


def _write(
    run: SlideRun,
    localizer: Localizer,
    prompts: list[Prompt],
    output: tuple[ResultsFolder, Export],
) -> list[Skipped]:
    from afloc_desktop.core.slides.pictures import in_view, results_on, seen_from_above
    from afloc_desktop.core.slides.results import write_slide

    results, export = output
    view = seen_from_above(run.slide, run.plan)
    answers = run.ask(prompts)
    seen = [in_view(answer, view, run.plan) for answer in answers]
    stated = [answer.statement for answer in answers]
    written, problems = export.write_slide(results_on(run.slide, stated, view))
    shown, _, hidden = export.hide(view, localizer, seen)
    write_slide(results, run, shown, list(zip(answers, hidden, strict=True)), written)
    return problems


def _region(text: str) -> Box:
    from afloc_desktop.core.geometry import Box

    try:
        x, y, width, height = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError("not four numbers with commas: X,Y,W,H") from None
    if not (width > 0 and height > 0 and abs(x) < 1e9 and abs(y) < 1e9 and width < 1e9 > height):
        raise argparse.ArgumentTypeError("width and height must be positive")
    return Box(x, y, x + width, y + height)


def _um(text: str) -> float:
    value = float(text)
    if not 0.05 <= value <= 20:
        raise argparse.ArgumentTypeError("not between 0.05 and 20 µm")
    return value
