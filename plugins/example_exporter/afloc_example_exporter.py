"""Findings as plain text, one line each: an example of an exporter plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.core.export.atomic import make_folder, write_free
from afloc_desktop.core.export.deidentify import hidden

if TYPE_CHECKING:
    from pathlib import Path

    from afloc_desktop.core.export.selection import Selection, Statement


class TextExporter:
    """Writes `findings.txt`."""

    id = "text"
    label = "Plain text"
    media = "text/plain"

    def write(self, selection: Selection, folder: Path) -> tuple[Path, ...]:
        """Write one line for each finding that was not rejected.

        Raises:
            ExportError: The folder cannot be written.
        """
        lines = [
            _line(number, statement)
            for number, film in enumerate(hidden(selection).films, 1)
            for statement in film.stated
        ]
        if not lines:
            return ()
        make_folder(folder)
        return (write_free(folder, "findings", ".txt", "".join(lines).encode()),)


def _line(film: int, statement: Statement) -> str:
    finding = statement.finding
    where = f"{len(statement.regions)} regions" if statement.regions else "below threshold"
    return (
        f"film {film}: {statement.label}, image-text similarity {finding.similarity:.2f}, "
        f"{where}, {finding.status}\n"
    )
