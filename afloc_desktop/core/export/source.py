"""What a result takes over from the film it is about: the patient, the study, the geometry.

`Image` holds none of that, so the header is read again, from the same place and as carefully.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset

from afloc_desktop.core.dicom.archive import open_source
from afloc_desktop.core.dicom.dataset import read_header
from afloc_desktop.core.dicom.guard import foreign_code, quiet_pydicom
from afloc_desktop.core.dicom.slide_header import read_slide_elements
from afloc_desktop.core.dicom.tags import Tags
from afloc_desktop.core.errors import ExportError, UnreadableFile
from afloc_desktop.core.export.glass import Glass, read_glass

if TYPE_CHECKING:
    from pydicom import DataElement

    from afloc_desktop.core.domain import Image
    from afloc_desktop.core.export.selection import OnSlide

# PS3.3 C.7.1.1, C.7.1.3, C.7.2.1 and C.7.2.2: the same in every object of a study.
PATIENT = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "OtherPatientIDsSequence",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "ClinicalTrialSponsorName",
    "ClinicalTrialProtocolID",
    "ClinicalTrialSubjectID",
)
STUDY = (
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "IssuerOfAccessionNumberSequence",
    "StudyDescription",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
)
_IMAGE = (
    "SpecificCharacterSet",
    "SOPClassUID",
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "BodyPartExamined",
    "Laterality",
    "ImageLaterality",
    "PatientOrientation",
    "FrameOfReferenceUID",
    "PositionReferenceIndicator",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "NumberOfFrames",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "ModalityLUTSequence",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "LossyImageCompression",
    "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
)
_TEXTS = ("PN", "LO", "SH", "LT", "ST", "UT", "CS", "DA", "TM", "AS", "UI")
_FORMAL = ("AS", "CS", "DA", "TM", "DS", "IS")
_UID = re.compile(r"[0-9.]{1,64}")
_METHODS = ("DeidentificationMethod", "DeidentificationMethodCodeSequence")
_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"  # VL Whole Slide Microscopy
_NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """The header of a film, as far as results need it.

    Attributes:
        kept: Patient and study attributes, in the file's own character set; a copy.
        tags: The others, those of its frame first.
        frame: 1-based; None where the file has one frame.
        sop_class_uid, sop_instance_uid, series_uid, study_uid: Never empty.
        glass: Of a slide; None of a film.
    """

    kept: Dataset
    tags: Tags
    frame: int | None
    sop_class_uid: str
    sop_instance_uid: str
    series_uid: str
    study_uid: str
    glass: Glass | None = None

    def reference(self) -> Dataset:
        """The film and its frame as an item of a reference sequence."""
        item = Dataset()
        item.ReferencedSOPClassUID = self.sop_class_uid
        item.ReferencedSOPInstanceUID = self.sop_instance_uid
        if self.frame is not None:
            item.ReferencedFrameNumber = self.frame
        return item

    def file_reference(self) -> Dataset:
        """The whole file, where frames have no place."""
        item = self.reference()
        if "ReferencedFrameNumber" in item:
            del item.ReferencedFrameNumber
        return item

    def series_item(self) -> Dataset:
        """The series of the film, to put a reference below."""
        item = Dataset()
        item.SeriesInstanceUID = self.series_uid
        return item


def read_source(image: Image, slide: OnSlide | None = None) -> Source:
    """Read the header of a film or a slide again.

    Args:
        image: The film, or a picture of the slide.
        slide: The slide.

    Raises:
        UnreadableFile: Absent or damaged since the film was read.
        UnsupportedImage: No longer what it was.
        ExportError: Another film lies there now, or it does not say which study it is of.
    """
    keywords = (*PATIENT, *STUDY, *_IMAGE)
    with open_source(image.ref.path, image.ref.member) as (file, size), quiet_pydicom():
        if slide is None:
            return _understand(read_header(file, size, keywords), image)
        source = _understand(read_slide_elements(file, size, keywords), image)
    return replace(source, glass=read_glass(slide))


def _understand(dataset: Dataset, image: Image) -> Source:
    tags = Tags(dataset)
    uids = {name: tags.text(name) for name in _NEEDED}
    if uids["SOPInstanceUID"] != image.ref.sop_instance_uid:
        raise ExportError(
            "The file no longer holds the film that was opened.",
            remedy="Open the study again and ask the film again.",
        )
    if not all(map(_UID.fullmatch, uids.values())):
        raise ExportError(
            "The film does not say which study and series it belongs to, or not in the numbers of "
            "DICOM, so that no object can refer to it.",
            remedy="Choose PNG, CSV or JSON.",
        )
    return Source(
        kept=_readable(dataset),
        tags=tags.for_frame(image.ref.frame),
        frame=image.ref.frame if _has_frames(tags) else None,
        sop_class_uid=uids["SOPClassUID"],
        sop_instance_uid=uids["SOPInstanceUID"],
        series_uid=uids["SeriesInstanceUID"],
        study_uid=uids["StudyInstanceUID"],
    )


def _has_frames(tags: Tags) -> bool:
    """Whether a result is about one of several frames; those of a slide are its tiles."""
    return (tags.integer("NumberOfFrames") or 1) > 1 and tags.text("SOPClassUID") != _SLIDE


def _readable(dataset: Dataset) -> Dataset:
    """The patient and study attributes that can be read and written again."""
    kept, tags = Dataset(), Tags(dataset)
    for name in ("SpecificCharacterSet", *PATIENT, *STUDY):
        if name not in dataset:
            continue
        try:
            with foreign_code(""):
                element = dataset[name]
        except UnreadableFile:
            continue  # a value that nobody can read is not worth a result
        tags.text(name)
        # Text in an impossible character set comes as numbers.
        is_text = element.VR not in _TEXTS or name not in tags.spoilt
        # What may be empty is added again where it belongs; the rest must not be.
        if is_text and not element.is_empty and _is_legal(element):
            kept[name] = element
    if "PatientIdentityRemoved" in kept and not any(name in kept for name in _METHODS):
        kept.DeidentificationMethod = "not stated"
    return kept


def _is_legal(element: DataElement) -> bool:
    """Whether a day, an age, a code or a number is written as the standard wants it."""
    from pydicom import config
    from pydicom.valuerep import validate_value

    if element.VR not in _FORMAL or element.keyword == "SpecificCharacterSet" or not element.value:
        return True
    try:
        for value in element.value if element.VM > 1 else [element.value]:
            validate_value(element.VR, str(value), config.RAISE)
    except ValueError:
        return False
    return True
