"""`results.json` and what stands beside it: map files, overlays, a table.

The shapes of these files are a promise to other programs: fields are added, never renamed.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from afloc_desktop import __version__
from afloc_desktop.core.dicom.display import first_choice, render
from afloc_desktop.core.export.atomic import make_folder, write_atomically
from afloc_desktop.core.export.overlay import draw_finding, to_png
from afloc_desktop.core.findings import propose, region_labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from afloc_desktop.core.domain import Finding, Heatmap, Image, Prompt, Skipped
    from afloc_desktop.core.localize import Localizer, Question

SCHEMA = 1
FORMATS = ("json", "npz", "png", "csv")
_COLUMNS = ("file", "frame", "finding", "prompt", "similarity", "threshold", "present")
_BOX_COLUMNS = ("x0", "y0", "x1", "y1")


@dataclass(frozen=True, slots=True)
class Answer:
    """One finding on one film, with the map it came from."""

    question: Question
    heatmap: Heatmap
    finding: Finding


def answer_prompt(
    localizer: Localizer,
    image: Image,
    prompt: Prompt,
    *,
    check: Callable[[], None] = lambda: None,
) -> Answer:
    """Ask a film one thing and keep all that belongs to the answer.

    Args:
        localizer: Answers.
        image: Any film.
        prompt: Any words.
        check: Called between the steps; may raise `Cancelled`.

    Raises:
        InferenceError: The model could not be run.
    """
    question = localizer.understand(prompt.words)
    heatmap = localizer.localize(image, prompt, check=check)
    provenance = localizer.provenance()
    finding = propose(heatmap, question, spacing=image.spacing, provenance=provenance)
    return Answer(question, heatmap, finding)


@dataclass(slots=True)
class ResultsFolder:
    """A folder that results are written into, film by film; `finish` completes it.

    Attributes:
        folder: Created if need be.
        formats: Of `FORMATS`; `results.json` is always written.
    """

    folder: Path
    formats: frozenset[str]
    _images: list[dict[str, Any]] = field(default_factory=list)
    _rows: list[list[object]] = field(default_factory=list)
    _maps: int = 0

    def add(self, image: Image, localizer: Localizer, answers: list[Answer]) -> None:
        """Write the maps and overlays of one film.

        Raises:
            ExportError: Something could not be written.
        """
        grey = render(image, first_choice(image)) if "png" in self.formats else None
        findings = []
        for answer in answers:
            self._maps += 1
            entry = _finding_entry(answer)
            entry["map"] = self._write_map(answer) if "npz" in self.formats else None
            if grey is not None:
                entry["overlay"] = self._write_overlay(grey, answer)
            findings.append(entry)
            self._rows += _table_rows(image, answer)
        self._images.append(_image_entry(image, localizer, findings))

    def finish(self, skipped: list[Skipped]) -> dict[str, Any]:
        """Write `results.json`, last, and the table; gives back what `results.json` says.

        Raises:
            ExportError: It could not be written.
        """
        document = {
            "schema": SCHEMA,
            "app_version": __version__,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "images": self._images,
            "skipped": [
                {"file": str(s.path), "reason": s.reason, "remedy": s.remedy} for s in skipped
            ],
        }
        if "csv" in self.formats:
            self._write("findings.csv", _table(self._rows))
        text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False)
        self._write("results.json", text.encode("utf-8", "backslashreplace"))
        return document

    def _write_map(self, answer: Answer) -> str:
        heatmap = answer.heatmap
        stream = io.BytesIO()
        np.savez_compressed(
            stream,
            map=heatmap.similarity,
            scale=np.array(heatmap.scale),
            regions=region_labels(heatmap, answer.finding),
        )
        return self._write(f"maps/{self._maps}.npz", stream.getvalue())

    def _write_overlay(self, grey: np.ndarray, answer: Answer) -> str:
        picture = draw_finding(grey, answer.heatmap, answer.finding, answer.question.label)
        # The id comes from a bundle's manifest: only what can do no harm in a file name.
        safe = "".join(c for c in answer.finding.id if c.isalnum() or c in "-_")[:40]
        return self._write(f"overlays/{self._maps}_{safe}.png", to_png(picture))

    def _write(self, name: str, data: bytes) -> str:
        path = self.folder / name
        make_folder(path.parent)
        write_atomically(path, data)
        return name


def _image_entry(image: Image, localizer: Localizer, findings: list[Any]) -> dict[str, Any]:
    return {
        "file": str(image.ref.path),
        "sop_instance_uid": image.ref.sop_instance_uid,
        "frame": image.ref.frame,
        "rows": image.rows,
        "columns": image.columns,
        "pixel_sha256": image.pixel_sha256,
        "spacing": asdict(image.spacing) if image.spacing else None,
        "warnings": list(image.warnings),
        "bundle": {"id": localizer.manifest.id, "sha256": localizer.bundle_sha256},
        "provider": localizer.provider,
        "findings": findings,
    }


def _finding_entry(answer: Answer) -> dict[str, Any]:
    finding, question = answer.finding, answer.question
    return {
        "id": finding.id,
        "label": question.label,
        "prompt": finding.prompt.words,
        "similarity": None if np.isnan(finding.similarity) else finding.similarity,
        "probability": finding.probability,
        "present": finding.is_present,
        "threshold": finding.threshold,
        "outline_level": finding.level,
        "peak": list(finding.peak) if finding.peak else None,
        "boxes": [list(region.box) for region in finding.regions],
        "areas_mm2": [region.area_mm2 for region in finding.regions],
        "notes": list(answer.heatmap.notes),
        "warnings": list(question.warnings),
        "status": finding.status,
    }


def _table_rows(image: Image, answer: Answer) -> list[list[object]]:
    """One row a region; one without a box where nothing is proposed."""
    finding = answer.finding
    start: list[object] = [
        str(image.ref.path),
        image.ref.frame,
        finding.id,
        finding.prompt.words,
        f"{finding.similarity:.4f}",
        f"{finding.threshold:.4f}",
        int(finding.is_present),
    ]
    boxes = [[f"{v:.1f}" for v in region.box] for region in finding.regions]
    return [[*start, *box] for box in boxes or [[""] * 4]]


def _table(rows: list[list[object]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow([*_COLUMNS, *_BOX_COLUMNS])
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    return stream.getvalue().encode("utf-8", "backslashreplace")


def _inert(cell: object) -> object:
    """Text that a spreadsheet would run as a formula, made plain."""
    if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r"):
        try:
            float(cell)
        except ValueError:
            return "'" + cell
    return cell
