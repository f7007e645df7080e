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
from afloc_desktop.core.export.geometry import aspect_of, spacing_of
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

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Image, Region
    from afloc_desktop.core.export.selection import Statement
    from afloc_desktop.core.geometry import Point

GREY = Kind("gsps", "1.2.840.10008.5.1.4.1.1.11.1", "PR", 9104)
COLOUR = Kind("gsps", "1.2.840.10008.5.1.4.1.1.11.2", "PR", 9104)
_LAYER = "AFLOC"
_ORANGE = (50000, 35000, 45000)  # PCS-Values, CIELab: readable on grey film
_MOST_ENTRIES = 65536


def presentation_state(page: Page) -> bytes | None:
    """The outlines of a film's findings, each with its label, over the film as it opens.

    Args:
        page: A film, grey or in colour.

    Returns:
        The file; None where no finding has a region.

    Raises:
        InvalidObject: It cannot be written.
    """
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
    dataset.GraphicLayerSequence = [_layer()]
    dataset.GraphicAnnotationSequence = [_annotation(page, *entry) for entry in stated]
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


def _layer() -> Dataset:
    item = Dataset()
    item.GraphicLayer, item.GraphicLayerOrder = _LAYER, 1
    item.GraphicLayerDescription = "AFLoc: proposals of a model; research use only"
    item.GraphicLayerRecommendedDisplayCIELabValue = list(_ORANGE)
    return item


def _annotation(page: Page, statement: Statement, region: Region) -> Dataset:
    item, finding = Dataset(), statement.finding
    item.ReferencedImageSequence = [page.source.reference()]
    item.GraphicLayer = _LAYER
    item.GraphicObjectSequence = [_polyline(region.outline)]
    text = f"{statement.label} ({finding.status})\nsimilarity {region.similarity:.2f}"
    item.TextObjectSequence = [_text(long(text), region, page.results.image)]
    return item


def _polyline(outline: tuple[Point, ...]) -> Dataset:
    item, closed = Dataset(), (*outline, outline[0])
    item.GraphicAnnotationUnits, item.GraphicDimensions = "PIXEL", 2
    item.NumberOfGraphicPoints = len(closed)
    item.GraphicData = [value for point in closed for value in point]
    item.GraphicType, item.GraphicFilled = "POLYLINE", "N"
    return item


def _text(text: str, region: Region, image: Image) -> Dataset:
    """A label above its region, or inside where the film ends."""
    item = Dataset()
    item.UnformattedTextValue = text.replace("\n", "\r\n")
    item.AnchorPointAnnotationUnits, item.AnchorPointVisibility = "PIXEL", "N"
    x = min(max(region.box.x0, 0), image.columns)
    y = min(max(region.box.y0, 0), image.rows)
    item.AnchorPoint = [x, y]
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
