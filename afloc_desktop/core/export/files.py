"""Exporters of files that need no DICOM: a picture a film, a table, `results.json`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.core.export.atomic import make_folder, write_free
from afloc_desktop.core.export.deidentify import hidden
from afloc_desktop.core.export.formats import CSV, JSON, PNG
from afloc_desktop.core.export.marks import measured
from afloc_desktop.core.export.overlay import to_png
from afloc_desktop.core.export.page import draw_statements
from afloc_desktop.core.export.results import (
    as_json,
    as_mark_table,
    as_table,
    film_entry,
    mark_entry,
    mark_rows,
    results_document,
    table_rows,
)
from afloc_desktop.core.export.selection import check_belongs

if TYPE_CHECKING:
    from pathlib import Path

    from afloc_desktop.core.export.selection import Selection


@dataclass(frozen=True, slots=True)
class PngExporter:
    """A picture a film: outlines, legend and disclaimer. See `Exporter`."""

    id: str = PNG.id
    label: str = PNG.label
    media: str = PNG.media

    def write(self, selection: Selection, folder: Path) -> tuple[Path, ...]:
        """Write a picture for each film with a finding.

        Raises:
            ExportError: A picture could not be written.
        """
        written = []
        for number, film in enumerate(_checked(selection, folder).films, 1):
            if film.stated:
                picture = to_png(draw_statements(film))
                written.append(write_free(folder, f"film-{number}", ".png", picture))
        return tuple(written)


@dataclass(frozen=True, slots=True)
class CsvExporter:
    """One table of all findings, a row a region. See `Exporter`."""

    id: str = CSV.id
    label: str = CSV.label
    media: str = CSV.media

    def write(self, selection: Selection, folder: Path) -> tuple[Path, ...]:
        """Write `findings.csv`, and `measurements.csv` where the reader drew something.

        Raises:
            ExportError: It could not be written.
        """
        films = _checked(selection, folder).films
        rows = [
            row
            for film in films
            for statement in film.stated
            for row in table_rows(film.image, statement.finding)
        ]
        written = [write_free(folder, "findings", ".csv", as_table(rows))]
        marks = [
            row
            for film in films
            for number, mark in enumerate(film.marks, 1)
            for row in mark_rows(film.image, number, measured(mark, film.image))
        ]
        if marks:
            written.append(write_free(folder, "measurements", ".csv", as_mark_table(marks)))
        return tuple(written)


@dataclass(frozen=True, slots=True)
class JsonExporter:
    """`results.json`, as `afloc localize` writes it. See `Exporter`."""

    id: str = JSON.id
    label: str = JSON.label
    media: str = JSON.media

    def write(self, selection: Selection, folder: Path) -> tuple[Path, ...]:
        """Write `results.json`; films without a finding are not in it.

        Raises:
            ExportError: It could not be written.
        """
        images = [
            {
                **film_entry(film),
                "marks": [mark_entry(measured(mark, film.image)) for mark in film.marks],
            }
            for film in _checked(selection, folder).films
            if film.stated
        ]
        document = as_json(results_document(images, []))
        return (write_free(folder, "results", ".json", document),)


def _checked(selection: Selection, folder: Path) -> Selection:
    for film in selection.films:
        check_belongs(film)
    make_folder(folder)
    return hidden(selection)
