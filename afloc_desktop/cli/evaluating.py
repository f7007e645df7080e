"""`afloc evaluate`: how good a model is on films with known regions."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from afloc_desktop.cli.choosing import open_for
from afloc_desktop.cli.common import (
    DONE,
    NOTHING_DONE,
    Verbs,
    add_json,
    add_model,
    add_resolution,
    add_verb,
    answer,
    answer_json,
    say,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from afloc_desktop.core.evaluate import Report, Row
    from afloc_desktop.core.label_figures import LabelRow
    from afloc_desktop.core.metrics import Interval
    from afloc_desktop.core.regions import RegionCase
    from afloc_desktop.core.word_figures import WordFigures
    from afloc_desktop.state.gate import Kind


def add_verbs(verbs: Verbs) -> None:
    """Register the verb of this module."""
    parser = add_verb(
        verbs,
        "evaluate",
        "localization figures on films with known regions, with bootstrap intervals",
        "afloc evaluate --regions regions.csv --images images --labels nih.csv --split dev",
    )
    parser.add_argument("--regions", metavar="CSV", type=Path, required=True)
    parser.add_argument("--images", metavar="DIR", type=Path, required=True)
    parser.add_argument("--labels", metavar="CSV", type=Path, help="image, labels: for AUROC")
    parser.add_argument("--split", metavar="NAME", help="only images of this split of --labels")
    parser.add_argument(
        "--words", action="store_true", help="also other phrasings, unrelated texts, named sides"
    )
    parser.add_argument("--protocol", choices=("afloc", "cheXlocalize"), default="afloc")
    add_model(parser)
    add_resolution(parser)
    add_json(parser)
    parser.set_defaults(run=_evaluate)


def _evaluate(chosen: argparse.Namespace) -> int:
    from afloc_desktop.core.evaluate import evaluate, with_words
    from afloc_desktop.core.regions import read_cases, read_labels

    labels = read_labels(chosen.labels, chosen.split) if chosen.labels else {}
    if chosen.split and not chosen.labels:
        say("afloc evaluate: --split needs --labels")
        return NOTHING_DONE
    cases = read_cases(chosen.regions, set(labels) if labels else None)
    localizer = open_for(chosen, None if chosen.bundle else _kind(chosen.images, cases))

    def progress(done: int, total: int) -> None:
        if done % 50 == 0 or done == total:
            say(f"{done} of {total} films")

    report = evaluate(
        localizer,
        cases,
        images=chosen.images,
        labels=labels,
        protocol=chosen.protocol,
        progress=progress,
    )
    if chosen.words:
        report = with_words(
            report, localizer, cases, images=chosen.images, labels=labels, progress=progress
        )
    if chosen.json:
        answer_json(report)
    else:
        answer(format_report(report))
    return DONE if report.rows or report.labels else NOTHING_DONE


def _kind(images: Path, cases: list[RegionCase]) -> Kind | None:
    """Of the images of a table: that of the first one; None where there is none to be read."""
    from afloc_desktop.core.errors import InputError
    from afloc_desktop.core.picture import read_picture
    from afloc_desktop.state.gate import kind_of

    for case in cases[:1]:
        with suppress(InputError):  # the evaluation itself says what is wrong with it
            return kind_of(read_picture(images / case.image), None)
    return None


def format_report(report: Report) -> str:
    """The figures as a table, the baselines below each row."""
    lines = [
        f"{report.bundle_id}, protocol {report.protocol}; value [95 % bootstrap of patients]",
        f"{'':30} {'cases':>5}  {'pointing':22} {'IoU':22} {'Dice':22} {'CNR':22} JAFROC",
    ]
    for number, row in enumerate(report.rows):
        lines.append(_line(row.label, row))
        lines += [_line(f"  {b.name}", b.rows[number]) for b in report.baselines]
    if report.macro:
        lines.append(_line(report.macro.label, report.macro))
        lines += [_line(f"  {b.name}", b.macro) for b in report.baselines if b.macro]
    lines += [line for label in report.labels for line in _label_lines(label)]
    if report.labels_macro is not None:
        lines.append(f"{'macro-8':30} {'':5}  AUROC {report.labels_macro:.3f}")
        lines += [
            f"{'  ' + b.name:30} {'':5}  AUROC {b.labels_macro:.3f}"
            for b in report.baselines
            if b.labels_macro is not None
        ]
    if report.not_asked:
        lines.append(f"not among the bundle's findings: {', '.join(report.not_asked)}")
    if report.words:
        lines += _word_lines(report.words)
    return "\n".join(lines)


def _label_lines(row: LabelRow) -> Iterator[str]:
    against = f"AUROC {_interval(row.against_others)} against all others"
    if row.against_no_finding:
        against += f", {_interval(row.against_no_finding)} against No Finding"
    yield f"{row.label:30} {row.positives:5}  {against}"
    if row.sensitivity and row.specificity:
        yield (
            f"{'  at its threshold':30} {'':5}  sensitivity {_interval(row.sensitivity)}, "
            f"specificity on No Finding {_interval(row.specificity)}"
        )
    if row.reliability:
        yield (
            f"{'  its probability':30} {'':5}  Brier {_interval(row.reliability.brier)}, "
            f"calibration error {_interval(row.reliability.error)}, "
            f"slope {_interval(row.reliability.slope)}"
        )


def _word_lines(words: WordFigures) -> Iterator[str]:
    yield f"words, on {words.films} films"
    for row in words.phrasings:
        yield f"{row.label:30} {'':5}  five phrasings correlate {_interval(row.correlation)}"
    yield f"{'  mean':30} {'':5}  five phrasings correlate {_interval(words.phrasing)}"
    yield f"phrasings that count as being about a film: {words.admitted:.1%}"
    for text in words.unrelated:
        if text.above:
            yield f"{text.text:48} above on {text.above:4.0%}, present on {text.present:4.0%}"
    yield (
        f"{len(words.unrelated)} unrelated texts: above the threshold on "
        f"{_interval(words.above)} of the films, called present on {_interval(words.present)}"
    )
    side = words.side
    if side:
        yield (
            f"named side, {side.cases} one-sided findings: pointing {_interval(side.correct)} with "
            f"the correct side, {_interval(side.wrong)} with the wrong one, difference "
            f"{_interval(side.difference)}; maps on the named side {_interval(side.moved)}"
        )


def _line(label: str, row: Row) -> str:
    intervals = (row.pointing, row.iou, row.dice, row.cnr, row.jafroc)
    figures = " ".join(f"{_interval(value):22}" for value in intervals if value is not None)
    return f"{label:30} {row.cases:5}  {figures}".rstrip()


def _interval(value: Interval) -> str:
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"
