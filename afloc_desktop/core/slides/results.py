"""What `results.json` says about a slide, and the files beside it."""

from __future__ import annotations

import io
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from afloc_desktop.core.export.names import safe_name
from afloc_desktop.core.export.overlay import to_png
from afloc_desktop.core.export.results import finding_entry, image_entry, table_rows
from afloc_desktop.core.slides.answers import over_slide, spacing_of
from afloc_desktop.core.slides.pictures import draw_evidence, draw_view

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.export.results import Answer, ResultsFolder
    from afloc_desktop.core.slides.answers import Evidence, SlideAnswer
    from afloc_desktop.core.slides.runs import SlideRun


def write_slide(
    results: ResultsFolder,
    run: SlideRun,
    view: Image,
    answers: Sequence[tuple[SlideAnswer, Answer]],
    objects: Sequence[Path] = (),
) -> None:
    """Write the maps and pictures of a slide, and what is said of it.

    Args:
        results: Where to.
        run: What was looked at.
        view: As `seen_from_above` made it, or without what may not leave.
        answers: On the slide, each with the same in `view`, in the words that may leave.
        objects: What exporters wrote into the folder for it.

    Raises:
        ExportError: Something could not be written.
    """
    findings, rows = [], []
    for on_slide, in_view in answers:
        shown = in_view.finding
        finding = replace(on_slide.finding, prompt=shown.prompt, author=shown.author)
        statement = replace(in_view.statement, finding=finding)
        entry = finding_entry(statement, in_view.question.warnings)
        entry.update(_evidence(on_slide.evidence))
        entry.update(_files(results, run, view, on_slide, in_view))
        findings.append(entry)
        rows += table_rows(view, finding)
    _, example = answers[0]
    entry = image_entry(view, example.finding.provenance, findings)
    spacing, finest = spacing_of(run.slide), run.slide.levels[0]
    entry.update(
        rows=finest.rows,
        columns=finest.columns,
        spacing=None if spacing is None else asdict(spacing),
        slide=_looked(run),
    )
    results.put(entry, rows, objects)


def _files(
    results: ResultsFolder, run: SlideRun, view: Image, on_slide: SlideAnswer, in_view: Answer
) -> dict[str, str | None]:
    number = results.next_number()
    files: dict[str, str | None] = {"map": None}
    if "npz" in results.formats:
        files["map"] = results.write(f"maps/{number}.npz", _map_file(run, on_slide))
    if "png" in results.formats:
        name = f"{number}_{safe_name(in_view.finding.id, 'finding')}.png"
        picture = draw_view(view, in_view, on_slide.evidence)
        files["overlay"] = results.write(f"overlays/{name}", to_png(picture))
        page = draw_evidence(run.slide, on_slide, in_view.question.label, run.plan.tiling.level)
        files["windows_picture"] = results.write(f"windows/{name}", to_png(page))
    return files


def _map_file(run: SlideRun, answer: SlideAnswer) -> bytes:
    """The map over the whole slide, as of any image, and the parts it was made from."""
    whole, scale = over_slide(answer.map, run.slide)
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        map=whole,
        scale=np.array(scale),
        parts=answer.map.similarity,
        parts_scale=np.array(answer.map.scale),
        parts_origin=np.array(answer.map.origin),
    )
    return stream.getvalue()


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "windows": [{"box": list(t.box), "similarity": t.similarity} for t in evidence.top],
        "distribution": {
            "edges": [float(edge) for edge in evidence.edges],
            "counts": [int(count) for count in evidence.counts],
        },
    }


def _looked(run: SlideRun) -> dict[str, Any]:
    plan, tiling = run.plan, run.plan.tiling
    return {
        "levels": len(run.slide.levels),
        "region": None if plan.region is None else list(plan.region),
        "window": tiling.side,
        "margin": tiling.margin,
        "um_per_pixel": tiling.um,
        "windows": run.total,
        "looked": run.done,
        "without_tissue": plan.empty,
    }
