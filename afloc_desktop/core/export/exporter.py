"""The exporter interface, and our own exporters behind it.

An exporter turns findings into files of one kind. Plugins implement the same protocol (see
`plugins/example_exporter`); the application knows no other way to write a result.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.errors import PluginError
from afloc_desktop.core.export.atomic import make_folder, write_atomically
from afloc_desktop.core.export.deidentify import hide_film, hide_source
from afloc_desktop.core.export.files import CsvExporter, JsonExporter, PngExporter
from afloc_desktop.core.export.formats import DICOM, OBJECTS
from afloc_desktop.core.export.gsps import presentation_state
from afloc_desktop.core.export.names import describe_series, object_name
from afloc_desktop.core.export.objects import Page, SeriesBook
from afloc_desktop.core.export.sc import secondary_capture
from afloc_desktop.core.export.seg import binary_seg, fractional_seg
from afloc_desktop.core.export.selection import check_belongs
from afloc_desktop.core.export.source import read_source
from afloc_desktop.core.export.sr import report
from afloc_desktop.core.export.validate import check_object, check_written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from afloc_desktop.core.export.selection import Selection


class Exporter(Protocol):
    """Writes findings as files of one kind."""

    @property
    def id(self) -> str:
        """Short and stable, of letters, digits and `-`: what `--formats` takes."""
        ...

    @property
    def label(self) -> str:
        """What a dialog calls it."""
        ...

    @property
    def media(self) -> str:
        """Media type of its files."""
        ...

    def write(self, selection: Selection, folder: Path) -> tuple[Path, ...]:
        """Write files into a folder.

        Args:
            selection: Films and what was stated on them; its `pseudonyms` must be honoured.
            folder: Made if need be; names that are taken are left alone.

        Returns:
            The files written; none where nothing in the selection calls for one.

        Raises:
            ExportError: A file could not be written; those written before stay.
        """
        ...


@dataclass(frozen=True, slots=True)
class DicomExporter:
    """One kind of DICOM object: a new series in the study of each film, an object a film.

    Attributes:
        id, label, media: As in `Exporter`.
        build: Makes the object; None where there is nothing to show in it.
    """

    id: str
    label: str
    build: Callable[[Page], bytes | None]
    media: str = DICOM

    def write(self, selection: Selection, folder: Path) -> tuple[Path, ...]:
        """Write an object for each film that has something to show.

        Raises:
            ExportError: An object could not be built or written, or did not pass its check.
            InputError: The header of a film cannot be read any more.
        """
        make_folder(folder)
        written = []
        for page in _pages(selection, self.id):
            with quiet_pydicom():
                data = self.build(page)
            if data is None:
                continue
            path = folder / object_name(self.id, str(check_object(data).SOPInstanceUID))
            write_atomically(path, data, check=check_written)
            written.append(path)
        return tuple(written)


def exporters() -> Mapping[str, Exporter]:
    """Our own exporters by id, in the order a dialog lists them."""
    builders: Mapping[str, Callable[[Page], bytes | None]] = {
        "seg": binary_seg,
        "sr": report,
        "sc": secondary_capture,
        "gsps": presentation_state,
        "fractional-seg": fractional_seg,
        "fractional-seg-plain": partial(fractional_seg, is_compressed=False),
        "sc-plain": partial(secondary_capture, is_compressed=False),
    }
    objects = [DicomExporter(kind.id, kind.label, builders[kind.id]) for kind in OBJECTS]
    return by_id((*objects, PngExporter(), CsvExporter(), JsonExporter()))


def by_id(found: Iterable[Exporter]) -> Mapping[str, Exporter]:
    """Exporters by their ids.

    Raises:
        PluginError: Two of them have the same.
    """
    known: dict[str, Exporter] = {}
    for exporter in found:
        if exporter.id in known:
            raise PluginError(
                f"Two exporters are both called {exporter.id!r}.",
                remedy="Remove one of the two plugins.",
            )
        known[exporter.id] = exporter
    return known


def _pages(selection: Selection, kind: str) -> Iterator[Page]:
    """What each object of a kind is made from; one series for all films of a study."""
    films = [
        film if selection.pseudonyms is None else hide_film(film, n, selection.pseudonyms)
        for n, film in enumerate(selection.films, 1)
    ]
    book = selection.series
    if book is None:
        book = SeriesBook(describe_series(s.label for film in films for s in film.stated))
    for original, film in zip(selection.films, films, strict=True):
        check_belongs(original)
        source = read_source(original.image, original.slide)
        if selection.pseudonyms is not None:
            source = hide_source(source, selection.pseudonyms)
        yield Page(film, source, *book.place(source.study_uid, kind))
