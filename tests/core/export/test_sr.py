import io
from dataclasses import replace

import exported
import highdicom
import numpy as np
import pydicom
import pytest

from afloc_desktop.core.export.seg import binary_seg
from afloc_desktop.core.export.sr import report
from afloc_desktop.core.geometry import Point


def read(data):
    return highdicom.sr.srread(io.BytesIO(data))


def values(group, meaning):
    """Content items by their concept, of highdicom's groups and of plain ones."""
    content = getattr(group, "ContentSequence", None) or group[0].ContentSequence
    return [item for item in content if item.ConceptNameCodeSequence[0].CodeMeaning == meaning]


def test_a_second_reader_of_the_standard_finds_the_regions(page):
    one, other = read(report(page)).content.get_planar_roi_measurement_groups()
    assert one.finding_type.meaning == "Pleural effusion"
    assert one.finding_sites[0].value.meaning == "Pleura"
    # Closed: the first corner comes again.
    assert one.roi.value.tolist() == [[20, 30], [40, 30], [40, 40], [20, 40], [20, 30]]
    assert other.roi.value[:4].tolist() == [list(p) for p in exported.KITE]


def test_report_and_segmentation_know_each_region_under_one_uid(page):
    groups = read(report(page)).content.get_planar_roi_measurement_groups()
    segments = pydicom.dcmread(io.BytesIO(binary_seg(page))).SegmentSequence
    assert [str(g.tracking_uid) for g in groups] == [str(s.TrackingUID) for s in segments]
    assert len({g.tracking_uid for g in groups}) == 2


def test_similarity_threshold_words_and_model_are_said(page):
    group, _ = read(report(page)).content.get_planar_roi_measurement_groups()
    (similarity,) = values(group, "Image-text similarity")
    measured = similarity.MeasuredValueSequence[0]
    assert (float(measured.NumericValue), measured.FloatingPointValue) == (0.8125, 0.8125)
    (threshold,) = values(group, "Threshold of image-text similarity")
    assert float(threshold.MeasuredValueSequence[0].NumericValue) == 0.375
    assert values(group, "Words that were asked")[0].TextValue == "Pleural effusion"
    assert values(group, "Algorithm Name")[0].TextValue == "tiny"
    assert "ab" * 32 in values(group, "Algorithm Version")[0].TextValue
    assert not values(group, "Calibrated probability")


def test_a_probability_is_said_only_where_the_model_is_calibrated(image):
    statement = exported.statement(image, probability=0.625)
    (group,) = read(
        report(exported.page_of(image, statement))
    ).content.get_planar_roi_measurement_groups()
    (probability,) = values(group, "Calibrated probability")
    assert float(probability.MeasuredValueSequence[0].NumericValue) == 0.625


def test_an_area_says_where_it_is_true(image):
    statement = exported.statement(image)
    finding = replace(statement.finding, regions=(exported.region(area_mm2=8.0),))
    page = exported.page_of(image, replace(statement, finding=finding))
    (group,) = read(report(page)).content.get_planar_roi_measurement_groups()
    assert float(values(group, "Area")[0].MeasuredValueSequence[0].NumericValue) == 8
    assert values(group, "Where lengths and areas are true")[0].TextValue == image.spacing.basis


def test_a_finding_below_its_threshold_is_reported_as_that(image):
    page = exported.page_of(image, exported.statement(image, regions=()))
    content = read(report(page)).content
    assert content.get_planar_roi_measurement_groups() == []
    (group,) = content.get_image_measurement_groups()
    assert values(group, "Result")[0].ConceptCodeSequence[0].CodeMeaning == "Below the threshold"


@pytest.mark.parametrize(
    ("statuses", "authors", "flag"),
    [
        (("proposed",), ("",), "UNVERIFIED"),
        (("accepted",), ("Reader^Ann",), "VERIFIED"),
        (("accepted", "edited"), ("Reader^Ann", "Reader^Ann"), "VERIFIED"),
        (("accepted", "proposed"), ("Reader^Ann", ""), "UNVERIFIED"),
        (("accepted", "accepted"), ("Reader^Ann", "Other^Bo"), "UNVERIFIED"),
        (("accepted",), ("",), "UNVERIFIED"),
    ],
)
def test_only_what_one_reader_decided_as_a_whole_is_verified(image, statuses, authors, flag):
    stated = [
        exported.statement(image, f"Finding {n}", status=status, author=author)
        for n, (status, author) in enumerate(zip(statuses, authors, strict=True))
    ]
    dataset = pydicom.dcmread(io.BytesIO(report(exported.page_of(image, *stated))))
    assert dataset.VerificationFlag == flag
    assert dataset.PreliminaryFlag == ("FINAL" if flag == "VERIFIED" else "PRELIMINARY")
    assert ("VerifyingObserverSequence" in dataset) == (flag == "VERIFIED")
    groups = dataset.ContentSequence[-1].ContentSequence
    decided = [
        values(g, "Decision of the reader")[0].ConceptCodeSequence[0].CodeValue for g in groups
    ]
    assert decided == [status.upper() for status in statuses]


def test_where_nothing_is_stated_there_is_no_report(image):
    assert report(exported.page_of(image)) is None
    unseen = exported.statement(image, regions=(), similarity=float("nan"))
    assert report(exported.page_of(image, unseen)) is not None


def test_an_outline_of_more_points_than_an_element_holds_is_thinned(tmp_path):
    turns = np.linspace(0, 2 * np.pi, 12_000, endpoint=False)
    ring = tuple(Point(50 + 40 * np.cos(t), 60 + 40 * np.sin(t)) for t in turns)
    image = exported.film(tmp_path)
    data = report(exported.page_of(image, exported.statement(image, regions=(ring,))))
    (shape,) = (item for item in walked(pydicom.dcmread(io.BytesIO(data))) if "GraphicData" in item)
    assert len(shape.GraphicData) == 2 * 4001  # every third, and the first again
    assert shape.GraphicData[:2] == shape.GraphicData[-2:]


def walked(item):
    """Every item of a content tree."""
    for child in item.get("ContentSequence", ()):
        yield child
        yield from walked(child)
