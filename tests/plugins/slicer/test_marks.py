import numpy as np
import pydicom
import pytest
from phantom_files import dot_film, write_film

pytestmark = pytest.mark.slicer_core


@pytest.fixture
def marks(runtime):
    from AFLocDICOMPluginLib import marks

    return marks


@pytest.fixture
def film(tmp_path):
    """A film of 40 rows and 32 columns, as an object."""
    more = {
        "PatientBirthDate": "",
        "PatientSex": "",
        "AccessionNumber": "",
        "StudyID": "1",
        "StudyTime": "",
        "ReferringPhysicianName": "",
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "Manufacturer": "Phantom",
        "Laterality": "",
    }
    path = write_film(tmp_path / "film.dcm", dot_film(40, 32, x=15, y=20), **more)
    return pydicom.dcmread(path)


def saved(dataset, tmp_path):
    path = tmp_path / "marks.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return str(path)


def masks():
    one = np.zeros((40, 32), bool)
    one[3:9, 5:8] = True
    other = np.zeros((40, 32), bool)
    other[30, 31] = True
    return {"Effusion": one, "Nodule": other}


def test_masks_come_back_as_they_were_written(marks, film, tmp_path):
    import dicom_marks

    found = marks.read_marks(saved(dicom_marks.segmentation(film, masks()), tmp_path))
    assert (found.film_uid, found.frame) == (film.SOPInstanceUID, 1)
    assert [s.label for s in found.segments] == ["Effusion", "Nodule"]
    for segment, mask in zip(found.segments, masks().values(), strict=True):
        assert np.array_equal(segment.mask, mask)


def test_outlines_come_back_with_what_is_said_of_them(marks, film, tmp_path):
    import dicom_marks

    points = [[1, 2], [9.5, 2], [9.5, 7], [1, 2]]
    dataset = dicom_marks.report(film, {"one": points})
    (outline,) = marks.read_marks(saved(dataset, tmp_path)).outlines
    assert outline.label == "Pleural effusion"
    assert np.allclose(outline.points, points[:-1])
    assert "Area: 12.5 mm2" in outline.facts


def test_marks_of_several_films_are_refused(marks, film, tmp_path):
    import dicom_marks

    dataset = dicom_marks.report(film, {"one": [[1, 2], [3, 4], [5, 1]], "two": [[1, 2], [3, 3]]})
    group = dataset.ContentSequence[-1].ContentSequence[1]
    region = next(i for i in group.ContentSequence if i.ValueType == "SCOORD")
    region.ContentSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID = "1.9"
    with pytest.raises(marks.UnusableMarks, match="2 images"):
        marks.read_marks(saved(dataset, tmp_path))


def test_similarity_maps_are_no_regions(marks, film, tmp_path):
    import dicom_marks

    fractions = {"segmentation_type": "FRACTIONAL", "fractional_type": "OCCUPANCY"}
    stack = np.zeros((1, 40, 32, 2), np.float32)
    stack[0, 3, 3] = 0.5
    dataset = dicom_marks.segmentation(film, masks(), pixel_array=stack, **fractions)
    with pytest.raises(marks.UnusableMarks, match="regions"):
        marks.read_marks(saved(dataset, tmp_path))


@pytest.mark.parametrize(
    "keyword", ["SegmentSequence", "PerFrameFunctionalGroupsSequence", "PixelData", "Rows"]
)
def test_a_damaged_segmentation_is_said_to_be_damaged(marks, film, tmp_path, keyword):
    import dicom_marks

    path = saved(dicom_marks.segmentation(film, masks()), tmp_path)
    dataset = pydicom.dcmread(path)
    del dataset[keyword]
    dataset.save_as(path)
    with pytest.raises(marks.UnusableMarks):
        marks.read_marks(path)


def test_a_report_without_outlines_is_told(marks, film, tmp_path):
    import dicom_marks

    dataset = dicom_marks.report(film, {"one": [[1, 2], [3, 4], [5, 1]]})
    dataset.ContentSequence[-1].ContentSequence = []
    with pytest.raises(marks.UnusableMarks, match="outlines nothing"):
        marks.read_marks(saved(dataset, tmp_path))


def test_a_file_that_is_none_is_told(marks, tmp_path):
    (tmp_path / "x").write_bytes(b"nothing")
    with pytest.raises(marks.UnusableMarks, match="no DICOM"):
        marks.read_marks(str(tmp_path / "x"))
