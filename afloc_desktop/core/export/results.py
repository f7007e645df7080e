"""`results.json` and what stands beside it: map files, overlays, a table.

The shapes of these files are a promise to other programs: fields are added, never renamed.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from afloc_desktop import __version__
from afloc_desktop.core.dicom.display import first_choice, render
from afloc_desktop.core.export.atomic import check_held, make_folder, sweep, write_atomically
from afloc_desktop.core.export.names import safe_name
from afloc_desktop.core.export.overlay import draw_finding, to_png
from afloc_desktop.core.export.selection import Statement
from afloc_desktop.core.findings import propose, region_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import Finding, Heatmap, Image, Prompt, Provenance, Skipped
    from afloc_desktop.core.export.marks import Measured
    from afloc_desktop.core.export.selection import FilmResults
    from afloc_desktop.core.localize import Localizer
    from afloc_desktop.core.understanding import Question

SCHEMA = 1
FORMATS = ("json", "npz", "png", "csv")
_COLUMNS = ("file", "frame", "finding", "prompt", "similarity", "threshold", "present")
_BOX_COLUMNS = ("x0", "y0", "x1", "y1")
_MARK_COLUMNS = (
    "file",
    "frame",
    "mark",
    "kind",
    "what",
    "value",
    "unit",
    "basis",
    "text",
    "points",
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One finding on one film, with the map it came from."""

    question: Question
    heatmap: Heatmap
    finding: Finding

    @property
    def statement(self) -> Statement:
        """The finding as exporters take it."""
        return Statement(self.question.label, self.finding, self.heatmap)

    def restated(self, statement: Statement) -> Answer:
        """The same answer in other words, where those that were typed may not leave."""
        prompt = statement.finding.prompt
        question = replace(self.question, label=statement.label, prompt=prompt)
        heatmap = self.heatmap if statement.heatmap is None else statement.heatmap
        return Answer(question, heatmap, statement.finding)


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

    @classmethod
    def cleared(cls, folder: Path, formats: frozenset[str]) -> ResultsFolder:
        """A folder without what a killed process left half written in it."""
        for part in (folder, *(folder / name for name in ("maps", "overlays", "objects"))):
            sweep(part)
        return cls(folder, formats)

    def add(
        self,
        image: Image,
        localizer: Localizer,
        answers: list[Answer],
        objects: Sequence[Path] = (),
    ) -> None:
        """Write the maps and overlays of one film.

        Args:
            image: The film.
            localizer: What answered.
            answers: On this film.
            objects: What exporters wrote into the folder for it.

        Raises:
            ExportError: Something could not be written.
        """
        grey = render(image, first_choice(image)) if "png" in self.formats else None
        findings = []
        for answer in answers:
            self.next_number()
            entry = finding_entry(answer.statement, answer.question.warnings)
            entry["map"] = self._write_map(answer) if "npz" in self.formats else None
            if grey is not None:
                entry["overlay"] = self._write_overlay(grey, answer, image.pixel_aspect)
            findings.append(entry)
            self._rows += table_rows(image, answer.finding)
        self.put(image_entry(image, localizer.provenance(), findings), [], objects)

    def put(
        self, entry: dict[str, Any], rows: Sequence[list[object]], objects: Sequence[Path]
    ) -> None:
        """Take in what the document and the table say about one image.

        Args:
            entry: As `image_entry` makes it, with whatever else there is to say.
            rows: As `table_rows` makes them.
            objects: What exporters wrote into the folder for it.
        """
        entry["objects"] = [path.relative_to(self.folder).as_posix() for path in objects]
        self._images.append(entry)
        self._rows += rows

    def next_number(self) -> int:
        """The number in the names of the files of the next answer, from 1."""
        self._maps += 1
        return self._maps

    def finish(self, skipped: list[Skipped]) -> dict[str, Any]:
        """Write `results.json`, last, and the table; gives back what `results.json` says.

        Raises:
            ExportError: It could not be written.
        """
        document = results_document(self._images, skipped)
        if "csv" in self.formats:
            self.write("findings.csv", as_table(self._rows))
        self.write("results.json", as_json(document))
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
        return self.write(f"maps/{self._maps}.npz", stream.getvalue())

    def _write_overlay(self, grey: np.ndarray, answer: Answer, pixel_aspect: float) -> str:
        picture = draw_finding(
            grey,
            answer.heatmap,
            answer.finding,
            answer.question.label,
            pixel_aspect=pixel_aspect,
        )
        name = safe_name(answer.finding.id, "finding")
        return self.write(f"overlays/{self._maps}_{name}.png", to_png(picture))

    def write(self, name: str, data: bytes) -> str:
        """Write a file of the folder; gives back its name.

        Raises:
            ExportError: It could not be written.
        """
        path = self.folder / name
        make_folder(path.parent)
        write_atomically(path, data, check=check_held)
        return name


def results_document(images: list[dict[str, Any]], skipped: list[Skipped]) -> dict[str, Any]:
    """What `results.json` says."""
    return {
        "schema": SCHEMA,
        "app_version": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "images": images,
        "skipped": [{"file": str(s.path), "reason": s.reason, "remedy": s.remedy} for s in skipped],
    }


def image_entry(image: Image, made: Provenance, findings: list[Any]) -> dict[str, Any]:
    """One film in `results.json`."""
    return {
        "file": str(image.ref.path),
        "sop_instance_uid": image.ref.sop_instance_uid,
        "frame": image.ref.frame,
        "rows": image.rows,
        "columns": image.columns,
        "pixel_sha256": image.pixel_sha256,
        "spacing": asdict(image.spacing) if image.spacing else None,
        "laterality": (image.eye.laterality or None) if image.eye else None,
        "warnings": list(image.warnings),
        "bundle": {"id": made.bundle_id, "sha256": made.bundle_sha256},
        "provider": made.provider,
        "findings": findings,
    }


def film_entry(film: FilmResults) -> dict[str, Any]:
    """A film or slide with all that is stated on it, in `results.json`."""
    findings = [finding_entry(statement) for statement in film.stated]
    entry = image_entry(film.image, film.stated[0].finding.provenance, findings)
    spacing = asdict(film.spacing) if film.spacing else None
    return {**entry, "rows": film.rows, "columns": film.columns, "spacing": spacing}


def finding_entry(statement: Statement, warnings: tuple[str, ...] = ()) -> dict[str, Any]:
    """One finding of a film in `results.json`.

    Args:
        statement: The finding.
        warnings: What the model could not do with the words.
    """
    finding, heatmap = statement.finding, statement.heatmap
    return {
        "id": finding.id,
        "label": statement.label,
        "prompt": finding.prompt.words,
        "similarity": None if np.isnan(finding.similarity) else finding.similarity,
        "probability": finding.probability,
        "present": finding.is_present,
        "threshold": finding.threshold,
        "outline_level": finding.level,
        "peak": list(finding.peak) if finding.peak else None,
        "boxes": [list(region.box) for region in finding.regions],
        "areas_mm2": [region.area_mm2 for region in finding.regions],
        "notes": list(heatmap.notes) if heatmap else [],
        "warnings": list(warnings),
        "status": finding.status,
        "author": finding.author,
    }


def table_rows(image: Image, finding: Finding) -> list[list[object]]:
    """One row a region; one without a box where nothing is proposed."""
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


def mark_entry(found: Measured) -> dict[str, Any]:
    """One mark of a reader in `results.json`."""
    return {
        "kind": found.kind,
        "text": found.text,
        "basis": found.basis,
        "numbers": [
            {"what": n.concept.meaning, "value": n.value, "unit": n.unit.value}
            for n in found.numbers
        ],
        "points": [list(point) for figure in found.figures for point in figure.points],
    }


def mark_rows(image: Image, mark: int, found: Measured) -> list[list[object]]:
    """One mark of a reader in `measurements.csv`: a row a number, one row of a note."""
    points = " ".join(f"{x:.1f},{y:.1f}" for figure in found.figures for x, y in figure.points)
    start = [str(image.ref.path), image.ref.frame, mark, found.kind]
    end = [found.basis, found.text, points]
    numbers = [[n.concept.meaning, f"{n.value:.4f}", n.unit.value] for n in found.numbers]
    return [[*start, *number, *end] for number in numbers or [["", "", ""]]]


def as_mark_table(rows: list[list[object]]) -> bytes:
    """`measurements.csv`, safe to open in a spreadsheet."""
    return _table(_MARK_COLUMNS, rows)


def as_table(rows: list[list[object]]) -> bytes:
    """`findings.csv`, safe to open in a spreadsheet."""
    return _table((*_COLUMNS, *_BOX_COLUMNS), rows)


def _table(columns: Sequence[str], rows: list[list[object]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(columns)
    writer.writerows([_inert(cell) for cell in row] for row in rows)
    return stream.getvalue().encode("utf-8", "backslashreplace")


def as_json(document: dict[str, Any]) -> bytes:
    """`results.json`; names in a file system that are no text are shown escaped."""
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace")


def _inert(cell: object) -> object:
    """Text that a spreadsheet would run as a formula, or show as another, made plain."""
    if not isinstance(cell, str):
        return cell
    text = "".join(c if c.isprintable() or c == "\t" else _escaped(c) for c in cell)
    # Some spreadsheets take the wide signs of East Asian keyboards for the narrow ones.
    if text[:1] in (*"=+-@\t", *"\uff1d\uff0b\uff0d\uff20"):
        try:
            float(text)
        except ValueError:
            return "'" + text
    return text


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
