"""Coded concepts: SNOMED CT and DICOM where they say what is meant, else our own scheme.

A cosine similarity is no certainty and no probability, so it has a code of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pydicom.dataset import Dataset

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEME = "99AFLOC"  # a scheme of 99 is private (PS3.16 section 8.2)


class Code(NamedTuple):
    """A concept as DICOM writes it: at most 16, 16 and 64 characters."""

    value: str
    scheme: str
    meaning: str

    def item(self) -> Dataset:
        """The item of a code sequence."""
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator = self.value, self.scheme
        item.CodeMeaning = self.meaning
        return item


SIMILARITY = Code("SIMILARITY", SCHEME, "Image-text similarity")
THRESHOLD = Code("THRESHOLD", SCHEME, "Threshold of image-text similarity")
PROBABILITY = Code("PROBABILITY", SCHEME, "Calibrated probability")
DECISION = Code("DECISION", SCHEME, "Decision of the reader")
DECIDED_BY = Code("DECIDEDBY", SCHEME, "Decided by")
PROMPT = Code("PROMPT", SCHEME, "Words that were asked")
EXTENT = Code("EXTENT", SCHEME, "Result")
ABOVE = Code("ABOVE", SCHEME, "At or above the threshold")
BELOW = Code("BELOW", SCHEME, "Below the threshold")
AREA_BASIS = Code("AREABASIS", SCHEME, "Where lengths and areas are true")
IN_WORDS = Code("WORDS", SCHEME, "Finding asked in words")
DECISIONS: Mapping[str, Code] = {
    "proposed": Code("PROPOSED", SCHEME, "Proposed by the algorithm, not reviewed"),
    "accepted": Code("ACCEPTED", SCHEME, "Accepted by a reader"),
    "edited": Code("EDITED", SCHEME, "Edited by a reader"),
}

ONE = Code("1", "UCUM", "no units")
SQUARE_MM = Code("mm2", "UCUM", "square millimeter")
AREA = Code("42798000", "SCT", "Area")
ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")
FINDING = Code("121071", "DCM", "Finding")
FINDING_SITE = Code("363698007", "SCT", "Finding Site")
ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
PROCESSING_EQUIPMENT = Code("109102", "DCM", "Processing Equipment")
SEGMENTATION = Code("113076", "DCM", "Segmentation")
SOURCE_IMAGE = Code("121322", "DCM", "Source image for image processing operation")
BASIC_PROFILE = Code("113100", "DCM", "Basic Application Confidentiality Profile")

_LUNG = Code("39607008", "SCT", "Lung")
_PLEURA = Code("3120008", "SCT", "Pleura")
_HEART = Code("80891009", "SCT", "Heart")
# By the ids of the shipped bundle: what it is and where it is.
_FINDINGS: Mapping[str, tuple[Code, Code | None]] = {
    "pleural_effusion": (Code("60046008", "SCT", "Pleural effusion"), _PLEURA),
    "pneumothorax": (Code("36118008", "SCT", "Pneumothorax"), _PLEURA),
    "consolidation": (Code("95436008", "SCT", "Lung consolidation"), _LUNG),
    "pneumonia": (Code("233604007", "SCT", "Pneumonia"), _LUNG),
    "infiltration": (Code("INFILTRATION", SCHEME, "Infiltration of the lung"), _LUNG),
    "lung_opacity": (Code("OPACITY", SCHEME, "Opacity of the lung"), _LUNG),
    "atelectasis": (Code("46621007", "SCT", "Atelectasis"), _LUNG),
    "nodule": (Code("27925004", "SCT", "Nodule"), _LUNG),
    "mass": (Code("4147007", "SCT", "Mass"), _LUNG),
    "cardiomegaly": (Code("8186001", "SCT", "Cardiomegaly"), _HEART),
    "pulmonary_edema": (Code("19242006", "SCT", "Pulmonary edema"), _LUNG),
    "emphysema": (Code("87433001", "SCT", "Pulmonary emphysema"), _LUNG),
    "fibrosis": (Code("51615001", "SCT", "Fibrosis of lung"), _LUNG),
    "pleural_thickening": (Code("PLEURALTHICK", SCHEME, "Pleural thickening"), _PLEURA),
    "hernia": (Code("84089009", "SCT", "Hiatal hernia"), None),
    "support_devices": (Code("DEVICES", SCHEME, "Support devices"), None),
}


def finding_code(finding_id: str) -> Code:
    """What a finding is; `IN_WORDS` where only the reader's words say."""
    return _FINDINGS.get(finding_id, (IN_WORDS, None))[0]


def site_code(finding_id: str) -> Code | None:
    """Where such a finding is; None where that is not sure."""
    return _FINDINGS.get(finding_id, (IN_WORDS, None))[1]


def scheme_item() -> Dataset:
    """Our scheme, for the SOP Common module."""
    item = Dataset()
    item.CodingSchemeDesignator = SCHEME
    item.CodingSchemeName = "AFLoc Desktop: image-text similarity and the decisions of readers"
    return item
