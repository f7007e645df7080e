"""Presentation states: outlines and labels that a PACS draws over the film and can switch off.

A presentation state replaces the film's own grey scale (PS3.3 A.33.1), so it repeats it: without
modality and VOI transformation the film would be shown raw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset

from afloc_desktop.core.dicom.display import first_choice
from afloc_desktop.core.domain import VoiLut, VoiWindow
from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.export.geometry import aspect_of, spacing_of
from afloc_desktop.core.export.marks import Figure, measured
from afloc_desktop.core.export.names import short
from afloc_desktop.core.export.objects import (
    Kind,
    Page,
    long,
    new_object,
    person,
    to_bytes,
)
from afloc_desktop.core.export.profile import srgb_profile
from afloc_desktop.core.geometry import Point

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Image, Region
    from afloc_desktop.core.export.selection import Statement
    from afloc_desktop.core.measuring import Mark

GREY = Kind("gsps", "1.2.840.10008.5.1.4.1.1.11.1", "PR", 9104)
COLOUR = Kind("gsps", "1.2.840.10008.5.1.4.1.1.11.2", "PR", 9104)
# Colours are PCS-Values of CIELab: readable on grey film, and told apart.
_MODEL = ("AFLOC", 1, "AFLoc: proposals of a model; research use only", (50000, 35000, 45000))
_READER = ("READER", 2, "Measurements and notes of a reader", (55000, 22000, 26000))
_MOST_ENTRIES = 65536


def presentation_state(page: Page) -> bytes | None:
    """The outlines of a film's findings, each with its label, over the film as it opens.

    Args:
        page: A film, grey or in colour.

    Returns:
        The file; None where no finding has a region.

    Raises:
        InvalidObject: It cannot be written.
        ExportError: It is a slide.
    """
    if page.results.slide is not None:
        # Outlines count in pixels of an image, and each tile of each resolution is one.
        raise ExportError(
            "Presentation states draw on images; no viewer draws them on the tiles of a slide.",
            remedy="Choose the structured report or the segmentation, which say where on the "
            "slide.",
        )
    stated = [(s, r) for s in page.results.stated for r in s.regions]
    if not stated:
        return None
    image = page.results.image
    dataset = new_object(page, GREY if image.colour is None else COLOUR)
    dataset.ContentLabel, dataset.ContentDescription = "AFLOC", page.series.description
    dataset.PresentationCreationDate = dataset.InstanceCreationDate
    dataset.PresentationCreationTime = dataset.InstanceCreationTime
    authors = dict.fromkeys(s.finding.author for s, _ in stated if s.finding.author)
    dataset.ContentCreatorName = person(next(iter(authors), "")) if len(authors) == 1 else ""
    reference = page.source.series_item()
    reference.ReferencedImageSequence = [page.source.reference()]
    dataset.ReferencedSeriesSequence = [reference]
    dataset.DisplayedAreaSelectionSequence = [_displayed_area(page)]
    marks = page.results.marks
    dataset.GraphicLayerSequence = [_layer(*_MODEL), *([_layer(*_READER)] if marks else [])]
    drawn = [_annotation(page, *entry) for entry in stated]
    dataset.GraphicAnnotationSequence = [*drawn, *(_mark_annotation(page, m) for m in marks)]
    if image.colour is None:
        _put_grey_scale(dataset, page)
    else:
        dataset.ICCProfile, dataset.ColorSpace = srgb_profile(), "SRGB"
    return to_bytes(dataset)


def _displayed_area(page: Page) -> Dataset:
    item, image, tags = Dataset(), page.results.image, page.source.tags
    item.ReferencedImageSequence = [page.source.reference()]
    # PS3.3 C.10.4: whole pixels, the first is 1\\1. Everything else counts as `geometry` does.
    item.DisplayedAreaTopLeftHandCorner = [1, 1]
    item.DisplayedAreaBottomRightHandCorner = [image.columns, image.rows]
    item.PresentationSizeMode = "SCALE TO FIT"
    if spacing_of(tags):
        item.PresentationPixelSpacing = [f"{v:.10g}" for v in spacing_of(tags) or ()]
    else:
        item.PresentationPixelAspectRatio = aspect_of(image) or [1, 1]
    return item


def _layer(name: str, order: int, about: str, colour: tuple[int, int, int]) -> Dataset:
    item = Dataset()
    item.GraphicLayer, item.GraphicLayerOrder = name, order
    item.GraphicLayerDescription = about
    item.GraphicLayerRecommendedDisplayCIELabValue = list(colour)
    return item


def _annotation(page: Page, statement: Statement, region: Region) -> Dataset:
    item, finding = Dataset(), statement.finding
    item.ReferencedImageSequence = [page.source.reference()]
    item.GraphicLayer = _MODEL[0]
    closed = (*region.outline, region.outline[0])
    item.GraphicObjectSequence = [_graphic(Figure("POLYLINE", closed))]
    text = f"{statement.label} ({finding.status})\nsimilarity {region.similarity:.2f}"
    place = Point(region.box.x0, region.box.y0)
    item.TextObjectSequence = [_text(text, place, page.results.image)]
    return item


def _mark_annotation(page: Page, mark: Mark) -> Dataset:
    item, found = Dataset(), measured(mark, page.results.image)
    item.ReferencedImageSequence = [page.source.reference()]
    item.GraphicLayer = _READER[0]
    item.GraphicObjectSequence = [_graphic(figure) for figure in found.figures]
    item.TextObjectSequence = [_text(found.label, mark.points[0], page.results.image)]
    return item


def _graphic(figure: Figure) -> Dataset:
    item = Dataset()
    item.GraphicAnnotationUnits, item.GraphicDimensions = "PIXEL", 2
    item.NumberOfGraphicPoints = len(figure.points)
    item.GraphicData = [value for point in figure.points for value in point]
    item.GraphicType = figure.kind
    if figure.kind != "POINT":
        item.GraphicFilled = "N"
    return item


def _text(text: str, place: Point, image: Image) -> Dataset:
    """A label at its place, or inside where the film ends."""
    item = Dataset()
    item.UnformattedTextValue = long(text).replace("\n", "\r\n")
    item.AnchorPointAnnotationUnits, item.AnchorPointVisibility = "PIXEL", "N"
    item.AnchorPoint = [min(max(place.x, 0), image.columns), min(max(place.y, 0), image.rows)]
    return item


def _put_grey_scale(dataset: Dataset, page: Page) -> None:
    image, tags = page.results.image, page.source.tags
    table = tags.raw("ModalityLUTSequence")
    slope, intercept = tags.number("RescaleSlope"), tags.number("RescaleIntercept")
    if image.is_as_stored:
        pass  # the film was shown without them, because they are spoilt
    elif table:
        dataset.ModalityLUTSequence = table
    elif slope is not None and intercept is not None:
        dataset.RescaleSlope, dataset.RescaleIntercept = f"{slope:.10g}", f"{intercept:.10g}"
        dataset.RescaleType = short(tags.text("RescaleType"), 16) or "US"
    item = _voi_item(image)
    item.ReferencedImageSequence = [page.source.reference()]
    dataset.SoftcopyVOILUTSequence = [item]
    # C.11.6.1.2: the photometric interpretation of the film is not looked at.
    dataset.PresentationLUTShape = "INVERSE" if image.is_inverted else "IDENTITY"


def _voi_item(image: Image) -> Dataset:
    item, choice = Dataset(), first_choice(image)
    if isinstance(choice, VoiLut):
        table, count = Dataset(), len(choice.values)
        vr = "SS" if choice.first < 0 else "US"
        # Of 16 bits whatever the film's own has: other depths are not allowed here (C.11.8.1).
        values = np.rint(choice.values * (65535 / ((1 << choice.bits) - 1)))
        table.add_new("LUTDescriptor", vr, [count % _MOST_ENTRIES, choice.first, 16])
        table.add_new("LUTData", "OW", values.astype("<u2").tobytes())
        item.VOILUTSequence = [table]
    elif isinstance(choice, VoiWindow):
        item.WindowCenter = f"{choice.centre:.10g}"
        item.WindowWidth = f"{choice.width:.10g}"
        item.VOILUTFunction = choice.function
    else:
        raise TypeError("a grey film opens with a window or a table")
    return item
