"""MODEL_CARD.md: what the model is, what it was measured to do, and what it cannot do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.core.model.manifest import Figure
from afloc_training.thresholds import SPECIFICITY, mean_auroc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from afloc_desktop.core.evaluate import Report, Row
    from afloc_desktop.core.label_figures import LabelRow
    from afloc_desktop.core.metrics import Interval
    from afloc_desktop.core.model.manifest import Manifest
    from afloc_desktop.core.word_figures import WordFigures
    from afloc_training.described import Source
    from afloc_training.recipe import FitSettings
    from afloc_training.thresholds import Threshold

DEV = "NIH ChestX-ray14 and RSNA boxes, dev split"
_MEASURES = ("pointing", "iou", "cnr")


@dataclass(frozen=True, slots=True)
class Training:
    """What the card says of the training.

    Attributes:
        real_films: Labelled films seen.
        painted_films: Films from the synthesiser.
        held_out_films: Patient-disjoint, for thresholds.
        fit: Settings of the recipe.
        sources: Of the films with a text of their own.
        telling_films: Those of them whose text states a finding that is taught.
        own_sentences: Sentences of those texts that were taught as they are.
    """

    real_films: int
    painted_films: int
    held_out_films: int
    fit: FitSettings
    sources: Sequence[Source] = ()
    telling_films: int = 0
    own_sentences: int = 0


def figures(report: Report) -> tuple[Figure, ...]:
    """The measured numbers for the manifest: the model's, and the baselines' macro."""
    found: list[Figure] = []
    rows = [("", row) for row in (report.macro, *report.rows)]
    rows += [(f"{baseline.name} ", baseline.macro) for baseline in report.baselines]
    for prefix, row in rows:
        if row is not None:
            for measure in _MEASURES:
                interval: Interval = getattr(row, measure)
                found.append(_figure(f"{prefix}{row.label} {measure}", interval, row.cases))
    for label in report.labels:
        for name, interval in _presence(label).items():
            found.append(_figure(f"{label.label} {name}", interval, label.films))
    if report.words is not None:
        found += _of_words(report.words)
    return tuple(figure for figure in found if math.isfinite(figure.value))


def _presence(row: LabelRow) -> dict[str, Interval]:
    """The intervals of a row that there are, by what they measure."""
    measured = {
        "AUROC": row.against_others,
        "AUROC against No Finding": row.against_no_finding,
        "sensitivity": row.sensitivity,
        "specificity on No Finding": row.specificity,
        "Brier score": row.reliability and row.reliability.brier,
        "calibration error": row.reliability and row.reliability.error,
        "calibration slope": row.reliability and row.reliability.slope,
    }
    return {name: interval for name, interval in measured.items() if interval}


def _of_words(words: WordFigures) -> Iterator[Figure]:
    yield _figure("correlation of five phrasings", words.phrasing, words.films)
    yield _figure("unrelated texts above threshold", words.above, words.films)
    yield _figure("unrelated texts called present", words.present, words.films)
    if words.side:
        cases = words.side.cases
        yield _figure("pointing, correct side named", words.side.correct, cases)
        yield _figure("pointing, wrong side named", words.side.wrong, cases)
        yield _figure("pointing, correct less wrong side", words.side.difference, cases)
        yield _figure("maps on the named side", words.side.moved, cases)


def _figure(name: str, interval: Interval, cases: int) -> Figure:
    return Figure(
        name, float(interval.value), float(interval.low), float(interval.high), cases, DEV
    )


def localization_table(report: Report) -> list[str]:
    """Rows of a table: the model beside its baselines, on the same cases."""
    names = [f"{baseline.name}: pointing / IoU / CNR" for baseline in report.baselines]
    heads = ["finding", "cases", "pointing", "IoU", "CNR", *names]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    if report.macro is not None:
        lines.append(_row(report.macro, [baseline.macro for baseline in report.baselines]))
    for number, row in enumerate(report.rows):
        lines.append(_row(row, [baseline.rows[number] for baseline in report.baselines]))
    return lines


def _row(model: Row, baselines: Sequence[Row | None]) -> str:
    cells = [model.label, str(model.cases), *(cell(getattr(model, m)) for m in _MEASURES)]
    for baseline in baselines:
        values = (getattr(baseline, m).value for m in _MEASURES) if baseline else ()
        cells.append(" / ".join(f"{value:.2f}" for value in values))
    return f"| {' | '.join(cells)} |"


def cell(interval: Interval) -> str:
    """A value with its interval."""
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def presence_table(report: Report) -> list[str]:
    """Rows of a table: what the highest similarity on a film tells of the whole film."""
    lines = [
        "| label | positive films | AUROC against all others | against No Finding | "
        "sensitivity at the threshold | specificity on No Finding |",
        f"|{'---|' * 6}",
    ]
    for row in report.labels:
        others = (row.against_no_finding, row.sensitivity, row.specificity)
        cells = [row.label, str(row.positives), cell(row.against_others)]
        cells += ["" if interval is None else cell(interval) for interval in others]
        lines.append(f"| {' | '.join(cells)} |")
    macros = [("mean of eight", report.labels_macro)]
    macros += [(f"mean of eight, {b.name}", b.labels_macro) for b in report.baselines]
    for name, area in macros:
        if area is not None:
            lines.append(f"| {name} | | {area:.3f} | | | |")
    return lines


def reliability_table(report: Report) -> list[str]:
    """Rows of a table: whether stated probabilities are right; none without calibration."""
    lines = [
        "| label | Brier score | calibration error | calibration slope |",
        f"|{'---|' * 4}",
    ]
    for row in report.labels:
        if row.reliability:
            measured = (row.reliability.brier, row.reliability.error, row.reliability.slope)
            lines.append(f"| {row.label} | {' | '.join(map(cell, measured))} |")
    return lines if len(lines) > 2 else []


def word_tables(words: WordFigures) -> list[str]:
    """What other words do to a map, in sentences and one table."""
    lines = [
        f"- Unrelated texts ({len(words.unrelated)}: everyday, other medicine, gibberish) reach "
        f"the threshold for typed words on {cell(words.above)} of {words.films} films; after the "
        f"bundle judged whether the words are about a film, {cell(words.present)} are called "
        "present. Those that still are: "
        + (", ".join(f'"{row.text}"' for row in words.unrelated if row.present) or "none")
        + ".",
        f"- {words.admitted:.1%} of the phrasings below count as being about a film.",
    ]
    if words.side:
        lines.append(
            f"- Named side, {words.side.cases} findings with boxes on one side: pointing "
            f"{cell(words.side.correct)} with the correct side, {cell(words.side.wrong)} with "
            f"the wrong one, difference {cell(words.side.difference)}. "
            f"{cell(words.side.moved)} of the maps have their highest place on the named side."
        )
    lines += [
        f"- Five phrasings that stand in no prompt give maps that correlate {cell(words.phrasing)}"
        " on average:",
        "",
        "| finding | correlation of five phrasings |",
        "|---|---|",
    ]
    return lines + [f"| {row.label} | {cell(row.correlation)} |" for row in words.phrasings]


def threshold_table(thresholds: Sequence[Threshold]) -> list[str]:
    """Rows of a table: every threshold and its reason."""
    lines = [
        "| finding | threshold | held-out positives | sensitivity | held-out AUROC | "
        "calibrated to a share of |",
        f"|{'---|' * 6}",
    ]
    for t in thresholds:
        judged = ["", ""] if t.auroc is None else [f"{t.sensitivity:.2f}", f"{t.auroc:.2f}"]
        judged.append(f"{t.calibration.prevalence:.2f}" if t.calibration else "")
        lines.append(f"| {t.finding} | {t.value:.3f} | {t.positives} | {' | '.join(judged)} |")
    return lines


def card(
    manifest: Manifest,
    training: Training,
    thresholds: Sequence[Threshold] = (),
    report: Report | None = None,
) -> str:
    """The whole card, Markdown."""
    lines = list(_what_it_is(manifest, training))
    if report is not None:
        lines += _figures(report)
    if thresholds:
        lines += _thresholds(thresholds)
    lines += _limits(manifest)
    return "\n".join(lines) + "\n"


def _what_it_is(manifest: Manifest, training: Training) -> Iterator[str]:
    fit = training.fit
    side, cells = manifest.preprocess.side, manifest.heatmap.grid
    end_to_end = (
        f", then {fit.end_to_end_steps} steps with its blocks 7 to 17 trained"
        if fit.end_to_end_steps
        else ""
    )
    yield from (
        f"# {manifest.title} ({manifest.id} {manifest.version})",
        "",
        "**Research use only.** Not a medical device; no output may guide the care of a patient.",
        "",
        "## What it is",
        "Two small networks that place films and words in one space. The cosine between a place on",
        "the film and the words is shown as a heatmap. It is a similarity, not a probability.",
        "",
        "- Image: MobileNetV2 (ImageNet weights of torchvision, BSD-3-Clause) and a trained",
        f"  adapter, input {side} x {side}, answer on a grid of {cells} x {cells}.",
        "- Text: MiniLM-L6 (Apache-2.0), frozen, and a trained head; stored in 8 bits.",
        f"- Training: {fit.frozen_steps} steps of {fit.batch} films with the image trunk frozen"
        f"{end_to_end}.",
        "",
        "## What it learned from",
        f"- {training.real_films} labelled films of the training split of NIH ChestX-ray14",
        "  (NIH Clinical Center; Wang et al., CVPR 2017; unrestricted use with attribution), and",
        f"  {training.painted_films} synthetic films: lesions painted by a program on those films.",
        "- It is **synthetic-lesion supervised**: where a painted lesion lies is known and taught.",
        "  No outline or box drawn by a person was used. This differs from AFLoc, which learns",
        "  from image and report alone.",
        *_texts(training),
        f"- {training.held_out_films} films of other patients of the training split were held out;",
        "  thresholds were chosen on them.",
        "",
        f"Licence of the weights: {manifest.licence}",
        "",
    )


def _texts(training: Training) -> Iterator[str]:
    if not training.sources:
        yield "- All text is **templated** from labels and from what was painted; no report was"
        yield "  read."
        return
    films = sum(source.films for source in training.sources)
    yield from (
        f"- {films} films with a text of their own, notes or questions and answers, read by the",
        f"  rules that read a site's reports; {training.telling_films} of them state a finding "
        "that is taught or deny one.",
        "  What a text does not mention counts as unknown. The licence of every film and text was",
        "  checked:",
    )
    for source in training.sources:
        links = ", ".join(f"<{link}>" for link in source.links)
        yield f"  - {source.films} of {source.name}, {source.licence}: {links}"
    yield from (
        f"- {training.own_sentences} sentences of those texts, which state one thing each, were "
        "taught as they are;",
        "  all other text is **templated** from labels and from what was painted.",
    )


def _figures(report: Report) -> Iterator[str]:
    yield from (
        "## What was measured",
        f"Data: {DEV}; boxes are used here only. Class prompts, AFLoc's protocol (224 map, margin",
        "14, IoU averaged over thresholds .1 to .5, signed CNR). Percentile bootstrap of patients,",
        "1,000 draws. The recipe and the sharpness of the smoothing go back to experiments that",
        "looked at this split: expect slightly less elsewhere. The mean region is drawn from the",
        "boxes of other patients, which no model without annotation has.",
        "",
        *localization_table(report),
        "",
        "Presence, from the highest similarity on the film. NIH's normal films come mostly from",
        "one source, so the figures against No Finding flatter.",
        "",
        *presence_table(report),
        "",
    )
    reliable = reliability_table(report)
    if reliable:
        yield from (
            "Probability, where the model is calibrated for a finding. It was fitted on held-out",
            "patients and holds for films with the share of the finding that the table of",
            "thresholds names; where the finding is rarer, it is too high.",
            "",
            *reliable,
            "",
        )
    if report.words is not None:
        yield from ("Words.", "", *word_tables(report.words), "")


def _thresholds(thresholds: Sequence[Threshold]) -> Iterator[str]:
    area = mean_auroc(thresholds)
    yield from (
        "## Thresholds",
        f"Each keeps {SPECIFICITY:.0f} % of the held-out films without the label below it.",
        "With fifteen positives or more a logistic curve (Platt) gives a probability besides.",
        "Mean held-out AUROC of the findings with eight positives or more: "
        f"{'none' if area is None else f'{area:.3f}'}. Labels are text-mined and noisy.",
        "",
        *threshold_table(thresholds),
        "",
    )


def _limits(manifest: Manifest) -> Iterator[str]:
    yield from (
        "## What it cannot do",
        "- Weak: small nodules, pneumothorax, small effusions. For them the program paints fine",
        "  nodules, thin apical lines, lateral and supine effusions, and smooths their maps less;",
        "  most small nodules are still missed, and painted pneumothoraces do not carry over to",
        "  real ones: do not rely on either.",
        '- The networks hardly tell "left" from "right". A side in a prompt is read by a rule,',
        '  which lowers the other half of the map; degrees such as "small" are read and not used.',
        "- Negations are not understood: the map shows what is negated, and it is never called",
        "  present. Neither is a finding that was not taught, nor words about something else, as",
        "  far as the model can tell: words that sound like a finding elsewhere in the body pass.",
        f"- A grid cell is 1/{manifest.heatmap.grid} of the film: outlines are coarse.",
        "- Emphysema, fibrosis, pleural thickening and hernia were learned from whole-film labels",
        "  only, devices from drawings of tubes only: their maps are not supported.",
        "- Not for children, lateral films, or anything but frontal chest films of adults.",
        "- Absent findings can still score above their threshold; a map always shows some highest",
        "  place.",
        "",
        "## Reproducing it",
        "`afloc-train default-bundle` with the recipe `default-cxr.toml` rebuilds it; seeds",
        "are fixed. On one machine everything but the creation time is meant to come out equal;",
        "another processor or thread count changes sums in their last digits, and so the weights.",
    )
