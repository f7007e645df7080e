"""The kinds of files results leave as, and what a selection would become. Loads and writes nothing.

A dialog can list and preview them before any of the libraries behind them is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.export.selection import Statement

DICOM = "application/dicom"
Scope = Literal["film", "study", "export"]


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of file.

    Attributes:
        id, label, media: As in `Exporter`.
        scope: What one file is about.
        needs: What has to be stated before there is anything to write.
        name: Of its files; `*` stands for what is known once they are written.
        fits_slides: Whether what was found on a slide leaves as such, too.
    """

    id: str
    label: str
    media: str
    scope: Scope
    needs: Literal["finding", "region", "map"]
    name: str
    fits_slides: bool = True

    def shows(self, statements: Sequence[Statement]) -> bool:
        """Whether these findings of a film call for a file."""
        if self.needs == "region":
            return any(s.regions for s in statements)
        if self.needs == "map":
            return any(s.heatmap is not None for s in statements)
        return bool(statements)


@dataclass(frozen=True, slots=True)
class Planned:
    """Files of one kind that an export would write.

    Attributes:
        count: How many.
        name: As in `Format`.
        series: New DICOM series they would go into.
    """

    count: int
    name: str
    series: int


def _object(id_: str, label: str, needs: Literal["finding", "region", "map"]) -> Format:
    return Format(id_, label, DICOM, "film", needs, f"AFLoc_{id_}_*.dcm")


OBJECTS = (
    _object("seg", "DICOM segmentation: regions", "region"),
    _object("sr", "DICOM structured report: findings and regions", "finding"),
    _object("sc", "DICOM secondary capture: picture with legend", "finding"),
    replace(
        _object("gsps", "DICOM presentation state: outlines and labels", "region"),
        fits_slides=False,
    ),
    _object("fractional-seg", "DICOM segmentation: similarity maps", "map"),
    _object(
        "fractional-seg-plain",
        "DICOM segmentation: similarity maps, uncompressed for old readers",
        "map",
    ),
    _object("sc-plain", "DICOM secondary capture, uncompressed for old readers", "finding"),
)
PDF = Format("pdf", "PDF: one page a study", "application/pdf", "study", "finding", "summary*.pdf")
PNG = Format("png", "PNG picture with legend", "image/png", "film", "finding", "film-*.png")
CSV = Format("csv", "CSV table", "text/csv", "export", "finding", "findings*.csv")
JSON = Format("json", "JSON document", "application/json", "export", "finding", "results*.json")
FORMATS = (*OBJECTS, PDF, PNG, CSV, JSON)


def plan(kind: Format, studies: Sequence[Sequence[Sequence[Statement]]]) -> Planned:
    """What would be written of one kind.

    Args:
        kind: Of the files.
        studies: What is stated, by study and film.
    """
    films = [[kind.shows(statements) for statements in study] for study in studies]
    concerned = [any(study) for study in films]
    count = {
        "film": sum(map(sum, films)),
        "study": sum(concerned),
        "export": int(any(concerned)),
    }[kind.scope]
    return Planned(count, kind.name, sum(concerned) if kind.media == DICOM else 0)


def of_slides() -> tuple[str, ...]:
    """Ids of what findings on a slide leave as."""
    return tuple(kind.id for kind in FORMATS if kind.fits_slides)
