"""Reading the reports that lie with a study: DICOM objects of it, and text beside its films."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import InputError, UnreadableFile
from afloc_desktop.state.reports import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from afloc_desktop.core.domain import Study

_KINDS = frozenset({"SR", "DOC"})
_DOCUMENT = "Encapsulated PDF"  # some makers give it the modality of the films
_MOST = 12  # reports of a study
_LARGEST = 1 << 20  # bytes of a text file
_ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")  # the last one reads anything


def read_reports(
    study: Study, *, is_alone: bool, should_stop: Callable[[], bool] | None = None
) -> tuple[Report, ...]:
    """Every report of a study that can be read; a bad one costs itself alone.

    Args:
        study: As it was listed.
        is_alone: No other study is open, so that a folder's only text file can be meant for no
            other.
        should_stop: Asked while a document is read.

    Raises:
        Cancelled: `should_stop` said so.
    """
    found = [*_objects(study, should_stop), *_texts(study, is_alone)]
    return tuple(found[:_MOST])


def _objects(study: Study, should_stop: Callable[[], bool] | None) -> Iterator[Report]:
    from afloc_desktop.core.dicom.reports import read_report

    for other in study.others:
        if other.modality not in _KINDS and other.kind != _DOCUMENT:
            continue
        with suppress(InputError):
            report = read_report(other.path, other.member)
            name = other.description or other.kind
            if report.kind == "pdf":
                yield Report.of("document", name, _words(report.document, should_stop))
            else:
                yield Report.of("dicom", name, report.text.strip())


def _words(document: bytes, should_stop: Callable[[], bool] | None) -> str:
    """Of a PDF document; none where it holds pictures of pages, or cannot be read."""
    from afloc_desktop.core.dicom.pdf_text import pdf_text

    with suppress(UnreadableFile):
        return pdf_text(document, should_stop=should_stop).strip()
    return ""


def _texts(study: Study, is_alone: bool) -> Iterator[Report]:
    """Files named like a film of the study; else the only one beside its films."""
    films = {ref.path for series in study.series for ref in series.images if not ref.member}
    named = [path for path in (film.with_suffix(".txt") for film in sorted(films)) if _is(path)]
    folders = {film.parent for film in films}
    if not named and is_alone and len(folders) == 1:
        with suppress(OSError):
            beside = [path for path in folders.pop().glob("*.txt") if _is(path)]
            named = beside if len(beside) == 1 else []
    for path in dict.fromkeys(named):
        with suppress(OSError):
            yield Report.of("text", path.name, _decoded(path.read_bytes()))


def _is(path: Path) -> bool:
    try:
        return path.is_file() and 0 < path.stat().st_size <= _LARGEST
    except OSError:
        return False


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    for encoding in _ENCODINGS:
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    raise AssertionError("latin-1 reads any byte")
