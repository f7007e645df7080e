"""`afloc localize` and the headless demo: the main job without a window."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.cli.choosing import Models
from afloc_desktop.cli.common import (
    DONE,
    NOTHING_DONE,
    SOME_FAILED,
    Verbs,
    add_json,
    add_model,
    add_resolution,
    add_verb,
    answer_json,
    printable,
    say,
    say_skipped,
)
from afloc_desktop.cli.exporting import Export, known_formats
from afloc_desktop.cli.slides import SlideOptions, add_slides, localize_slide

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from afloc_desktop.core.domain import Image, ImageRef, Listing, Prompt, Series, Skipped
    from afloc_desktop.core.export.overlay import Picture
    from afloc_desktop.core.export.results import Answer, ResultsFolder
    from afloc_desktop.core.localize import Localizer


def add_verbs(verbs: Verbs) -> None:
    """Register the verbs of this module."""
    parser = add_verb(
        verbs,
        "localize",
        "where findings are, as files",
        'afloc localize /data/study --finding "right pleural effusion" --output results',
    )
    parser.add_argument("paths", metavar="PATH", nargs="+", type=Path, help="files or folders")
    asked = parser.add_argument_group("what to look for (at least one)")
    asked.add_argument("--finding", metavar="TEXT", action="append", default=[], help="repeatable")
    asked.add_argument("--all", action="store_true", help="every finding the bundle knows")
    asked.add_argument("--report", metavar="FILE", type=Path, help="each sentence of a text file")
    add_model(parser)
    add_resolution(parser)
    add_slides(parser)
    parser.add_argument("--output", metavar="DIR", type=Path, required=True)
    parser.add_argument(
        "--formats",
        metavar="LIST",
        default="json,npz,png",
        help="of json, npz, png, csv, pdf (one page a study) and, as DICOM, seg, fractional-seg, "
        "sr, sc, gsps, or an installed exporter plugin; with commas (default: json,npz,png)",
    )
    parser.add_argument(
        "--deidentify",
        action="store_true",
        help="leave out patient, reader, paths, typed words and original UIDs",
    )
    add_json(parser)
    parser.set_defaults(run=_localize)


def _localize(chosen: argparse.Namespace) -> int:
    formats = frozenset(filter(None, chosen.formats.split(",")))
    known = known_formats(formats)
    if not formats <= set(known):
        unknown = ", ".join(sorted(formats - set(known)))
        say(f"afloc localize: unknown format: {unknown}; there are {', '.join(known)}")
        return NOTHING_DONE
    if not (chosen.finding or chosen.all or chosen.report):
        say("afloc localize: say what to look for: --finding, --all or --report")
        return NOTHING_DONE
    if any(not words.strip() for words in chosen.finding):
        say("afloc localize: --finding needs words")
        return NOTHING_DONE
    _refuse_output_in_source(chosen.paths, chosen.output)
    chosen.slides = SlideOptions(chosen.region, chosen.um_per_pixel, chosen.resume)
    prompts = [*_typed(chosen.finding), *(_sentences(chosen.report) if chosen.report else [])]
    return _run(chosen, chosen.paths, prompts, formats)


def run_demo(chosen: argparse.Namespace) -> int:
    """The sample study with its default findings, as files and one page."""
    from afloc_desktop.state.models import sample_study

    chosen.all = chosen.deidentify = False
    chosen.resolution, chosen.slides = "standard", SlideOptions()
    return _run(chosen, [sample_study()], None, frozenset(("json", "npz", "png", "csv")))


def _run(
    chosen: argparse.Namespace,
    paths: Sequence[Path],
    prompts: list[Prompt] | None,
    formats: frozenset[str],
) -> int:
    """Localize `prompts` (None: each bundle's defaults, and a page) in every film below `paths`."""
    from afloc_desktop.core.dicom.scan import scan
    from afloc_desktop.core.export.results import ResultsFolder

    started = time.monotonic()
    listing = scan(paths)
    if not listing.images:
        say_skipped(listing.skipped)
        say("afloc: no film was found")
        return NOTHING_DONE
    models = Models(chosen, partial(_asked, prompts, chosen.all))
    results = ResultsFolder.cleared(chosen.output, formats)
    page = None if prompts is not None else _Page()
    export = Export(formats, chosen.output, is_deidentified=chosen.deidentify)
    skipped = _all_films(listing, models, (results, export), page, chosen.slides)
    document = results.finish(export.hidden(skipped))
    if page is not None:
        page.write(chosen.output / "page.png")
    say_skipped(skipped)
    asked = [len(image["findings"]) for image in document["images"]]
    say(f"{_counts(asked)}, {time.monotonic() - started:.1f} s, in {chosen.output}")
    if chosen.json:
        answer_json(document)
    if not asked:
        return NOTHING_DONE
    return SOME_FAILED if skipped else DONE


def _asked(prompts: list[Prompt] | None, is_all: bool, localizer: Localizer) -> list[Prompt]:
    """What a model is asked: the words of the reader, and findings of its own.

    Raises:
        BundleMissing: There is nothing to ask.
    """
    from afloc_desktop.core.errors import BundleMissing

    asked = list(prompts or [])
    if is_all or prompts is None:
        asked += _presets(f.label for f in localizer.manifest.findings if is_all or f.is_default)
    if not asked:
        raise BundleMissing("The bundle names no default finding.", remedy="Use --finding.")
    return asked


def _counts(asked: list[int]) -> str:
    """How many films, and how many findings on each; images of two kinds have two numbers."""
    findings = sorted(set(asked)) or [0]
    each = " or ".join(map(str, findings[:-1])) + " or " if len(findings) > 1 else ""
    return f"{_counted(len(asked), 'image')}, {each}{_counted(findings[-1], 'finding')} each"


def _counted(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def _all_films(
    listing: Listing,
    models: Models,
    output: tuple[ResultsFolder, Export],
    page: _Page | None,
    slides: SlideOptions,
) -> list[Skipped]:
    """Answer every film and slide; one that fails costs itself."""
    skipped = list(listing.skipped)
    for study in listing.studies:
        for series in study.series:
            if series.is_slide:
                skipped += _one_slide(series, models, output, slides)
            elif not series.is_result:
                for ref in series.images:
                    skipped += _one_film(ref, series, models, output, page)
        skipped += output[1].write_study()
    return skipped


def _one_slide(
    series: Series, models: Models, output: tuple[ResultsFolder, Export], options: SlideOptions
) -> list[Skipped]:
    from afloc_desktop.core.domain import Skipped
    from afloc_desktop.core.errors import BundleMissing

    try:
        asked = models.for_kind("histo")
    except BundleMissing as error:
        first = series.images[0]
        return [Skipped(first.path, error.reason, error.remedy, first.member)]
    return localize_slide(series, asked.localizer, asked.prompts, output, options)


def _one_film(
    ref: ImageRef,
    series: Series,
    models: Models,
    output: tuple[ResultsFolder, Export],
    page: _Page | None,
) -> list[Skipped]:
    """Answer a film; gives back what failed."""
    from afloc_desktop.core.dicom.read import read
    from afloc_desktop.core.domain import Skipped
    from afloc_desktop.core.errors import BundleMissing, InputError
    from afloc_desktop.core.export.results import answer_prompt
    from afloc_desktop.state.gate import check_kind, kind_of

    try:
        image = read(ref)
        asked = models.for_kind(kind_of(image, series))
        image = check_kind(image, asked.localizer.manifest.modality, series)
    except (InputError, BundleMissing) as error:
        return [Skipped(ref.path, error.reason, error.remedy)]
    for warning in image.warnings:
        say(f"warning {printable(str(ref.path))}: {warning}")
    results, export = output
    answers = [answer_prompt(asked.localizer, image, prompt) for prompt in asked.prompts]
    written, problems = export.write(image, answers)
    results.add(*export.hide(image, asked.localizer, answers), written)
    if page is not None:
        page.add(image, answers)
    return problems


class _Page:
    """The demo's picture: each film beside what stands out most in it."""

    def __init__(self) -> None:
        self._panels: list[Picture] = []

    def add(self, image: Image, answers: list[Answer]) -> None:
        import PIL.Image

        from afloc_desktop.core.dicom.display import first_choice, render
        from afloc_desktop.core.export.overlay import draw_film, draw_finding

        grey = render(image, first_choice(image))
        # By how far each exceeds its own threshold: similarities of two findings do not compare.
        best = max(answers, key=lambda a: a.finding.similarity - a.finding.threshold)
        aspect, label = image.pixel_aspect, best.question.label
        shown = draw_finding(grey, best.heatmap, best.finding, label, pixel_aspect=aspect)
        plain = draw_film(grey, aspect)
        framed = PIL.Image.new("RGB", shown.size, (24, 26, 30))
        framed.paste(plain, (0, (shown.height - plain.height) // 2))
        self._panels += [framed, shown]

    def write(self, path: Path) -> None:
        from afloc_desktop.core.export.atomic import write_atomically
        from afloc_desktop.core.export.overlay import draw_page, to_png

        page = draw_page("AFLoc Desktop: the sample study", self._panels, columns=2)
        write_atomically(path, to_png(page))


def _typed(findings: Sequence[str]) -> list[Prompt]:
    from afloc_desktop.core.domain import Prompt

    return [Prompt(words, "typed") for words in findings]


def _presets(labels: Iterable[str]) -> list[Prompt]:
    from afloc_desktop.core.domain import Prompt

    return [Prompt(label, "preset") for label in labels]


def _sentences(report: Path) -> list[Prompt]:
    """The sentences of a report that say something is there; negated ones are named and left."""
    from afloc_desktop.core.domain import Prompt
    from afloc_desktop.core.errors import UnreadableFile
    from afloc_desktop.core.sentences import split_sentences
    from afloc_desktop.core.wording import is_negated

    try:
        text = report.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(
            f"The report {report.name} cannot be read as UTF-8 text.",
            remedy="Save it as plain text in UTF-8.",
        ) from error
    prompts = []
    for words in split_sentences(text):
        if is_negated(words):
            say("one sentence of the report says something is absent; it is not asked")
        else:
            prompts.append(Prompt(words, "report"))
    return prompts


def _refuse_output_in_source(paths: Sequence[Path], output: Path) -> None:
    from afloc_desktop.core.errors import ExportError

    target = output.resolve()
    for path in paths:
        if path.is_dir() and target.is_relative_to(path.resolve()):
            raise ExportError(
                "The output folder lies inside the study's folder, which is never written to.",
                remedy="Choose an --output folder elsewhere.",
            )
