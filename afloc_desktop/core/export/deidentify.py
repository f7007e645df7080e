"""Results without the patient and the reader, by the Basic Profile of PS3.15 annex E.

Our objects are built from a film's header, its pixels and the statements. Each of them is made
harmless here, before anything is built: there is no list of attributes to remove that could be
incomplete, what is not put in cannot be left in. What is burned into the pixels of the film
stays; only a person can see it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset

from afloc_desktop.core.dicom.tags import Tags
from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.export.codes import BASIC_PROFILE
from afloc_desktop.core.export.geometry import directions_of
from afloc_desktop.core.export.glass import hide_glass
from afloc_desktop.core.export.selection import FilmResults, OnSlide, Selection, Statement

if TYPE_CHECKING:
    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.export.pseudonyms import Pseudonyms
    from afloc_desktop.core.export.source import Source

_METHOD = "AFLoc Desktop: PS3.15 Basic Profile, results only"
_NUMBERS = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "RescaleSlope",
    "RescaleIntercept",
    "LossyImageCompressionRatio",
)
# Texts are kept where they are one of these and nothing else.
_KNOWN_TEXTS = {
    "BodyPartExamined": ("CHEST", "THORAX", "LUNG", "HEART", "ABDOMEN", "SPINE", "RIB"),
    "Laterality": ("L", "R"),
    "ImageLaterality": ("L", "R", "U", "B"),
    "LossyImageCompression": ("00", "01"),
    "LossyImageCompressionMethod": (
        "ISO_10918_1",
        "ISO_14495_1",
        "ISO_15444_1",
    ),
}


def hide_source(source: Source, pseudonyms: Pseudonyms) -> Source:
    """The header of a film without its patient; geometry and grey scale are kept."""
    kept = Dataset()
    kept.SpecificCharacterSet = "ISO_IR 192"
    kept.PatientName = kept.PatientID = pseudonyms.name(str(source.kept.get("PatientID", "")))
    kept.PatientIdentityRemoved = "YES"
    kept.DeidentificationMethod = _METHOD
    kept.DeidentificationMethodCodeSequence = [BASIC_PROFILE.item()]
    kept.LongitudinalTemporalInformationModified = "REMOVED"
    return replace(
        source,
        kept=kept,
        tags=_harmless(source.tags, pseudonyms),
        sop_instance_uid=pseudonyms.uid(source.sop_instance_uid),
        series_uid=pseudonyms.uid(source.series_uid),
        study_uid=pseudonyms.uid(source.study_uid),
        glass=source.glass and hide_glass(source.glass, pseudonyms),
    )


def hide_film(results: FilmResults, number: int, pseudonyms: Pseudonyms) -> FilmResults:
    """A film and its statements without paths, hashes, the reader and their own words.

    Args:
        results: As they are.
        number: Of the film in the export, by which it is called.
        pseudonyms: Of this export.
    """
    image = results.image
    ref = replace(
        image.ref,
        path=Path(f"film-{number}"),
        member="",
        sop_instance_uid=pseudonyms.uid(image.ref.sop_instance_uid),
    )
    hidden = replace(image, ref=ref, pixel_sha256=pseudonyms.digest(image.pixel_sha256))
    statements = tuple(_hide_statement(s, hidden, pseudonyms) for s in results.statements)
    # A reader's own words may name anybody; what was measured names nobody.
    marks = tuple(replace(m, text="") for m in results.marks if m.kind != "text")
    return FilmResults(hidden, statements, marks, results.slide and _hide_slide(results.slide))


def _hide_slide(slide: OnSlide) -> OnSlide:
    """A slide without its files: `Source` says what they are called."""
    return replace(slide, levels=tuple(level._replace(files=()) for level in slide.levels))


def hidden(selection: Selection) -> Selection:
    """A selection as it may leave: with everyone hidden where it says so."""
    if selection.pseudonyms is None:
        return selection
    films = [hide_film(r, n, selection.pseudonyms) for n, r in enumerate(selection.films, 1)]
    return replace(selection, films=tuple(films))


def _harmless(tags: Tags, pseudonyms: Pseudonyms) -> Tags:
    kept = Dataset()
    for name in _NUMBERS:
        numbers = tags.numbers(name)
        if numbers:
            setattr(kept, name, [f"{value:.10g}" for value in numbers])
    for name, known in _KNOWN_TEXTS.items():
        if tags.text(name) in known:
            setattr(kept, name, tags.text(name))
    if directions_of(tags):
        kept.PatientOrientation = directions_of(tags)
    if tags.text("FrameOfReferenceUID"):
        kept.FrameOfReferenceUID = pseudonyms.uid(tags.text("FrameOfReferenceUID"))
    table = tags.items("ModalityLUTSequence")[:1]
    if table:
        kept.ModalityLUTSequence = [_table(table[0])]
    return Tags(kept)


def _table(tags: Tags) -> Dataset:
    """A modality table without the words that explain it."""
    item, descriptor = Dataset(), [round(v) for v in tags.numbers("LUTDescriptor")]
    signed = len(descriptor) == 3 and descriptor[1] < 0
    item.add_new("LUTDescriptor", "SS" if signed else "US", descriptor)
    item.ModalityLUTType = "US"
    values = tags.raw("LUTData")
    if isinstance(values, bytes):
        item.add_new("LUTData", "OW", values)
    else:
        item.add_new("LUTData", "US", [round(v) for v in tags.numbers("LUTData")])
    return item


def _hide_statement(statement: Statement, image: Image, pseudonyms: Pseudonyms) -> Statement:
    finding, label = statement.finding, statement.harmless_label
    prompt = finding.prompt
    if prompt.origin != "preset":
        prompt = Prompt(label, prompt.origin)
    author = pseudonyms.name(finding.author) if finding.author else ""
    heatmap = statement.heatmap
    if heatmap is not None:
        key = replace(
            heatmap.key,
            sop_instance_uid=image.ref.sop_instance_uid,
            pixel_sha256=image.pixel_sha256,
            prompt=prompt.words,
        )
        heatmap = replace(heatmap, prompt=prompt, key=key, notes=())
    return Statement(label, replace(finding, prompt=prompt, author=author), heatmap)
