"""What `--formats` writes beside `results.json`: exporters, film by film and study by study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import Image, Skipped
    from afloc_desktop.core.export.exporter import Exporter
    from afloc_desktop.core.export.objects import SeriesBook
    from afloc_desktop.core.export.results import Answer
    from afloc_desktop.core.export.selection import FilmResults
    from afloc_desktop.core.localize import Localizer

_SLIDE_REMEDY = "Choose json, npz, png, csv, pdf or, as DICOM, seg, sr or sc."
_MOST_FILMS = 12  # of a study that are held in memory to write about them together


class Export:
    """Results that exporters write beside `results.json`, film by film."""

    def __init__(self, formats: frozenset[str], output: Path, *, is_deidentified: bool) -> None:
        from afloc_desktop.core.export.pseudonyms import Pseudonyms
        from afloc_desktop.core.export.results import FORMATS
        from afloc_desktop.state.audit import Audit
        from afloc_desktop.state.paths import Paths

        self._exporters, self._for_studies = _exporters(sorted(formats - set(FORMATS)))
        self._folder = output / "objects"
        self._pseudonyms = Pseudonyms() if is_deidentified else None
        self._audit = Audit(Paths.default().audit)
        self._films = 0
        self._series: SeriesBook | None = None
        self._study: list[FilmResults] = []

    def write(self, image: Image, answers: list[Answer]) -> tuple[list[Path], list[Skipped]]:
        """Write what exporters make of a film; gives back the files and what failed."""
        from afloc_desktop.core.export.selection import FilmResults

        film = FilmResults(image, tuple(answer.statement for answer in answers))
        if self._for_studies and len(self._study) < _MOST_FILMS:
            self._study.append(film)
        return self._written(self._exporters, (film,))

    def write_slide(self, film: FilmResults) -> tuple[list[Path], list[Skipped]]:
        """Write what exporters make of a slide; gives back the files and what failed."""
        from afloc_desktop.core.domain import Skipped
        from afloc_desktop.core.export.formats import of_slides

        if self._for_studies and len(self._study) < _MOST_FILMS:
            self._study.append(film)
        fitting = [e for e in self._exporters if e.id in of_slides()]
        written: list[Path] = []
        problems: list[Skipped] = []
        for exporter in fitting:  # a slide that no segmentation can be written of has a report
            paths, failed = self._written([exporter], (film,))
            written, problems = [*written, *paths], [*problems, *failed]
        others = [e.id for e in self._exporters if e not in fitting]
        if others:
            ref = film.image.ref
            reason = f"Findings on a slide are not written as {', '.join(others)}."
            problems.append(Skipped(ref.path, reason, _SLIDE_REMEDY, ref.member))
        return written, problems

    def write_study(self) -> list[Skipped]:
        """Write what is about the films of a study together; gives back what failed."""
        films, self._study = tuple(self._study), []
        return self._written(self._for_studies, films)[1] if films else []

    def _written(
        self, exporters: Sequence[Exporter], films: tuple[FilmResults, ...]
    ) -> tuple[list[Path], list[Skipped]]:
        from afloc_desktop.core.domain import Skipped
        from afloc_desktop.core.errors import ExportError, InputError, PluginError
        from afloc_desktop.core.export.selection import Selection

        selection = Selection(films, self._pseudonyms, self._book(films[0]) if exporters else None)
        written: list[Path] = []
        try:
            for exporter in exporters:
                written += exporter.write(selection, self._folder)
            if written:
                for film in films:
                    self._audit.note("exported", film, [e.id for e in exporters])
        except (ExportError, InputError, PluginError) as error:
            ref = films[0].image.ref
            return written, [Skipped(ref.path, error.reason, error.remedy, ref.member)]
        return written, []

    def _book(self, film: FilmResults) -> SeriesBook:
        """One new series a study and kind, whenever its films come: all are asked the same."""
        if self._series is None:
            from afloc_desktop.core.export.names import describe_series
            from afloc_desktop.core.export.objects import SeriesBook

            hides = self._pseudonyms is not None
            labels = (s.harmless_label if hides else s.label for s in film.stated)
            self._series = SeriesBook(describe_series(labels))
        return self._series

    def hide(
        self, image: Image, localizer: Localizer, answers: list[Answer]
    ) -> tuple[Image, Localizer, list[Answer]]:
        """What `results.json` may say about a film."""
        from afloc_desktop.core.export.deidentify import hide_film
        from afloc_desktop.core.export.selection import FilmResults

        self._films += 1
        if self._pseudonyms is None:
            return image, localizer, answers
        film = FilmResults(image, tuple(answer.statement for answer in answers))
        hidden = hide_film(film, self._films, self._pseudonyms)
        restated = [a.restated(s) for a, s in zip(answers, hidden.statements, strict=True)]
        return hidden.image, localizer, restated

    def hidden(self, skipped: list[Skipped]) -> list[Skipped]:
        """The failures as `results.json` may list them."""
        if self._pseudonyms is None:
            return skipped
        return [replace(entry, path=Path("hidden"), member="") for entry in skipped]


def _exporters(names: Sequence[str]) -> tuple[list[Exporter], list[Exporter]]:
    """Those that write film by film, and those that write about a study."""
    from afloc_desktop.core.export.formats import PDF
    from afloc_desktop.state.plugins import exporters_with, installed_plugins

    if not names:
        return [], []
    plugins = {plugin.name for plugin in installed_plugins()}.intersection(names)
    known = exporters_with(plugins)
    of_films = [known[name] for name in names if name != PDF.id]
    if PDF.id not in names:
        return of_films, []
    from afloc_desktop.ui.summary import PdfExporter

    return of_films, [PdfExporter()]


def known_formats(wanted: frozenset[str]) -> tuple[str, ...]:
    """What `--formats` takes; exporters are loaded only where they are asked for."""
    from afloc_desktop.core.export.results import FORMATS

    if wanted <= set(FORMATS):
        return FORMATS
    from afloc_desktop.core.export import formats
    from afloc_desktop.state.plugins import installed_plugins

    ours = (kind.id for kind in formats.FORMATS)
    return tuple(dict.fromkeys((*FORMATS, *ours, *(p.name for p in installed_plugins()))))
