"""MODEL_CARD.md of the default fundus bundle: what it is, what was measured, what it cannot do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.core.model.manifest import Figure
from afloc_training.fundus.network import GRID
from afloc_training.manifests import Statement
from afloc_training.model_card import cell, localization_table
from afloc_training.thresholds import SPECIFICITY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from afloc_desktop.core.evaluate import Report, Row
    from afloc_desktop.core.metrics import Interval
    from afloc_desktop.core.model.manifest import Manifest
    from afloc_training.fundus.fit import EyeFit
    from afloc_training.thresholds import Threshold

_LICENCE = (
    "Apache-2.0. Built on torchvision's MobileNetV2 weights (BSD-3-Clause) and MiniLM-L6 "
    "(Apache-2.0)."
)
_DATA = (
    "Graded photographs of IDRiD (Porwal et al., 2018), CC BY 4.0, without those that people "
    "outlined. Synthetic-lesion supervised: lesions painted on eyes without retinopathy. Text "
    "templated from grades and painted facts. No mask drawn by a person, no report."
)
_INTENDED_USE = (
    "Research and teaching: showing where a fundus photograph resembles a lesion of diabetic "
    "retinopathy named in words. Research use only: not for diagnosis or screening."
)
STATEMENT = Statement("fundus", GRID, 2.0, _LICENCE, _DATA, _INTENDED_USE)
_OUTLINED = "IDRiD, 65 outlined photographs"
_GRADED = "IDRiD, graded photographs of its test split"
_CHOSEN = (
    "judged by looking at some of these photographs, and two networks with this grid were",
    "measured on them; the smoothing was chosen on painted eyes: expect slightly less elsewhere.",
)
_MEASURES = ("pointing", "iou", "dice", "cnr")


@dataclass(frozen=True, slots=True)
class Training:
    """What the card says of the training.

    Attributes:
        real: Graded photographs seen.
        held_out: Graded photographs for thresholds.
        copies: Photographs left out because people outlined them.
        fit: Settings of the recipe.
    """

    real: int
    held_out: int
    copies: int
    fit: EyeFit


def figures(report: Report, finer: Sequence[Row] = ()) -> tuple[Figure, ...]:
    """The measured numbers for the manifest, the baselines' beside the model's.

    Args:
        report: At the network's own resolution.
        finer: In tiles.
    """
    rows = [("", row) for row in report.rows] + [("tiled ", row) for row in finer]
    rows += [(f"{b.name} ", row) for b in report.baselines for row in b.rows]
    found = [
        _figure(f"{prefix}{row.label} {measure}", getattr(row, measure), row.cases, _OUTLINED)
        for prefix, row in rows
        for measure in _MEASURES
    ]
    found += [
        _figure(f"{row.label} AUROC", row.against_others, row.films, _GRADED)
        for row in report.labels
    ]
    return tuple(figure for figure in found if math.isfinite(figure.value))


def _figure(name: str, interval: Interval, cases: int, data: str) -> Figure:
    return Figure(name, float(interval.value), float(interval.low), float(interval.high), cases,
                  data)  # fmt: skip


def tables(report: Report) -> Iterator[str]:
    """Where, and whether at all."""
    yield from localization_table(report)
    yield ""
    yield "| finding | Dice |"
    yield "|---|---|"
    for row in report.rows:
        yield f"| {row.label} | {cell(row.dice)} |"
    if not report.labels:
        return
    yield ""
    yield "| label | positive eyes of all | zero-shot AUROC |"
    yield "|---|---|---|"
    for label in report.labels:
        share = f"{label.positives} of {label.films}"
        yield f"| {label.label} | {share} | {cell(label.against_others)} |"


def card(
    manifest: Manifest,
    training: Training,
    thresholds: Mapping[str, Threshold] | None = None,
    report: Report | None = None,
    finer: Sequence[Row] = (),
) -> str:
    """The whole card, Markdown; of what is not known yet there is nothing in it."""
    lines = list(_what_it_is(manifest, training))
    if report is not None:
        lines += _measured(report)
        lines += finer_table(finer)
    if thresholds:
        lines += _thresholds(thresholds)
    lines += _LIMITS.strip().splitlines()
    return "\n".join(lines) + "\n"


def _what_it_is(manifest: Manifest, training: Training) -> Iterator[str]:
    fit = training.fit
    side, cells = manifest.preprocess.side, manifest.heatmap.grid
    steps = f"- Training: {fit.steps} steps of {fit.batch} eyes"
    yield from (
        f"# {manifest.title} ({manifest.id} {manifest.version})",
        "",
        "**Research use only.** Not a medical device; no output may guide the care of a patient.",
        "",
        "## What it is",
        "Two small networks that place fundus photographs and words in one space. The cosine",
        "between a place on the retina and the words is shown as a heatmap. It is a similarity,",
        "not a probability.",
        "",
        "- Image: MobileNetV2 (ImageNet weights of torchvision, BSD-3-Clause), frozen, and a",
        f"  trained adapter; colour input {side} x {side}, answer on a grid of {cells} x {cells}.",
        "- Text: MiniLM-L6 (Apache-2.0), frozen, and a trained head; stored in 8 bits.",
        f"{steps}, half of them painted; a good third of the",
        "  views are parts of a photograph, one and a half times as large, as tiles show them.",
        "",
        "## What it learned from",
        f"- {training.real} graded photographs of IDRiD (Porwal et al., 2018, CC BY 4.0; one",
        f"  camera, one clinic in India), and {fit.painted} synthetic ones: lesions painted by a",
        "  program on photographs without retinopathy. They are 512 pixels wide.",
        "- It is **synthetic-lesion supervised**: where a painted lesion lies is known and taught.",
        "  No mask drawn by a person was used. This differs from AFLoc, which learns from image",
        "  and report alone.",
        "- The optic disc is taught from the bright round spot a program finds.",
        "- All text is **templated** from grades and from what was painted; no report was read.",
        f"- {training.copies} graded photographs were left out: they are the ones that people",
        "  outlined, under other names, on which it is measured below.",
        f"- {training.held_out} photographs were held out; thresholds were chosen on them.",
        "",
        f"Licence of the weights: {manifest.licence}",
        "",
    )


def _measured(report: Report) -> Iterator[str]:
    yield from (
        "## What was measured",
        f"Where: {_OUTLINED}, of the same camera as the training; masks are used here only.",
        "AFLoc's protocol (224 map, margin 14, IoU and Dice averaged over thresholds .1 to .5,",
        "signed CNR). Microaneurysms smaller than half a pixel of 224 drop out of it. Percentile",
        "bootstrap of photographs, 1,000 draws. The mean region is drawn from the masks of the",
        "other photographs, which no model without annotation has. How lesions are painted was",
        *_CHOSEN,
        f"Whether at all: {_GRADED}; by the highest similarity on the photograph.",
        "",
        *tables(report),
        "",
        "AFLoc's authors report IoU .189, Dice .282, CNR .92 on other photographs.",
        "",
    )


def finer_table(rows: Sequence[Row]) -> Iterator[str]:
    """Where, in tiles."""
    yield from (
        "In tiles (`--resolution tiled`: the whole and four parts that overlap, one and a half",
        "times as fine), on the same photographs:",
        "",
        "| finding | pointing | IoU | Dice | CNR |",
        "|---|---|---|---|---|",
    )
    for row in rows:
        cells = (cell(getattr(row, measure)) for measure in _MEASURES)
        yield f"| {row.label} | {' | '.join(cells)} |"
    yield ""


def _thresholds(thresholds: Mapping[str, Threshold]) -> Iterator[str]:
    yield from (
        "## Thresholds",
        f"Each keeps {SPECIFICITY:.0f} % of the held-out eyes without the finding below it. Where",
        "all of them have it, as the disc, or none is known to, it is the similarity at which the",
        "network holds a place for as likely as not.",
        "",
        "| finding | threshold | held-out positives | sensitivity | held-out AUROC |",
        f"|{'---|' * 5}",
    )
    for t in thresholds.values():
        judged = ["", ""] if t.auroc is None else [f"{t.sensitivity:.2f}", f"{t.auroc:.2f}"]
        yield f"| {t.finding} | {t.value:.3f} | {t.positives} | {' | '.join(judged)} |"
    yield ""


_LIMITS = """
## What it cannot do
- One camera, one clinic, one field (macula and disc): other cameras, ultra-wide fields, children,
  media opacities and angiograms were never seen.
- Microaneurysms are one to four pixels here: most are missed, the highest place lies on one in a
  minority of eyes, and what is marked may be a dot haemorrhage or the end of a vessel.
- Cotton wool spots, drusen and the sheen of a young retina look alike to it.
- New vessels, oedema, glaucoma, and everything else an eye can have were not taught.
- The grade comes from lesions alone; a normal-looking eye is not a healthy one.
- Right and left eye are not told apart, and no quadrant or distance from the macula is understood.
- Negations are not understood: the map shows what is negated, and it is never called present.
- Absent findings can still score above their threshold; a map always shows some highest place.

## Reproducing it
`afloc-train default-fundus` rebuilds it from the recipe `default-fundus.toml`; seeds are fixed.
Another processor changes sums in their last digits, and so the weights.
"""
